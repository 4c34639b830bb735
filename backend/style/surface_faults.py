"""What can be wrong with a displaced surface: spikes, and triangles that run through each other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..render.topology import Topology

MOST_PAIRS = 1 << 18
"""Pairs of triangles looked at together: about 500 bytes each."""
MOST_CELLS = 32
"""Cells of a grid that a triangle's box may touch, on average."""


class Spikes(NamedTuple):
    """How far vertices are moved out of the surface that their neighbours are moved to."""

    rms: float
    """Root of the mean square, mm."""
    high: float
    """99.9th percentile, mm."""


def spikes(displacement: np.ndarray | Tensor, topology: Topology) -> Spikes:
    """Lengths of the uniform Laplacian of the displaced vertices, less that of the undisplaced ones.

    The Laplacian is linear, so that is the displacement's own: what the body is like at rest does not count.

    Args:
        displacement: (V, 3) metres, how far each vertex is moved; or (V,), where all are moved along their normals.
        topology: of the mesh.
    """
    if not topology.num_vertices:
        return Spikes(0.0, 0.0)
    moved = torch.as_tensor(displacement).detach().cpu().double().reshape(topology.num_vertices, -1)
    length = topology.to("cpu").laplacian(moved).norm(dim=1).numpy() * 1000
    return Spikes(float(np.sqrt(np.mean(length**2))), float(np.percentile(length, 99.9)))


def self_intersections(vertices: np.ndarray | Tensor, faces: np.ndarray | Tensor) -> int:
    """How many pairs of triangles have a point in common and share no vertex.

    Triangles that touch count. Vertices in the same place are one, as along a seam. Triangles without area, and those
    with a vertex that is no number, are left out. Exact but for float64's rounding.

    Args:
        vertices: (V, 3) metres.
        faces: (F, 3).
    """
    points = np.asarray(vertices, np.float64)
    places, which = np.unique(points, axis=0, return_inverse=True)
    ids = which.reshape(-1)[np.asarray(faces, np.int64)]
    corners = places[ids]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    sound = np.isfinite(corners).all((1, 2)) & (normals != 0).any(1)
    ids, corners = ids[sound], corners[sound]
    found = 0
    for one, two in _near_pairs(corners) if len(ids) else ():
        apart = (ids[one][:, :, None] != ids[two][:, None]).all((1, 2))
        found += _count_meeting(corners[one[apart]], corners[two[apart]])
    return found


def _near_pairs(corners: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs of (F, 3, 3) triangles whose boxes meet, each pair once: (P,) and (P,) numbers, piece by piece."""
    low, high = corners.min(1), corners.max(1)
    first, count = _cells(low, high)
    shape = (first + count).max(0)
    owner, step = _spread(count.prod(1))
    wide, tall = count[owner, 0], count[owner, 1]
    cell = first[owner] + np.stack((step % wide, step // wide % tall, step // (wide * tall)), 1)
    place = np.array([shape[1] * shape[2], shape[2], 1])
    key = cell @ place
    order = np.argsort(key, kind="stable")
    key, owner = key[order], owner[order]
    # Each entry meets those after it in its cell.
    later = np.searchsorted(key, key, "right") - np.arange(len(key)) - 1
    pieces = np.cumsum(later) // MOST_PAIRS
    for start, stop in _runs(pieces):
        at, step = _spread(later[start:stop])
        at += start
        one, two = owner[at], owner[at + 1 + step]
        # Two boxes may share several cells; the one where their common part begins counts.
        begins = np.maximum(first[one], first[two]) @ place
        kept = (np.maximum(low[one], low[two]) <= np.minimum(high[one], high[two])).all(1) & (begins == key[at])
        yield one[kept], two[kept]


def _cells(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(F, 3) first cell and (F, 3) number of cells that each box touches, of a grid of about a box a cell."""
    origin = low.min(0)
    side = float(np.median((high - low).max(1)))
    while True:
        first, last = (np.floor((bound - origin) / side) for bound in (low, high))
        count = last - first + 1
        if count.prod(1).sum() <= MOST_CELLS * len(low) and (last.max(0) + 1).prod() < 2.0**62:
            return first.astype(np.int64), count.astype(np.int64)
        side *= 2


def _spread(count: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each number as often as its count says, and which time it is."""
    owner = np.repeat(np.arange(len(count)), count)
    return owner, np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)


def _runs(values: np.ndarray) -> Iterator[tuple[int, int]]:
    """Start and end of each run of equal values."""
    edges = np.flatnonzero(np.diff(values)) + 1
    bounds = [0, *edges.tolist(), len(values)]
    return pairwise(bounds)


def _count_meeting(one: np.ndarray, two: np.ndarray) -> int:
    """How many pairs of (P, 3, 3) triangles meet.

    Flat convex shapes are apart exactly where their shadows are on a normal of one, on a direction across an edge of
    each, or, for two in a plane, on a direction in it across an edge.
    """
    for number in range(17):
        if not len(one):
            break
        axis = _axis(one, two, number)[:, None]
        # From a corner of the pair, so that a body's place in the room costs no digits.
        first, second = ((t - one[:, :1]) * axis for t in (one, two))
        first, second = first.sum(2), second.sum(2)
        near = (first.min(1) <= second.max(1)) & (second.min(1) <= first.max(1))
        one, two = one[near], two[near]
    return len(one)


def _axis(one: np.ndarray, two: np.ndarray, number: int) -> np.ndarray:
    """(P, 3) direction that may tell pairs apart: 0 and 1 normals, 2 to 10 across edges, 11 to 16 in the planes."""
    if number < 2:
        return _normal((one, two)[number])
    if number < 11:
        return np.cross(_edge(one, (number - 2) // 3), _edge(two, (number - 2) % 3))
    triangle = (one, two)[(number - 11) // 3]
    return np.cross(_normal(triangle), _edge(triangle, (number - 11) % 3))


def _edge(triangles: np.ndarray, number: int) -> np.ndarray:
    return triangles[:, (number + 1) % 3] - triangles[:, number]


def _normal(triangles: np.ndarray) -> np.ndarray:
    return np.cross(_edge(triangles, 0), _edge(triangles, 1))
