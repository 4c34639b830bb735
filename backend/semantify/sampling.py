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


SHOWN = 0.3
"""Share of one-sided coefficients that a sample has: a face shows some expressions, not all of them."""


def draw_one_sided(count: int, limit: float, seed: int, number: int) -> np.ndarray:
    """(count,) float64 for axes that only go up, as blend shapes of a face: most 0, the others half-normal.

    Args:
        as of `draw`.
    """
    shown = np.random.default_rng([STREAM, seed, number, 1]).random(count) < SHOWN
    return np.where(shown, np.abs(draw(count, limit, seed, number)), 0.0)


def stream(
    first: int, last: int, count: int, limit: float, seed: int, one_sided: bool = False
) -> Iterator[np.ndarray]:
    """The samples from number `first` up to `last`, one by one; the same whichever of them are asked for."""
    for number in range(first, last):
        yield (draw_one_sided if one_sided else draw)(count, limit, seed, number)
