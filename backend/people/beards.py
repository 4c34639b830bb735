"""Beards, cut like garments, in the hair's colour.

To add a style, write a function of the atlas that gives a `Cut` and name it in `BEARDS`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .atlas import Atlas, Field, cover, ramp
from .cut import Cut
from .fitted import fitted
from .inks import shade
from .patterns import noise
from .pieces import GRIDS

BAND = 0.006
"""Metres over which a beard's edge is soft."""


def _mouth(atlas: Atlas) -> tuple[float, float, float]:
    """Lowest and highest point of the lips, and half their width."""
    lips = atlas.region("lips")
    if not lips.any():
        return atlas.eyes[1] - 0.075, atlas.eyes[1] - 0.055, 0.026
    return float(atlas.y[lips].min()), float(atlas.y[lips].max()), float(atlas.side[lips].max())


def moustache_field(atlas: Atlas) -> Field:
    """Inside: between nose and upper lip, a little beyond the mouth's corners."""
    _, high, wide = _mouth(atlas)
    droop = high + 0.0055 - 0.22 * atlas.side
    own = (atlas.z > atlas.eyes[2] - 0.01) & ~atlas.region("lips", "mouth")
    return np.where(own, np.minimum(0.0068 - np.abs(atlas.y - droop), wide + 0.006 - atlas.side), -1.0)


def beard_field(atlas: Atlas) -> Field:
    """Inside: moustache, chin, jaw and the cheeks beside the mouth."""
    low, _, wide = _mouth(atlas)
    line = low + 0.004 + (atlas.side - 0.4 * wide).clip(0) * 0.75
    own = np.isin(atlas.owner, ("head", "jaw", "neck")) & (atlas.z > atlas.joints["head"][2] - 0.02)
    under = atlas.y - (atlas.joints["head"][1] - 0.055)
    lip = np.maximum(atlas.side - wide * 0.9, low - 0.006 - atlas.y)
    chin = np.minimum(np.minimum(line - atlas.y, under), lip + 0.004)
    return np.where(own, np.maximum(chin, moustache_field(atlas)), -1.0)


def _stubble(atlas: Atlas) -> Cut:
    return Cut(0.38 * cover(beard_field(atlas), 0.012), 0.0, 0.0, hem=1.0)


def _grown(atlas: Atlas, field: Field, thick: float) -> Cut:
    strands = 1 + 0.15 * noise(atlas.v.astype(np.float64), 0.01, 6).clip(-1.5, 1.5)
    forward = 0.35 + 0.65 * ramp(atlas.normals[:, 2], 0.0, 0.6)
    push = (thick * forward * strands * ramp(field, 0.0, thick))[:, None] * atlas.normals
    return Cut(cover(field, BAND), 0.0, 0.0, push, hem=1.0)


def _moustache(atlas: Atlas) -> Cut:
    return _grown(atlas, moustache_field(atlas), 0.006)


def _goatee(atlas: Atlas) -> Cut:
    _, _, wide = _mouth(atlas)
    return _grown(atlas, np.minimum(beard_field(atlas), wide + 0.001 - atlas.side), 0.011)


def _full(atlas: Atlas) -> Cut:
    return _grown(atlas, beard_field(atlas), 0.014)


def _long_beard(atlas: Atlas) -> Cut:
    """A full beard, and a sheet that hangs from the chin onto the chest."""
    cut, (rows, columns) = _full(atlas), GRIDS["beard"]
    low, _, _ = _mouth(atlas)
    t, across = np.linspace(0, 1, rows)[:, None], np.linspace(-1, 1, columns)[None]
    front = float(atlas.z[atlas.region("lips")].max()) if atlas.region("lips").any() else atlas.eyes[2] + 0.03
    wide = 0.052 * (1 - 0.75 * t**2) + 0 * across
    x = wide * across
    z = front + 0.006 + 0.022 * np.sin(np.pi * t.clip(0, 0.6)) - 0.045 * across**2
    y = low - 0.006 - 0.2 * t - 0.02 * t * (1 - across**2) + 0.022 * across**2 * (1 - t)
    places = np.stack((x, y, z), 2).reshape(-1, 3)
    strands = np.tile(0.5 + 0.5 * np.cos(8 * across), (rows, 1)).ravel()
    jaw = (np.isin(atlas.owner, ("head", "jaw")) & (atlas.y < atlas.eyes[1] - 0.05)) & (
        atlas.z > atlas.eyes[2] - 0.03
    )
    piece = fitted(atlas, "beard", places, jaw, {"head": np.ones(len(places))}, ((0.5 * strands, shade(0.7)),))
    return Cut(cut.cover, 0.0, 0.0, cut.push, hem=1.0, pieces=(piece,))


BEARDS: dict[str, Callable[[Atlas], Cut]] = {
    "stubble": _stubble,
    "moustache": _moustache,
    "goatee": _goatee,
    "full beard": _full,
    "long beard": _long_beard,
}
"""Style -> its cut."""
