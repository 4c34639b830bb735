"""What is worn on the trunk."""

from __future__ import annotations

import numpy as np

from ..atlas import Atlas, cover
from ..cut import Cut, GarmentKind

KNITS = ("plain", "striped", "dotted", "checked", "vertically striped", "camouflage")


def trunk(atlas: Atlas, sleeve: float, hem: float, drop: float = 0.0, width: float = 0.0) -> np.ndarray:
    """Inside: a top's cloth.

    Args:
        sleeve: how far along the arms (0 shoulder, 1 elbow, 2 wrist).
        hem: metres below the waistband, negative above it.
        drop, width: of the collar, see `Atlas.neckline`.
    """
    return np.minimum(np.minimum(atlas.arm_to(sleeve), atlas.y - (atlas.waist - hem)), atlas.neckline(drop, width))


def _t_shirt(atlas: Atlas) -> Cut:
    field = trunk(atlas, 0.62, 0.09)
    loose = 0.011 + 0.016 * np.clip(atlas.side / atlas.between(("shoulder", "elbow", "wrist"), 0.62, 0) - 0.6, 0, 1)
    return Cut(cover(field), loose)


def _sweater(atlas: Atlas) -> Cut:
    return Cut(cover(trunk(atlas, 1.97, 0.1, -0.01)), 0.02)


KINDS = (
    GarmentKind("t-shirt", "top", _t_shirt, 40, ("torso",), patterns=KNITS, tags=frozenset(("summer", "sport"))),
    GarmentKind("sweater", "top", _sweater, 40, ("torso", "arms"), ("wool",), KNITS[:3], tags=frozenset(("winter",))),
)
