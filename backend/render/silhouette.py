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

from .antialias import find_crossings, positions
from .outlines import Outline, find_outline
from .raster import EMPTY
from .topology import Topology

CHUNK = 1 << 17
"""Pairs of an edge and a pixel looked at in one go, about; bounds the memory."""
_CONTINUED = 2
"""How many edges in a row may pass unseen between two that are seen."""


def default_blur_radius(sigma: float) -> float:
    """PyTorch3D's: where the sigmoid has fallen to 1e-4."""
    return math.log(1 / 1e-4 - 1) * sigma


@torch.no_grad()
def _boundary(projected: Tensor, ids: Tensor, topology: Topology, outline: Outline) -> tuple[Tensor, Tensor]:
    """(N,) first and (N,) last vertices, of (B, V), of the silhouette edges that border on the background."""
    crossings = find_crossings(projected, ids, topology, outline)
    bordering = ids.reshape(-1)[crossings.outer] < 0
    start, end = crossings.start[bordering], crossings.end[bordering]

    # Edges smaller than a pixel may pass between all middles: they are known by the edges that they continue.
    cells = [(at - 0.5).floor() for at in positions(projected, outline.start, outline.end)]
    unseen = (cells[0] == cells[1]).all(-1).nonzero()[:, 0]
    ends = torch.stack((outline.start[unseen], outline.end[unseen]), -1)
    many = projected.shape[0] * projected.shape[1]
    reached = torch.zeros(many, dtype=torch.bool, device=ids.device)
    reached[start] = reached[end] = True
    for _ in range(_CONTINUED):
        reached[ends[reached[ends].any(-1)]] = True
    start, end = (torch.cat(pair) for pair in zip((start, end), ends[reached[ends].all(-1)].unbind(-1), strict=True))
    once = torch.unique(start * many + end)
    return once // many, once % many


def _to_segment(a: Tensor, b: Tensor, at: Tensor) -> Tensor:
    """(N,) squared distance from points to segments, all (2, N); its gradient is exact to first order."""
    with torch.no_grad():
        run = b - a
        share = (((at - a) * run).sum(0) / run.square().sum(0).clamp(min=1e-20)).clamp(0, 1)
    # The nearest point does not move to first order when its place on the edge is held.
    return (at - torch.lerp(a, b, share)).square().sum(0)


def _middles(pixel: Tensor, height: int, width: int, like: Tensor) -> Tensor:
    """(2, N) x and y of the middles of pixels of (B, H, W)."""
    return torch.stack((pixel % width, pixel // width % height)).to(like.dtype) + 0.5


def _fragments(low: Tensor, size: Tensor) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Boxes of pixels, some boxes at a time: the number of the box, x and y of the pixel.

    Args:
        low: (2, N) x, y of each box's first pixel.
        size: (2, N) its width and height.
    """
    count = size.prod(0)
    before = count.cumsum(0) - count
    for box in torch.arange(len(count), device=low.device).split((before // CHUNK).bincount().tolist()):
        owner = torch.repeat_interleave(box, count[box])
        step = torch.arange(len(owner), device=low.device) - (before[box] - before[box[:1]]).repeat_interleave(
            count[box]
        )
        wide = size[0].index_select(0, owner)
        down = step // wide
        yield owner, low[0].index_select(0, owner) + step - down * wide, low[1].index_select(0, owner) + down


@torch.no_grad()
def _nearest(a: Tensor, b: Tensor, view: Tensor, shape: torch.Size, radius: float) -> tuple[Tensor, Tensor]:
    """Pixels within `radius` of an edge, and the nearest edge of each; both (P,).

    Args:
        a: (2, N) x and y of where the edges start.
        b: (2, N) of where they end.
        view: (N,) of each edge.
        shape: (B, H, W) of the picture.
        radius: pixels.
    """
    height, width = shape[1:]
    limit = a.new_tensor([[width], [height]])
    low = torch.ceil(torch.minimum(a, b) - radius - 0.5).clamp(min=0).minimum(limit).long()
    high = torch.floor(torch.maximum(a, b) + radius - 0.5).clamp(min=-1).minimum(limit - 1).long()
    best = torch.full((shape.numel(),), EMPTY, device=a.device)
    for edge, x, y in _fragments(low, (high - low + 1).clamp(min=0)):
        distance = _to_segment(
            a.index_select(1, edge), b.index_select(1, edge), torch.stack((x, y)).to(a.dtype) + 0.5
        )
        near = (distance <= radius * radius).nonzero()[:, 0]
        edge, x, y = (t.index_select(0, near) for t in (edge, x, y))
        key = (distance.index_select(0, near).float().view(torch.int32).long() << 32) + edge
        best.scatter_reduce_(0, (view.index_select(0, edge) * height + y) * width + x, key, "amin")
    pixel = (best != EMPTY).nonzero()[:, 0]
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
    start, end = _boundary(projected, ids, topology, find_outline(projected, topology, near))
    a, b = (at.T.contiguous() for at in positions(projected.detach(), start, end))
    pixel, edge = _nearest(a, b, start // topology.num_vertices, ids.shape, radius)
    a, b = (at.T for at in positions(projected, start[edge], end[edge]))
    distance = _to_segment(a, b, _middles(pixel, height, width, a)) * unit**2
    solid = ids.reshape(-1) >= 0
    band = torch.sigmoid(torch.where(solid[pixel], distance, -distance) / sigma)
    return solid.to(a.dtype).index_put((pixel,), band).reshape(ids.shape)
