"""Pieces of hats that are turned around the head's axis, and the lining below them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..atlas import Atlas, Field, cover, ramp
from ..cut import Cut
from ..fitted import fitted
from ..inks import SECOND, Paint
from ..pieces import GRIDS, Piece

LINE = 0.052
"""Metres above the eyes where a hat's band runs."""
TILT = 0.12
"""How much lower the band is at the back, metres for each metre."""
Profile = Sequence[tuple[float, float]]
"""From the top down: radius as a share of the head's, and height over the band in metres."""
ANGLES = np.linspace(-np.pi, np.pi, GRIDS["hat"][1])


def scalp(atlas: Atlas, down: float = 0.0) -> Field:
    """Inside: the head above a hat's band, ears left out.

    Args:
        down: metres that the band lies lower.
    """
    line = atlas.eyes[1] + LINE - down + TILT * (atlas.z - atlas.skull[0][2] - 0.06)
    own = (atlas.owner == "head") & ~atlas.region("left_ear", "right_ear")
    return np.where(own, atlas.y - line, -1.0)


def turned(
    atlas: Atlas,
    profile: Profile,
    *,
    room: float = 0.014,
    down: float = 0.0,
    ribbon: tuple[float, float] | None = None,
    shape: Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]] | None = None,
    paint: Callable[[np.ndarray, np.ndarray], Sequence[Paint]] = lambda height, angle: (),
) -> Piece:
    """A hat's piece.

    Args:
        profile: rows are spread along it; its corners stay.
        room: metres between head and hat.
        down: metres that its band lies lower.
        ribbon: from and to which height over the band its second colour runs around it.
        shape: changes radius (share) and height (metres over the band) at an angle, 0 in front.
        paint: details, of height over the band and angle.
    """
    rows, columns = GRIDS["hat"]
    line = np.array(profile, float)
    for edge in ribbon or ():
        line = _corner(line, edge)
    steps = np.linalg.norm(np.diff(line * [0.09, 1], axis=0), axis=1).cumsum()
    at = np.concatenate(([0.0], steps))
    # Every corner keeps a row of its own; the others are spread along the way.
    where = np.sort(np.concatenate((at, np.linspace(0, at[-1], rows - len(at) + 2)[1:-1])))
    radius, height = (np.repeat(np.interp(where, at, line[:, k]), columns) for k in (0, 1))
    angle = np.tile(ANGLES, rows)
    if shape is not None:
        radius, height = shape(radius, height, angle)
    centre, half = atlas.skull
    band = atlas.eyes[1] + LINE - down
    level = np.clip((band - centre[1]) / half[1], -0.9, 0.9)
    wide = np.sqrt(1 - level**2)
    rx, rz = half[0] * wide + room, half[2] * wide + room
    x, z = radius * rx * np.sin(angle), radius * rz * np.cos(angle)
    y = band + height + TILT * (z - 0.06) * (1 - 0.5 * ramp(height, 0.0, 0.15))
    places = np.stack((x, y, z + centre[2]), 1)
    own = atlas.owner == "head"
    whole = {"head": np.ones(len(places))}
    paints = list(paint(height, angle))
    if ribbon:
        paints.append(((height > ribbon[0]) & (height < ribbon[1]) & (radius < 1.12), SECOND))
    return fitted(atlas, "hat", places, own & (atlas.y > atlas.eyes[1]), whole, paints)


def _corner(line: np.ndarray, height: float) -> np.ndarray:
    """A profile with two corners close together where it passes a height, so that a colour can change there."""
    for i in range(len(line) - 1):
        (r, high), (s, low) = line[i], line[i + 1]
        if high > height >= low:
            new = [(r + (s - r) * (high - h) / (high - low), h) for h in (height + 0.0015, height - 0.0015)]
            return np.insert(line, i + 1, [p for p in new if low < p[1] < high], 0)
    return line


def hat(atlas: Atlas, piece: Piece, down: float = 0.0, lift: float = 0.004) -> Cut:
    """A hat: its lining on the scalp, which hides the hair there, and its piece."""
    return Cut(cover(scalp(atlas, down), 0.006), lift, 0.0, hem=1.0, pieces=(piece,))
