"""Dresses and robes: a top and a skirt in one."""

from __future__ import annotations

import numpy as np

from ..atlas import Atlas, cover
from ..cut import Cut, GarmentKind
from .skirts import lower
from .tops import KNITS, trunk


def dress(atlas: Atlas, sleeve: float, to: float, flare: float, drop: float = 0.02, lift: float = 0.007) -> Cut:
    """A dress fitted above the waist."""
    body = np.maximum(trunk(atlas, sleeve, 0.16, drop, 0.02), -1)
    return Cut(cover(body), lift, pieces=(lower(atlas, to, flare),))


def _short_dress(atlas: Atlas) -> Cut:
    return dress(atlas, 0.3, 0.7, 0.14)


def _long_dress(atlas: Atlas) -> Cut:
    return dress(atlas, 0.3, 1.85, 0.16)


KINDS = (
    GarmentKind(
        "short dress",
        "dress",
        _short_dress,
        40,
        ("torso",),
        ("cotton", "silk"),
        KNITS[:4],
        excludes=("top", "bottom"),
        gender="female",
    ),
    GarmentKind(
        "long dress",
        "dress",
        _long_dress,
        40,
        ("torso", "legs"),
        ("cotton", "silk"),
        KNITS[:4],
        excludes=("top", "bottom"),
        gender="female",
    ),
)
