"""Gloves, belts, scarves and capes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..atlas import Atlas, cover, ramp
from ..cut import Cut, GarmentKind
from ..inks import GOLD, SECOND, SILVER, Paint, shade
from ..pieces import GRIDS
from ..sheets import hanging
from . import details as d


def _gloves(atlas: Atlas) -> Cut:
    field = np.where(atlas.on_arm, -atlas.arm_to(1.9), -1.0)
    cuff = d.ring(atlas, 1.95, 0.012)
    return Cut(cover(field, 0.01), 0.0035 + 0.006 * cuff, 0.0, paints=((0.5 * cuff, shade(0.6)),))


def _long_gloves(atlas: Atlas) -> Cut:
    return Cut(cover(np.where(atlas.on_arm, -atlas.arm_to(1.1), -1.0), 0.01), 0.003, 0.0)


def _belt(atlas: Atlas) -> Cut:
    field = np.where(atlas.on_arm, -1.0, 0.021 - np.abs(atlas.y - atlas.waist + 0.012))
    buckle = d.patch(atlas, 0.0, atlas.waist - 0.012, 0.024, 0.021)
    return Cut(cover(field, 0.01), 0.024 + 0.004 * buckle, paints=((buckle, SILVER),), hem=0.9)


def _scarf(atlas: Atlas) -> Cut:
    """Wound around the neck, one end over the chest."""
    neck = atlas.joints["neck"]
    tilted = atlas.y - neck[1] - 0.012 + 0.35 * (atlas.z - neck[2])
    wound = np.where(np.hypot(atlas.x, atlas.z - neck[2]) < 0.135, 0.042 - np.abs(tilted), -1.0)
    end = np.minimum(0.042 - np.abs(atlas.x - 0.05), np.minimum(atlas.y - neck[1] + 0.32, neck[1] - atlas.y))
    end = np.where(d.ahead(atlas) > 0.5, end, -1.0)
    chin = np.isin(atlas.owner, ("head", "jaw")) & (atlas.z > neck[2] + 0.045)
    field = np.where(atlas.on_arm | chin, -1.0, np.maximum(wound, end))
    folds = 0.5 + 0.5 * np.sin(110 * tilted)
    lift = 0.03 + 0.012 * (wound > -0.02) * ramp(np.abs(tilted), 0.05, 0.0)
    return Cut(cover(field), lift, paints=((0.35 * folds * (wound > 0), shade(0.6)),), hem=0.6)


def _cape(atlas: Atlas) -> Cut:
    columns = GRIDS["cape"][1]
    half = 1.75
    angles = np.pi + np.linspace(-half, half, columns)
    neck = atlas.joints["neck"]

    def ease(t: np.ndarray, angle: np.ndarray) -> np.ndarray:
        folds = 0.02 * np.cos(9 * (angle - np.pi)) * ramp(t, 0.1, 0.7)
        # Over the shoulders it lies close; below it stands off, its sides most.
        return 0.026 + 0.11 * t + folds

    def inks(t: np.ndarray, angle: np.ndarray) -> Sequence[Paint]:
        fold = 0.5 - 0.5 * np.cos(9 * (angle - np.pi))
        return ((0.45 * fold * ramp(t, 0.1, 0.5), shade(0.6)), (ramp(t, 0.955, 0.985), SECOND))

    bottom = atlas.between(("hip", "knee", "ankle"), 1.45, 1)
    piece = hanging(atlas, "cape", angles, neck[1] - 0.045, bottom, ease=ease, arms=True, paint=inks)
    mantle = np.minimum(
        atlas.neckline(-0.02, -0.01), atlas.between(("shoulder", "elbow", "wrist"), 0.12, 0) - atlas.side
    )
    mantle = np.minimum(mantle, atlas.y - neck[1] + 0.11 - 0.04 * (atlas.normals[:, 2] > 0))
    return Cut(
        cover(mantle), 0.036, paints=((d.patch(atlas, 0.0, neck[1] - 0.06, 0.02, 0.018), GOLD),), pieces=(piece,)
    )


KINDS = (
    GarmentKind("gloves", "gloves", _gloves, 60, ("hands",), ("leather", "wool"), tags=frozenset(("winter", "work"))),
    GarmentKind("long gloves", "gloves", _long_gloves, 60, ("hands",), ("silk",), gender="female",
                tags=frozenset(("formal", "night"))),
    GarmentKind("belt", "belt", _belt, 45, (), ("leather",), colours=("black", "brown", "dark brown", "white")),
    GarmentKind("scarf", "cape", _scarf, 70, ("neck",), ("wool", "silk"), ("plain", "striped", "checked"),
                tags=frozenset(("winter",))),
    GarmentKind("cape", "cape", _cape, 70, (), ("velvet", "silk"), second="hem", tags=frozenset(("costume",))),
)  # fmt: skip
