"""Figures with what chance would give beside them, and how far they may be off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Z = 1.959964
"""Standard deviations to either side that hold 95 % of a normal distribution."""
RESAMPLED = 1000
"""Times that a mean is taken of pictures drawn anew."""

Array = NDArray[np.floating]


@dataclass(frozen=True)
class Figure:
    """One measured share or mean, all of 0 to 1."""

    value: float
    low: float
    """The 95 % interval's lower end."""
    high: float
    n: int
    """Trials; several wordings of one question are one."""
    chance: float
    """What guessing would give."""

    def to_json(self) -> dict[str, Any]:
        """As JSON values, of four digits."""
        return {k: round(v, 4) for k, v in asdict(self).items()}


def wilson(share: float, n: int) -> tuple[float, float]:
    """The 95 % interval of a share of n independent trials (Wilson, 1927); (0, 1) of none."""
    if not n:
        return 0.0, 1.0
    middle = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    return float(max(middle - half, 0.0)), float(min(middle + half, 1.0))


def share_of(right: Sequence[float] | Array, pictures: Sequence[int] | NDArray[np.integer], chance: float) -> Figure:
    """A share of trials that were right.

    The interval is Wilson's, with the number of different pictures in the place of trials: two questions about one
    picture are not independent.

    Args:
        right: (n,) 0 to 1, what share of its wordings was answered rightly.
        pictures: (n,) which picture each was about.
    """
    right = np.asarray(right, float)
    if not len(right):
        return Figure(0.0, 0.0, 1.0, 0, chance)
    value = float(right.mean())
    return Figure(value, *wilson(value, len(set(np.asarray(pictures).tolist()))), len(right), chance)


def mean_of(values: Sequence[float] | Array, pictures: Sequence[int] | NDArray[np.integer], chance: float) -> Figure:
    """A mean of trials; the interval is the bootstrap's, over pictures (Efron, 1979).

    Args:
        values, pictures: (n,) as of `share_of`.
    """
    values = np.asarray(values, float)
    if not len(values):
        return Figure(0.0, 0.0, 1.0, 0, chance)
    _, place = np.unique(np.asarray(pictures), return_inverse=True)
    sums, counts = np.bincount(place, values), np.bincount(place)
    drawn = np.random.default_rng(0).integers(0, len(sums), (RESAMPLED, len(sums)))
    means = sums[drawn].sum(1) / counts[drawn].sum(1)
    low, high = np.percentile(means, (2.5, 97.5))
    return Figure(float(values.mean()), float(low), float(high), len(values), chance)
