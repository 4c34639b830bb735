"""Dresses, robes and swimwear: what fills the places of top and bottom at once."""

from __future__ import annotations

import numpy as np

from ..atlas import ARMS, Atlas, cover, ramp
from ..cut import Cut, GarmentKind
from ..inks import SECOND, shade
from . import details as d
from .skirts import lower
from .tops import KNITS, hood, trunk


def dress(atlas: Atlas, sleeve: float, to: float, flare: float, drop: float = 0.03, pleats: int = 7) -> Cut:
    """A dress fitted above the waist."""
    field = np.minimum(trunk(atlas, sleeve, 0.16, drop, 0.02), atlas.y - atlas.crotch + 0.02)
    waist = 0.6 * d.band(atlas, atlas.waist + 0.035, 0.012)
    return Cut(cover(field), 0.007, paints=((waist, shade(0.6)),), pieces=(lower(atlas, to, flare, pleats=pleats),))


def _short_dress(atlas: Atlas) -> Cut:
    return dress(atlas, 0.35, 0.72, 0.2)


def _long_dress(atlas: Atlas) -> Cut:
    return dress(atlas, 0.35, 1.88, 0.17)


def _sleeveless(atlas: Atlas) -> Cut:
    cut = dress(atlas, -0.2, 1.0, 0.18, 0.06)
    shoulder = atlas.joints["left_shoulder"]
    holes = np.hypot(atlas.side - shoulder[0] - 0.02, atlas.y - shoulder[1] + 0.01) - 0.1
    return Cut(np.minimum(cut.cover, cover(holes)), cut.lift, paints=cut.paints, pieces=cut.pieces)


def _evening_dress(atlas: Atlas) -> Cut:
    """Without straps: it ends above the chest."""
    chest = atlas.joints["spine3"][1] + 0.055
    cut = dress(atlas, 0, 1.95, 0.12, pleats=5)
    field = np.where(atlas.on_arm, -1.0, np.minimum(chest - atlas.y, atlas.y - atlas.crotch + 0.02))
    return Cut(cover(field), 0.007, pieces=cut.pieces)


def _bathrobe(atlas: Atlas) -> Cut:
    body = trunk(atlas, 1.75, 0.16, 0.1, 0.0)
    edge = d.opening(atlas, atlas.waist + 0.03, 0.4, 0.0)
    lapel = cover(np.minimum(edge + 0.05, 0.004 - edge), d.FINE) * d.ahead(atlas)
    belt = d.band(atlas, atlas.waist + 0.045, 0.024)
    cuffs = d.ring(atlas, 1.66, 0.035)
    lift = 0.018 + 0.028 * ramp(atlas.side, atlas.between(ARMS, 0.3, 0), atlas.between(ARMS, 1.75, 0)) * atlas.on_arm
    cloth = np.minimum(cover(body), 1 - cover(np.where(atlas.y > atlas.waist + 0.05, edge, -1)))
    return Cut(
        cloth,
        lift + 0.006 * np.maximum(belt, lapel),
        paints=((0.8 * lapel, shade(0.7)), (0.8 * cuffs, shade(0.75)), (belt, shade(0.55))),
        pieces=(lower(atlas, 1.25, 0.07, ease=0.02, pleats=3, gap=0.004),),
    )


def robe(atlas: Atlas, bell: float) -> Cut:
    """A robe to the floor with wide sleeves and a hood on the back."""
    field = trunk(atlas, 1.92, 0.2, -0.03, -0.01)
    sleeve = ramp(atlas.side, atlas.between(ARMS, 0.2, 0), atlas.between(ARMS, 1.92, 0)) * atlas.on_arm
    lift = 0.018 + bell * sleeve + hood(atlas, 0.06) + 0.016 * d.collar(atlas, 0.05, -0.02)
    droop = np.zeros_like(atlas.v, dtype=np.float64)
    # The lower side of a wide sleeve hangs.
    droop[:, 1] = -1.3 * bell * sleeve**2 * ramp(atlas.normals[:, 1], 0.3, -0.6)
    belt = d.band(atlas, atlas.waist + 0.045, 0.018)
    trim = np.maximum(d.ring(atlas, 1.86, 0.02), belt)
    return Cut(
        cover(field),
        lift,
        push=droop,
        paints=((trim, SECOND), (0.5 * hood(atlas, 1.0), shade(0.7))),
        pieces=(lower(atlas, 1.99, 0.13, ease=0.016, pleats=6),),
    )


def _wizard_robe(atlas: Atlas) -> Cut:
    return robe(atlas, 0.065)


def _kimono(atlas: Atlas) -> Cut:
    field = trunk(atlas, 1.75, 0.2, 0.02, -0.01)
    fold = cover(0.014 - np.abs(atlas.side - 0.35 * (atlas.y - atlas.waist - 0.1)), d.FINE)
    fold = fold * d.ahead(atlas) * (atlas.y > atlas.waist + 0.08)
    sleeve = ramp(atlas.side, atlas.between(ARMS, 0.6, 0), atlas.between(ARMS, 1.1, 0)) * atlas.on_arm
    droop = np.zeros_like(atlas.v, dtype=np.float64)
    droop[:, 1] = -0.2 * sleeve * ramp(atlas.normals[:, 1], 0.3, -0.6)
    sash = d.band(atlas, atlas.waist + 0.055, 0.05)
    return Cut(
        cover(field),
        0.015 + 0.03 * sleeve + 0.008 * sash,
        push=droop,
        paints=((fold, SECOND), (sash, SECOND)),
        pieces=(lower(atlas, 1.9, 0.02, ease=0.014, pleats=0, follow=0.05),),
    )


def _swimsuit(atlas: Atlas) -> Cut:
    hip = atlas.joints["left_hip"]
    leg = atlas.y - (atlas.crotch + 0.02 + 0.75 * (atlas.side - 0.03))
    field = np.minimum(np.minimum(trunk(atlas, -0.25, 0.5, 0.08, 0.03), leg), 1)
    holes = np.hypot(atlas.side - hip[0] - 0.085, atlas.y - atlas.joints["left_shoulder"][1] + 0.01) - 0.11
    return Cut(cover(np.minimum(field, holes)), 0.003, 0.6)


def _bikini(atlas: Atlas) -> Cut:
    chest = atlas.joints["spine3"][1] - 0.05
    bra = 0.05 - np.abs(atlas.y - chest) - np.where(atlas.normals[:, 2] > 0, 0.0, 0.03)
    strap = np.minimum(0.011 - np.abs(atlas.side - 0.085), atlas.y - chest)
    slip = np.minimum(atlas.waist - 0.06 - atlas.y, atlas.y - (atlas.crotch + 0.01 + 0.42 * (atlas.side - 0.03)))
    field = np.maximum(np.maximum(bra, strap), slip)
    return Cut(cover(np.where(atlas.on_arm, -1.0, field)), 0.003, 0.5)


_WHOLE = ("top", "bottom")
KINDS = (
    GarmentKind("short dress", "dress", _short_dress, 40, ("torso",), ("cotton", "silk"), KNITS[:4], _WHOLE,
                gender="female", tags=frozenset(("summer",))),
    GarmentKind("long dress", "dress", _long_dress, 40, ("torso", "legs"), ("cotton", "silk"), KNITS[:4], _WHOLE,
                gender="female", tags=frozenset(("formal",))),
    GarmentKind("sleeveless dress", "dress", _sleeveless, 40, ("torso",), ("cotton", "silk"), KNITS[:4], _WHOLE,
                gender="female", tags=frozenset(("summer",))),
    GarmentKind("evening dress", "dress", _evening_dress, 40, ("torso", "legs"), ("silk", "velvet"), ("plain",),
                _WHOLE,
                gender="female", tags=frozenset(("formal", "night"))),
    GarmentKind("bathrobe", "dress", _bathrobe, 40, ("torso", "arms"), ("wool",), ("plain", "striped"), _WHOLE,
                tags=frozenset(("night",))),
    GarmentKind("wizard robe", "dress", _wizard_robe, 40, ("torso", "arms", "legs"), ("velvet", "wool"), ("plain",),
                _WHOLE, second="belt and cuffs", tags=frozenset(("costume",))),
    GarmentKind("kimono", "dress", _kimono, 40, ("torso", "arms", "legs"), ("silk",), ("plain", "dotted"), _WHOLE,
                second="sash", tags=frozenset(("costume",))),
    GarmentKind("swimsuit", "dress", _swimsuit, 40, ("torso",), ("nylon",), ("plain", "striped"), _WHOLE,
                gender="female", tags=frozenset(("swim",))),
    GarmentKind("bikini", "dress", _bikini, 40, (), ("nylon",), ("plain", "dotted"), _WHOLE, gender="female",
                tags=frozenset(("swim",))),
)  # fmt: skip
