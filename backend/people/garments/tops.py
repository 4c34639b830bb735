"""What is worn on the trunk alone."""

from __future__ import annotations

import numpy as np

from ..atlas import ARMS, Atlas, Field, cover, ramp
from ..cut import Cut, GarmentKind
from ..inks import SECOND, WHITE, shade
from . import details as d

KNITS = ("plain", "striped", "dotted", "checked", "vertically striped", "camouflage")
WOVEN = ("plain", "checked", "vertically striped", "dotted")


def trunk(atlas: Atlas, sleeve: float, hem: float, drop: float = 0.0, width: float = 0.0) -> Field:
    """Inside: a top's cloth.

    Args:
        sleeve: how far along the arms (0 shoulder, 1 elbow, 2 wrist).
        hem: metres below the waistband, negative above it.
        drop, width: of the collar, see `Atlas.neckline`.
    """
    armpit = atlas.joints["left_shoulder"][1] - 0.075
    # Armholes end at the armpits; below them the cloth closes around the trunk.
    arm = np.where(atlas.on_arm, atlas.arm_to(sleeve), np.maximum(atlas.arm_to(sleeve), armpit - atlas.y))
    return np.minimum(np.minimum(arm, atlas.y - (atlas.waist - hem)), atlas.neckline(drop, width))


def loose(atlas: Atlas, base: float, cuff: float, sleeve: float) -> Field:
    """(V,) thickness that grows along the sleeves to `cuff`."""
    start, end = (atlas.between(ARMS, a, 0) for a in (0.1, sleeve))
    return base + (cuff - base) * ramp(atlas.side, start, end) * atlas.on_arm


def hood(atlas: Atlas, size: float = 0.05) -> Field:
    """(V,) extra thickness of a hood that lies on the upper back."""
    neck = atlas.joints["neck"]
    down = ramp(np.abs(atlas.y - (neck[1] - 0.035)), 0.075, 0.02)
    return size * down * ramp(atlas.side, 0.12, 0.05) * d.behind(atlas)


def _t_shirt(atlas: Atlas) -> Cut:
    return Cut(cover(trunk(atlas, 0.62, 0.09)), loose(atlas, 0.011, 0.026, 0.62))


def _football_shirt(atlas: Atlas) -> Cut:
    paints = (
        (d.number(atlas, "10", atlas.joints["spine3"][1] - 0.0), SECOND),
        (d.collar(atlas), SECOND),
        (d.ring(atlas, 0.62, 0.018), SECOND),
    )
    return Cut(cover(trunk(atlas, 0.66, 0.12)), loose(atlas, 0.013, 0.032, 0.66), paints=paints)


def _tank_top(atlas: Atlas) -> Cut:
    field = np.minimum(trunk(atlas, -0.25, 0.07, 0.06, 0.015), armholes(atlas))
    return Cut(cover(field), 0.008)


def armholes(atlas: Atlas) -> Field:
    """Inside: whatever is outside round armholes."""
    shoulder = atlas.joints["left_shoulder"]
    return np.hypot(atlas.side - shoulder[0] - 0.02, atlas.y - shoulder[1] + 0.01) - 0.085


def _crop_top(atlas: Atlas) -> Cut:
    field = np.minimum(trunk(atlas, 0.3, -0.13, 0.03, 0.02), 1)
    return Cut(cover(field), 0.007)


def _shirt(atlas: Atlas) -> Cut:
    paints = (
        (0.8 * d.placket(atlas), shade(0.55)),
        (d.buttons(atlas), WHITE),
        (0.75 * cover(0.004 - np.abs(atlas.neckline() - 0.034), d.FINE) * ~atlas.on_arm, shade(0.5)),
        (d.ring(atlas, 1.86, 0.003), shade(0.6)),
    )
    lift = loose(atlas, 0.011, 0.016, 1.9) + 0.008 * d.collar(atlas, 0.032)
    return Cut(cover(trunk(atlas, 1.97, 0.13, -0.012, -0.008)), lift, paints=paints)


def _polo(atlas: Atlas) -> Cut:
    chest = atlas.joints["spine3"][1]
    paints = (
        (d.collar(atlas, 0.032), SECOND),
        (d.ring(atlas, 0.6, 0.014), SECOND),
        (d.placket(atlas) * (atlas.y > chest + 0.02), shade(0.5)),
    )
    lift = loose(atlas, 0.011, 0.022, 0.62) + 0.008 * d.collar(atlas, 0.03)
    return Cut(cover(trunk(atlas, 0.62, 0.09, -0.01, -0.006)), lift, paints=paints)


def _sweater(atlas: Atlas) -> Cut:
    field = trunk(atlas, 1.97, 0.1, -0.01)
    low = atlas.waist - 0.1
    ribs = np.maximum(d.band(atlas, low + 0.025, 0.025), d.ring(atlas, 1.9, 0.02))
    return Cut(
        cover(field), 0.021 - 0.006 * ribs, paints=((0.6 * ribs, shade(0.7)), (d.collar(atlas, 0.022), shade(0.7)))
    )


def _turtleneck(atlas: Atlas) -> Cut:
    neck = atlas.joints["neck"][1]
    field = np.minimum(
        np.minimum(atlas.arm_to(1.97), atlas.y - atlas.waist + 0.1), atlas.joints["head"][1] - 0.045 - atlas.y
    )
    tube = ramp(atlas.y, neck - 0.02, neck + 0.01) * ~atlas.on_arm
    return Cut(cover(field), 0.015 - 0.003 * tube, paints=((0.5 * d.band(atlas, neck, 0.006), shade(0.6)),))


def _hoodie(atlas: Atlas) -> Cut:
    waist = atlas.waist
    pouch = np.minimum(
        0.13 - atlas.side - 0.4 * np.abs(atlas.y - waist - 0.05), 0.055 - np.abs(atlas.y - waist - 0.045)
    )
    outline = cover(0.006 - np.abs(pouch), d.FINE) * d.ahead(atlas)
    strings = cover(0.004 - np.abs(atlas.side - 0.028), d.FINE) * d.ahead(atlas)
    strings = strings * (atlas.y > atlas.joints["spine3"][1] + 0.04)
    ribs = np.maximum(d.band(atlas, waist - 0.085, 0.02), d.ring(atlas, 1.9, 0.02))
    rim = d.collar(atlas, 0.05, -0.01)
    lift = 0.019 - 0.005 * ribs + hood(atlas, 0.055) + 0.022 * rim + 0.008 * cover(pouch) * d.ahead(atlas)
    paints = (
        (outline, shade(0.45)),
        (strings, WHITE),
        (0.5 * ribs, shade(0.65)),
        (0.4 * hood(atlas, 1), shade(0.75)),
    )
    return Cut(cover(trunk(atlas, 1.97, 0.1, -0.03)), lift, paints=paints)


KINDS = (
    GarmentKind("t-shirt", "top", _t_shirt, 40, ("torso",), patterns=KNITS, tags=frozenset(("summer", "sport"))),
    GarmentKind("football shirt", "top", _football_shirt, 40, ("torso",), ("nylon",), ("plain", "vertically striped"),
                second="number", tags=frozenset(("sport",))),
    GarmentKind("tank top", "top", _tank_top, 40, ("torso",), patterns=KNITS[:2], tags=frozenset(("summer",

                               "sport"))),
    GarmentKind("crop top", "top", _crop_top, 40, (), patterns=KNITS[:2], gender="female",
                tags=frozenset(("summer",))),
    GarmentKind("shirt", "top", _shirt, 20, ("torso", "arms"), ("cotton", "linen", "silk"), WOVEN,
                tags=frozenset(("formal", "work"))),
    GarmentKind("polo shirt", "top", _polo, 40, ("torso",), patterns=("plain", "striped"), second="collar and cuffs",
                tags=frozenset(("summer", "sport"))),
    GarmentKind("sweater", "top", _sweater, 40, ("torso", "arms"), ("wool",), ("plain", "striped", "checked"),
                tags=frozenset(("winter",))),
    GarmentKind("turtleneck", "top", _turtleneck, 40, ("torso", "arms", "neck"), ("wool",), ("plain", "striped"),
                tags=frozenset(("winter",))),
    GarmentKind("hoodie", "top", _hoodie, 40, ("torso", "arms"), patterns=("plain",), tags=frozenset(("sport",))),
)  # fmt: skip
