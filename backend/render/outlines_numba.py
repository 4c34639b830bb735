"""`outlines.find_outline` as a compiled loop on the processor: the same edges, view by view."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .compiled import compiled, in_threads
from .outlines import Outline
from .raster import LARGEST
from .topology import Topology


def outline_numba(points: Tensor, topology: Topology, near: float) -> Outline:
    """As `find_outline`, of points on the processor; edges in order of their view."""
    planes = points.cpu().transpose(1, 2).contiguous().numpy()
    given = (topology.faces, topology.edges, topology.edge_faces, topology.along)
    faces, edges, sides, along = (t.cpu().to(torch.int32).numpy() for t in given)
    # In the points' precision, as the rasteriser takes it: of a vertex at `near` both say the same.
    loop, nearest = _loop(), planes.dtype.type(near)

    def one(plane: np.ndarray) -> np.ndarray:
        out = np.empty((2, len(edges)), np.int64)
        return out[:, : loop(plane, faces, edges, sides, along, nearest, out)].copy()

    found = in_threads(one, planes)
    ends = torch.from_numpy(np.concatenate(found, 1)) if found else torch.zeros((2, 0), dtype=torch.int64)
    view = torch.repeat_interleave(
        torch.arange(len(found)), torch.tensor([f.shape[1] for f in found], dtype=torch.int64)
    )
    start, end = ends + view * points.shape[1]
    return Outline(view.to(points.device), start.to(points.device), end.to(points.device))


@functools.cache
def _loop() -> Callable[..., Any]:
    return compiled(_edges)


def _edges(
    p: np.ndarray,
    faces: np.ndarray,
    edges: np.ndarray,
    sides: np.ndarray,
    along: np.ndarray,
    near: float,
    out: np.ndarray,
) -> int:
    """Write first and last vertices of one view's silhouette edges into `out`; how many they are."""
    x, y, z = p[0], p[1], p[2]
    sound = np.empty(len(x), np.bool_)
    for i in range(len(x)):
        sound[i] = abs(x[i]) < LARGEST and abs(y[i]) < LARGEST and z[i] >= near and z[i] < LARGEST
    turn = np.zeros(len(faces), np.int8)
    for f in range(len(faces)):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        if sound[a] and sound[b] and sound[c]:
            area = (x[b] - x[a]) * (y[c] - y[a]) - (x[c] - x[a]) * (y[b] - y[a])
            turn[f] = 1 if area > 0 else (-1 if area < 0 else 0)
    count = 0
    for e in range(len(edges)):
        first, second = turn[sides[e, 0]], np.int8(0)
        if sides[e, 1] >= 0:
            # Two faces that run through their edge the same way are wound against each other.
            second = -turn[sides[e, 1]] if along[e, 0] == along[e, 1] else turn[sides[e, 1]]
        if first == second:
            continue
        clockwise = (first if first != 0 else -second) * along[e, 0] > 0
        out[0, count] = edges[e, 0] if clockwise else edges[e, 1]
        out[1, count] = edges[e, 1] if clockwise else edges[e, 0]
        count += 1
    return count
