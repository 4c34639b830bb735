"""What is worn on the feet."""

from __future__ import annotations

import numpy as np

from ..atlas import Atlas, cover, ramp
from ..cut import Cut, GarmentKind
from ..inks import WHITE, Ink

SOLE = 0.022
"""Metres from the skin's lowest point up to where the upper begins."""


def last(atlas: Atlas, thick: float = 0.008, sole: float = 0.014) -> np.ndarray:
    """(V, 3) from the bare foot to a shoe: toes joined, a flat sole below.

    Args:
        thick: metres of the upper.
        sole: metres of the sole.
    """
    near = ramp(atlas.y, atlas.joints["left_ankle"][1] + 0.25, atlas.joints["left_ankle"][1] + 0.05)[:, None]
    v = atlas.v.astype(np.float64)
    smooth = atlas.smoothed(v, 60, shrink=1.0)
    # Plain diffusion shrinks the foot by as much as the upper is then wide.
    shrunk = ((smooth - v) * atlas.normals).sum(1, keepdims=True)
    out = smooth - v - np.minimum(shrunk, 0) * atlas.normals * 0.6 + thick * atlas.normals
    low = ramp(atlas.y, atlas.floor + 0.03, atlas.floor + 0.006)
    out[:, 1] += low * (atlas.floor - sole - (v[:, 1] + out[:, 1])) * 0.9
    return near * out


def shoe(atlas: Atlas, up: float, ink: Ink, **shape: float) -> Cut:
    """A shoe that reaches metres above the ankle."""
    field = atlas.joints["left_ankle"][1] + up - atlas.y
    bottom = cover(atlas.floor + SOLE - atlas.y, 0.006)
    return Cut(cover(field), 0.0, 0.0, last(atlas, **shape), paints=((bottom, ink),), hem=0.7)


def _trainers(atlas: Atlas) -> Cut:
    return shoe(atlas, 0.02, WHITE, sole=0.02, thick=0.01)


def _boots(atlas: Atlas) -> Cut:
    cut = shoe(atlas, 0.22, Ink(0.3), sole=0.022, thick=0.012)
    return Cut(
        cut.cover, 0.012 * ramp(atlas.y, atlas.floor + 0.05, atlas.floor + 0.2), 0.0, cut.push, cut.paints, 0.7
    )


KINDS = (
    GarmentKind("trainers", "shoes", _trainers, 15, ("feet",), ("cotton", "leather"), tags=frozenset(("sport",))),
    GarmentKind("boots", "shoes", _boots, 60, ("feet",), ("leather",), colours=("black", "brown")),
)
