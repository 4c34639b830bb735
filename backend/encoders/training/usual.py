"""How well phrases fit pictures at large: what a phrase's fit to one picture has to be compared with."""

from __future__ import annotations

import numpy as np
import torch

from ..builtin.image_tower import normalised, presence
from ..builtin.model import BodyEncoder
from ..builtin.vocabulary import Vocabulary
from ..phrases import phrases_of
from .augment import resized
from .shards import Pictures
from .steps import read

SHOWN, SAID = 200, 3000
"""Pictures that are looked at, and pictures whose captions give the phrases."""
AT_ONCE = 25
RIDGE = 2e-6
"""For each phrase."""


@torch.no_grad()
def learn_usual(model: BodyEncoder, words: Vocabulary, shards: Pictures, seed: int) -> float:
    """Set `usual` of a model by least squares over the phrases of captions.

    Returns:
        the share of the variance over phrases that it explains, on phrases that it was not fitted to.
    """
    lots = np.random.default_rng(seed)
    shown = lots.choice(len(shards), min(SHOWN, len(shards)), replace=False)
    said = lots.choice(len(shards), min(SAID, len(shards)), replace=False)
    texts = [caption["text"] for i in said for caption in shards.words(int(i))["captions"]]
    phrases = lots.permutation(sorted({phrase for text in texts for phrase in phrases_of(text)}))
    vectors = read(model, words, [str(phrase) for phrase in phrases], 0.0, torch.Generator())[1]
    mean = torch.zeros(len(vectors))
    for some in np.array_split(shown, -(-len(shown) // AT_ONCE)):
        pictures = torch.from_numpy(np.stack([shards.pictures(int(i)) for i in some]))
        cells = model.image.cells(normalised(resized(pictures, model.config.size))).flatten(2)
        for one in cells:
            mean += presence(vectors @ one * model.region_scale.exp()) / len(shown)
    x = torch.cat((vectors, torch.ones(len(vectors), 1)), 1).double()
    kept = torch.arange(len(x)) % 5 == 0
    found = _least_squares(x[~kept], mean[~kept].double())
    rest = (mean[kept] - x[kept] @ found).var() / mean[kept].var()
    model.usual.copy_(_least_squares(x, mean.double()))
    return 1 - float(rest)


def _least_squares(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return torch.linalg.solve(x.T @ x + RIDGE * len(x) * torch.eye(x.shape[1], dtype=x.dtype), x.T @ y)
