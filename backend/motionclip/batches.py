"""Batches of windows: drawn by lot from the corpus's memory map, shifted, retimed, mirrored.

A batch depends on the seed, its step and the process's rank alone: a run that goes on from a checkpoint sees what it
would have seen, and the workers of a loader need not agree on anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from .corpus import LENGTH, Corpus
from .features import HEIGHT, ROTATIONS, mirrored
from .losses import Targets

OTHER_FEET = [2, 3, 0, 1]
"""Columns of contacts in a mirror."""


@dataclass(frozen=True)
class Augmentation:
    """How windows differ from what the corpus has."""

    shift: int = 10
    """Frames that a window may start earlier or later."""
    speed: float = 1.15
    """Up to so many times as fast, or as slow."""
    mirror: bool = True
    even: float = 0.5
    """0: every window as often as any other; 1: every text's windows together as often as any other text's."""


PLAIN = Augmentation(0, 1.0, False, 0.0)


class Sampler:
    """Draws windows of a split and makes batches of them.

    Args:
        corpus: open.
        indices: (n,) windows to draw from.
        augmentation: or none, `PLAIN`.
    """

    def __init__(
        self, corpus: Corpus, indices: NDArray[np.int64], augmentation: Augmentation = Augmentation()
    ) -> None:
        self.corpus, self.indices, self.augmentation = corpus, indices, augmentation
        self.windows = corpus.windows
        self._first = np.array([c.start for c in corpus.clips], np.int64)[self.windows.clip]
        self._last = self._first + np.array([c.frames for c in corpus.clips], np.int64)[self.windows.clip]
        said = np.array([self.windows.texts[int(i)][0] for i in indices])
        _, group, counts = np.unique(said, return_inverse=True, return_counts=True)
        odds = counts[group].astype(float) ** -augmentation.even
        self._odds = np.cumsum(odds / odds.sum())

    def draw(self, lots: np.random.Generator, count: int) -> NDArray[np.int64]:
        """Windows by lot, with replacement."""
        return self.indices[np.minimum(np.searchsorted(self._odds, lots.random(count)), len(self.indices) - 1)]

    def batch(self, chosen: NDArray[np.int64], lots: np.random.Generator | None = None) -> Targets:
        """The windows as training sees them; without lots as the corpus has them, in their first wording."""
        w, a = self.windows, self.augmentation
        n = len(chosen)
        first, last, start = self._first[chosen], self._last[chosen], w.start[chosen]
        speed, flipped = np.ones(n), np.zeros(n, bool)
        if lots is not None:
            speed = a.speed ** lots.uniform(-1, 1, n)
            flipped = lots.random(n) < 0.5 if a.mirror else flipped
            start = np.clip(start + lots.integers(-a.shift, a.shift + 1, n), first, np.maximum(last - LENGTH, first))
        lengths = np.minimum(((last - 1 - start) / speed).astype(int) + 1, LENGTH)
        times = start[:, None] + np.minimum(np.arange(LENGTH), lengths[:, None] - 1) * speed[:, None]
        low = times.astype(np.int64)
        part = (times - low).astype(np.float32)[..., None]
        high = np.minimum(low + 1, last[:, None] - 1)
        features = self.corpus.features[low].astype(np.float32)
        if part.any():
            features += part * (self.corpus.features[high].astype(np.float32) - features)
        features[..., ROTATIONS:HEIGHT] *= speed[:, None, None].astype(np.float32)
        contacts = self.corpus.contacts[low]
        features[flipped] = mirrored(features[flipped])
        contacts[flipped] = contacts[flipped][..., OTHER_FEET]
        text, image = self._vectors(chosen, flipped, lots)
        return Targets(
            torch.from_numpy(features), torch.from_numpy(lengths), torch.from_numpy(contacts), torch.from_numpy(text),
            torch.from_numpy(image),
        )  # fmt: skip

    def _vectors(
        self, chosen: NDArray[np.int64], flipped: NDArray[np.bool_], lots: np.random.Generator | None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        w = self.windows
        texts = []
        for i, other in zip(chosen, flipped, strict=True):
            options = (w.mirrored_texts if other else w.texts)[int(i)]
            texts.append(options[0 if lots is None else int(lots.integers(len(options)))])
        seen = self.corpus.pictures
        image = np.zeros((len(chosen), seen.shape[1] if seen.size else 0), np.float32)
        if seen.size:
            rows = w.picture[chosen]
            there = rows >= 0
            image[there] = seen[rows[there] + flipped[there] * (len(seen) // 2)]
        return self.corpus.text_vectors[texts].astype(np.float32), image


class _Steps(IterableDataset):
    """Batches of steps [begin, end), this process's share of each."""

    def __init__(self, sampler: Sampler, batch: int, seed: int, begin: int, end: int, rank: int) -> None:
        self.sampler, self.size, self.seed, self.begin, self.end, self.rank = sampler, batch, seed, begin, end, rank

    def __iter__(self) -> Iterator[tuple[torch.Tensor, ...]]:
        worker = get_worker_info()
        first, by = (worker.id, worker.num_workers) if worker else (0, 1)
        for step in range(self.begin + first, self.end, by):
            lots = np.random.default_rng([self.seed, step, self.rank])
            yield self.sampler.batch(self.sampler.draw(lots, self.size), lots).tensors()


def loader(
    sampler: Sampler, batch: int, seed: int, begin: int, end: int, rank: int = 0, workers: int = 0
) -> DataLoader[tuple[torch.Tensor, ...]]:
    """Batches of steps [begin, end) in order, as `Targets.tensors`.

    Args:
        batch: windows a step and process.
        workers: processes that make batches ahead; 0: this one does.
    """
    steps = _Steps(sampler, batch, seed, begin, end, rank)
    return DataLoader(
        steps, batch_size=None, num_workers=workers, pin_memory=torch.cuda.is_available(),
        prefetch_factor=4 if workers else None,
    )  # fmt: skip
