"""Pictures of the coloured body: by chance for the optimisation, the same ones for every score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ...render.backgrounds import mixed
from ...render.cameras import Cameras, orbit
from ...render.lights import Lights, sun
from ...render.renderer import Mesh, RenderOptions, render
from .body import GuidanceBody, Posed

UPRIGHT = 0.52
"""Half of the height that a camera of the whole body is set for, as a share of the body's box."""
NEAREST = 0.28
"""The same of a close-up at least, metres: a foot is seen with its shin, as in pictures that encoders learn from."""
MEET = 0.02
"""Metres from the middle plane within which a region's halves meet."""
SCORED_AZIMUTHS = (0.0, 35.0, 75.0, 140.0, 180.0, 230.0, 290.0, 330.0)
"""Degrees."""


@dataclass(frozen=True)
class Shots:
    """B pictures that are to be taken."""

    posed: Posed
    frames: Tensor
    """(B,) of which frame."""
    cameras: Cameras
    lights: Lights
    backgrounds: Tensor
    """(B, H, W, 3) linear."""


@dataclass(frozen=True)
class Pictures:
    """B pictures, and where the regions are in them."""

    images: Tensor
    """(B, 3, H, W) sRGB."""
    shares: Tensor
    """(B, R, H, W) how much of a pixel each region fills; R = 0 where none was asked for."""


def srgb_to_linear(srgb: Tensor) -> Tensor:
    """Linear light of sRGB values; below zero the straight part of the curve goes on."""
    return torch.where(srgb <= 0.04045, srgb / 12.92, ((srgb.clamp(min=0.04) + 0.055) / 1.055) ** 2.4)


def draw(body: GuidanceBody, colours: Tensor, shots: Shots, regions: Sequence[Tensor] = ()) -> Pictures:
    """Take pictures of the body.

    Args:
        colours: (V, 3) sRGB; the pictures are differentiable to them.
        regions: R masks (V,) to be drawn too.
    """
    attributes = torch.stack([mask.float() for mask in regions], -1) if regions else None
    mesh = Mesh(
        shots.posed.vertices[shots.frames],
        body.topology.faces,
        colours=srgb_to_linear(colours),
        normals=shots.posed.normals[shots.frames],
        attributes=attributes,
        topology=body.topology,
    )
    options = RenderOptions(lights=shots.lights, background=shots.backgrounds, srgb=True, cull=True)
    output = render(mesh, shots.cameras, options)
    images = output.colour.permute(0, 3, 1, 2).clamp(0, 1)
    if output.attributes is None:
        return Pictures(images, images.new_zeros(len(images), 0, *images.shape[2:]))
    return Pictures(images, output.attributes.permute(0, 3, 1, 2))


def random_shots(
    body: GuidanceBody, views: int, close_ups: Sequence[Tensor], size: int, generator: torch.Generator
) -> Shots:
    """Whole bodies from anywhere, more often from the front; then close-ups of regions, one for each mask.

    Args:
        close_ups: (V,) masks of what each fills the picture with; of a pair that does not meet, one or the other.
        size: pixels of a side.
    """
    count = views + len(close_ups)

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(shape or (count,), generator=generator)

    frames = torch.randint(len(body.seen), (count,), generator=generator)
    azimuth = torch.where(
        torch.arange(count) % 2 == 0, 50 * torch.randn(count, generator=generator), uniform(-180, 180)
    )  # fmt: skip
    fov = uniform(20, 45)
    target, reach = _framed(
        body.seen, frames, [None] * views + [one_side(body.rest, mask, generator) for mask in close_ups]
    )
    room = torch.where(torch.arange(count) < views, uniform(0.88, 1.2), uniform(0.7, 1.15))
    distance = reach * room / torch.tan(torch.deg2rad(fov) / 2)
    target = target + 0.12 * reach[:, None] * uniform(-1, 1, count, 3)
    cameras = orbit(azimuth, uniform(-8, 28), distance, target, fov, size, size)
    beside = orbit(azimuth + uniform(-70, 70), uniform(10, 65), distance, target, fov, size, size)
    lights = sun(beside.rotation[:, 2], uniform(0.35, 0.75))
    flat = torch.rand(count, 1, 1, 3, generator=generator).expand(-1, size, size, -1)
    plain = torch.rand(count, generator=generator) < 0.6
    backgrounds = flat.where(plain[:, None, None, None], mixed((count, size, size), generator))
    return Shots(body.seen, frames, cameras, lights, backgrounds)


def scored_shots(body: GuidanceBody, size: int) -> Shots:
    """The pictures by which everything is judged: frames, a field of view, a light and grounds of their own."""
    count = len(SCORED_AZIMUTHS)
    azimuth = torch.tensor(SCORED_AZIMUTHS)
    frames = torch.arange(count) % len(body.unseen)
    target, reach = _framed(body.unseen, frames, [None] * count)
    fov = torch.full((count,), 30.0)
    cameras = orbit(
        azimuth, torch.full((count,), 8.0), 1.12 * reach / torch.tan(torch.deg2rad(fov) / 2), target, fov, size, size
    )
    beside = orbit(azimuth - 35, torch.full((count,), 40.0), torch.ones(count), target, fov, size, size)
    grey = torch.where(torch.arange(count) % 2 == 0, 0.9, 0.35)
    backgrounds = grey[:, None, None, None].expand(-1, size, size, 3)
    return Shots(body.unseen, frames, cameras, sun(beside.rotation[:, 2], 0.5), backgrounds)


def one_side(rest: Tensor, mask: Tensor, generator: torch.Generator) -> Tensor:
    """(V,) the left or the right half of a pair, such as feet; the region itself where its halves meet."""
    across = rest[:, 0]
    left = bool(torch.rand((), generator=generator) < 0.5)
    if bool((across[mask].abs() < MEET).any()):
        return mask
    return mask & ((across > 0) == left)


def _framed(posed: Posed, frames: Tensor, masks: Sequence[Tensor | None]) -> tuple[Tensor, Tensor]:
    """(B, 3) the middle and (B,) half the size, metres, of the body or of a region of it, in each frame."""
    middles, reaches = [], []
    for frame, mask in zip(frames.tolist(), masks, strict=True):
        points = posed.vertices[frame] if mask is None else posed.vertices[frame][mask]
        low, high = points.amin(0), points.amax(0)
        middles.append((low + high) / 2)
        reaches.append(((high - low).max() * UPRIGHT).clamp(min=NEAREST))
    return torch.stack(middles), torch.stack(reaches)
