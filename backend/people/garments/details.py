"""Details that garments share: collars, openings, buttons, pockets, numbers. All are masks (V,), 0 to 1."""

from __future__ import annotations

import numpy as np

from ..atlas import Atlas, Field, cover, ramp

FINE = 0.011
"""Metres over which a detail's edge is soft: the mesh can show no sharper one."""
WIDEST = 0.062
"""Half the width of an opening at the collar."""
_DIGITS = {
    "1": "010 110 010 010 111",
    "0": "111 101 101 101 111",
    "7": "111 001 010 010 010",
    "9": "111 101 111 001 111",
}


def ahead(atlas: Atlas) -> Field:
    """The front of the trunk."""
    return ramp(atlas.normals[:, 2], -0.05, 0.25) * ~atlas.on_arm


def behind(atlas: Atlas) -> Field:
    """The back of the trunk."""
    return ramp(atlas.normals[:, 2], 0.05, -0.25) * ~atlas.on_arm


def band(atlas: Atlas, height: float, half: float) -> Field:
    """A belt around the trunk, or around both legs."""
    return cover(half - np.abs(atlas.y - height), FINE) * ~atlas.on_arm


def ring(atlas: Atlas, along: float, half: float) -> Field:
    """A band around both arms (0 shoulder, 1 elbow, 2 wrist)."""
    return cover(half - np.abs(atlas.arm_to(along)), FINE) * atlas.on_arm


def placket(atlas: Atlas, half: float = 0.004) -> Field:
    """The line where a front is buttoned."""
    return cover(half - atlas.side, FINE) * ahead(atlas)


def buttons(atlas: Atlas, apart: float = 0.07, x: float = 0.0, half: float = 0.007) -> Field:
    """A row of buttons down the front."""
    off = (atlas.y - atlas.waist + apart / 2) % apart - apart / 2
    return cover(half - np.hypot(atlas.side - x, off), FINE) * ahead(atlas)


def collar(atlas: Atlas, width: float = 0.026, drop: float = 0.0) -> Field:
    """A band along the neckline."""
    field = atlas.neckline(drop)
    return cover(width / 2 - np.abs(field - width / 2 + 0.004), FINE) * ~atlas.on_arm


def opening(atlas: Atlas, button: float, slope: float, least: float = 0.0) -> Field:
    """Inside, metres: the V between the fronts of a jacket.

    Args:
        button: height of its lower end.
        slope: half its width for each metre above that.
        least: half its width below; negative where it is closed.
    """
    half = np.where(atlas.y > button, least + np.minimum(slope * (atlas.y - button), WIDEST), least)
    return np.where(ahead(atlas) > 0.5, half - atlas.side, -0.1)


def tie(atlas: Atlas, bottom: float) -> Field:
    """A tie from the collar down."""
    top = atlas.joints["neck"][1] - 0.03
    along = np.clip((top - atlas.y) / (top - bottom), 0, 1)
    half = 0.012 + 0.014 * along
    return cover(np.minimum(half - atlas.side, np.minimum(atlas.y - bottom, top + 0.03 - atlas.y)), FINE) * ahead(
        atlas
    )


def pocket(atlas: Atlas, x: float, y: float, half_x: float = 0.04, half_y: float = 0.035) -> Field:
    """The outline of a pair of pockets on the front."""
    field = np.minimum(half_x - np.abs(atlas.side - x), half_y - np.abs(atlas.y - y))
    return cover(0.005 - np.abs(field), FINE) * ahead(atlas)


def patch(atlas: Atlas, x: float, y: float, half_x: float, half_y: float, sides: int = 0) -> Field:
    """A filled rectangle on the front: on both sides, or on the left (1) or right (-1) alone."""
    across = atlas.side if sides == 0 else sides * atlas.x
    field = np.minimum(half_x - np.abs(across - x), half_y - np.abs(atlas.y - y))
    return cover(field, FINE) * ahead(atlas)


def shoulders(atlas: Atlas, reach: float = 0.3, width: float = 0.03) -> Field:
    """A strap on top of each shoulder."""
    neck, end = 0.085, atlas.between(("shoulder", "elbow", "wrist"), reach, 0)
    on = np.minimum(np.minimum(atlas.side - neck, end - atlas.side), atlas.normals[:, 1] * 0.1 - 0.03)
    middle = atlas.joints["left_shoulder"][2] - 0.01
    return cover(np.minimum(on, width - np.abs(atlas.z - middle)), FINE)


def number(atlas: Atlas, text: str, y: float, cell: float = 0.034) -> Field:
    """A number on chest and back, upright on both, readable from outside.

    Args:
        y: height of its middle; cell: metres of one of the 3 x 5 squares of a digit.
    """
    rows = [" ".join(_DIGITS[d].split()[r] for d in text).replace(" ", "0") for r in range(5)]
    bitmap = np.array([[c == "1" for c in row] for row in rows], float)
    across = np.where(atlas.normals[:, 2] > 0, atlas.x, -atlas.x) / cell + bitmap.shape[1] / 2 - 0.5
    down = (y - atlas.y) / cell + 2
    near = np.zeros(len(atlas.y))
    for (r, c), on in np.ndenumerate(bitmap):
        if on:
            inside = np.minimum(0.5 - np.abs(across - c), 0.5 - np.abs(down - r)) * cell
            near = np.maximum(near, cover(inside, FINE))
    return near * (np.abs(atlas.normals[:, 2]) > 0.25) * ~atlas.on_arm


def flank(atlas: Atlas, half: float = 0.02) -> Field:
    """A stripe down the outer side of both legs."""
    hip = atlas.joints["left_hip"]
    stops = [atlas.joints[f"left_{n}"] for n in ("ankle", "knee", "hip")]
    outer = atlas.side - np.interp(atlas.y, [s[1] for s in stops], [abs(s[0]) for s in stops])
    return (
        cover(half - np.abs(atlas.z - hip[2] + 0.005), FINE)
        * (outer > 0.02)
        * (atlas.y < atlas.waist)
        * ~atlas.on_arm
    )


def arm_flank(atlas: Atlas, half: float = 0.018) -> Field:
    """A stripe along the top of both arms."""
    middle = atlas.joints["left_elbow"][2]
    return cover(half - np.abs(atlas.z - middle), FINE) * (atlas.normals[:, 1] > 0.2) * atlas.on_arm
