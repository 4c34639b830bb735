"""The linear codes of a corpus: principal components of its windows' slow waves, where texts leave room for them.

Components of standardised numbers care as much for a wrist's turn as for a thigh's. Those here are of numbers in
which a length is about how far the body's surface moves: of as many of them, half the error in millimetres is left.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .batches import Augmentation, Sampler
from .corpus import Corpus
from .features import HEIGHT, JOINTS, ROTATIONS, WIDTH
from .model import Codes, ModelConfig, orthonormal_cosines
from .surface import Surface

SAMPLE = 6000
"""Windows that the components are found from."""
SIZE = 10.0
"""Mean length of the codes in the latent."""
POSES = 200
"""That the metric is an average of."""
TURN = 0.3
"""Metres that a radian of all joints counts for in itself, however little it moves: what only twists skin is kept."""
YAW_SPEED, SPEED, UP = 0.1, 0.1, 0.1
"""Metres that a radian a second, a metre a second, and a metre of height count for in themselves."""


def fit_codes(
    corpus: Corpus,
    indices: NDArray[np.int64],
    config: ModelConfig,
    mean: Tensor,
    std: Tensor,
    surface: Surface,
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
    batches = [sampler.batch(sampler.draw(lots, 250), lots).features for _ in range(0, SAMPLE, 250)]
    # Windows begin anywhere in a clip: their first frames are poses by lot.
    poses = torch.cat([x[:, 0] for x in batches])
    metric, inverse = metric_of(surface, poses[:: len(poses) // POSES][:POSES], std)
    slow = torch.cat([(torch.einsum("kt,btf->bkf", waves, (x - mean) / std) @ metric).flatten(1) for x in batches])
    centre = slow.mean(0)
    _, _, basis = torch.linalg.svd(slow - centre, full_matrices=False)
    count = min(config.codes, len(basis))
    basis = torch.nn.functional.pad(basis[:count], (0, 0, 0, config.codes - count))
    lengths = ((slow - centre) @ basis.T).norm(dim=1)
    said = np.unique(np.concatenate([corpus.windows.texts[int(i)] for i in indices]))
    texts = torch.from_numpy(corpus.text_vectors[said].astype(np.float32))
    _, _, directions = torch.linalg.svd(texts.T @ texts)
    scale = torch.tensor(SIZE) / lengths.mean().clamp(min=1e-6)
    return Codes(basis, centre, metric, inverse, directions[-config.codes :], scale)


def metric_of(surface: Surface, poses: Tensor, std: Tensor) -> tuple[Tensor, Tensor]:
    """How far a frame's numbers move the body, as a matrix.

    M = S (E[J^T J] / p + F) S, with J the derivative of the p points and joints by a frame's numbers where the body
    stays over the origin, F what the numbers count for in themselves, S the standard deviations. A change x of
    standardised numbers then moves a point by about |M^(1/2) x|, root mean square.

    Args:
        poses: (n, 136) frames that it is an average of.
        std: (136,).

    Returns:
        M^(1/2) and its inverse, (136, 136).
    """

    def points(frame: Tensor) -> Tensor:
        still = torch.cat((frame[:ROTATIONS], frame.new_zeros(HEIGHT - ROTATIONS), frame[HEIGHT:]))
        return torch.cat(surface(still[None, None]), 2).flatten()

    moved = torch.zeros(WIDTH, WIDTH, dtype=torch.float64)
    for pose in poses:
        # A copy: of a view, the derivative would be as large as all that it is a view of.
        by = torch.func.jacfwd(points)(pose.clone()).double()
        moved += by.T @ by / (len(by) / 3) / len(poses)
    own = torch.full((WIDTH,), SPEED, dtype=torch.float64)
    # The squared length of a change of a matrix's two columns is the squared angle to twice that, by the axis.
    own[:ROTATIONS] = TURN / (2 * JOINTS) ** 0.5
    own[ROTATIONS], own[HEIGHT] = YAW_SPEED, UP
    scales = std.double()
    values, vectors = torch.linalg.eigh(scales[:, None] * (moved + torch.diag(own**2)) * scales)
    roots = values.clamp(min=1e-12).sqrt()
    return ((vectors * roots) @ vectors.T).float(), ((vectors / roots) @ vectors.T).float()
