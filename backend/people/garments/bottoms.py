"""Trousers, shorts and skirts."""

from __future__ import annotations

import numpy as np

from ..atlas import LEGS, Atlas, Field, cover, ramp
from ..cut import Cut, GarmentKind
from ..inks import SECOND, WHITE, Ink, shade
from . import details as d
from .skirts import skirt


def legs(atlas: Atlas, to: float, above: float = 0.0) -> Field:
    """Inside: trousers down to a place along the legs (0 hip, 1 knee, 2 ankle).

    Args:
        above: metres that they reach over the waistband.
    """
    return np.where(atlas.on_arm, -1.0, np.minimum(atlas.waist + above - atlas.y, atlas.leg_to(to)))


def straight(atlas: Atlas, base: float, bottom: float, start: float = 0.2, end: float = 2.0) -> Field:
    """(V,) metres off the leg, more from `start` down to `end`, so that trousers hang straight."""
    top, low = (atlas.between(LEGS, a, 1) for a in (start, end))
    return base + (bottom - base) * ramp(atlas.y, top, low)


def denim(atlas: Atlas) -> tuple:
    """Paints of jeans: worn thighs and knees, seams, pockets, fly, waistband."""
    knee, hip = atlas.joints["left_knee"][1], atlas.joints["left_hip"][1]
    facing = ramp(atlas.normals[:, 2], 0.35, 0.95)
    worn = facing * ramp(np.abs(atlas.y - (hip + knee) / 2 - 0.02), 0.16, 0.03)
    worn = np.maximum(worn, 0.6 * facing * ramp(np.abs(atlas.y - knee), 0.08, 0.02))
    rim = np.abs(atlas.y - (atlas.waist - 0.085) + 0.5 * (atlas.side - 0.1))
    pocket = cover(0.005 - rim, d.FINE) * d.ahead(atlas) * (atlas.side > 0.07) * (atlas.y > atlas.waist - 0.12)
    fly = d.placket(atlas) * (atlas.y > atlas.crotch + 0.04)
    seat = np.minimum(0.055 - np.abs(atlas.side - 0.085), 0.06 - np.abs(atlas.y - hip - 0.02))
    seat = cover(0.005 - np.abs(seat), d.FINE) * d.behind(atlas)
    light, dark = Ink(1.5, fixed=(0.05, 0.05, 0.05)), shade(0.45)
    return (
        (0.75 * worn, light),
        (0.6 * d.flank(atlas, 0.002), dark),
        (0.9 * np.maximum(np.maximum(pocket, fly), seat), dark),
        (0.5 * d.band(atlas, atlas.waist - 0.018, 0.018), shade(0.6)),
    )


def _jeans(atlas: Atlas) -> Cut:
    return Cut(cover(legs(atlas, 1.98)), straight(atlas, 0.009, 0.034), paints=denim(atlas), hem=0.7)


def _denim_shorts(atlas: Atlas) -> Cut:
    return Cut(cover(legs(atlas, 0.5)), straight(atlas, 0.009, 0.03, 0, 0.5), paints=denim(atlas), hem=1.5)


def _trousers(atlas: Atlas) -> Cut:
    crease = cover(0.003 - np.abs(atlas.side - atlas.joints["left_knee"][0] * 0.97), d.FINE)
    crease = crease * (atlas.normals[:, 2] > 0.4) * (atlas.y < atlas.crotch)
    band = d.band(atlas, atlas.waist - 0.018, 0.018)
    return Cut(
        cover(legs(atlas, 2.0)),
        straight(atlas, 0.011, 0.044),
        paints=((0.5 * crease, shade(0.55)), (0.5 * band, shade(0.6)), (d.placket(atlas, 0.002), shade(0.6))),
    )


def _joggers(atlas: Atlas) -> Cut:
    cuff = cover(0.05 - np.abs(atlas.leg_to(1.93)), 0.014)
    lift = straight(atlas, 0.014, 0.036, 0.2, 1.6) * (1 - 0.6 * cuff)
    strings = cover(0.004 - np.abs(atlas.side - 0.02), d.FINE) * d.ahead(atlas) * (atlas.y > atlas.waist - 0.1)
    return Cut(
        cover(legs(atlas, 2.0)), lift, paints=((d.flank(atlas), SECOND), (0.5 * cuff, shade(0.7)), (strings, WHITE))
    )


def _leggings(atlas: Atlas) -> Cut:
    return Cut(cover(legs(atlas, 1.93, 0.03)), 0.004, 0.6)


def _cargo(atlas: Atlas) -> Cut:
    knee, hip = atlas.joints["left_knee"][1], atlas.joints["left_hip"]
    place = np.minimum(0.07 - np.abs(atlas.y - (0.4 * knee + 0.6 * hip[1]) + 0.06), 0.06 - np.abs(atlas.z - hip[2]))
    box = cover(place) * (atlas.side > hip[0] + 0.02) * ~atlas.on_arm
    lift = straight(atlas, 0.013, 0.04) + 0.014 * box
    return Cut(cover(legs(atlas, 1.98)), lift, paints=((0.9 * box * cover(0.014 - place), shade(0.5)),))


def _shorts(atlas: Atlas) -> Cut:
    return Cut(cover(legs(atlas, 0.78)), straight(atlas, 0.012, 0.05, 0, 0.78))


def _sport_shorts(atlas: Atlas) -> Cut:
    return Cut(cover(legs(atlas, 0.55)), straight(atlas, 0.012, 0.04, 0, 0.55), paints=((d.flank(atlas), SECOND),))


def _short_skirt(atlas: Atlas) -> Cut:
    return skirt(atlas, 0.6, flare=0.14, pleats=0)


def _pleated_skirt(atlas: Atlas) -> Cut:
    return skirt(atlas, 0.68, flare=0.3, pleats=10)


def _pencil_skirt(atlas: Atlas) -> Cut:
    return skirt(atlas, 0.95, flare=0.0, ease=0.02, pleats=0, follow=0.16)


def _long_skirt(atlas: Atlas) -> Cut:
    return skirt(atlas, 1.85, flare=0.16)


_TOP = ("top",)
KINDS = (
    GarmentKind("jeans", "bottom", _jeans, 30, ("legs",), ("denim",), needs=_TOP,
                colours=("blue", "navy blue", "light blue", "black", "grey")),
    GarmentKind("trousers", "bottom", _trousers, 30, ("legs",), ("cotton", "wool", "linen"), ("plain", "checked"),
                needs=_TOP, tags=frozenset(("formal", "work"))),
    GarmentKind("joggers", "bottom", _joggers, 30, ("legs",), needs=_TOP, second="side stripe",
                tags=frozenset(("sport",))),
    GarmentKind("leggings", "bottom", _leggings, 30, ("legs",), ("nylon",), ("plain", "camouflage"), needs=_TOP,
                gender="female", tags=frozenset(("sport",))),
    GarmentKind("cargo trousers", "bottom", _cargo, 30, ("legs",), patterns=("plain", "camouflage"), needs=_TOP,
                colours=("beige", "olive green", "black", "grey"), tags=frozenset(("work",))),
    GarmentKind("shorts", "bottom", _shorts, 30, (), patterns=("plain", "checked", "camouflage"), needs=_TOP,
                tags=frozenset(("summer",))),
    GarmentKind("denim shorts", "bottom", _denim_shorts, 30, (), ("denim",), needs=_TOP,
                colours=("blue", "light blue", "navy blue"), tags=frozenset(("summer",))),
    GarmentKind("sports shorts", "bottom", _sport_shorts, 30, (), ("nylon",), needs=_TOP, second="side stripe",
                tags=frozenset(("sport", "summer"))),
    GarmentKind("swim shorts", "bottom", _sport_shorts, 30, (), ("nylon",), ("plain", "striped", "dotted"),
                second="side stripe", gender="male", tags=frozenset(("swim",))),
    GarmentKind("short skirt", "bottom", _short_skirt, 45, (), ("cotton", "denim", "leather"), ("plain", "checked"),
                needs=_TOP, gender="female"),
    GarmentKind("pleated skirt", "bottom", _pleated_skirt, 45, (), ("cotton", "wool"), ("plain", "checked"),
                needs=_TOP,
                gender="female"),
    GarmentKind("pencil skirt", "bottom", _pencil_skirt, 45, (), ("wool", "cotton"), needs=_TOP, gender="female",

                               tags=frozenset(("formal",))),
    GarmentKind("long skirt", "bottom", _long_skirt, 45, ("legs",), ("cotton", "silk"), ("plain", "dotted",
                "striped"),
                needs=_TOP, gender="female"),
)  # fmt: skip
