"""Cloth that hangs around the body: skirts, robes, coats, capes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import scipy.sparse as sp

from .atlas import Atlas
from .inks import Paint
from .pieces import GRIDS, Piece

SUPPORT = 0.012
"""Metres of depth over which the outermost skin is averaged to find where cloth rests."""
LEVEL = 0.016
"""Metres of height over which it is averaged."""


def hanging(
    atlas: Atlas,
    name: str,
    angles: np.ndarray,
    top: float,
    bottom: float,
    *,
    ease: Callable[[np.ndarray, np.ndarray], np.ndarray],
    follow: float = 0.0,
    arms: bool = False,
    paint: Callable[[np.ndarray, np.ndarray], Sequence[Paint]] = lambda t, angle: (),
) -> Piece:
    """Cloth that hangs from one height to another and rests on whatever is widest above.

    Args:
        name: of `pieces.GRIDS`.
        angles: (columns,) radians around the body, 0 in front, towards its left.
        top, bottom: heights on the mean body, metres.
        ease: metres that it stands off, of how far down (0 to 1) and at which angle; arrays of one shape.
        follow: metres that it may come in again for every metre below the widest place; 0 hangs straight down.
        arms: whether shoulders carry it, as they do a cape.
        paint: details, of the same two.
    """
    rows, columns = GRIDS[name]
    t = np.linspace(0, 1, rows)
    heights = top + t * (bottom - top)
    outward = np.stack((np.sin(angles), np.zeros(columns), np.cos(angles)), 1)
    usable = ~atlas.on_arm if not arms else atlas.side < atlas.between(("shoulder", "elbow", "wrist"), 0.25, 0)
    usable &= ~np.isin(atlas.owner, ("head", "jaw")) & (atlas.y < atlas.joints["neck"][1])
    halves = [_rests(atlas, usable & (sign * atlas.x > -0.004), heights, outward) for sign in (1, -1)]
    anchors = sp.csr_matrix(sp.vstack(halves))
    tt, aa = np.repeat(t, columns), np.tile(angles, rows)
    away = np.tile(outward, (rows, 1))
    wanted_ease = ease(tt, aa)
    offsets = [
        _hung(half @ atlas.v, heights, outward, wanted_ease, follow * (top - bottom) / (rows - 1)) for half in halves
    ]
    weights = np.stack([_smooth_grid(half @ atlas.arrays.weights, rows, columns) for half in halves])
    places = (halves[0] @ atlas.v + offsets[0] + halves[1] @ atlas.v + offsets[1]) / 2
    return Piece(
        name,
        anchors,
        np.concatenate(offsets),
        weights.astype(np.float32),
        away,
        run=np.repeat(heights, columns),
        round=0.17 * aa,
        places=places,
        paints=tuple(paint(tt, aa)),
    )


def anchored(near: np.ndarray, count: int) -> sp.csr_matrix:
    """(P, V) the plain mean of (P, k) vertices out of `count`."""
    points, k = near.shape
    rows = np.repeat(np.arange(points), k)
    return sp.csr_matrix((np.full(points * k, 1 / k), (rows, near.ravel())), (points, count))


def _rests(atlas: Atlas, usable: np.ndarray, heights: np.ndarray, outward: np.ndarray) -> sp.csr_matrix:
    """(rows * columns, V) the mean of the outermost vertices near each height, in each direction."""
    index = np.flatnonzero(usable)
    v = atlas.v[index].astype(np.float64)
    reach = v @ outward.T
    blocks = []
    for height in heights:
        off = np.abs(v[:, 1] - height)
        # Where the mesh is coarse, or ends, the nearest vertices are taken, however far.
        sigma = max(LEVEL, float(np.partition(off, 12)[12]))
        close = np.flatnonzero(off < 3.7 * sigma)
        near = np.exp(-0.5 * (off[close] / sigma) ** 2)
        weight = np.exp((reach[close] - reach[close].max(0)) / SUPPORT) * near[:, None]
        weight /= weight.sum(0)
        weight[weight < 1e-3] = 0
        block = sp.coo_matrix((weight / weight.sum(0)).T)
        blocks.append(sp.coo_matrix((block.data, (block.row, index[close[block.col]])), (len(outward), len(atlas.v))))
    return sp.csr_matrix(sp.vstack(blocks))


def _hung(rest: np.ndarray, heights: np.ndarray, outward: np.ndarray, ease: np.ndarray, follow: float) -> np.ndarray:
    """(P, 3) from where the skin carries the cloth to where the cloth hangs."""
    rows, columns = len(heights), len(outward)
    grid = rest.reshape(rows, columns, 3)
    reach = (grid * outward).sum(2)
    wanted = reach.copy()
    for i in range(1, rows):
        wanted[i] = np.maximum(wanted[i], wanted[i - 1] - follow)
    offset = (wanted - reach + ease.reshape(rows, columns))[:, :, None] * outward
    offset[:, :, 1] += heights[:, None] - grid[:, :, 1]
    return offset.reshape(-1, 3)


def _smooth_grid(values: np.ndarray, rows: int, columns: int, rounds: int = 12) -> np.ndarray:
    """(P, k) values averaged along the grid, so that cloth bends where skin creases."""
    grid = values.reshape(rows, columns, -1)
    for _ in range(rounds):
        padded = np.pad(grid, ((1, 1), (1, 1), (0, 0)), "edge")
        grid = (2 * grid + padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]) / 6
    return grid.reshape(len(values), -1)
