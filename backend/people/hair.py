"""Hair and beards, cut like garments, in the hair's colour.

To add a style, write a function of the atlas that gives a `Cut` and name it in `HAIR` or `BEARDS`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .atlas import Atlas, Field, cover, ramp
from .cut import Cut
from .fitted import fitted
from .inks import shade
from .patterns import noise
from .pieces import GRIDS, Piece

BAND = 0.006


def hairline(atlas: Atlas, up: float = 0.0) -> Field:
    """Inside: the scalp: high over the forehead, down before the ears, low at the nape.

    Args:
        up: metres that the line lies higher.
    """
    own = atlas.owner == "head"
    top, front, back = atlas.y[own].max(), atlas.z[own].max(), atlas.z[own].min()
    depth = (atlas.z - back) / (front - back)
    line = np.interp(depth, [0.0, 0.36, 0.5, 0.58, 0.72, 1.0], [-0.075, -0.06, -0.015, 0.02, 0.066, 0.08])
    field = atlas.y - atlas.eyes[1] - line * (top - atlas.eyes[1]) / 0.13 - up
    scalp = np.isin(atlas.owner, ("head", "neck")) & ~atlas.region("left_ear", "right_ear")
    return np.where(scalp, field, -1.0)


def _volume(atlas: Atlas, thickness: float, line: Field, rough: float = 0.0) -> Cut:
    """Hair that stands off the scalp, thinner at the hairline."""
    centre, _ = atlas.skull
    away = atlas.v - centre
    away = away / np.linalg.norm(away, axis=1, keepdims=True)
    amount = thickness * ramp(line, -0.004, 0.5 * thickness + 0.012)
    strands = 1 + rough * noise(atlas.v.astype(np.float64), 0.012, 5).clip(-1.5, 1.5)
    push = (amount * strands)[:, None] * away
    return Cut(cover(line, BAND), lift=0.0, smooth=0.0, push=push, hem=1.0)


def _shaved(atlas: Atlas) -> Cut:
    line = hairline(atlas, 0.004)
    return Cut(0.55 * cover(line, 0.012), lift=0.0, smooth=0.0, hem=1.0)


def _short(atlas: Atlas) -> Cut:
    return _volume(atlas, 0.014, hairline(atlas), 0.12)


def _afro(atlas: Atlas) -> Cut:
    return _volume(atlas, 0.075, hairline(atlas), 0.12)


def _curly(atlas: Atlas) -> Cut:
    return _volume(atlas, 0.04, hairline(atlas), 0.3)


def curtain(atlas: Atlas, bottom: float, reach: float, thick: float = 0.022) -> Piece:
    """Hair that hangs around the back of the head.

    Args:
        bottom: height of its tips.
        reach: radians from the back to its front edges.
        thick: metres off the head.
    """
    rows, columns = GRIDS["hair"]
    centre, half = atlas.skull
    neck = atlas.joints["neck"]
    t = np.linspace(0, 1, rows)[:, None]
    angle = np.pi + np.linspace(-reach, reach, columns)[None]
    top = atlas.eyes[1] + 0.045
    height = top + t * (bottom - top) + 0 * angle
    # On the skull as wide as the skull; below it, it hangs straight and comes in a little to lie on the back.
    level = np.clip((height - centre[1]) / half[1], 0, 0.98)
    wide = np.sqrt(1 - level**2)
    rx, rz = (half[0] + thick) * wide, (half[2] + thick) * wide
    below = ramp(height, centre[1] - 0.03, neck[1] - 0.05)
    rx = rx * (1 + 0.12 * below)
    x, z = rx * np.sin(angle), centre[2] + rz * np.cos(angle)
    back = atlas.z[(np.abs(atlas.x) < 0.05) & (np.abs(atlas.y - (neck[1] - 0.1)) < 0.03)].min()
    z = z + below * np.minimum(0, back - 0.02 - (centre[2] - half[2] - thick))
    places = np.stack((x, height, z), 2).reshape(-1, 3)
    fall = ramp(places[:, 1], neck[1] + 0.06, neck[1] - 0.08)
    strands = np.clip(0.5 + 0.5 * np.sin(np.tile(angle.ravel(), rows) * 26 + 2 * np.repeat(t.ravel(), columns)), 0, 1)
    return fitted(
        atlas,
        "hair",
        places,
        atlas.owner == "head",
        {"head": 1 - fall, "spine3": fall},
        ((0.6 * strands, shade(0.72)),),
    )


def _hanging(atlas: Atlas, bottom: float, reach: float) -> Cut:
    cap = _volume(atlas, 0.02, hairline(atlas), 0.1)
    return Cut(cap.cover, 0.0, 0.0, cap.push, hem=1.0, pieces=(curtain(atlas, bottom, reach),))


def _bob(atlas: Atlas) -> Cut:
    return _hanging(atlas, atlas.joints["neck"][1] + 0.045, 1.75)


def _long(atlas: Atlas) -> Cut:
    return _hanging(atlas, atlas.joints["spine2"][1] + 0.1, 1.6)


HAIR: dict[str, Callable[[Atlas], Cut] | None] = {
    "bald": None,
    "shaved": _shaved,
    "short": _short,
    "curly": _curly,
    "afro": _afro,
    "bob": _bob,
    "long": _long,
}
"""Style -> its cut; hair's colour is `Person.hair_rgb`."""


def beard_field(atlas: Atlas) -> Field:
    """Inside: cheeks below the mouth's corners, chin and jaw."""
    mouth = atlas.v[atlas.region("lips")] if atlas.region("lips").any() else atlas.eyes[None] - [0, 0.065, 0]
    low, high, wide = mouth[:, 1].min(), mouth[:, 1].max(), np.abs(mouth[:, 0]).max()
    line = low + 0.004 + (atlas.side - 0.4 * wide).clip(0) * 0.75
    own = np.isin(atlas.owner, ("head", "jaw", "neck")) & (atlas.z > atlas.joints["head"][2] - 0.02)
    under = atlas.y - (atlas.joints["head"][1] - 0.055)
    lip = np.maximum(atlas.side - wide * 0.9, low - 0.006 - atlas.y)
    chin = np.minimum(np.minimum(line - atlas.y, under), lip + 0.004)
    moustache = moustache_field(atlas, high, wide)
    return np.where(own, np.maximum(chin, moustache), -1.0)


def moustache_field(atlas: Atlas, high: float, wide: float) -> Field:
    """Inside: between nose and upper lip, a little beyond the mouth's corners."""
    droop = high + 0.0055 - 0.22 * atlas.side
    own = (atlas.z > atlas.eyes[2] - 0.01) & ~atlas.region("lips", "mouth")
    return np.where(own, np.minimum(0.0065 - np.abs(atlas.y - droop), wide + 0.006 - atlas.side), -1.0)


def _full(atlas: Atlas) -> Cut:
    field = beard_field(atlas)
    push = (0.014 * ramp(field, 0.0, 0.014))[:, None] * atlas.normals
    return Cut(cover(field, BAND), 0.0, 0.0, push, hem=1.0)


def _stubble(atlas: Atlas) -> Cut:
    return Cut(0.38 * cover(beard_field(atlas), 0.012), 0.0, 0.0, hem=1.0)


BEARDS: dict[str, Callable[[Atlas], Cut]] = {"stubble": _stubble, "full beard": _full}
