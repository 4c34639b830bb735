"""Pictures of a styled body: drawn by chance for the optimisation, the same ones for every score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..encoders.guidance.views import NEAREST, UPRIGHT, one_side, srgb_to_linear
from ..render.backgrounds import mixed
from ..render.cameras import Cameras, orbit
from ..render.lights import Lights, sun
from ..render.normals import vertex_normals
from ..render.renderer import Mesh, RenderOptions, Shading, render
from ..render.topology import Topology
from .appearance import Shown
from .content import Content

SCORED_AZIMUTHS = (20.0, 75.0, 140.0, 180.0, 250.0, 340.0)
"""Degrees from ahead."""


@dataclass(frozen=True)
class Shots:
    """B pictures that are to be taken."""

    frames: Tensor
    """(B,) rows of the content."""
    cameras: Cameras
    lights: Lights
    backgrounds: Tensor
    """(B, H, W, 3) linear."""

    def __len__(self) -> int:
        return len(self.frames)

    def some(self, rows: slice) -> Shots:
        """Some of them."""
        return Shots(self.frames[rows], self.cameras.views(rows), self.lights.views(rows), self.backgrounds[rows])


@dataclass(frozen=True)
class Pictures:
    """B pictures, what of them is body, and where the regions are."""

    images: Tensor
    """(B, 3, H, W) sRGB."""
    masks: Tensor
    """(B, H, W) how much of a pixel the body fills; without gradient."""
    shares: Tensor
    """(B, R, H, W) the same of each region; R = 0 where none was asked for."""

    def to(self, images: Tensor) -> Pictures:
        """With other pictures of the same."""
        return replace(self, images=images)


def draw(
    content: Content,
    topology: Topology,
    shown: Shown,
    shots: Shots,
    regions: Sequence[Tensor] = (),
    shading: Shading = "lambert",
) -> Pictures:
    """Take pictures; differentiable to colours and displacement.

    Args:
        regions: R (V,) shares that are drawn too.
        shading: `lambert`, or `grey`: the shape alone, without its colours.
    """
    frames, where = torch.unique(shots.frames, return_inverse=True)
    moved = content.displaced(shown.displacement, frames)
    normals = vertex_normals(moved, topology.faces)
    # `moved[where]` would add its gradients in any order, and one seed would not fix the result.
    moved, normals = moved.index_select(0, where), normals.index_select(0, where)
    # Some renderers' attributes carry no gradient and need none: regions stay where they are.
    attributes = torch.stack(list(regions), -1).detach() if regions else None
    mesh = Mesh(
        moved, topology.faces, colours=srgb_to_linear(shown.colour), normals=normals,
        attributes=attributes, topology=topology,
    )  # fmt: skip
    options = RenderOptions(lights=shots.lights, background=shots.backgrounds, srgb=True, cull=True, shading=shading)
    output = render(mesh, shots.cameras, options)
    images = output.colour.permute(0, 3, 1, 2).clamp(0, 1)
    if output.attributes is None:
        shares = images.new_zeros(len(images), 0, *images.shape[2:])
    else:
        shares = output.attributes.permute(0, 3, 1, 2)
    return Pictures(images, output.alpha.detach(), shares)


def random_shots(
    content: Content,
    rest: Tensor,
    views: int,
    close_ups: Sequence[Tensor],
    size: int,
    generator: torch.Generator,
) -> Shots:
    """Whole bodies from anywhere, more often from ahead; then close-ups of regions, one for each mask.

    Views of the whole go through the frames in turn, which makes the augmentation one of space and time.

    Args:
        rest: (V, 3) the body at rest: halves of a pair are told apart by it.
        close_ups: (V,) masks of what each fills the picture with; of a pair that does not meet, one or the other.
        size: pixels of a side.
    """
    count = views + len(close_ups)

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(shape or (count,), generator=generator)

    frames = torch.randint(len(content), (count,), generator=generator)
    frames[:views] = (torch.arange(views) + frames[0]) % len(content)
    azimuth = torch.where(
        torch.arange(count) % 2 == 0, 50 * torch.randn(count, generator=generator), uniform(-180, 180)
    )  # fmt: skip
    azimuth = azimuth + content.headings[frames]
    fov = uniform(20, 45)
    masks = [None] * views + [one_side(rest, mask, generator) for mask in close_ups]
    target, reach = framed(content, frames, masks)
    room = torch.where(torch.arange(count) < views, uniform(0.88, 1.2), uniform(0.7, 1.15))
    distance = reach * room / torch.tan(torch.deg2rad(fov) / 2)
    target = target + 0.12 * reach[:, None] * uniform(-1, 1, count, 3)
    cameras = orbit(azimuth, uniform(-8, 28), distance, target, fov, size, size)
    beside = orbit(azimuth + uniform(-70, 70), uniform(10, 65), distance, target, fov, size, size)
    lights = sun(beside.rotation[:, 2], uniform(0.35, 0.75))
    flat = torch.rand(count, 1, 1, 3, generator=generator).expand(-1, size, size, -1)
    plain = torch.rand(count, generator=generator) < 0.6
    backgrounds = flat.where(plain[:, None, None, None], mixed((count, size, size), generator))
    return Shots(frames, cameras, lights, backgrounds)


def fixed_shots(content: Content, size: int, azimuths: Sequence[float] = SCORED_AZIMUTHS, grounds: int = 2) -> Shots:
    """Pictures for scores and previews: a light, a field of view and grounds of their own, no chance in them.

    Args:
        grounds: 2: light and dark in turn; 1: light alone.
    """
    count = len(azimuths)
    frames = torch.arange(count) % len(content)
    azimuth = torch.tensor(azimuths) + content.headings[frames]
    target, reach = framed(content, frames, [None] * count)
    fov = torch.full((count,), 30.0)
    distance = 1.12 * reach / torch.tan(torch.deg2rad(fov) / 2)
    cameras = orbit(azimuth, torch.full((count,), 8.0), distance, target, fov, size, size)
    beside = orbit(azimuth - 35, torch.full((count,), 40.0), torch.ones(count), target, fov, size, size)
    light = torch.tensor([0.85, 0.35][:grounds]).repeat(count)[:count]
    backgrounds = light[:, None, None, None].expand(-1, size, size, 3)
    return Shots(frames, cameras, sun(beside.rotation[:, 2], 0.5), backgrounds)


def framed(content: Content, frames: Tensor, masks: Sequence[Tensor | None]) -> tuple[Tensor, Tensor]:
    """(B, 3) the middle and (B,) half the size, metres, of the body or of a region of it, in each frame."""
    middles, reaches = [], []
    for frame, mask in zip(frames.tolist(), masks, strict=True):
        points = content.vertices[frame] if mask is None else content.vertices[frame][mask]
        low, high = points.amin(0), points.amax(0)
        middles.append((low + high) / 2)
        reaches.append(((high - low).max() * UPRIGHT).clamp(min=NEAREST))
    return torch.stack(middles), torch.stack(reaches)
