"""Two-dimensional augmentations, differentiable to the picture: perspective and crop (CLIP-Actor, appendix A.2)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Warp:
    """How pictures are changed by chance."""

    perspective: float = 0.5
    """Share of half a picture's side by which its corners move at most."""
    chance: float = 0.8
    """How often they move at all."""
    crop: float = 1.0
    """Share of the side that is kept, in a place by chance; 1 keeps all."""


GLOBAL, LOCAL, GREY = Warp(), Warp(crop=0.4), Warp(crop=0.1)
"""As the published code has them. Its crops keep that share of a side."""
MILD_GLOBAL, MILD_LOCAL, MILD_GREY = Warp(0.25), Warp(0.25, crop=0.5), Warp(0.25, crop=0.6)
"""For 128 pixels, where a tenth of the side would show a few of them."""


def warped(images: Tensor, warp: Warp, generator: torch.Generator, size: int | None = None) -> Tensor:
    """Pictures after a perspective and a crop of their own each.

    Args:
        images: (B, C, H, W); several may share one warp by being stacked as channels (a picture and its mask).
        size: pixels of a side of the result; by default as many as before.

    Returns:
        (B, C, size, size); beyond the border its last pixels go on.
    """
    count = len(images)
    size = size or images.shape[2]
    unit = torch.tensor([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
    inward = warp.perspective * torch.rand(count, 4, 2, generator=generator) * -unit.sign()
    moves = torch.rand(count, 1, 1, generator=generator) < warp.chance
    corners = unit + torch.where(moves, inward, torch.zeros_like(inward))
    middle = (1 - warp.crop) * (2 * torch.rand(count, 1, 1, 2, generator=generator) - 1)
    axis = (torch.arange(size) + 0.5) * 2 / size - 1
    plane = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), -1)
    plane = warp.crop * plane[None] + middle
    grid = _through(_homography(unit.expand(count, 4, 2), corners), plane)
    return F.grid_sample(images, grid.to(images), mode="bilinear", padding_mode="border", align_corners=False)


def _homography(start: Tensor, end: Tensor) -> Tensor:
    """(B, 3, 3) that takes four corners (B, 4, 2) to four others."""
    x, y = start.unbind(-1)
    u, v = end.unbind(-1)
    one, none = torch.ones_like(x), torch.zeros_like(x)
    first = torch.stack((x, y, one, none, none, none, -u * x, -u * y), -1)
    second = torch.stack((none, none, none, x, y, one, -v * x, -v * y), -1)
    solved = torch.linalg.solve(torch.cat((first, second), 1).double(), torch.cat((u, v), 1).double())
    return torch.cat((solved, torch.ones_like(solved[:, :1])), 1).reshape(-1, 3, 3).float()


def _through(matrix: Tensor, plane: Tensor) -> Tensor:
    """(B, H, W, 2) points after a homography."""
    points = torch.cat((plane, torch.ones_like(plane[..., :1])), -1)
    moved = torch.einsum("bij,bhwj->bhwi", matrix, points)
    return moved[..., :2] / moved[..., 2:].clamp(min=1e-4)
