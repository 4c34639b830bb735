"""Telling actions apart without words or a learned latent: what recognition has to be better than."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ..batches import OTHER_FEET
from ..corpus import Corpus
from ..features import mirrored
from .sets import Motions, motions_of

NEIGHBOURS = 15


def pose_numbers(motions: Motions) -> NDArray[np.float32]:
    """(n, 272) mean and standard deviation over time of each feature: rotations, the root's speeds, its height."""
    mask = motions.mask[..., None].float()
    count = mask.sum(1)
    mean = (motions.features * mask).sum(1) / count
    spread = (((motions.features - mean[:, None]) ** 2 * mask).sum(1) / count).sqrt()
    return torch.cat((mean, spread), 1).numpy()


def reflected(motions: Motions) -> Motions:
    """The windows in a mirror."""
    return Motions(
        torch.from_numpy(np.ascontiguousarray(mirrored(motions.features.numpy()))), motions.lengths,
        motions.contacts[..., OTHER_FEET],
    )  # fmt: skip


@dataclass(frozen=True)
class Known:
    """Numbers of training windows and of their mirror images, standardised, with their actions."""

    numbers: NDArray[np.float32]
    """(n, d)."""
    actions: NDArray[np.int64]
    """(n,)."""
    mean: NDArray[np.float32]
    std: NDArray[np.float32]
    count: int
    """Actions there are."""

    @classmethod
    def of(cls, numbers: NDArray[np.float32], actions: NDArray[np.integer], count: int) -> Known:
        """From raw numbers."""
        mean, std = numbers.mean(0), np.maximum(numbers.std(0), 1e-4)
        return cls((numbers - mean) / std, np.asarray(actions, np.int64), mean, std, count)

    def centroid_scores(self, numbers: NDArray[np.float32]) -> NDArray[np.float64]:
        """(m, actions) how near each is to the mean of an action's training windows; -inf for one that has none."""
        x = (numbers - self.mean) / self.std
        out = np.full((len(x), self.count), -np.inf)
        for action in np.unique(self.actions):
            out[:, action] = -np.linalg.norm(x - self.numbers[self.actions == action].mean(0), axis=1)
        return out

    def neighbour_scores(self, numbers: NDArray[np.float32], k: int = NEIGHBOURS) -> NDArray[np.float64]:
        """(m, actions) votes of the k nearest training windows, each by the inverse of its distance.

        Actions without a vote are ordered by their nearest window, so that they do not tie.
        """
        out = np.full((len(numbers), self.count), -np.inf)
        squares = (self.numbers**2).sum(1)
        present = np.unique(self.actions)
        groups = [np.flatnonzero(self.actions == a) for a in present]
        for start in range(0, len(numbers), 200):
            x = (numbers[start : start + 200] - self.mean) / self.std
            apart = np.sqrt(np.maximum((x**2).sum(1)[:, None] + squares - 2 * x @ self.numbers.T, 1e-6))
            near = np.argpartition(apart, min(k, apart.shape[1]) - 1, 1)[:, :k]
            votes = np.zeros((len(x), self.count))
            rows = np.repeat(np.arange(len(x)), near.shape[1])
            np.add.at(votes, (rows, self.actions[near].ravel()), 1 / np.take_along_axis(apart, near, 1).ravel())
            nearest = np.stack([apart[:, g].min(1) for g in groups], 1)
            out[start : start + 200, present] = votes[:, present] + 1e-6 / (1 + nearest)
        return out


def known_poses(corpus: Corpus, indices: NDArray[np.int64]) -> Known:
    """Pose numbers of training windows."""
    numbers = []
    for start in range(0, len(indices), 1000):
        motions = motions_of(corpus, indices[start : start + 1000])
        numbers.append(np.stack((pose_numbers(motions), pose_numbers(reflected(motions))), 1))
    flat = np.concatenate(numbers).reshape(2 * len(indices), -1)
    return Known.of(flat, np.repeat(corpus.windows.action[indices], 2), len(corpus.actions))


def constant_rates(actions: NDArray[np.integer], candidates: Sequence[int]) -> dict[str, dict[str, float]]:
    """What knows nothing reaches: always saying the most frequent actions of the set itself, and guessing evenly.

    Args:
        actions: (n,) of clips.
    """
    shares = np.sort([float((actions == a).mean()) for a in candidates])[::-1]
    n = len(candidates)
    even = {f"{of}_top{k}": min(k / n, 1.0) for of in ("clip", "balanced", "window") for k in (1, 5)}
    most = {f"clip_top{k}": float(shares[:k].sum()) for k in (1, 5)}
    # Whoever always says the same is right for one action of all, or for five.
    most |= {f"balanced_top{k}": min(k / n, 1.0) for k in (1, 5)}
    return {"most frequent": most, "even guess": even}
