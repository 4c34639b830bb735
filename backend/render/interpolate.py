"""From faces in pixels to values in pixels, with gradients to the vertices and to what they carry.

Which face a pixel shows is settled (`raster.face_ids`); here its perspective-correct barycentric coordinates are
taken again from the projected vertices, now with a gradient. Only covered pixels are computed. The backward passes
are written out, each with one sum over rows, which torch adds in a fixed order on a processor: gradients are the
same to the last bit from run to run. On a GPU that takes `torch.use_deterministic_algorithms(True)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ..protocol import InvalidInput


@dataclass(frozen=True)
class Seen:
    """The P pixels that faces cover, in order of view, row and column."""

    pixel: Tensor
    """(P,) int64 place in the flattened (B, H, W) pictures."""
    view: Tensor
    """(P,) int64."""
    face: Tensor
    """(P,) int64."""
    corners: Tensor
    """(3, P) int64 vertices of the face."""
    weights: Tensor
    """(3, P) perspective-correct barycentric coordinates of the pixel's middle; their sum is 1."""
    depth: Tensor
    """(P,) metres."""
    shape: tuple[int, int, int]
    """B, H and W."""

    def image(self, values: Tensor, fill: Tensor | float = 0.0) -> Tensor:
        """(B, H, W, C) pictures of (P, C) values, or (B, H, W) of (P,).

        Args:
            fill: what uncovered pixels show; a picture of that shape, or one value.
        """
        shape = (*self.shape, *values.shape[1:])
        ground = fill if isinstance(fill, Tensor) else values.new_tensor(fill)
        ground = ground.to(values.device, values.dtype).expand(shape)
        return ground.reshape(-1, *values.shape[1:]).index_copy(0, self.pixel, values).reshape(shape)


def look(projected: Tensor, faces: Tensor, ids: Tensor) -> Seen:
    """Barycentric coordinates and depth at the covered pixels.

    Args:
        projected: (B, V, 3) pixel x, pixel y and depth; float64 is kept, anything shorter is computed in float32.
        faces: (F, 3).
        ids: (B, H, W) of `raster.face_ids`; -1 where there is no face.
    """
    views, height, width = ids.shape
    flat = ids.reshape(-1)
    pixel = (flat >= 0).nonzero()[:, 0]
    face = flat.index_select(0, pixel).long()
    view = torch.div(pixel, height * width, rounding_mode="floor")
    row = torch.div(pixel, width, rounding_mode="floor")
    x, y = pixel - row * width, row - view * height
    corners = _corners(faces, face)
    planes = at_least_float32(projected).transpose(1, 2)
    middle = torch.stack((x, y)).to(planes.dtype) + 0.5
    rows = corners + view * (3 * planes.shape[2])
    weights, depth = _Weights.apply(planes, rows, middle)  # pyright: ignore[reportGeneralTypeIssues]
    return Seen(pixel, view, face, corners, weights, depth, (views, height, width))


def interpolate(attributes: Tensor, seen: Seen, indices: Tensor | None = None) -> Tensor:
    """Values at the covered pixels.

    Args:
        attributes: (N, C) of vertices, the same in all views, or (B, N, C); in any floating type.
        indices: (F, 3) rows of `attributes` at each face's corners; by default its vertices. Texture coordinates
            with seams have their own.

    Returns:
        (P, C) in the type of `attributes`.

    Raises:
        InvalidInput: `attributes` has another shape.
    """
    if attributes.ndim not in (2, 3) or (attributes.ndim == 3 and len(attributes) != seen.shape[0]):
        raise InvalidInput(
            f"Attributes of shape {tuple(attributes.shape)} do not belong to {seen.shape[0]} views.",
            "Give (vertices, channels) or (views, vertices, channels).",
        )
    rows = seen.corners if indices is None else _corners(indices, seen.face)
    if attributes.ndim == 3:
        rows = rows + seen.view * attributes.shape[1]
    return blend(attributes.flatten(0, -2), rows, seen.weights)


def blend(values: Tensor, rows: Tensor, weights: Tensor) -> Tensor:
    """(P, C) sums of K rows of (N, C) values, by (K, P) row numbers and weights."""
    return _Blend.apply(values, rows, weights)  # pyright: ignore[reportReturnType]


def sample(texture: Tensor, uv: Tensor) -> Tensor:
    """Bilinear look-up in a texture, whose border goes on beyond 0 to 1.

    Args:
        texture: (h, w, C), first row on top.
        uv: (P, 2); (0, 0) is the lower left corner of the texture and (1, 1) the upper right.

    Returns:
        (P, C) in the type of `texture`, differentiable in both.
    """
    height, width = texture.shape[:2]
    uv = at_least_float32(uv)
    x, y = uv[:, 0] * width - 0.5, (1 - uv[:, 1]) * height - 0.5
    left, top = x.detach().floor(), y.detach().floor()
    right, down = x - left, y - top
    columns, lines = (torch.stack((first, first + 1)).long() for first in (left, top))
    columns, lines = columns.clamp(0, width - 1), lines.clamp(0, height - 1)
    rows = (lines[:, None] * width + columns[None]).flatten(0, 1)
    across, along = torch.stack((1 - right, right)), torch.stack((1 - down, down))
    return blend(texture.flatten(0, 1), rows, (along[:, None] * across[None]).flatten(0, 1))


def at_least_float32(values: Tensor) -> Tensor:
    """float64 as it is, half precision as float32: positions do not survive in 8 bits."""
    return values if values.dtype == torch.float64 else values.float()


def _corners(faces: Tensor, face: Tensor) -> Tensor:
    """(3, P) rows of (F, 3) at P faces."""
    return faces.index_select(0, face).t().contiguous().long()


class _Weights(torch.autograd.Function):
    """Barycentric coordinates and depth of pixels' middles in the projected triangles around them.

    With e = x cross y of the corners as seen from the middle: u = e / z, weights = u / sum(u), depth = weights . z.
    """

    @staticmethod
    def forward(ctx: Any, planes: Tensor, rows: Tensor, middle: Tensor) -> tuple[Tensor, Tensor]:
        flat, step = planes.reshape(-1), planes.shape[2]
        x, y, z = (flat.index_select(0, (rows + k * step).reshape(-1)).reshape(rows.shape) for k in range(3))
        x, y = x - middle[0], y - middle[1]
        u = torch.linalg.cross(x, y, dim=0).div_(z)
        total = u.sum(0)
        weights = u / total
        ctx.save_for_backward(rows, x, y, z, weights, total)
        ctx.shape = planes.shape
        return weights, (weights * z).sum(0)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        rows, x, y, z, weights, total = ctx.saved_tensors
        of_weights, of_depth = gradients
        of_weights = of_weights + of_depth * z
        of_e = (of_weights - (of_weights * weights).sum(0)).div_(total).div_(z)
        of_z = of_depth * weights - of_e * weights * total
        of_x, of_y = torch.linalg.cross(y, of_e, dim=0), torch.linalg.cross(of_e, x, dim=0)
        out, step = x.new_zeros(ctx.shape).reshape(-1), ctx.shape[2]
        for k, gradient in enumerate((of_x, of_y, of_z)):
            out.index_add_(0, (rows + k * step).reshape(-1), gradient.reshape(-1))
        return out.reshape(ctx.shape), None, None


class _Blend(torch.autograd.Function):
    """Weighted sums of rows; computed in the weights' type, given in the values' own."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, rows: Tensor, weights: Tensor) -> Tensor:
        taken = values.index_select(0, rows.reshape(-1)).reshape(*rows.shape, values.shape[-1])
        out = weights[0, :, None] * taken[0]
        for weight, value in zip(weights[1:], taken[1:], strict=True):
            out.addcmul_(weight[:, None], value.to(out.dtype))
        ctx.save_for_backward(rows, weights, taken if ctx.needs_input_grad[2] else None)
        ctx.values = (values.shape, values.dtype)
        return out.to(values.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, None, Tensor | None]:
        rows, weights, taken = ctx.saved_tensors
        shape, dtype = ctx.values
        gradient = gradients[0].to(weights.dtype)
        of_values = of_weights = None
        if ctx.needs_input_grad[0]:
            spread = (weights[..., None] * gradient).reshape(-1, shape[-1])
            of_values = spread.new_zeros(shape).index_add_(0, rows.reshape(-1), spread).to(dtype)
        if ctx.needs_input_grad[2]:
            of_weights = (taken * gradient).sum(-1)
        return of_values, None, of_weights
