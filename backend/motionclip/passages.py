"""Long motions as windows that overlap, and windows as one long motion again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .corpus import LENGTH

OVERLAP = 20
"""Frames over which one window fades into the next."""


def spans(frames: int, overlap: int = OVERLAP) -> list[tuple[int, int]]:
    """First and last (excluded) frames of windows that cover a motion, evenly spread.

    They overlap by `overlap` frames or more. A motion that is no longer than a window is one window.
    """
    if frames <= LENGTH:
        return [(0, frames)]
    count = -(-(frames - overlap) // (LENGTH - overlap))
    starts = np.linspace(0, frames - LENGTH, count).round().astype(int)
    return [(int(s), int(s) + LENGTH) for s in starts]


def cut(features: NDArray[np.floating], overlap: int = OVERLAP) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """(n, 60, 136) windows of (frames, 136), the last frame repeated where one is short; (n,) their lengths."""
    pieces = spans(len(features), overlap)
    out = np.stack([features[np.minimum(np.arange(a, a + LENGTH), b - 1)] for a, b in pieces])
    return out.astype(np.float32), np.array([b - a for a, b in pieces])


def join(windows: NDArray[np.floating], frames: int, overlap: int = OVERLAP) -> NDArray[np.float32]:
    """One motion of windows at the places of `spans`, faded over where they overlap.

    Features are speeds and rotations without place, so that fading them is fading motions: nothing jumps.

    Args:
        windows: (n, 60, k).
        frames: of the whole.
    """
    total = np.zeros((frames, windows.shape[2]), np.float64)
    weight = np.zeros((frames, 1))
    pieces = spans(frames, overlap)
    for i, (a, b) in enumerate(pieces):
        ramp = np.ones(b - a)
        if i:
            shared = pieces[i - 1][1] - a
            ramp[:shared] = _ramp(shared)
        if i + 1 < len(pieces):
            shared = b - pieces[i + 1][0]
            ramp[-shared:] *= _ramp(shared)[::-1]
        total[a:b] += windows[i, : b - a] * ramp[:, None]
        weight[a:b, 0] += ramp
    return (total / weight).astype(np.float32)


def _ramp(count: int) -> NDArray[np.floating]:
    """(count,) from near 0 to near 1, level at both ends; with its mirror image it adds up to 1."""
    return ease((np.arange(count) + 0.5) / count)


def ease(t: NDArray[np.floating]) -> NDArray[np.floating]:
    """From 0 to 1 as t goes from 0 to 1, level at both ends."""
    return t * t * (3 - 2 * t)
