"""The edges at which a surface turns away from the camera, or ends: found in the mesh, not in the picture."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from .raster import LARGEST
from .topology import Topology

CHUNK = 1 << 22
"""Faces of all views looked at in one go; bounds the memory."""


class Outline(NamedTuple):
    """N silhouette edges of all views, hidden ones among them; in the picture, each has its surface on the right of
    one who goes from its start to its end."""

    view: Tensor
    """(N,) int64."""
    start: Tensor
    """(N,) int64, vertex."""
    end: Tensor
    """(N,) int64, vertex."""


def _turns(planes: Tensor, faces: Tensor) -> Tensor:
    """(F + 1, B) int8: 1 where a face turns clockwise in the picture, -1 the other way, 0 where it has no area."""
    (ax, ay), (bx, by), (cx, cy) = (planes.index_select(1, faces[:, i]) for i in range(3))
    area = (bx - ax).mul_(cy - ay).sub_((cx - ax).mul_(by - ay))
    turn = torch.zeros(len(faces) + 1, area.shape[1], dtype=torch.int8, device=area.device)
    torch.sub((area > 0).to(torch.int8), (area < 0).to(torch.int8), out=turn[:-1])
    return turn


def _outline(points: Tensor, topology: Topology, near: float) -> Outline:
    """`find_outline` for as many views as fit."""
    valid = (points.abs() <= LARGEST).all(-1) & (points[..., 2] >= near)
    flat = torch.where(valid[..., None], points[..., :2], torch.nan)
    planes = flat.permute(2, 1, 0).contiguous()
    turn = _turns(planes, topology.faces)
    first, second = (turn.index_select(0, topology.edge_faces[:, i].remainder(len(turn))) for i in range(2))
    # Two faces that run through their edge the same way are wound against each other.
    same_way = (topology.along[:, 0] == topology.along[:, 1]) & (topology.edge_faces[:, 1] >= 0)
    second = torch.where(same_way[:, None], -second, second) if bool(same_way.any()) else second
    edge, view = (first != second).nonzero(as_tuple=True)
    one, two = first[edge, view], second[edge, view]
    clockwise = torch.where(one != 0, one * topology.along[edge, 0], -two * topology.along[edge, 0])
    low, high = topology.edges[edge].unbind(-1)
    start, end = torch.where(clockwise > 0, low, high), torch.where(clockwise > 0, high, low)
    return Outline(view, start, end)


@torch.no_grad()
def find_outline(projected: Tensor, topology: Topology, near: float = 0.01) -> Outline:
    """The silhouette edges of every view: both faces on one side of the edge in the picture, or no second face.

    Args:
        projected: (B, V, 3) pixel x, pixel y and depth.
        near: metres; as in `face_ids`, a vertex that is nearer, or not a number, takes its faces with it.
    """
    step = max(1, CHUNK // max(1, len(topology.faces)))
    points = projected.detach()
    found = [_outline(part, topology, near) for part in points.split(step)]
    offsets = range(0, len(points), step)
    views = [part.view + offset for part, offset in zip(found, offsets, strict=True)]
    return Outline(torch.cat(views), *(torch.cat(column) for column in list(zip(*found, strict=True))[1:]))
