"""The linear codes of a corpus: principal components of its windows' slow waves, where texts leave room for them."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .batches import Augmentation, Sampler
from .corpus import Corpus
from .model import Codes, ModelConfig, orthonormal_cosines

SAMPLE = 6000
"""Windows that the components are found from."""
SIZE = 10.0
"""Mean length of the codes in the latent."""


def fit_codes(
    corpus: Corpus,
    indices: NDArray[np.int64],
    config: ModelConfig,
    mean: Tensor,
    std: Tensor,
    augmentation: Augmentation,
    seed: int = 0,
) -> Codes | None:
    """Codes for the training windows of a corpus; none where the model has none.

    Their directions are those in which the corpus's texts have least: the last right singular vectors of the texts.

    Args:
        mean, std: (136,) by which features are standardised.
    """
    if not config.codes:
        return None
    lots = np.random.default_rng([seed, 0xC0DE])
    sampler = Sampler(corpus, indices, augmentation)
    waves = orthonormal_cosines(config.waves, config.length)
    rows = []
    for _ in range(0, SAMPLE, 250):
        features = sampler.batch(sampler.draw(lots, 250), lots).features
        rows.append(torch.einsum("kt,btf->bkf", waves, (features - mean) / std).flatten(1))
    slow = torch.cat(rows)
    centre = slow.mean(0)
    _, _, basis = torch.linalg.svd(slow - centre, full_matrices=False)
    count = min(config.codes, len(basis))
    basis = torch.nn.functional.pad(basis[:count], (0, 0, 0, config.codes - count))
    lengths = ((slow - centre) @ basis.T).norm(dim=1)
    said = np.unique(np.concatenate([corpus.windows.texts[int(i)] for i in indices]))
    texts = torch.from_numpy(corpus.text_vectors[said].astype(np.float32))
    _, _, directions = torch.linalg.svd(texts.T @ texts)
    return Codes(basis, centre, directions[-config.codes :], torch.tensor(SIZE) / lengths.mean().clamp(min=1e-6))
