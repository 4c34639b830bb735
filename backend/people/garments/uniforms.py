"""What clothes the whole body at once and says what somebody does: suits, uniforms, kits, armour."""

from __future__ import annotations

import numpy as np

from ..atlas import ARMS, Atlas, Field, cover, ramp
from ..cut import Cut, GarmentKind
from ..inks import BLACK, GOLD, SECOND, SILVER, WHITE, Ink, Paint, shade
from . import details as d
from .bottoms import legs, straight
from .tops import loose, trunk

_REFLECTIVE = Ink(fixed=(0.75, 0.78, 0.6))
_YELLOW = Ink(fixed=(0.7, 0.75, 0.05))


def both(atlas: Atlas, sleeve: float, leg: float, jacket: float = 0.1) -> tuple[Field, Field, Field]:
    """Cover and thickness of a top over trousers, and (V,) how much of a vertex is trousers.

    Args:
        sleeve, leg: see `tops.trunk` and `bottoms.legs`.
        jacket: metres that the top reaches below the waistband; negative where it is tucked in.
    """
    top, bottom = trunk(atlas, sleeve, jacket, -0.01, -0.006), legs(atlas, leg, 0.03)
    below = 1 - cover(top)
    lift = np.where(top > 0, loose(atlas, 0.016, 0.022, sleeve), straight(atlas, 0.011, 0.04))
    return cover(np.maximum(top, bottom)), lift, below * cover(bottom)


def lapels(atlas: Atlas, button: float, slope: float = 0.38) -> tuple[Field, Field]:
    """(V,) the V between the fronts of a jacket, and its two lapels."""
    edge = d.opening(atlas, button, slope, -0.02)
    return cover(edge, d.FINE), cover(np.minimum(edge + 0.045, -edge), d.FINE) * (atlas.y > button - 0.01)


def _suit(atlas: Atlas) -> Cut:
    cloth, lift, below = both(atlas, 1.95, 2.0, 0.13)
    button = atlas.waist + 0.11
    inside, lapel = lapels(atlas, button)
    rim = cover(0.004 - np.abs(d.opening(atlas, button, 0.38, -0.02) + 0.045), d.FINE) * (atlas.y > button)
    paints: list[Paint] = [
        (0.35 * lapel, shade(0.7)),
        (0.9 * rim, shade(0.4)),
        (inside, WHITE),
        (d.tie(atlas, button - 0.01) * inside, SECOND),
        (d.placket(atlas, 0.003) * (atlas.y < button) * (below < 0.5), shade(0.4)),
        (d.buttons(atlas, 0.09, 0.0, 0.008) * (atlas.y < button + 0.02) * (below < 0.5), BLACK),
        (d.pocket(atlas, 0.11, atlas.waist - 0.02, 0.04, 0.012) * (below < 0.5), shade(0.5)),
        (d.ring(atlas, 1.93, 0.012), WHITE),
        (0.5 * d.band(atlas, atlas.waist - 0.13, 0.006), shade(0.4)),
    ]
    return Cut(cloth, lift + 0.008 * (1 - below) + 0.006 * lapel - 0.008 * inside, paints=tuple(paints))


def _tracksuit(atlas: Atlas) -> Cut:
    cloth, lift, below = both(atlas, 1.97, 1.98, 0.1)
    stripes = np.maximum(d.flank(atlas), d.arm_flank(atlas))
    ribs = np.maximum(d.band(atlas, atlas.waist - 0.085, 0.018) * (1 - below), d.ring(atlas, 1.92, 0.02))
    paints = (
        (stripes, SECOND),
        (d.placket(atlas) * (1 - below), SILVER),
        (d.collar(atlas, 0.035), SECOND),
        (0.5 * ribs, shade(0.6)),
    )
    return Cut(cloth, lift + 0.006 * d.collar(atlas, 0.035), paints=paints)


def _overalls(atlas: Atlas) -> Cut:
    """Dungarees: trousers with a bib and straps, over a shirt."""
    top = atlas.joints["spine3"][1] + 0.015
    bib = np.minimum(np.minimum(0.115 - atlas.side, top - atlas.y), atlas.y - atlas.waist + 0.03)
    bib = np.where(
        d.ahead(atlas) > 0.5, bib, np.minimum(bib, 0.09 - atlas.side - 0.3 * (atlas.y - atlas.waist).clip(0))
    )
    high = atlas.joints["neck"][1] + 0.02 - atlas.y
    strap = np.minimum(0.017 - np.abs(atlas.side - 0.085), np.minimum(atlas.y - atlas.waist, high))
    field = np.where(atlas.on_arm, -1.0, np.maximum(np.maximum(bib, strap), legs(atlas, 1.98)))
    pocket = d.pocket(atlas, 0.0, atlas.joints["spine3"][1] - 0.06, 0.06, 0.045)
    knobs = d.patch(atlas, 0.085, top - 0.015, 0.011, 0.011)
    lift = straight(atlas, 0.018, 0.038)
    paints = ((0.8 * pocket, shade(0.5)), (0.5 * d.band(atlas, atlas.waist, 0.015), shade(0.6)), (knobs, GOLD))
    return Cut(cover(field), lift, paints=paints)


def _jumpsuit(atlas: Atlas) -> Cut:
    cloth, lift, _ = both(atlas, 1.95, 1.98, -0.0)
    chest = atlas.joints["spine3"][1]
    paints = (
        (d.placket(atlas, 0.004), shade(0.4)),
        (0.8 * d.pocket(atlas, 0.09, chest - 0.01, 0.035, 0.03), shade(0.5)),
        (d.band(atlas, atlas.waist + 0.0, 0.018), shade(0.5)),
    )
    return Cut(cloth, lift + 0.006 * d.collar(atlas, 0.03), paints=paints)


def _police(atlas: Atlas) -> Cut:
    cloth, lift, below = both(atlas, 1.95, 2.0, -0.0)
    chest = atlas.joints["spine3"][1]
    belt = d.band(atlas, atlas.waist + 0.0, 0.026)
    paints = (
        (0.9 * d.placket(atlas, 0.003) * (1 - below), shade(0.4)),
        (0.8 * d.pocket(atlas, 0.085, chest - 0.005, 0.04, 0.035), shade(0.35)),
        (d.tie(atlas, atlas.waist + 0.09), BLACK),
        (d.patch(atlas, 0.085, chest + 0.03, 0.021, 0.024, 1), GOLD),
        (d.patch(atlas, 0.085, chest + 0.035, 0.03, 0.008, -1), WHITE),
        (d.shoulders(atlas), GOLD),
        (d.ring(atlas, 0.33, 0.018) * (atlas.normals[:, 1] > -0.2), GOLD),
        (belt, BLACK),
        (d.patch(atlas, 0.0, atlas.waist, 0.022, 0.02), SILVER),
    )
    return Cut(cloth, lift + 0.006 * d.collar(atlas, 0.03) + 0.006 * belt, paints=paints)


def _soldier(atlas: Atlas) -> Cut:
    cloth, lift, below = both(atlas, 1.95, 1.98, 0.1)
    chest = atlas.joints["spine3"][1]
    belt = d.band(atlas, atlas.waist + 0.03, 0.024)
    pockets = np.maximum(
        d.pocket(atlas, 0.085, chest - 0.01, 0.042, 0.038), d.pocket(atlas, 0.11, atlas.waist - 0.045, 0.04, 0.04)
    )
    paints = ((0.9 * pockets * (1 - below), shade(0.2)), (d.placket(atlas, 0.003), shade(0.25)), (belt, BLACK))
    return Cut(cloth, lift + 0.006 * d.collar(atlas, 0.03) + 0.005 * belt, paints=paints)


def _firefighter(atlas: Atlas) -> Cut:
    cloth, lift, below = both(atlas, 1.95, 1.97, 0.2)
    chest, knee = atlas.joints["spine3"][1], atlas.joints["left_knee"][1]
    bands = [d.band(atlas, chest - 0.04, 0.026), d.band(atlas, atlas.waist - 0.15, 0.026), d.ring(atlas, 1.7, 0.026),
             d.ring(atlas, 0.75, 0.024), d.band(atlas, knee - 0.2, 0.026)]  # fmt: skip
    wide = np.max(bands, 0)
    narrow = np.max([d.band(atlas, chest - 0.04, 0.011), d.band(atlas, atlas.waist - 0.15, 0.011), d.ring(atlas,
    1.7, 0.011),
                     d.ring(atlas, 0.75, 0.01), d.band(atlas, knee - 0.2, 0.011)], 0)  # fmt: skip
    paints = ((wide, _YELLOW), (narrow, _REFLECTIVE), (d.placket(atlas, 0.005) * (1 - below), BLACK))
    return Cut(cloth, lift + 0.012 + 0.012 * d.collar(atlas, 0.045), paints=paints)


def _scrubs(atlas: Atlas) -> Cut:
    top, bottom = trunk(atlas, 0.6, 0.14, 0.0, -0.02), legs(atlas, 1.97)
    neck = cover(d.opening(atlas, atlas.joints["neck"][1] - 0.13, 0.45, -0.02), d.FINE)
    pocket = d.pocket(atlas, 0.09, atlas.joints["spine3"][1] - 0.01, 0.04, 0.035) * (atlas.x > 0)
    rim = d.opening(atlas, atlas.joints["neck"][1] - 0.13, 0.45, -0.02)
    lift = np.where(top > 0, 0.015, straight(atlas, 0.012, 0.036))
    paints = ((0.8 * pocket, shade(0.5)), (cover(0.008 - np.abs(rim + 0.008), d.FINE) * d.ahead(atlas), shade(0.6)))
    return Cut(cover(np.maximum(top, bottom)) * (1 - neck), lift, paints=paints)


def _chef(atlas: Atlas) -> Cut:
    cloth, lift, below = both(atlas, 1.95, 1.98, 0.14)
    fold = cover(0.004 - np.abs(atlas.x - 0.075), d.FINE) * d.ahead(atlas) * (1 - below)
    paints = (
        (below, SECOND),
        (0.6 * fold, shade(0.5)),
        (d.buttons(atlas, 0.085, 0.045, 0.012) * (1 - below) * (atlas.y > atlas.waist), BLACK),
        (0.6 * cover(0.004 - np.abs(atlas.neckline() - 0.03), d.FINE), shade(0.5)),
    )
    return Cut(cloth, lift + 0.01 * d.collar(atlas, 0.035), paints=paints)


def _football_kit(atlas: Atlas) -> Cut:
    top, bottom = trunk(atlas, 0.64, 0.06), legs(atlas, 0.6)
    below = cover(bottom) * (1 - cover(top))
    lift = np.where(top > 0, loose(atlas, 0.013, 0.03, 0.64), straight(atlas, 0.012, 0.045, 0, 0.6))
    paints = (
        (below, SECOND),
        (d.number(atlas, "9", atlas.joints["spine3"][1] - 0.02, 0.038), SECOND),
        (np.maximum(d.collar(atlas), d.ring(atlas, 0.6, 0.016)), SECOND),
    )
    return Cut(cover(np.maximum(top, bottom)), lift, paints=paints)


def _judo(atlas: Atlas) -> Cut:
    cloth, lift, _ = both(atlas, 1.75, 1.85, 0.2)
    edge = d.opening(atlas, atlas.waist + 0.08, 0.33, -0.02)
    lapel = cover(np.minimum(edge + 0.05, 0.002 - edge), d.FINE) * (atlas.y > atlas.waist)
    belt = d.band(atlas, atlas.waist + 0.035, 0.022)
    ends = cover(0.011 - np.abs(atlas.side - 0.03 - 0.25 * (atlas.waist - atlas.y)), d.FINE) * d.ahead(atlas)
    ends = ends * (atlas.y < atlas.waist + 0.03) * (atlas.y > atlas.waist - 0.17)
    paints = (
        (0.5 * lapel, shade(0.65)),
        (0.6 * cover(0.004 - np.abs(edge), d.FINE), shade(0.4)),
        (np.maximum(belt, ends), SECOND),
    )
    return Cut(cloth * (1 - 0.98 * cover(edge - 0.004, d.FINE)), lift + 0.007 * belt, paints=paints)


def _armour(atlas: Atlas) -> Cut:
    """Plates of steel over mail: cuirass, pauldrons, vambraces, skirts of lames, greaves."""
    top, bottom = trunk(atlas, 2.02, 0.1, -0.04, -0.015), legs(atlas, 2.05)
    arm, leg = ramp(atlas.side, *(atlas.between(ARMS, a, 0) for a in (0.0, 0.25))) * atlas.on_arm, atlas.y
    shoulder = ramp(
        np.hypot(atlas.side - atlas.joints["left_shoulder"][0], atlas.y - atlas.joints["left_shoulder"][1]),
        0.105,
        0.085,
    )
    shoulder = shoulder * (atlas.normals[:, 1] > -0.45)
    elbow, knee = (np.abs(f) for f in (atlas.arm_to(1.0), atlas.leg_to(1.0)))
    joint = np.maximum(ramp(elbow, 0.06, 0.045) * atlas.on_arm, ramp(knee, 0.075, 0.06) * ~atlas.on_arm)
    lames = ((atlas.waist + 0.03 - leg) / 0.05 % 1) * ((leg < atlas.waist + 0.03) & (leg > atlas.crotch))
    lift = 0.012 + 0.02 * shoulder + 0.014 * joint + 0.014 * lames + 0.004 * ~atlas.on_arm
    steps = [d.band(atlas, atlas.waist + 0.03 - 0.05 * k, 0.002) for k in range(4)]
    rims = [cover(0.004 - np.abs(e - 0.066), d.FINE) for e in (elbow, knee)]
    lines = np.max([*steps, rims[0] * atlas.on_arm, rims[1] * ~atlas.on_arm, d.collar(atlas, 0.012)], 0)
    ridge = cover(0.003 - atlas.side, d.FINE) * d.ahead(atlas) * (leg > atlas.waist)
    cap = cover(0.02 - 4 * np.abs(shoulder - 0.5) * 0.02, d.FINE) * (np.abs(shoulder - 0.5) < 0.48)
    mail = ramp(arm, 0.9, 1.0) * ramp(elbow, 0.1, 0.12) * (atlas.arm_to(1.0) > 0) * (shoulder < 0.05)
    paints = ((0.5 * mail, shade(0.45)), (np.maximum(lines, 0.8 * cap), shade(0.22)), (ridge, shade(1.35)),
              (d.band(atlas, atlas.waist + 0.04, 0.014), SECOND))  # fmt: skip
    return Cut(cover(np.maximum(top, bottom)), lift, paints=paints, hem=0.35)


def _superhero(atlas: Atlas) -> Cut:
    """Tights from neck to ankles with trunks, belt and an emblem."""
    top, bottom = trunk(atlas, 1.98, 0.1, -0.02, -0.01), legs(atlas, 2.05)
    chest = atlas.joints["spine3"][1] + 0.0
    trunks = np.minimum(atlas.waist - atlas.y, atlas.y - (atlas.crotch + 0.0 + 0.5 * (atlas.side - 0.03)))
    emblem = 0.075 - np.abs(atlas.y - chest) - 0.75 * atlas.side
    paints = (
        (cover(np.where(atlas.on_arm, -1, trunks), d.FINE), SECOND),
        (cover(emblem, d.FINE) * d.ahead(atlas), SECOND),
        (d.band(atlas, atlas.waist, 0.02), GOLD),
    )
    return Cut(cover(np.maximum(top, bottom)), 0.003, 0.3, paints=paints)


_ALL = ("top", "bottom")
_COVERS = ("torso", "arms", "legs")
KINDS = (
    GarmentKind("suit", "dress", _suit, 40, _COVERS, ("wool",), ("plain", "checked"), (*_ALL, "outer"), second="tie",
                colours=("black", "navy blue", "grey", "dark grey", "brown", "beige"), tags=frozenset(("formal",))),
    GarmentKind("tracksuit", "dress", _tracksuit, 40, _COVERS, ("nylon",), ("plain",), _ALL, second="stripes",
                tags=frozenset(("sport",))),
    GarmentKind("overalls", "dress", _overalls, 40, ("legs",), ("denim", "cotton"), ("plain",), ("bottom",), ("top",),

                               tags=frozenset(("work",))),
    GarmentKind("boiler suit", "dress", _jumpsuit, 40, _COVERS, ("cotton",), ("plain",), _ALL,
                tags=frozenset(("work",))),
    GarmentKind("police uniform", "dress", _police, 40, _COVERS, ("cotton",), ("plain",), _ALL,
                colours=("navy blue", "black"), tags=frozenset(("work",))),
    GarmentKind("soldier uniform", "dress", _soldier, 40, _COVERS, ("cotton",), ("camouflage",), _ALL,
                colours=("olive green", "beige"), tags=frozenset(("work",))),
    GarmentKind("firefighter uniform", "dress", _firefighter, 40, _COVERS, ("cotton",), ("plain",), _ALL,
                colours=("black", "navy blue", "beige", "red"), tags=frozenset(("work",))),
    GarmentKind("nurse scrubs", "dress", _scrubs, 40, ("torso", "legs"), ("cotton",), ("plain",), _ALL,
                colours=("turquoise", "light blue", "green", "blue"), tags=frozenset(("work",))),
    GarmentKind("chef uniform", "dress", _chef, 40, _COVERS, ("cotton",), ("plain",), _ALL, second="trousers",
                colours=("white",), tags=frozenset(("work",))),
    GarmentKind("football kit", "dress", _football_kit, 40, ("torso",), ("nylon",), ("plain", "vertically striped"),
                _ALL, second="shorts and number", tags=frozenset(("sport",))),
    GarmentKind("judo suit", "dress", _judo, 40, _COVERS, ("cotton",), ("plain",), _ALL, second="belt",
                colours=("white", "blue"), tags=frozenset(("sport",))),
    GarmentKind("knight's armour", "dress", _armour, 40, _COVERS, ("steel", "brass"), ("plain",), (*_ALL, "outer"),
                second="belt", colours=("light grey", "grey"), tags=frozenset(("costume",))),
    GarmentKind("superhero costume", "dress", _superhero, 40, _COVERS, ("nylon",), ("plain",), _ALL,
                second="trunks and emblem", tags=frozenset(("costume",))),
)  # fmt: skip
