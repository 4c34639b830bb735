"""What cloth is made of: how it shines, and how uneven its colour is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .patterns import noise


@dataclass(frozen=True)
class Material:
    """As of Blender's Principled shader."""

    roughness: float
    metallic: float = 0.0
    mottle: float = 0.03
    """Standard deviation of its brightness, as a share of it."""
    grain: float = 0.03
    """Metres: how wide that unevenness is."""

    def mottling(self, places: np.ndarray) -> np.ndarray:
        """(k,) factors on the colour at places (k, 3) in T-pose."""
        return np.exp(self.mottle * noise(places, self.grain, 7).clip(-2.5, 2.5))


MATERIALS: dict[str, Material] = {
    "cotton": Material(0.85),
    "denim": Material(0.8, mottle=0.1, grain=0.025),
    "wool": Material(0.95, mottle=0.07, grain=0.012),
    "silk": Material(0.3, mottle=0.02),
    "leather": Material(0.35, mottle=0.07, grain=0.02),
    "linen": Material(0.9, mottle=0.05, grain=0.015),
    "nylon": Material(0.45, mottle=0.02),
    "velvet": Material(0.75, mottle=0.06, grain=0.04),
    "rubber": Material(0.5, mottle=0.01),
    "straw": Material(0.8, mottle=0.12, grain=0.01),
    "steel": Material(0.28, 1.0, mottle=0.06, grain=0.05),
    "brass": Material(0.3, 1.0, mottle=0.06, grain=0.05),
    "skin": Material(0.55, mottle=0.025, grain=0.05),
    "hair": Material(0.5, mottle=0.18, grain=0.009),
}
"""To add one, add a row."""
