"""What is measured on: the windows that are held out, library by library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..batches import PLAIN, Sampler
from ..corpus import Corpus

FEW = 30
"""Clips below which a set's figures are said to be of few."""
MOST = 1000
"""Windows of a set at most: whole clips by lot."""


@dataclass(frozen=True)
class HeldOut:
    """Windows that are measured together."""

    name: str
    indices: NDArray[np.int64]
    """(n,) windows of the corpus."""
    clips: NDArray[np.int64]
    """(n,) each one's clip, counted from 0 within the set."""
    of: NDArray[np.int64]
    """(m,) index in the corpus of each of these clips."""
    all_clips: int
    """Clips that the library holds out; of a large one only some are measured."""
    retaken: float
    """Share of the clips that were made of a motion of which other takes are trained on."""
    dropped: int = 0
    """Clips that were left out as recordings that are trained on under the same name."""

    @property
    def few(self) -> bool:
        """Whether its figures say little."""
        return len(self.of) < FEW

    def counts(self) -> dict[str, object]:
        """What its figures are of, as JSON values."""
        return {
            "windows": len(self.indices), "clips": len(self.of), "clips_held_out": self.all_clips, "few": self.few,
            "retaken": round(self.retaken, 3), "dropped": self.dropped,
        }  # fmt: skip


@dataclass(frozen=True)
class Motions:
    """n windows as numbers."""

    features: Tensor
    """(n, 60, 136); a shorter one repeats its last frame."""
    lengths: Tensor
    """(n,) frames that count."""
    contacts: Tensor
    """(n, 60, 4) bool."""

    def __len__(self) -> int:
        return len(self.features)

    @property
    def mask(self) -> Tensor:
        """(n, 60) whether a frame counts."""
        return torch.arange(self.features.shape[1]) < self.lengths[:, None]


def motions_of(corpus: Corpus, indices: NDArray[np.int64]) -> Motions:
    """The windows as the corpus has them."""
    batch = Sampler(corpus, indices, PLAIN).batch(indices)
    return Motions(batch.features, batch.lengths, batch.contacts)


def drawn_set(corpus: Corpus, name: str, indices: NDArray[np.int64], most: int = MOST, seed: int = 0) -> HeldOut:
    """A set of windows, of whole clips drawn by lot until there are `most` windows.

    A recording that is trained on under the same name, in another conversion say, is no held-out one.
    """
    known = {name for c in corpus.clips if c.split == "train" for name in c.origins}
    same = np.array([c.origins == (c.name,) and c.name in known for c in corpus.clips], bool)
    dropped = len(np.unique(corpus.windows.clip[indices][same[corpus.windows.clip[indices]]]))
    indices = indices[~same[corpus.windows.clip[indices]]]
    clip = corpus.windows.clip[indices]
    there, sizes = np.unique(clip, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(there))
    keep = order[: int(np.searchsorted(np.cumsum(sizes[order]), most)) + 1] if len(indices) > most else order
    of = np.sort(there[keep])
    indices = indices[np.isin(clip, of)]
    retaken = [any(name in known for name in corpus.clips[c].origins) for c in of]
    return HeldOut(
        name, indices, np.searchsorted(of, corpus.windows.clip[indices]), of.astype(np.int64), len(there),
        float(np.mean(retaken)) if len(of) else 0.0, dropped,
    )  # fmt: skip


def held_out_sets(
    corpus: Corpus, libraries: Sequence[str] = (), most: int = MOST, split: str = "test", seed: int = 0
) -> list[HeldOut]:
    """A set for each library that holds something out.

    Args:
        libraries: those wanted, by the names that the corpus has; none: all.
        most: windows of a set at most.
        split: `valid` while a model is still being chosen.
    """
    wanted = libraries or list(dict.fromkeys(c.library for c in corpus.clips))
    found = ((name, corpus.of_split(split, [name])) for name in wanted)
    sets = [drawn_set(corpus, name, indices, most, seed) for name, indices in found if len(indices)]
    return [each for each in sets if len(each.indices)]


def trained(corpus: Corpus, libraries: Sequence[str] = (), most: int = 0, seed: int = 0) -> NDArray[np.int64]:
    """Windows of `train`, or as many of them by lot."""
    indices = corpus.of_split("train", libraries)
    if not most or len(indices) <= most:
        return indices
    return np.sort(np.random.default_rng(seed).permutation(indices)[:most])


def per_clip(values: NDArray[np.floating], clips: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """(n, ...) of windows -> (count, ...) means of their clips."""
    sums = np.zeros((count, *values.shape[1:]))
    np.add.at(sums, clips, values)
    return sums / np.bincount(clips, minlength=count).reshape(-1, *([1] * (values.ndim - 1)))
