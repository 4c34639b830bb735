"""Finer meshes: every triangle becomes four, every edge gets a vertex in its middle."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..protocol import InvalidInput


@dataclass(frozen=True)
class Subdivision:
    """One step of midpoint subdivision of a mesh of V vertices, E edges and F triangles.

    The surface stays where it is. The children of triangle f are 4 f to 4 f + 3, the middle one last, so that the
    subdivisions of `faces` and of texture coordinates' own triangles correspond.
    """

    faces: Tensor
    """(4 F, 3) of V + E vertices, wound as their parents are; the first V are the old ones."""
    edges: Tensor
    """(E, 2) old vertices that each new one lies between."""
    coarse: int
    """V."""

    def carry(self, values: Tensor) -> Tensor:
        """(..., V + E, C) values of the finer mesh, of (..., V, C) of the coarse one: the mean of an edge's two ends.

        For whatever is linear on a triangle: positions, colours, skinning weights (their sums stay 1), texture
        coordinates. Normals want to be normalised again. Gradients reach the coarse values.

        Raises:
            InvalidInput: values of another number of vertices.
        """
        if values.ndim < 2 or values.shape[-2] != self.coarse:
            raise InvalidInput(
                f"The values have shape {tuple(values.shape)}, and the mesh {self.coarse} vertices.",
                f"Give (..., {self.coarse}, channels).",
            )
        first, second = self.edges.unbind(1)
        return torch.cat((values, (values[..., first, :] + values[..., second, :]) / 2), -2)


def subdivide(faces: Tensor, vertices: int = 0) -> Subdivision:
    """Midpoint subdivision of a mesh.

    Args:
        faces: (F, 3) vertex indices.
        vertices: V; by default the largest index decides, which leaves out loose vertices at the end.

    Raises:
        InvalidInput: no triangle.
    """
    if faces.ndim != 2 or faces.shape[1] != 3 or not len(faces):
        raise InvalidInput(f"Faces of shape {tuple(faces.shape)} cannot be subdivided.", "Give (F, 3), F at least 1.")
    faces = faces.long()
    vertices = max(vertices, int(faces.max()) + 1)
    sides = torch.stack((faces, faces.roll(-1, 1)), 2).reshape(-1, 2).sort(1).values
    # One number an edge sorts faster than pairs do.
    keys, which = (sides[:, 0] * vertices + sides[:, 1]).unique(return_inverse=True)
    edges = torch.stack((keys // vertices, keys % vertices), 1)
    a, b, c = faces.unbind(1)
    ab, bc, ca = (vertices + which.reshape(-1, 3)).unbind(1)
    children = torch.stack((a, ab, ca, ab, b, bc, ca, bc, c, ab, bc, ca), 1).reshape(-1, 3)
    return Subdivision(children, edges, vertices)
