"""What is worn on the feet, and on the legs below everything else."""

from __future__ import annotations

import numpy as np

from ..atlas import Atlas, Field, cover, ramp, to_hull
from ..cut import Cut, GarmentKind
from ..inks import SECOND, WHITE, Ink, shade
from . import details as d
from .bottoms import legs

SOLE = 0.02
"""Metres from the skin's lowest point up to where the upper begins."""
BEHIND_TOES = 0.075
"""Metres from the ankle ahead to where a shoe's front begins."""


def last(atlas: Atlas, thick: float = 0.008, sole: float = 0.014, heel: float = 0.0) -> np.ndarray:
    """(V, 3) from the bare foot to a shoe: toes joined, a flat sole below.

    Args:
        thick: metres of the upper.
        sole: metres of the sole.
        heel: metres that the sole is thicker below the heel.
    """
    ankle = atlas.joints["left_ankle"]
    near = ramp(atlas.y, ankle[1] + 0.25, ankle[1] + 0.05)[:, None]
    v = atlas.v.astype(np.float64)
    smooth = atlas.smoothed(v, 30, shrink=1.0)
    # Plain diffusion shrinks the foot by as much as the upper is then wide.
    shrunk = ((smooth - v) * atlas.normals).sum(1, keepdims=True)
    out = smooth - v - np.minimum(shrunk, 0) * atlas.normals * 0.6 + thick * atlas.normals
    out += _front(atlas)[:, None] * (_toe_box(atlas, thick) - out)
    low = ramp(v[:, 1] + out[:, 1], atlas.floor + 0.026, atlas.floor + 0.004)
    raised = heel * ramp(atlas.z, ankle[2] + 0.05, ankle[2] - 0.02)
    out[:, 1] += low * (atlas.floor - sole - raised - (v[:, 1] + out[:, 1])) * 0.9
    return near * out


def _front(atlas: Atlas) -> np.ndarray:
    """(V,) how much of the shoe's front, around the toes, a vertex is."""
    ankle = atlas.joints["left_ankle"]
    start = ankle[2] + BEHIND_TOES
    return ramp(atlas.z, start, start + 0.03) * (atlas.y < ankle[1]) * ~atlas.on_arm


def _toe_box(atlas: Atlas, thick: float) -> np.ndarray:
    """(V, 3) from the toes to a shell around all of them."""
    v = atlas.v.astype(np.float64)
    target, feet = v.copy(), _front(atlas) > 0
    start = atlas.joints["left_ankle"][2] + BEHIND_TOES
    for turn in range(6):
        # Spread out in between, so that what lay between two toes does not lie in folds.
        target = atlas.smoothed(target, 5 * (turn > 0), shrink=1.0)
        for foot in (np.flatnonzero(feet & (atlas.x > 0)), np.flatnonzero(feet & (atlas.x < 0))):
            middle = np.array([atlas.x[foot].mean(), atlas.y[foot].min() + 0.02, start])
            target[foot] += to_hull(target[foot], middle, v[foot])
    away = target - [0, atlas.y[feet].min() + 0.02, start]
    away[:, 0] = np.sign(atlas.x) * (np.abs(target[:, 0]) - np.abs(atlas.x[feet]).mean())
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    return target - v + thick * away


def shoe(atlas: Atlas, field: Field, ink: Ink, **shape: float) -> Cut:
    """A shoe where the field is positive, with a sole of its own colour."""
    push = last(atlas, **shape)
    # By the shoe's height, not the skin's: the clefts between toes would be painted as sole.
    bottom = cover(atlas.floor - shape.get("sole", SOLE) + SOLE - atlas.y - push[:, 1], 0.006)
    # Toes differ from body to body, so what the shell adds for the mean ones is taken off and left to smoothing.
    toes = _front(atlas)
    v = atlas.v.astype(np.float64)
    slack = ((atlas.smoothed(v) - v) * atlas.normals).sum(1, keepdims=True)
    push = push - toes[:, None] * slack * atlas.normals
    return Cut(cover(field), 0.0, toes, push, paints=((bottom, ink),), hem=0.7)


def above_ankle(atlas: Atlas, up: float) -> Field:
    """Inside: the foot, to metres above the ankle."""
    return np.where(atlas.on_arm, -1.0, atlas.joints["left_ankle"][1] + up - atlas.y)


def _trainers(atlas: Atlas) -> Cut:
    ankle = atlas.joints["left_ankle"]
    ahead = (atlas.z - ankle[2] - 0.02) * (atlas.z < ankle[2] + 0.12)
    laces = (np.sin(2 * np.pi * (atlas.z - ankle[2]) / 0.022) > 0) * (atlas.normals[:, 1] > 0.45) * (ahead > 0)
    stripe = cover(0.009 - np.abs(atlas.z - ankle[2] - 0.055 + 0.7 * (atlas.y - ankle[1] + 0.04)), 0.006)
    stripe = stripe * (np.abs(atlas.normals[:, 0]) > 0.5)
    cut = shoe(atlas, above_ankle(atlas, 0.012), WHITE, sole=0.022, thick=0.01)
    return Cut(cut.cover, 0.0, cut.smooth, cut.push, ((0.8 * laces, WHITE), (stripe, SECOND), *cut.paints), 0.6)


def _leather_shoes(atlas: Atlas) -> Cut:
    return shoe(atlas, above_ankle(atlas, -0.015), shade(0.3), sole=0.014, thick=0.006, heel=0.012)


def _high_heels(atlas: Atlas) -> Cut:
    """Pumps: low at the instep, with a thick heel."""
    ankle = atlas.joints["left_ankle"]
    instep = ramp(atlas.z, ankle[2] - 0.01, ankle[2] + 0.04) * ramp(atlas.z, ankle[2] + 0.16, ankle[2] + 0.1)
    field = above_ankle(atlas, -0.02) - 0.032 * instep * (atlas.normals[:, 1] > -0.2)
    return shoe(atlas, field, shade(0.5), sole=0.006, thick=0.004, heel=0.05)


def _boots(atlas: Atlas) -> Cut:
    cut = shoe(atlas, above_ankle(atlas, 0.2), shade(0.3), sole=0.024, thick=0.012, heel=0.01)
    shaft = ramp(atlas.y, atlas.floor + 0.05, atlas.floor + 0.2)
    return Cut(cut.cover, 0.02 * shaft, np.maximum(cut.smooth, 0.6 * shaft), cut.push, cut.paints, 0.6)


def _rain_boots(atlas: Atlas) -> Cut:
    cut = shoe(atlas, above_ankle(atlas, 0.27), shade(0.5), sole=0.022, thick=0.014)
    shaft = ramp(atlas.y, atlas.floor + 0.05, atlas.floor + 0.25)
    rim = cover(0.015 - np.abs(above_ankle(atlas, 0.26)), 0.01)
    return Cut(
        cut.cover, 0.03 * shaft, np.maximum(cut.smooth, shaft), cut.push, (*cut.paints, (rim, shade(0.6))), 0.6
    )


def _sandals(atlas: Atlas) -> Cut:
    ankle = atlas.joints["left_ankle"]
    sole = atlas.floor + 0.014 - atlas.y
    straps = [0.011 - np.abs(atlas.z - ankle[2] - at) for at in (0.06, 0.115)]
    heel = np.minimum(0.011 - np.abs(atlas.y - ankle[1] + 0.022), 1)
    field = np.max([sole, np.minimum(np.maximum(*straps), ankle[1] - 0.0 - atlas.y), heel], 0)
    push = last(atlas, thick=0.004, sole=0.016) * cover(sole, 0.006)[:, None]
    return Cut(cover(np.where(atlas.on_arm, -1.0, field), 0.008), 0.005, 0.0, push, hem=0.8)


def _socks(atlas: Atlas) -> Cut:
    return Cut(cover(above_ankle(atlas, 0.1)), 0.004, 0.8)


def _knee_socks(atlas: Atlas) -> Cut:
    top = above_ankle(atlas, 0.36)
    rings = np.maximum(cover(0.011 - np.abs(top - 0.03), d.FINE), cover(0.011 - np.abs(top - 0.075), d.FINE))
    return Cut(cover(top), 0.004, 0.8, paints=((rings, SECOND),))


def _tights(atlas: Atlas) -> Cut:
    return Cut(cover(legs(atlas, 3.5)) * ~atlas.on_arm, 0.002, 0.5)


_FEET = ("feet",)
KINDS = (
    GarmentKind("trainers", "shoes", _trainers, 25, _FEET, ("cotton", "leather"), second="stripe",
                tags=frozenset(("sport", "summer"))),
    GarmentKind("leather shoes", "shoes", _leather_shoes, 25, _FEET, ("leather",), colours=("black", "brown",
                "dark brown"),
                tags=frozenset(("formal", "work"))),
    GarmentKind("high heels", "shoes", _high_heels, 25, _FEET, ("leather",), gender="female",
                tags=frozenset(("formal", "night"))),
    GarmentKind("boots", "shoes", _boots, 60, _FEET, ("leather",), colours=("black", "brown", "dark brown", "beige"),
                tags=frozenset(("work", "winter",
                "costume"))),
    GarmentKind("rubber boots", "shoes", _rain_boots, 60, _FEET, ("rubber",), colours=("green", "yellow", "red",
                "blue"),
                tags=frozenset(("work",))),
    GarmentKind("sandals", "shoes", _sandals, 25, (), ("leather",), colours=("brown", "black", "beige"),
                tags=frozenset(("summer", "swim"))),
    GarmentKind("socks", "socks", _socks, 10, _FEET, patterns=("plain",)),
    GarmentKind("knee socks", "socks", _knee_socks, 10, _FEET, second="rings", tags=frozenset(("sport",))),
    GarmentKind("tights", "socks", _tights, 10, ("legs", "feet"), ("nylon",), gender="female"),
)  # fmt: skip
