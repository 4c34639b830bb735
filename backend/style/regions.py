"""Regions of the body by the names that a person gives them, and what of it is skin."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..people.atlas import Atlas
from ..protocol import REGIONS

PARTS_OF: dict[str, tuple[str, ...]] = {
    "head": ("scalp", "face", "left_eye", "right_eye", "left_ear", "right_ear", "lips", "mouth"),
    "face": ("face", "left_eye", "right_eye", "lips", "mouth"),
    "hair": ("scalp",),
    "neck": ("neck",),
    "torso": ("chest", "abdomen", "upper_back", "lower_back", "left_shoulder", "right_shoulder"),
    "hips": ("pelvis",),
    "upper arms": ("left_upper_arm", "right_upper_arm"),
    "forearms": ("left_forearm", "right_forearm"),
    "hands": ("left_hand", "right_hand"),
    "thighs": ("left_thigh", "right_thigh"),
    "calves": ("left_calf", "right_calf"),
    "feet": ("left_foot", "right_foot"),
}
"""What each of `protocol.REGIONS` is made of, in the body's own regions."""
SOFT = 2
"""Rounds of averaging with neighbours: a region ends over a few edges, not at one."""
assert set(PARTS_OF) == set(REGIONS)


def region(atlas: Atlas, names: Iterable[str]) -> np.ndarray:
    """(V,) bool: in one of the regions of `protocol.REGIONS`; nowhere on a body that names none of its own."""
    parts = [part for name in names for part in PARTS_OF[name]]
    return atlas.region(*parts) if parts else np.zeros(len(atlas.v), bool)


def soft_region(atlas: Atlas, names: Iterable[str]) -> np.ndarray:
    """(V,) 0 to 1: the region with a soft border."""
    values = region(atlas, names).astype(np.float64)
    for _ in range(SOFT):
        values = 0.5 * (values + atlas.neighbours @ values)
    return values


def eyes(atlas: Atlas) -> np.ndarray:
    """(V,) bool: eyeballs and the inside of the mouth, which no look changes."""
    return atlas.region("left_eye", "right_eye", "mouth")
