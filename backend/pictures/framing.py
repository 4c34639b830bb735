"""Where a camera stands so that a body fills the picture and all of it is seen."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .scenes import Array

MARGIN = 0.06
"""Share of the picture's side that stays free on each edge."""


class Placed(NamedTuple):
    """One upright camera, as `scenes.Scenes` keeps it."""

    rotation: Array
    """(3, 3) rows right, up and back."""
    position: Array
    """(3,) metres."""
    fov: float
    """Vertical field of view, degrees."""


def look_from(azimuth: float, elevation: float) -> Array:
    """(3, 3) rotation of a camera that looks at the middle from there, as of `render.cameras.orbit`; degrees."""
    a, e = np.radians(azimuth), np.radians(elevation)
    back = np.array([np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)])
    right = np.array([np.cos(a), 0.0, -np.sin(a)])
    return np.stack([right, np.cross(back, right), back])


def stand_at(azimuth: float, elevation: float, distance: float, target: Array, fov: float) -> Placed:
    """A camera at a distance, metres, from what it looks at."""
    rotation = look_from(azimuth, elevation)
    return Placed(rotation, np.asarray(target) + distance * rotation[2], fov)


def fit(points: Array, azimuth: float, elevation: float, fov: float, margin: float = MARGIN) -> Placed:
    """The nearest camera of a direction and a field of view that sees all points in a square picture, centred.

    Args:
        points: (V, 3) metres.
        azimuth: degrees; 0 stands on +z, 90 on +x.
        margin: share of the side that stays free on each edge.
    """
    rotation = look_from(azimuth, elevation)
    across, ahead = points @ rotation[:2].T, points @ rotation[2]
    slope = np.tan(np.radians(fov) / 2) * (1 - 2 * margin)
    # A point at depth D - ahead is seen up to slope * (D - ahead) beside the axis, to either side.
    high = (across + slope * ahead[:, None]).max(0)
    low = (across - slope * ahead[:, None]).min(0)
    distance = ((high - low) / (2 * slope)).max()
    return Placed(rotation, np.append((high + low) / 2, distance) @ rotation, fov)
