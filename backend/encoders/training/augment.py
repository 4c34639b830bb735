"""Changes of training pictures that leave their captions true: crop, tilt, light, blur, noise, fewer pixels.

They also are what a guide's own renders undergo, and noise keeps the gradient at the pixels smooth.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from ...pictures.part_map import NONE

CROP = (0.72, 1.06)
"""Share of a picture's side that is kept; above 1 a margin is added."""
CLOSE = 1.12
"""Of half of the pictures, as little as this many times the person's own box may be kept ..."""
CLOSEST = 0.3
"""... and at least this share of the side."""
TILT = 0.12
"""Radians of rotation, and shear and perspective of the same order."""
LIGHT = (0.85, 1.15)
TINT = 0.04
NOISE = 0.05


def augment(
    pictures: Tensor, parts: Tensor, flip: Tensor, near: Tensor, size: int, lots: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Changed pictures, and their maps of parts changed alike.

    Args:
        pictures: (n, S, S, 3) uint8; parts: (n, s, s) uint8.
        flip: (n,) whether a picture may be mirrored: not where left or right is spoken of.
        near: (n,) whether it may be seen from nearer: not where stature is, which shows by the place that is taken.
        size: pixels of a side of the result.

    Returns:
        (n, 3, size, size) in [0, 1], and (n, size / 2, size / 2) uint8.
    """
    where = _where(boxes(parts), flip, near, lots)
    x = pictures.permute(0, 3, 1, 2).float().div_(255)
    x = F.grid_sample(x, _grid(where, size), padding_mode="border", align_corners=False)
    cells = parts[:, None].float()
    seen = F.grid_sample(cells, _grid(where, size // 2), mode="nearest", padding_mode="border", align_corners=False)
    return _spoil(_relight(x, lots), lots), seen[:, 0].to(torch.uint8)


def resized(pictures: Tensor, size: int) -> Tensor:
    """(n, 3, size, size) in [0, 1] of (n, S, S, 3) uint8, not changed otherwise."""
    x = pictures.permute(0, 3, 1, 2).float() / 255
    return F.interpolate(x, size=size, mode="bilinear", antialias=True)


def _uniform(shape: tuple[int, ...], low: float, high: float, lots: torch.Generator) -> Tensor:
    return torch.rand(shape, generator=lots) * (high - low) + low


def boxes(parts: Tensor) -> Tensor:
    """(n, 2, 2) where a person begins and ends, across and down, from -1 to 1; all of a picture without one."""
    n, side = len(parts), parts.shape[-1]
    found = torch.empty(n, 2, 2)
    for k, axis in enumerate((1, 2)):
        there = (parts != NONE).any(axis)
        first, last = there.float().argmax(1), side - 1 - there.flip(1).float().argmax(1)
        found[:, k] = torch.stack((first, last + 1), 1) * 2 / side - 1
        found[~there.any(1), k] = torch.tensor([-1.0, 1.0])
    return found


def _where(box: Tensor, flip: Tensor, near: Tensor, lots: torch.Generator) -> Tensor:
    """(n, 3, 3) homographies from the new picture's plane to the old one's."""
    n = len(box)
    low = torch.full((n,), CROP[0])
    close = near & (torch.rand(n, generator=lots) < 0.5)
    half = (box[:, :, 1] - box[:, :, 0]).amax(1) / 2
    low[close] = (CLOSE * half[close]).clamp(CLOSEST, CROP[0])
    share = low + (CROP[1] - low) * torch.rand(n, generator=lots)
    # The crop has all of the person in it where it can; it leaves the picture only where it is larger.
    ends = torch.stack((box[:, :, 1] - share[:, None], box[:, :, 0] + share[:, None]), -1)
    middle = ends.amin(-1) + (ends.amax(-1) - ends.amin(-1)) * torch.rand((n, 2), generator=lots)
    room = (1 - share).abs()[:, None]
    middle = middle.clamp(-room, room)
    matrix = torch.eye(3).repeat(n, 1, 1)
    turn = _uniform((n,), -TILT, TILT, lots)
    mirror = torch.where(flip & (torch.rand(n, generator=lots) < 0.5), -1.0, 1.0)
    stretch = _uniform((n,), 0.92, 1.08, lots)
    matrix[:, 0, 0] = turn.cos() * share * mirror
    matrix[:, 0, 1] = -turn.sin() * share
    matrix[:, 1, 0] = turn.sin() * share * mirror
    matrix[:, 1, 1] = turn.cos() * share * stretch
    matrix[:, :2, 2] = middle
    matrix[:, 2, :2] = _uniform((n, 2), -TILT / 2, TILT / 2, lots)
    return matrix


def _grid(where: Tensor, size: int) -> Tensor:
    """(n, size, size, 2) places to read."""
    line = (torch.arange(size) + 0.5) * 2 / size - 1
    y, x = torch.meshgrid(line, line, indexing="ij")
    plane = torch.stack((x, y, torch.ones_like(x)), -1).reshape(-1, 3)
    read = plane @ where.transpose(1, 2)
    return (read[..., :2] / read[..., 2:]).reshape(len(where), size, size, 2)


def _relight(x: Tensor, lots: torch.Generator) -> Tensor:
    """Little brighter, darker, warmer: not so much that a colour's name would change."""
    n = len(x)
    gain = _uniform((n, 1, 1, 1), *LIGHT, lots) * (1 + TINT * torch.randn((n, 3, 1, 1), generator=lots))
    return (x * gain).clamp_(0, 1)


def _spoil(x: Tensor, lots: torch.Generator) -> Tensor:
    """A quarter have fewer pixels, half are noisy; the noise is of one pixel or of several."""
    n, size = len(x), x.shape[-1]
    for some in torch.randperm(n, generator=lots)[: n // 4].chunk(2):
        side = int(size * float(_uniform((), 0.35, 0.8, lots)))
        small = F.interpolate(x[some], size=side, mode="bilinear", antialias=True)
        x[some] = F.interpolate(small, size=size, mode="bilinear")
    some = torch.randperm(n, generator=lots)[: n // 2]
    grain = 2 ** int(torch.randint(0, 3, (), generator=lots))
    noise = torch.randn((len(some), 3, math.ceil(size / grain), math.ceil(size / grain)), generator=lots)
    noise = F.interpolate(noise, size=size, mode="nearest") if grain > 1 else noise
    x[some] += noise[..., :size, :size] * _uniform((len(some), 1, 1, 1), 0, NOISE * 1.5, lots)
    return x.clamp_(0, 1)
