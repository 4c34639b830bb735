"""Bodies at random: values that are as varied as people are, but not more."""

from __future__ import annotations

import random
from collections.abc import Sequence


def bounded_normals(names: Sequence[str], seed: int, most: float) -> dict[str, float]:
    """Name -> value of a standard normal distribution, drawn again beyond +-most; the same seed, the same values."""
    rng = random.Random(seed)
    values = {}
    for name in names:
        value = rng.gauss(0, 1)
        while abs(value) > most:
            value = rng.gauss(0, 1)
        values[name] = value
    return values
