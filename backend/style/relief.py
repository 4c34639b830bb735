"""The shape of a displaced body between its vertices, as a normal map says it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from ..body.layout import BodyArrays
from .tangents import Frames, blend, frames
from .texels import Points, Texels


@dataclass(frozen=True)
class Relief:
    """The surface that a normal map shows, and the mesh that it lies on."""

    texels: Texels
    worn: Frames
    """Of the mesh that the map lies on."""
    displaced: Tensor
    """(F, 3, 3) corners of the displaced mesh, metres."""
    normals: Tensor
    """(F, 3, 3) its normals at the corners."""
    slope: Tensor
    """(F, 3, 3) of the vertices' displacement along it."""
    direction: Tensor
    """(F, 3, 3)."""
    fine: Tensor | None
    """(S * S,) metres."""

    def rows(self, top: int, end: int) -> tuple[Tensor, Tensor]:
        """(P,) covered texels of some rows, and (P, 3) what the map has there, -1 to 1."""
        # One row more on either side: slopes reach over to the neighbours.
        points = self.texels.points(max(top - 1, 0), min(end + 1, self.texels.size))
        normal = normalize(blend(self.normals, points), dim=1)
        if self.fine is not None:
            # Only what the vertices have not said already: so no triangle's borders show in it.
            slope = self._fine_slope(points, normal) - blend(self.slope, points)
            slope = slope - (slope * normal).sum(1, keepdim=True) * normal
            along = blend(self.direction, points)
            lean = 1 + (slope * along).sum(1, keepdim=True)
            normal = normalize(lean * normal - (along * normal).sum(1, keepdim=True) * slope, dim=1)
        own = (points.pixel >= top * self.texels.size) & (points.pixel < end * self.texels.size)
        mine = Points(points.pixel[own], points.face[own], points.weights[own])
        return mine.pixel, self.worn.encode(mine, normal[own])

    def _fine_slope(self, points: Points, normal: Tensor) -> Tensor:
        """(P, 3) slope of the fine displacement: of the plane that fits a texel's neighbours in its island best."""
        assert self.fine is not None
        size, count = self.texels.size, len(points.pixel)
        if not count:
            return normal
        place, height = blend(self.displaced, points), self.fine[points.pixel].double()
        island = self.texels.islands[points.face]
        first = int(points.pixel[0])
        index = torch.full((int(points.pixel[-1]) + 1 - first,), -1)
        index[points.pixel - first] = torch.arange(count)
        column = points.pixel % size
        # Two directions on the surface, whichever: the slope is the same vector in all.
        across = normalize(torch.linalg.cross(normal, torch.eye(3).double()[normal.abs().argmin(1)]), dim=1)
        down = torch.linalg.cross(normal, across)
        sums = normal.new_zeros(5, count)
        for step, inside in ((1, column < size - 1), (-1, column > 0), (size, column >= 0), (-size, column >= 0)):
            at = points.pixel + step - first
            other = index[at.clamp(0, len(index) - 1)]
            near = inside & (at >= 0) & (at < len(index)) & (other >= 0)
            near &= island[other] == island
            way, rise = place[other] - place, height[other] - height
            a, b = (way * across).sum(1), (way * down).sum(1)
            sums += torch.stack((a * a, a * b, b * b, a * rise, b * rise)) * near
        aa, ab, bb, ar, br = sums
        # Where neighbours lie on one line only, there is no slope across it.
        small = (aa + bb) * 1e-6 + 1e-30
        aa, bb = aa + small, bb + small
        det = aa * bb - ab * ab
        return ((bb * ar - ab * br) / det)[:, None] * across + ((aa * br - ab * ar) / det)[:, None] * down


def relief_of(
    arrays: BodyArrays,
    texels: Texels,
    displacement: np.ndarray,
    direction: np.ndarray,
    fine: Tensor | None,
    at_vertices: np.ndarray,
    in_mesh: bool,
) -> Relief:
    """The relief of a displaced body.

    Args:
        displacement: (V,) metres.
        direction: (V, 3) unit vectors.
        fine: (S * S,) metres at the texels, or none: it is linear between the vertices.
        at_vertices: (V,) metres, `fine` there.
        in_mesh: the map lies on the displaced mesh; otherwise on the one at rest.
    """
    rest, height, repeated, along = (
        torch.from_numpy(np.asarray(a, np.float64)) for a in (arrays.v_template, displacement, at_vertices, direction)
    )
    faces = torch.from_numpy(arrays.faces.astype(np.int64))
    displaced = rest + height[:, None] * along
    finished = frames(displaced, faces, texels)
    worn = finished if in_mesh else frames(rest, faces, texels)
    slope = _slope(displaced, faces, repeated)
    return Relief(texels, worn, displaced[faces], finished.normals[faces], slope[faces], along[faces], fine)


def _slope(vertices: Tensor, faces: Tensor, heights: Tensor) -> Tensor:
    """(V, 3) slope of (V,) values that are linear on the faces: the mean of the faces around, weighted by area."""
    corners = vertices[faces]
    opposite = corners.roll(1, 1) - corners.roll(-1, 1)
    normal = torch.linalg.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    twice = normal.norm(dim=1)
    # The slope times twice the area.
    slope = torch.linalg.cross(normalize(normal, dim=1), (heights[faces][..., None] * opposite).sum(1))
    rows = faces.t().reshape(-1)
    total = torch.zeros_like(vertices).index_add(0, rows, slope.repeat(3, 1))
    return total / twice.new_zeros(len(vertices)).index_add(0, rows, twice.repeat(3)).clamp(min=1e-30)[:, None]
