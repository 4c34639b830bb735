"""How cloth is coloured before its colours are known: shares of the garment's two colours, and fixed ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Ink:
    """Colour = main * the garment's colour + second * its second colour + fixed."""

    main: float = 0.0
    second: float = 0.0
    fixed: tuple[float, float, float] = (0.0, 0.0, 0.0)


MAIN = Ink(1.0)
SECOND = Ink(second=1.0)
WHITE = Ink(fixed=(0.8, 0.8, 0.78))
BLACK = Ink(fixed=(0.015, 0.015, 0.017))
GOLD = Ink(fixed=(0.72, 0.45, 0.09))
SILVER = Ink(fixed=(0.6, 0.6, 0.62))


def shade(factor: float) -> Ink:
    """The garment's own colour, darker or lighter."""
    return Ink(factor)


Paint = tuple[np.ndarray, Ink]
"""(k,) how much of each vertex it covers, 0 to 1, and with what."""


def mixed(count: int, paints: Iterable[Paint]) -> np.ndarray:
    """(count, 5) shares of main and second colour, and the fixed red, green and blue, painted one over the other."""
    out = np.zeros((count, 5))
    out[:, 0] = 1
    for mask, ink in paints:
        out += np.asarray(mask)[:, None] * (np.array([ink.main, ink.second, *ink.fixed]) - out)
    return out
