"""The edges at which a surface turns away from the camera, or ends: found in the mesh, not in the picture."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from .compiled import Method, runs_compiled
from .interpolate import at_least_float32
from .raster import LARGEST
from .topology import Topology

CHUNK = 1 << 22
"""Faces of all views looked at in one go; bounds the memory."""
_BLOCK = 1 << 17
"""Faces of all views whose corners fit a processor's cache."""


class Outline(NamedTuple):
    """N silhouette edges of all views, hidden ones among them; in the picture, each has its surface on the right of
    one who goes from its start to its end."""

    view: Tensor
    """(N,) int64."""
    start: Tensor
    """(N,) int64 vertices of (B, V), views after one another."""
    end: Tensor
    """(N,) int64 vertices of (B, V)."""


def _turns(points: Tensor, faces: Tensor, near: float) -> Tensor:
    """(F + 1, B) int8: 1 where a face turns clockwise in the picture, -1 the other way, 0 where it has no area."""
    x, y, z = points.unbind(-1)
    sound = (x.abs() < LARGEST) & (y.abs() < LARGEST) & (z >= near) & (z < LARGEST)
    views = len(points)
    rows = torch.stack((x, y)).where(sound, torch.nan).flatten(0, 1).T.contiguous()
    turn = torch.zeros(len(faces) + 1, views, dtype=torch.int8, device=points.device)
    step = max(1, _BLOCK // max(views, 1)) if points.device.type == "cpu" else max(1, len(faces))
    for corners, out in zip(faces.split(step), turn[:-1].split(step), strict=True):
        a, b, c = (rows.index_select(0, corners[:, i]) for i in range(3))
        b, c = b.sub_(a), c.sub_(a)
        area = (b[:, :views] * c[:, views:]).sub_(c[:, :views] * b[:, views:])
        torch.sub((area > 0).view(torch.int8), (area < 0).view(torch.int8), out=out)
    return turn


def _outline(points: Tensor, topology: Topology, near: float) -> Outline:
    """`find_outline` for as many views as fit."""
    turn = _turns(points, topology.faces, near)
    first, second = (turn.index_select(0, topology.edge_faces[:, i].remainder(len(turn))) for i in range(2))
    # Two faces that run through their edge the same way are wound against each other.
    same_way = ((topology.along[:, 0] == topology.along[:, 1]) & (topology.edge_faces[:, 1] >= 0)).nonzero()[:, 0]
    second[same_way] = -second[same_way]
    edge, view = (first != second).nonzero(as_tuple=True)
    which = edge * len(points) + view
    one, two = (t.reshape(-1).index_select(0, which) for t in (first, second))
    clockwise = torch.where(one != 0, one, -two) * topology.along[:, 0].index_select(0, edge) > 0
    low, high = (topology.edges.index_select(0, edge) + (view * topology.num_vertices)[:, None]).unbind(-1)
    return Outline(view, torch.where(clockwise, low, high), torch.where(clockwise, high, low))


@torch.no_grad()
def find_outline(projected: Tensor, topology: Topology, near: float = 0.01, method: Method = "auto") -> Outline:
    """The silhouette edges of every view: both faces on one side of the edge in the picture, or no second face.

    The same edges for every `method`, in another order.

    Args:
        projected: (B, V, 3) pixel x, pixel y and depth.
        near: metres; as in `face_ids`, a vertex that is nearer, or not a number, takes its faces with it.
        method: as in `face_ids`.

    Raises:
        RuntimeMissing: `numba` is asked for and not installed.
    """
    points = at_least_float32(projected.detach())
    if runs_compiled(method, points.device):
        from .outlines_numba import outline_numba

        return outline_numba(points, topology, near)
    step = max(1, CHUNK // max(1, len(topology.faces)))
    found = []
    for first in range(0, max(len(points), 1), step):
        part = _outline(points[first : first + step], topology, near)
        offset = first * topology.num_vertices
        found.append(Outline(part.view + first, part.start + offset, part.end + offset))
    return found[0] if len(found) == 1 else Outline(*(torch.cat(column) for column in zip(*found, strict=True)))
