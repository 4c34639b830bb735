"""Anti-aliased silhouettes whose gradient moves vertices.

After Laine et al. 2020 (nvdiffrast), section 3.6: where a silhouette edge crosses the segment between the middles of
two adjacent pixels, the pixel that holds the crossing takes so much of its neighbour's colour as the crossing has
moved into it. They look for the edge among the three of the triangle in front, and so miss it where triangles are
smaller than pixels; here the silhouette edges themselves are drawn, into the pairs of pixels that they cross.

Two limits come with the method: at a sharp corner a pixel may still jump, and what is thinner than a pixel shows only
where it covers the middle of one. One comes with the mesh: where three faces or more meet at an edge, each
ends there, and a slope may be blended along it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from .interpolate import at_least_float32
from .outlines import Outline, find_outline
from .raster import EMPTY
from .topology import Topology


class Crossings(NamedTuple):
    """K places where a visible silhouette edge passes between the middles of two adjacent pixels."""

    inner: Tensor
    """(K,) int64 pixels of (B, H, W) on the surface's side of the edge."""
    outer: Tensor
    """(K,) int64 pixels beyond the edge, which show something further away."""
    start: Tensor
    """(K,) int64 vertices of (B, V)."""
    end: Tensor
    """(K,) int64 vertices of (B, V)."""
    share: Tensor
    """(K,) where on the edge, 0 at its start, 1 at its end."""
    reach: Tensor
    """(K,) how far the surface reaches from the inner pixel's middle to the outer one's, 0 to 1."""
    motion: Tensor
    """(K, 2) what is added to `reach` when the crossing moves by one pixel in x, in y."""


class _Picture(NamedTuple):
    """What is seen where; everything flat, views after one another."""

    points: Tensor
    """(B 3 V,): the x of a view's vertices, then their y, then their depth."""
    ids: Tensor
    """(B H W)"""
    faces: Tensor
    """(F, 3)"""
    vertices: int
    height: int
    width: int

    def corners(self, vertex: Tensor, view: Tensor) -> list[Tensor]:
        """x, y and depth of vertices of (B, V)."""
        first = vertex + view * (2 * self.vertices)
        return [self.points.index_select(0, first + k * self.vertices) for k in range(3)]


def _nearness(pixel: Tensor, ids: Tensor, picture: _Picture) -> Tensor:
    """(K,) 1 / depth of the plane of face `ids` at the middle of each pixel; 0 where there is no face."""
    view = (pixel // (picture.height * picture.width)).expand(3, -1).reshape(-1)
    face = picture.faces.index_select(0, ids.clamp(min=0)).T.reshape(-1)
    x, y, depth = (t.reshape(3, -1) for t in picture.corners(face + view * picture.vertices, view))
    x, y = x - (pixel % picture.width + 0.5), y - (pixel // picture.width % picture.height + 0.5)
    weight = x.roll(-1, 0) * y.roll(-2, 0) - x.roll(-2, 0) * y.roll(-1, 0)
    return torch.where(ids >= 0, (weight / depth).sum(0) / weight.sum(0), 0.0)


def _winners(pair: Tensor, reach: Tensor, size: int) -> Tensor:
    """Of the edges that cross the same pair of pixels, the one furthest out: where the further surface begins."""
    key = (1 - reach).clamp(min=0).float().view(torch.int32).long() << 32
    key += torch.arange(len(key), device=key.device)
    least = torch.full((size,), EMPTY, device=key.device).scatter_reduce_(0, pair, key, "amin")
    return (least.index_select(0, pair) == key).nonzero()[:, 0]


class _Candidates(NamedTuple):
    """Places where any silhouette edge, hidden or not, passes between the middles of two adjacent pixels."""

    edge: Tensor
    """(N,) of the outline."""
    pair: Tensor
    """(N,) pixel of (B, H, W), the left or upper one of the two."""
    inner: Tensor
    outer: Tensor
    share: Tensor
    reach: Tensor
    motion: Tensor
    """As in `Crossings`."""
    nearness: Tensor
    """(N,) 1 / depth of the edge there."""
    steep: Tensor
    """(N,) whether the edge runs rather across the pairs than along them; of the two axes one is so, never both."""


def _candidates(picture: _Picture, outline: Outline, axis: int) -> _Candidates:
    """The edges drawn into pairs of pixels side by side (axis 0) or one above the other (axis 1)."""
    lines, length = (picture.height, picture.width) if axis == 0 else (picture.width, picture.height)
    a, b = picture.corners(outline.start, outline.view), picture.corners(outline.end, outline.view)
    # Half-open, so that a line through the vertex between two edges crosses one of them.
    rows = [torch.ceil(t[1 - axis] - 0.5).clamp(0, lines) for t in (a, b)]
    first, count = torch.minimum(*rows).long(), (rows[1] - rows[0]).abs().long()
    edge = torch.repeat_interleave(count)
    line = torch.arange(len(edge), device=edge.device) + (first - (count.cumsum(0) - count)).index_select(0, edge)
    a, b = ([t.index_select(0, edge) for t in end] for end in (a, b))
    share = ((line + 0.5 - a[1 - axis]) / (b[1 - axis] - a[1 - axis])).clamp(0, 1)
    place = torch.lerp(a[axis], b[axis], share) - 0.5
    inside = ((place >= 0) & (place < length - 1)).nonzero()[:, 0]

    edge, line, share, place = (t.index_select(0, inside) for t in (edge, line, share, place))
    a, b = ([t.index_select(0, inside) for t in end] for end in (a, b))
    before = place.floor()
    place = place - before
    run = [b[0] - a[0], b[1] - a[1]]
    slope = run[axis] / run[1 - axis]
    across, along = (1, picture.width) if axis == 0 else (picture.width, 1)
    view = outline.view.index_select(0, edge)
    pair = view * (picture.height * picture.width) + before.long() * across + line * along
    # On the right of one who goes down is the left pixel; of one who goes to the right, the lower one.
    ahead = (run[1 - axis] > 0) == (axis == 0)
    sign = torch.where(ahead, 1.0, -1.0).to(place.dtype)
    return _Candidates(
        edge,
        pair,
        inner=torch.where(ahead, pair, pair + across),
        outer=torch.where(ahead, pair + across, pair),
        share=share,
        reach=torch.where(ahead, place, 1 - place),
        motion=torch.stack((sign, -sign * slope) if axis == 0 else (-sign * slope, sign), -1),
        nearness=torch.lerp(1 / a[2], 1 / b[2], share),
        steep=(run[1].abs() >= run[0].abs()) == (axis == 0),
    )


def _crossings(picture: _Picture, outline: Outline, axis: int) -> Crossings:
    """The visible ones of the candidates, one a pair; upright edges between pixels side by side, others above."""
    found = _candidates(picture, outline, axis)
    inner, outer = (picture.ids.index_select(0, pixel).long() for pixel in (found.inner, found.outer))
    kept = (inner != outer).nonzero()[:, 0]
    beyond = _nearness(found.outer[kept], outer[kept], picture)
    surface = _nearness(found.inner[kept], inner[kept], picture)
    kept = kept[(found.nearness[kept] > beyond) & (surface > beyond)]
    kept = kept[_winners(found.pair[kept], found.reach[kept], len(picture.ids))]
    # Only now: an edge that belongs to the other axis still hides those behind it.
    kept = kept[found.steep[kept]]
    edge = found.edge[kept]
    ends = outline.start[edge], outline.end[edge]
    return Crossings(
        found.inner[kept], found.outer[kept], *ends, found.share[kept], found.reach[kept], found.motion[kept]
    )


@torch.no_grad()
def find_crossings(
    projected: Tensor, ids: Tensor, topology: Topology, outline: Outline | None = None, near: float = 0.01
) -> Crossings:
    """Where visible silhouette edges pass between pixels: against the background, and one surface against another.

    Args:
        projected: (B, V, 3) pixel x, pixel y and depth.
        ids: (B, H, W) integers, the face at each pixel's middle, -1 where there is none.
        outline: of `find_outline` for the same vertices, if it is there already.
        near: metres, as in `face_ids`.
    """
    outline = find_outline(projected, topology, near) if outline is None else outline
    points = at_least_float32(projected.detach()).transpose(1, 2).reshape(-1)
    height, width = ids.shape[1:]
    picture = _Picture(points, ids.reshape(-1), topology.faces, projected.shape[1], height, width)
    beside, above = (_crossings(picture, outline, axis) for axis in (0, 1))
    return Crossings(*(torch.cat(pair) for pair in zip(beside, above, strict=True)))


def positions(projected: Tensor, *vertices: Tensor) -> list[Tensor]:
    """(K, 2) pixel x and y, for each (K,) vertices of (B, V); float32 at least."""
    count, vertex = projected.shape[1], torch.cat(vertices)
    rows = vertex + torch.div(vertex, count, rounding_mode="floor") * (2 * count)
    # Not by an index into two dimensions: the sum of its gradients depends on the threads.
    at = projected.transpose(1, 2).reshape(-1).index_select(0, torch.cat((rows, rows + count))).reshape(2, -1).t()
    return list(at_least_float32(at).split([len(v) for v in vertices]))


def reaches(projected: Tensor, crossings: Crossings) -> Tensor:
    """(K,) `Crossings.reach` with its gradient to the vertices of the edges (of first order)."""
    a, b = positions(projected, crossings.start, crossings.end)
    moved = ((a + crossings.share[:, None] * (b - a)) * crossings.motion).sum(-1)
    return crossings.reach + (moved - moved.detach())


def antialias(image: Tensor, projected: Tensor, crossings: Crossings) -> Tensor:
    """The image with its silhouettes blended, differentiable to its colours and to the vertices.

    A pixel's weights sum to one at most, so its colour stays between its own and its neighbours'.

    Args:
        image: (B, H, W, C) or (B, H, W), one value per pixel's middle.
        projected: (B, V, 3) pixel x, pixel y and depth, those that `crossings` were found for.

    Returns:
        The shape and type of `image`; computed in float32 at least.
    """
    values = at_least_float32(image.reshape(image.shape[:3].numel(), image.shape[3:].numel()))
    covered = (reaches(projected, crossings) - 0.5).to(values.dtype)
    outwards = covered > 0
    target = torch.where(outwards, crossings.outer, crossings.inner)
    source = torch.where(outwards, crossings.inner, crossings.outer)
    share = covered.abs()
    total = torch.zeros_like(values[:, 0]).index_add(0, target, share)
    share = share / total.index_select(0, target).clamp(min=1)
    blended: Tensor = _Shift.apply(values, source, target, share)  # pyright: ignore[reportAssignmentType]
    return blended.reshape(image.shape).to(image.dtype)


class _Shift(torch.autograd.Function):
    """(N, C) values, of which the rows `target` have moved by a (K,) share towards the rows `source`.

    The backward pass is written out because torch's own fills and adds three more pictures.
    """

    @staticmethod
    def forward(ctx: Any, values: Tensor, source: Tensor, target: Tensor, share: Tensor) -> Tensor:
        way = values.index_select(0, source) - values.index_select(0, target)
        ctx.save_for_backward(source, target, share, way)
        return values.index_add(0, target, share[:, None] * way)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, None, None, Tensor | None]:
        source, target, share, way = ctx.saved_tensors
        (gradient,) = gradients
        taken = gradient.index_select(0, target)
        of_values = of_share = None
        if ctx.needs_input_grad[0]:
            given = share[:, None] * taken
            of_values = gradient.index_add(0, torch.cat((source, target)), torch.cat((given, -given)))
        if ctx.needs_input_grad[3]:
            of_share = (taken * way).sum(-1)
        return of_values, None, None, of_share
