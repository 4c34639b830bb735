"""Patterns of cloth, as paints over metres along and around it.

To add one, write a function of `Weave` that gives paints and name it in `PATTERNS`. Nothing narrower than about 3 cm
survives a picture of 224 pixels that shows a whole person.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .inks import SECOND, Ink, Paint, shade

STRIPE = 0.075
"""Metres from one stripe to the next."""


@dataclass(frozen=True)
class Weave:
    """Where each vertex of a piece of cloth lies."""

    run: np.ndarray
    """(k,) metres along it."""
    round: np.ndarray
    """(k,) metres around it."""
    places: np.ndarray
    """(k, 3) metres, in T-pose."""


def wave(values: np.ndarray, period: float, sharp: float = 2.2) -> np.ndarray:
    """0 to 1 and back, with edges as soft as the mesh needs."""
    return np.clip(0.5 + sharp * 0.5 * np.sin(2 * np.pi * values / period), 0, 1)


def noise(places: np.ndarray, scale: float, seed: int) -> np.ndarray:
    """(k,) smooth noise of unit variance in space, features about `scale` metres wide."""
    rng = np.random.default_rng(seed)
    waves = rng.normal(0, 1 / scale, (24, 3))
    phases = rng.uniform(0, 2 * np.pi, 24)
    return np.cos(places @ waves.T + phases).sum(1) / np.sqrt(12)


def _striped(weave: Weave) -> list[Paint]:
    return [(wave(weave.run, STRIPE), SECOND)]


def _upright(weave: Weave) -> list[Paint]:
    return [(wave(weave.round + STRIPE / 4, STRIPE), SECOND)]


def _checked(weave: Weave) -> list[Paint]:
    along, across = wave(weave.run, 0.09), wave(weave.round, 0.09)
    return [((along + across) / 2, SECOND)]


def _dotted(weave: Weave) -> list[Paint]:
    period = 0.085
    row = np.floor(weave.run / period)
    a = (weave.run / period) % 1 - 0.5
    b = (weave.round / period + 0.5 * (row % 2)) % 1 - 0.5
    return [(np.clip((0.3 - np.hypot(a, b)) * 6 + 0.5, 0, 1), SECOND)]


def _camouflage(weave: Weave) -> list[Paint]:
    blots = [np.clip(0.5 + 4 * (noise(weave.places, 0.05, s) - 0.35), 0, 1) for s in (1, 2, 3)]
    return [(blots[0], SECOND), (blots[1], shade(0.35)), (blots[2], Ink(main=0.5, second=0.9))]


PATTERNS: dict[str, Callable[[Weave], list[Paint]]] = {
    "plain": lambda weave: [],
    "striped": _striped,
    "vertically striped": _upright,
    "checked": _checked,
    "dotted": _dotted,
    "camouflage": _camouflage,
}
"""Name -> its paints, over the garment's main colour and under its details."""
