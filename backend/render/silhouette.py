"""Soft silhouettes: how far each pixel lies inside or outside, through a sigmoid, within a band along the outline.

The semantics of SoftRas (Liu et al. 2019, Eq. 1) and of PyTorch3D's `SoftSilhouetteShader`, for the mesh as one
shape: each pixel counts its nearest edge of the outline against the background, and no face inside. Against
`antialias`, the gradient reaches some pixels further, and the picture is no true coverage.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from .antialias import find_crossings
from .outlines import find_outline
from .topology import Topology

CHUNK = 1 << 20
"""Pairs of an edge and a pixel looked at in one go, about; bounds the memory."""
_CONTINUED = 2
"""How many edges in a row may pass unseen between two that are seen."""
_NONE = torch.iinfo(torch.int64).max


def default_blur_radius(sigma: float) -> float:
    """PyTorch3D's: where the sigmoid has fallen to 1e-4."""
    return math.log(1 / 1e-4 - 1) * sigma


def _boundary(projected: Tensor, ids: Tensor, topology: Topology, near: float) -> tuple[Tensor, Tensor]:
    """(N,) first and (N,) last vertices, of (B, V), of the silhouette edges that border on the background."""
    outline = find_outline(projected, topology, near)
    crossings = find_crossings(projected, ids, topology, outline, near)
    bordering = ids.reshape(-1)[crossings.outer] < 0
    pairs = torch.stack((crossings.start[bordering], crossings.end[bordering]), -1)

    # Edges smaller than a pixel may pass between all middles: they are known by the edges that they continue.
    ends = torch.stack((outline.start, outline.end), -1)
    cell = (projected.reshape(-1, 3)[:, :2] - 0.5).floor()
    ends = ends[(cell[ends[:, 0]] == cell[ends[:, 1]]).all(-1)]
    reached = torch.zeros(len(cell), dtype=torch.bool, device=cell.device)
    reached[pairs] = True
    for _ in range(_CONTINUED):
        reached[ends[reached[ends].any(-1)]] = True
    pairs = torch.unique(torch.cat((pairs, ends[reached[ends].all(-1)])), dim=0)
    return pairs[:, 0], pairs[:, 1]


def _nearest_point(a: Tensor, b: Tensor, at: Tensor) -> Tensor:
    """(N,) share of the way from a to b of the segment's point nearest to `at`; all (N, 2)."""
    run = b - a
    return (((at - a) * run).sum(-1) / (run * run).sum(-1).clamp(min=1e-20)).clamp(0, 1)


def _squared(a: Tensor, b: Tensor, at: Tensor, share: Tensor) -> Tensor:
    return (at - torch.lerp(a, b, share[:, None])).square().sum(-1)


def _middles(pixel: Tensor, height: int, width: int, like: Tensor) -> Tensor:
    return torch.stack((pixel % width, pixel // width % height), -1).to(like.dtype) + 0.5


def _fragments(low: Tensor, size: Tensor, first: Tensor, width: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Boxes of pixels, some boxes at a time: the number of the box, the pixel of (B, H, W).

    Args:
        low: (N, 2) x, y of each box's first pixel.
        size: (N, 2) its width and height.
        first: (N,) the first pixel of its view.
        width: of the picture.
    """
    count = size.prod(-1)
    for box in torch.arange(len(count), device=low.device).split(
        ((count.cumsum(0) - count) // CHUNK).bincount().tolist()
    ):
        owner = torch.repeat_interleave(box, count[box])
        within = torch.arange(len(owner), device=low.device)
        within -= torch.repeat_interleave(count[box].cumsum(0) - count[box], count[box])
        x, y = low[owner, 0] + within % size[owner, 0], low[owner, 1] + within // size[owner, 0]
        yield owner, first[owner] + y * width + x


@torch.no_grad()
def _nearest(
    points: Tensor, start: Tensor, end: Tensor, view: Tensor, shape: torch.Size, radius: float
) -> tuple[Tensor, Tensor]:
    """Pixels within `radius` of an edge, and the nearest edge of each; both (P,)."""
    height, width = shape[1:]
    a, b = points[start], points[end]
    limit = points.new_tensor([width, height])
    low = torch.ceil(torch.minimum(a, b) - radius - 0.5).clamp(min=0).minimum(limit).long()
    high = torch.floor(torch.maximum(a, b) + radius - 0.5).clamp(min=-1).minimum(limit - 1).long()
    size = (high - low + 1).clamp(min=0)
    best = torch.full((shape.numel(),), _NONE, device=points.device)
    for edge, pixel in _fragments(low, size, view * (height * width), width):
        at = _middles(pixel, height, width, points)
        distance = _squared(a[edge], b[edge], at, _nearest_point(a[edge], b[edge], at))
        near = (distance <= radius * radius).nonzero()[:, 0]
        key = (distance[near].float().view(torch.int32).long() << 32) + edge[near]
        best.scatter_reduce_(0, pixel[near], key, "amin")
    pixel = (best != _NONE).nonzero()[:, 0]
    return pixel, best[pixel] & 0xFFFFFFFF


def soft_silhouette(
    projected: Tensor,
    ids: Tensor,
    topology: Topology,
    sigma: float = 1e-4,
    blur_radius: float | None = None,
    near: float = 0.01,
) -> Tensor:
    """Opacity between 0 and 1: sigmoid(-d / sigma) with d the squared distance to the outline, negative inside.

    Args:
        projected: (B, V, 3) pixel x, pixel y and depth.
        ids: (B, H, W) integers, the face at each pixel's middle, -1 where there is none.
        sigma: squared distance at which opacity is .27 or .73; the picture's shorter side is 2 long, as in PyTorch3D.
        blur_radius: squared distance beyond which opacity is 0 or 1; without one, `default_blur_radius(sigma)`.
        near: metres, as in `face_ids`.

    Returns:
        (B, H, W) in the type of `projected`, float32 at least.
    """
    height, width = ids.shape[1:]
    unit = 2 / min(height, width)
    radius = math.sqrt(default_blur_radius(sigma) if blur_radius is None else blur_radius) / unit
    points = projected if projected.dtype == torch.float64 else projected.float()
    with torch.no_grad():
        start, end = _boundary(points, ids, topology, near)
    flat = points.reshape(-1, 3)[:, :2]
    pixel, edge = _nearest(flat.detach(), start, end, start // topology.num_vertices, ids.shape, radius)
    a, b, at = flat[start[edge]], flat[end[edge]], _middles(pixel, height, width, flat)
    # The nearest point does not move to first order when its place on the edge is held.
    distance = _squared(a, b, at, _nearest_point(a.detach(), b.detach(), at)) * unit**2
    solid = ids.reshape(-1) >= 0
    band = torch.sigmoid(torch.where(solid[pixel], distance, -distance) / sigma)
    return solid.to(flat.dtype).index_put((pixel,), band).reshape(ids.shape)
