"""Jackets, coats and waistcoats, worn over something."""

from __future__ import annotations

import numpy as np

from ..atlas import Atlas, Field, cover
from ..cut import Cut, GarmentKind
from ..inks import BLACK, SILVER, Ink, shade
from . import details as d
from .skirts import lower
from .tops import loose, trunk

_REFLECTIVE = Ink(fixed=(0.75, 0.78, 0.7))


def open_front(atlas: Atlas, field: Field, edge: Field) -> tuple[Field, Field]:
    """Cloth without what lies between its fronts, and (V,) the border along them.

    Args:
        edge: metres inside the opening, see `details.opening`.
    """
    return np.minimum(field, np.where(d.ahead(atlas) > 0.5, -edge, 1.0)), cover(0.012 - np.abs(edge + 0.012), d.FINE)


def _jacket(atlas: Atlas) -> Cut:
    """Open in front."""
    edge = d.opening(atlas, atlas.waist + 0.05, 0.12, 0.055)
    field, rim = open_front(atlas, trunk(atlas, 1.95, 0.09, -0.02, -0.01), edge)
    ribs = np.maximum(d.band(atlas, atlas.waist - 0.075, 0.018), d.ring(atlas, 1.9, 0.02))
    paints = (
        (0.7 * rim, shade(0.5)),
        (0.6 * ribs, shade(0.55)),
        (0.6 * d.pocket(atlas, 0.12, atlas.waist, 0.03, 0.03), shade(0.5)),
    )
    return Cut(cover(field), loose(atlas, 0.026, 0.028, 1.95) + 0.01 * d.collar(atlas, 0.05), paints=paints)


def _leather_jacket(atlas: Atlas) -> Cut:
    """Closed to the chest by a zip, with a wide collar."""
    chest = atlas.joints["spine3"][1] - 0.02
    edge = d.opening(atlas, chest, 0.5, -0.03)
    field, _ = open_front(atlas, trunk(atlas, 1.95, 0.05, -0.02, -0.01), edge)
    lapel = cover(np.minimum(edge + 0.06, -edge), d.FINE) * (atlas.y > chest)
    lines = cover(0.004 - np.abs(edge + 0.06), d.FINE) * (atlas.y > chest)
    pockets = d.pocket(atlas, 0.1, atlas.waist + 0.03, 0.035, 0.004)
    paints = ((0.5 * lapel, shade(1.5)), (lines, shade(0.3)), (d.placket(atlas, 0.005) * (atlas.y < chest), SILVER),
              (pockets, SILVER), (0.7 * d.band(atlas, atlas.waist - 0.03, 0.016), shade(0.5)))  # fmt: skip
    return Cut(
        cover(field), loose(atlas, 0.024, 0.026, 1.95) + 0.01 * lapel + 0.01 * d.collar(atlas, 0.05), paints=paints
    )


def _blazer(atlas: Atlas) -> Cut:
    edge = d.opening(atlas, atlas.waist + 0.09, 0.36, 0.0)
    below = atlas.y < atlas.waist + 0.06
    edge = np.where(below & (d.ahead(atlas) > 0.5), 0.35 * (atlas.waist + 0.06 - atlas.y) - atlas.side, edge)
    field, _ = open_front(atlas, trunk(atlas, 1.93, 0.13, -0.02, -0.01), edge)
    lapel = cover(np.minimum(edge + 0.048, -edge), d.FINE) * (atlas.y > atlas.waist + 0.09)
    line = cover(0.004 - np.abs(edge + 0.048), d.FINE) * (atlas.y > atlas.waist + 0.1)
    paints = (
        (0.35 * lapel, shade(0.7)),
        (0.9 * line, shade(0.4)),
        (d.pocket(atlas, 0.12, atlas.waist - 0.02, 0.04, 0.008), shade(0.5)),
    )
    return Cut(cover(field), loose(atlas, 0.022, 0.024, 1.93) + 0.006 * lapel, paints=paints)


def _coat(atlas: Atlas) -> Cut:
    """To the knees, buttoned."""
    button = atlas.joints["spine3"][1] - 0.01
    edge = d.opening(atlas, button, 0.36, -0.03)
    field, _ = open_front(atlas, trunk(atlas, 1.96, 0.16, -0.03, -0.01), edge)
    lapel = cover(np.minimum(edge + 0.055, -edge), d.FINE) * (atlas.y > button)
    line = cover(0.005 - np.abs(edge + 0.055), d.FINE) * (atlas.y > button)
    closed = atlas.y < button

    def front(t: np.ndarray, angle: np.ndarray) -> list:
        return [(np.clip(2 - np.abs(np.sin(angle / 2)) * 60, 0, 1), shade(0.35))]

    paints = ((0.3 * lapel, shade(0.7)), (line, shade(0.35)), (d.placket(atlas, 0.003) * closed, shade(0.35)),
              (d.buttons(atlas, 0.1, 0.045, 0.011) * closed, BLACK), (0.5 * d.ring(atlas, 1.85, 0.006),
              shade(0.5)))  # fmt: skip
    lift = loose(atlas, 0.026, 0.03, 1.96) + 0.006 * lapel + 0.012 * d.collar(atlas, 0.05)
    return Cut(cover(field), lift, paints=paints,
               pieces=(lower(atlas, 1.08, 0.09, ease=0.026, pleats=0, gap=0.002, paint=front),))  # fmt: skip


def _lab_coat(atlas: Atlas) -> Cut:
    """To the knees, open in front."""
    edge = d.opening(atlas, atlas.waist, 0.06, 0.05)
    field, rim = open_front(atlas, trunk(atlas, 1.95, 0.16, -0.02, -0.01), edge)
    pocket = d.pocket(atlas, 0.1, atlas.joints["spine3"][1] - 0.02, 0.035, 0.035) * (atlas.x > 0)
    return Cut(cover(field), loose(atlas, 0.022, 0.028, 1.95) + 0.008 * d.collar(atlas, 0.045),
               paints=((0.3 * rim, shade(0.6)), (0.6 * pocket, shade(0.5))),
               pieces=(lower(atlas, 1.02, 0.06, ease=0.02, pleats=0, gap=0.05),))  # fmt: skip


def _cardigan(atlas: Atlas) -> Cut:
    edge = d.opening(atlas, atlas.waist + 0.12, 0.22, 0.025)
    field, rim = open_front(atlas, trunk(atlas, 1.93, 0.12, -0.01, 0.0), edge)
    ribs = np.maximum(d.band(atlas, atlas.waist - 0.1, 0.02), d.ring(atlas, 1.88, 0.02))
    return Cut(cover(field), 0.022, paints=((0.6 * np.maximum(rim, ribs), shade(0.6)),))


def _waistcoat(atlas: Atlas) -> Cut:
    edge = d.opening(atlas, atlas.waist + 0.14, 0.4, -0.02)
    shoulder = atlas.joints["left_shoulder"]
    holes = np.hypot(atlas.side - shoulder[0] - 0.015, atlas.y - shoulder[1] + 0.01) - 0.085
    field, rim = open_front(atlas, np.minimum(trunk(atlas, -0.15, 0.05, -0.01, 0.0), holes), edge)
    closed = atlas.y < atlas.waist + 0.15
    paints = (
        (0.5 * rim, shade(0.6)),
        (d.placket(atlas, 0.003) * closed, shade(0.4)),
        (d.buttons(atlas, 0.06) * closed, BLACK),
    )
    return Cut(cover(field), 0.018, paints=paints)


def _puffer(atlas: Atlas) -> Cut:
    field = trunk(atlas, 1.97, 0.09, -0.015, -0.01)
    seam = np.abs(np.sin(np.pi * atlas.run / 0.085))
    return Cut(cover(field), 0.024 + 0.022 * np.sqrt(seam) + 0.01 * d.collar(atlas, 0.06),
               paints=((0.7 * (1 - seam) ** 2, shade(0.4)), (d.placket(atlas, 0.005), BLACK)))  # fmt: skip


def _safety_vest(atlas: Atlas) -> Cut:
    shoulder = atlas.joints["left_shoulder"]
    holes = np.hypot(atlas.side - shoulder[0] - 0.03, atlas.y - shoulder[1] + 0.01) - 0.09
    edge = d.opening(atlas, atlas.joints["spine3"][1] + 0.05, 0.5, -0.02)
    field, _ = open_front(atlas, np.minimum(trunk(atlas, -0.1, 0.06, 0.0, 0.0), holes), edge)
    stripes = np.maximum(
        d.band(atlas, atlas.waist + 0.1, 0.025),
        cover(0.022 - np.abs(atlas.side - 0.1), d.FINE) * (atlas.y > atlas.waist + 0.1),
    )
    stripes = np.maximum(stripes * ~atlas.on_arm, d.band(atlas, atlas.waist - 0.0, 0.02))
    return Cut(cover(field), 0.02, paints=((stripes, _REFLECTIVE), (d.placket(atlas, 0.003), shade(0.4))))


def _apron(atlas: Atlas) -> Cut:
    """A bib, a front over both legs, strings."""
    chest = atlas.joints["spine3"][1] + 0.03
    bib = np.minimum(0.1 + 0.25 * (chest - atlas.y).clip(0, 0.12) - atlas.side, chest - atlas.y)
    front = np.where(d.ahead(atlas) > 0.4, np.minimum(bib, atlas.y - atlas.waist + 0.12), -0.1)
    string = np.minimum(0.011 - np.abs(atlas.y - atlas.waist - 0.03), 1)
    high = atlas.joints["neck"][1] + 0.02 - atlas.y
    loop = np.minimum(0.01 - np.abs(atlas.side - 0.08), np.minimum(atlas.y - chest + 0.01, high))
    field = np.where(atlas.on_arm, -1.0, np.max([front, string, loop], 0))
    piece = lower(atlas, 0.9, 0.03, ease=0.018, pleats=0, top=atlas.waist + 0.03, apron=1.15)
    return Cut(
        cover(field),
        0.02,
        paints=((d.pocket(atlas, 0.0, atlas.waist + 0.09, 0.07, 0.03), shade(0.5)),),
        pieces=(piece,),
    )


_HANGING = ("dress", "short skirt", "pleated skirt", "pencil skirt", "long skirt")
_OVER = ("top",)

KINDS = (
    GarmentKind("jacket", "outer", _jacket, 50, ("arms",), ("cotton", "denim", "leather", "nylon"), ("plain",
                "camouflage"),
                needs=_OVER),
    GarmentKind("leather jacket", "outer", _leather_jacket, 50, ("torso", "arms"), ("leather",), needs=_OVER,
                colours=("black", "brown", "dark brown", "red")),
    GarmentKind("blazer", "outer", _blazer, 50, ("arms",), ("wool", "velvet"), ("plain", "checked"), needs=_OVER,
                tags=frozenset(("formal", "work"))),
    GarmentKind("coat", "outer", _coat, 50, ("torso", "arms"), ("wool", "leather"), ("plain", "checked"), _HANGING,
                needs=("top",), tags=frozenset(("winter", "formal"))),
    GarmentKind("lab coat", "outer", _lab_coat, 50, ("arms",), ("cotton",), ("plain",), _HANGING, needs=("top",),
                colours=("white",),
                tags=frozenset(("work",))),
    GarmentKind("cardigan", "outer", _cardigan, 50, ("arms",), ("wool",), ("plain", "striped"),
                needs=_OVER),
    GarmentKind("waistcoat", "outer", _waistcoat, 50, (), ("wool", "silk"), ("plain", "checked",
                "vertically striped"),
                ("dress",), ("top",), tags=frozenset(("formal",))),
    GarmentKind("puffer jacket", "outer", _puffer, 50, ("torso", "arms"), ("nylon",), needs=_OVER,
                tags=frozenset(("winter",))),
    GarmentKind("safety vest", "outer", _safety_vest, 50, ("torso",), ("nylon",), needs=_OVER,
                colours=("yellow", "orange"), tags=frozenset(("work",))),
    GarmentKind("apron", "outer", _apron, 50, (), ("cotton",), ("plain", "striped", "checked"), _HANGING,
                needs=("top",), tags=frozenset(("work",))),
)  # fmt: skip
