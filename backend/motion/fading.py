"""Weights that fade: how offsets between two motions come to nothing without a jerk."""

from __future__ import annotations

import numpy as np

from .kinematics import Array


def fading(count: int) -> tuple[Array, Array]:
    """Weights (count,) of an offset and of its speed (in units a frame), that fade to nothing over `count` frames.

    Both and their first two derivatives end at 0; the first starts at 1 without a slope, the second at 0 with
    slope 1: the quintic Hermite basis.
    """
    t = np.arange(count) / max(count, 1)
    value = 1 - t**3 * (10 - 15 * t + 6 * t**2)
    slope = t - 6 * t**3 + 8 * t**4 - 3 * t**5
    return value, slope * count


def faded(count: int, frames: int) -> tuple[Array, Array]:
    """`fading` from the frame before on, (frames,) long."""
    value, slope = (np.zeros(frames) for _ in range(2))
    some = min(count, frames)
    value[:some], slope[:some] = (w[1 : some + 1] for w in fading(count + 1))
    return value, slope


def smooth_step(t: Array) -> Array:
    """From 0 to 1 with two derivatives that are 0 at both ends."""
    t = np.clip(t, 0, 1)
    return t**3 * (10 - 15 * t + 6 * t**2)


def bump(u: Array) -> Array:
    """From 0 to 1 and back, with two derivatives that are 0 at both ends."""
    u = np.clip(u, 0, 1)
    return 64 * (u * (1 - u)) ** 3
