"""Which faces of a triangle mesh meet at which edges: built once, for any number of poses and views."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ..protocol.errors import InvalidInput


@dataclass(frozen=True)
class Topology:
    """A mesh's edges, each with the faces on its two sides."""

    faces: Tensor
    """(F, 3) int64 vertices of each face, as given."""
    num_vertices: int
    edges: Tensor
    """(E, 2) int64 vertices, the lower one first. An edge of three or more faces has a row for each of them."""
    edge_faces: Tensor
    """(E, 2) int64 faces; -1 in the second column at a border. An edge of three or more faces is a border of each."""
    along: Tensor
    """(E, 2) int8: 1 where the face runs through the edge from its lower to its higher vertex, -1 the other way."""

    def to(self, device: torch.device | str) -> Topology:
        """On another device."""
        tensors = (t.to(device) for t in (self.edges, self.edge_faces, self.along))
        return Topology(self.faces.to(device), self.num_vertices, *tensors)

    @cached_property
    def links(self) -> Tensor:
        """(L, 2) int64 pairs of vertices that share an edge, each once."""
        return torch.unique_consecutive(self.edges, dim=0)

    @cached_property
    def degree(self) -> Tensor:
        """(V,) int64 number of neighbours of each vertex."""
        return torch.bincount(self.links.reshape(-1), minlength=self.num_vertices)

    def laplacian(self, vertices: Tensor) -> Tensor:
        """(..., V, 3) from each vertex to the mean of its neighbours (uniform weights); zero where it has none.

        Its mean length is the smoothness term of CLIP-Actor's and Text2Mesh's kind.

        Args:
            vertices: (..., V, C).
        """
        i, j = self.links.unbind(-1)
        total = torch.zeros_like(vertices).index_add(-2, i, vertices.index_select(-2, j))
        total = total.index_add(-2, j, vertices.index_select(-2, i))
        degree = self.degree.to(vertices.dtype)[:, None]
        return torch.where(degree > 0, total / degree.clamp(min=1) - vertices, torch.zeros_like(vertices))


def check_faces(faces: Tensor, num_vertices: int) -> None:
    """That faces are triangles of these vertices.

    Raises:
        InvalidInput: they are not (F, 3), or name a vertex that there is not.
    """
    if faces.ndim != 2 or faces.shape[-1] != 3:
        raise InvalidInput(f"Faces of shape {tuple(faces.shape)} cannot be drawn.", "Give (faces, 3).")
    if len(faces) and not 0 <= int(faces.min()) <= int(faces.max()) < num_vertices:
        raise InvalidInput(
            f"A face names a vertex outside 0 to {num_vertices - 1}.", "Give faces and vertices of the same mesh."
        )


def build_topology(faces: Tensor, num_vertices: int) -> Topology:
    """The edges of a mesh.

    A face that names a vertex twice has no area and no edge. Faces of the same three vertices, as the two sides of
    cloth may be, count as one.

    Args:
        faces: (F, 3) integers below `num_vertices`.

    Raises:
        InvalidInput: faces are not (F, 3), or name a vertex that there is not.
    """
    check_faces(faces, num_vertices)
    faces = faces.long()
    whole = (faces != faces.roll(1, 1)).all(1).nonzero()[:, 0]
    whole = whole[_first_of_each(faces[whole], num_vertices)]
    start, end = faces[whole].T.reshape(-1), faces[whole].roll(-1, 1).T.reshape(-1)
    owner = whole.repeat(3)
    key, order = (torch.minimum(start, end) * num_vertices + torch.maximum(start, end)).sort(stable=True)
    owner, direction = owner[order], torch.where(start < end, 1, -1).to(torch.int8)[order]

    count = torch.unique_consecutive(key, return_counts=True)[1]
    first = count.cumsum(0) - count
    pair = first[count == 2]
    alone = torch.ones_like(key, dtype=torch.bool)
    alone[pair] = alone[pair + 1] = False
    row = torch.cat((pair, alone.nonzero()[:, 0])).sort()[0]
    paired = ~alone[row]
    mate = torch.where(paired, row + 1, row)
    return Topology(
        faces=faces,
        num_vertices=num_vertices,
        edges=torch.stack((key[row] // num_vertices, key[row] % num_vertices), -1),
        edge_faces=torch.stack((owner[row], torch.where(paired, owner[mate], -1)), -1),
        along=torch.stack((direction[row], direction[mate]), -1),
    )


def _first_of_each(faces: Tensor, num_vertices: int) -> Tensor:
    """Rows of the faces before which none has the same three vertices, in their order."""
    low, middle, high = faces.sort(1)[0].unbind(1)
    edge = torch.unique(low * num_vertices + middle, return_inverse=True)[1]
    key, order = (edge * num_vertices + high).sort(stable=True)
    new = torch.ones_like(key, dtype=torch.bool)
    new[1:] = key[1:] != key[:-1]
    return order[new].sort()[0]
