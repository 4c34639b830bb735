"""Random coefficients, each sample decided by its number and the seed alone (Semantify, section 3.1)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

STREAM = 31
"""Sets these draws apart from those of other parts of the house with the same seed."""


def draw(count: int, limit: float, seed: int, number: int) -> np.ndarray:
    """(count,) float64 of a standard normal distribution within +-limit: what lies outside is drawn again.

    Args:
        count: coefficients of one sample.
        limit: standard deviations.
        seed, number: of the set, and of the sample in it.
    """
    lots = np.random.default_rng([STREAM, seed, number])
    out = lots.standard_normal(count)
    while (outside := np.abs(out) > limit).any():
        out[outside] = lots.standard_normal(int(outside.sum()))
    return out


def stream(first: int, last: int, count: int, limit: float, seed: int) -> Iterator[np.ndarray]:
    """The samples from number `first` up to `last`, one by one; the same whichever of them are asked for."""
    for number in range(first, last):
        yield draw(count, limit, seed, number)
