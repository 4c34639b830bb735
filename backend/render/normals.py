"""Normals of faces and of vertices."""

from __future__ import annotations

import torch
from torch import Tensor


def vertex_normals(vertices: Tensor, faces: Tensor, whole: Tensor | None = None) -> Tensor:
    """(..., V, 3) unit normals, the faces' normals weighted by their areas; zero where a vertex has no face.

    Args:
        vertices: (..., V, 3).
        faces: (F, 3) counter-clockwise from outside.
        whole: (F,) or (..., F), False where a face does not count.
    """
    corners = faces.t().reshape(-1).long()
    a, b, c = vertices.index_select(-2, corners).unflatten(-2, (3, -1)).unbind(-3)
    normals = torch.linalg.cross(b - a, c - a)
    if whole is not None:
        normals = normals.where(whole[..., None], 0.0)
    total = torch.zeros_like(vertices).index_add(-2, corners, torch.cat((normals,) * 3, -2))
    return torch.nn.functional.normalize(total, dim=-1)


def face_normals(vertices: Tensor, corners: Tensor) -> Tensor:
    """(P, 3) unit normals of faces with (3, P) corners among (N, 3) vertices."""
    a, b, c = vertices.index_select(0, corners.reshape(-1)).reshape(3, -1, 3)
    return torch.nn.functional.normalize(torch.linalg.cross(b - a, c - a), dim=-1)
