"""Trousers, shorts and skirts."""

from __future__ import annotations

import numpy as np

from ..atlas import Atlas, cover, ramp
from ..cut import Cut, GarmentKind
from ..inks import Ink, shade
from .skirts import skirt


def legs(atlas: Atlas, to: float) -> np.ndarray:
    """Inside: trousers down to a place along the legs (0 hip, 1 knee, 2 ankle)."""
    return np.minimum(np.minimum(atlas.waist - atlas.y, atlas.leg_to(to)), -np.where(atlas.on_arm, 1.0, -1.0))


def straight(atlas: Atlas, base: float, bottom: float) -> np.ndarray:
    """(V,) metres off the leg, more from the knees down, so that trousers hang straight."""
    hip, ankle = (atlas.between(("hip", "knee", "ankle"), a, 1) for a in (0.2, 2.0))
    return base + (bottom - base) * ramp(atlas.y, hip, ankle)


def _jeans(atlas: Atlas) -> Cut:
    thigh = ramp(atlas.normals[:, 2], 0.3, 0.9) * ramp(
        np.abs(atlas.y - atlas.leg_to(0).min() * 0 - atlas.joints["left_hip"][1] + 0.16), 0.17, 0.03
    )
    seam = cover(0.008 - np.abs(atlas.normals[:, 2]) * 0.05, 0.012) * (atlas.side > abs(atlas.joints["left_hip"][0]))
    return Cut(
        cover(legs(atlas, 1.97)),
        straight(atlas, 0.008, 0.03),
        paints=((0.75 * thigh, Ink(1.45, fixed=(0.03, 0.03, 0.03))), (0.5 * seam, shade(0.6))),
        hem=0.7,
    )


def _trousers(atlas: Atlas) -> Cut:
    return Cut(cover(legs(atlas, 1.98)), straight(atlas, 0.011, 0.042))


def _shorts(atlas: Atlas) -> Cut:
    return Cut(cover(legs(atlas, 0.8)), straight(atlas, 0.012, 0.08))


def _short_skirt(atlas: Atlas) -> Cut:
    return skirt(atlas, 0.62, flare=0.1)


def _long_skirt(atlas: Atlas) -> Cut:
    return skirt(atlas, 1.85, flare=0.16)


KINDS = (
    GarmentKind("jeans", "bottom", _jeans, 30, ("legs",), ("denim",), colours=("blue", "navy", "black", "grey")),
    GarmentKind("trousers", "bottom", _trousers, 30, ("legs",), ("cotton", "wool", "linen"), ("plain", "checked")),
    GarmentKind("shorts", "bottom", _shorts, 30, (), ("cotton",), ("plain", "striped", "checked")),
    GarmentKind(
        "short skirt", "bottom", _short_skirt, 30, (), ("cotton", "denim"), ("plain", "checked"), gender="female"
    ),
    GarmentKind(
        "long skirt", "bottom", _long_skirt, 30, ("legs",), ("cotton",), ("plain", "dotted"), gender="female"
    ),
)
