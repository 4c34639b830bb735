"""Normals of a mesh and tangents along its texture, as Blender and glTF viewers take them (MikkTSpace).

A normal map says a direction by the tangent, the bitangent and the normal that whoever draws it has at that point.
So they must be the drawer's own here. At each corner the normal is the mean of its faces' normals, weighted by the
angles there, and the tangent the same mean among the faces that share the vertex and its place in the texture. They
are interpolated over the triangle and left at the length that this gives; the bitangent is their cross product,
turned where the texture is mirrored.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from .texels import Points, Texels

LOWEST = 0.1
"""Share of the normal that a map keeps where the relief turns away from it, which no map can say."""


@dataclass(frozen=True)
class Frames:
    """What a normal map of a mesh is measured by."""

    faces: Tensor
    """(F, 3) int64."""
    normals: Tensor
    """(V, 3) unit normals of the vertices, the faces' weighted by their angles there."""
    tangents: Tensor
    """(F, 3, 3) of each face's corners, towards larger u; perpendicular to the normal and of length 1."""
    mirrored: Tensor
    """(F,) -1 where the texture shows the face mirrored, otherwise 1."""

    def encode(self, points: Points, directions: Tensor) -> Tensor:
        """(P, 3) of a tangent-space normal map: unit vectors along u, along v (upwards) and out.

        Args:
            directions: (P, 3) unit normals in the mesh's own frame that the map is to say.
        """
        normal = blend(self.normals[self.faces], points)
        tangent = blend(self.tangents, points)
        sign = self.mirrored[points.face, None]
        bitangent = sign * torch.linalg.cross(normal, tangent)
        # The inverse of [tangent bitangent normal], whose determinant has the sign `sign`, but for a factor.
        rows = (
            torch.linalg.cross(bitangent, normal),
            torch.linalg.cross(normal, tangent),
            torch.linalg.cross(tangent, bitangent),
        )
        local = normalize(torch.stack([(row * directions).sum(1) for row in rows], 1) * sign, dim=1)
        return normalize(torch.cat((local[:, :2], local[:, 2:].clamp(min=LOWEST)), 1), dim=1)


def frames(vertices: Tensor, faces: Tensor, texels: Texels) -> Frames:
    """Normals and tangents of a mesh.

    Args:
        vertices: (V, 3) metres, float64.
        faces: (F, 3) int64.
        texels: with the same faces.
    """
    corners, uv = vertices[faces], texels.uv[texels.uv_faces]
    d1, d2 = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    after, before = corners.roll(-1, 1) - corners, corners.roll(1, 1) - corners
    facing = normalize(torch.linalg.cross(d1, d2), dim=1)[:, None] * _angles(after, before)
    normals = _means(facing, faces, len(vertices))
    at = normals[faces]

    s, t = uv[:, 1] - uv[:, 0], uv[:, 2] - uv[:, 0]
    mirrored = torch.where(s[:, 0] * t[:, 1] < s[:, 1] * t[:, 0], -1.0, 1.0).to(vertices.dtype)
    along = normalize(t[:, 1:] * d1 - s[:, 1:] * d2, dim=1) * mirrored[:, None]
    tangents = normalize(_flattened(along[:, None].expand_as(at), at), dim=2)
    tangents = tangents * _angles(_flattened(after, at), _flattened(before, at))
    key = (faces * len(texels.uv) + texels.uv_faces) * 2 + (mirrored < 0)[:, None]
    unique, which = key.unique(return_inverse=True)
    return Frames(faces, normals, _means(tangents, which, len(unique))[which], mirrored)


def _means(values: Tensor, rows: Tensor, count: int) -> Tensor:
    """(count, 3) unit sums of the (F, 3, 3) values of corners by the (F, 3) rows that they belong to."""
    total = values.new_zeros(count, 3).index_add(0, rows.reshape(-1), values.reshape(-1, 3))
    return normalize(total, dim=1)


def _angles(after: Tensor, before: Tensor) -> Tensor:
    """(F, 3, 1) between two edges of each corner."""
    cosine = (normalize(after, dim=2) * normalize(before, dim=2)).sum(2, keepdim=True)
    return cosine.clamp(-1, 1).acos()


def blend(values: Tensor, points: Points) -> Tensor:
    """(P, C) at points of the surface, of (F, 3, C) values of the faces' corners."""
    return torch.einsum("pkc,pk->pc", values[points.face], points.weights.to(values.dtype))


def _flattened(directions: Tensor, normals: Tensor) -> Tensor:
    """Without what they have of the normal."""
    return directions - (directions * normals).sum(-1, keepdim=True) * normals
