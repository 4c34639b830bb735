"""Which moments of two motions belong together, so that a mix of gaits stays in step.

Dynamic time warping (Sakoe and Chiba, 1978) of the joints' places, each motion's about its own mean and by its own
spread: a small step and a large one, in phase, are the same. Slopes stay between a half and two.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ..motion.resample import gaussian
from .features import ROTATIONS, joints_of
from .generation import stretched

Array = NDArray[np.floating]
MOST = 1200
"""Moments of the longer motion that are compared."""
EVEN = 4.0
"""Moments over which a change of pace is spread."""
DETOUR = 0.25
"""What a step off the diagonal costs, as a share of the mean cost of all pairs of moments."""


@dataclass(frozen=True)
class Alignment:
    """Pairs of moments, as shares of each motion's time; (k,) both, rising from 0 to 1."""

    first: Array
    second: Array

    def times(self, lengths: tuple[int, int], amount: float, frames: int) -> tuple[Array, Array]:
        """(frames,) of each motion, in its frames, that belong to a mix's frames.

        Args:
            lengths: of the two, frames.
            amount: 0: the first keeps its own pace; 1: the second does.
        """
        one, two = self.first * (lengths[0] - 1), self.second * (lengths[1] - 1)
        pace = (1 - amount) * one + amount * two
        at = np.linspace(0, pace[-1], frames)
        return np.interp(at, pace, one), np.interp(at, pace, two)


def unwarped() -> Alignment:
    """The same share of each motion's time."""
    both = np.array([0.0, 1.0])
    return Alignment(both, both)


def align(first: Array, second: Array) -> Alignment:
    """The alignment of two motions, (n, 136) and (m, 136), from start to start and end to end."""
    count = min(max(len(first), len(second)), MOST)
    if min(len(first), len(second)) < 4:
        return unwarped()
    a, b = (_postures(features, count) for features in (first, second))
    apart = ((a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T).clip(0) / a.shape[1]
    i, j = _path(apart, DETOUR * float(apart.mean()))
    # Steps of one and two would be felt as a change of pace from frame to frame.
    middle = np.arange(count)
    lead = gaussian(np.interp(middle, (i + j) / 2, j - i), EVEN)
    lead -= lead[0] + (lead[-1] - lead[0]) * middle / (count - 1)
    return Alignment((middle - lead / 2) / (count - 1), (middle + lead / 2) / (count - 1))


def _postures(features: Array, count: int) -> Array:
    """(count, 66) joints' places in the pelvis's heading, about their mean, by their spread; evenly in time."""
    still = np.array(features, np.float32)
    still[:, ROTATIONS:] = 0
    with torch.inference_mode():
        places = joints_of(torch.from_numpy(still)).flatten(1).numpy().astype(np.float64)
    places -= places.mean(0)
    places /= max(float(np.sqrt((places**2).mean())), 1e-6)
    return stretched(places, count)


def _path(apart: Array, detour: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The cheapest way through (n, n) costs from corner to corner by steps (1, 1), (1, 2) and (2, 1)."""
    n = len(apart)
    total = np.full((n, n), np.inf)
    step = np.zeros((n, n), np.int8)
    total[0, 0] = apart[0, 0]
    for i in range(1, n):
        ways = np.full((3, n), np.inf)
        ways[0, 1:] = total[i - 1, :-1]
        # A step of two pays for the moment that it passes as for one that it meets.
        ways[1, 2:] = total[i - 1, :-2] + apart[i, 1:-1] + detour
        if i > 1:
            ways[2, 1:] = total[i - 2, :-1] + apart[i - 1, 1:] + detour
        step[i] = ways.argmin(0)
        total[i] = ways.min(0) + apart[i]
    path = [(n - 1, n - 1)]
    while path[-1] != (0, 0):
        i, j = path[-1]
        back = ((1, 1), (1, 2), (2, 1))[step[i, j]]
        path.append((i - back[0], j - back[1]))
    pairs = np.array(path[::-1], np.int64)
    return pairs[:, 0], pairs[:, 1]
