"""Hair, cut like garments, in its own colour.

To add a style, write a function of the atlas that gives a `Cut` and name it in `HAIR`.
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
"""Metres over which the hairline is soft."""


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


def tube(atlas: Atlas, path: np.ndarray, thick: np.ndarray, carriers: np.ndarray) -> Piece:
    """A closed tube of hair.

    Args:
        path: (rows, 3) its middle, from its root on.
        thick: (rows,) half its width.
        carriers: (rows,) how much of each ring the upper back moves, not the head.
    """
    rows, columns = GRIDS["tail"]
    along = np.gradient(path, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    right = np.cross(along, [0.0, 0.3, 1.0])
    right /= np.linalg.norm(right, axis=1, keepdims=True)
    other = np.cross(along, right)
    angle = np.linspace(0, 2 * np.pi, columns)
    circle = np.cos(angle)[None, :, None] * right[:, None] + np.sin(angle)[None, :, None] * other[:, None]
    places = (path[:, None] + thick[:, None, None] * circle).reshape(-1, 3)
    share = np.repeat(carriers, columns)
    strands = np.tile(0.5 + 0.5 * np.cos(4 * angle), rows)
    return fitted(
        atlas,
        "tail",
        places,
        atlas.owner == "head",
        {"head": 1 - share, "spine3": share},
        ((0.5 * strands, shade(0.7)),),
    )


def _back_of_head(atlas: Atlas, height: float, inside: float) -> np.ndarray:
    """(3,) a place on the back of the head, metres over the eyes and under the skin."""
    centre, half = atlas.skull
    return np.array([0.0, atlas.eyes[1] + height, centre[2] - half[2] + inside])


def _ponytail(atlas: Atlas) -> Cut:
    root, t = _back_of_head(atlas, 0.045, 0.012), np.linspace(0, 1, GRIDS["tail"][0])
    path = root + np.stack((0 * t, 0.03 * np.sin(np.pi * t) - 0.27 * t**1.3, -0.075 * np.sin(0.75 * np.pi * t)), 1)
    thick = np.interp(t, [0, 0.1, 0.3, 0.8, 1], [0.012, 0.024, 0.032, 0.024, 0.003])
    cap = _volume(atlas, 0.01, hairline(atlas), 0.1)
    piece = tube(atlas, path, thick, 0.6 * ramp(t, 0.3, 1.0))
    return Cut(cap.cover, 0.0, 0.0, cap.push, hem=1.0, pieces=(piece,))


def _bun(atlas: Atlas) -> Cut:
    root, t = _back_of_head(atlas, 0.07, 0.008), np.linspace(0, 1, GRIDS["tail"][0])
    path = root + np.stack((0 * t, 0.012 * t, 0.02 - 0.085 * t), 1)
    thick = 0.043 * np.sqrt((1 - (2 * t - 1) ** 2).clip(0)) + 0.001
    cap = _volume(atlas, 0.01, hairline(atlas), 0.1)
    return Cut(cap.cover, 0.0, 0.0, cap.push, hem=1.0, pieces=(tube(atlas, path, thick, 0 * t),))


def _mohawk(atlas: Atlas) -> Cut:
    line = np.minimum(hairline(atlas), 0.02 - atlas.side)
    return _volume(atlas, 0.06, line, 0.3)


HAIR: dict[str, Callable[[Atlas], Cut] | None] = {
    "bald": None,
    "shaved": _shaved,
    "short": _short,
    "curly": _curly,
    "afro": _afro,
    "bob": _bob,
    "ponytail": _ponytail,
    "bun": _bun,
    "mohawk": _mohawk,
    "long": _long,
}
"""Style -> its cut; hair's colour is `Person.hair_rgb`."""
