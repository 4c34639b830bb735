"""Pictures of the coloured body: by chance for the optimisation, the same ones for every score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ...render.portraits import Portraits, fixed_portraits, portraits_by_chance
from ...render.renderer import Mesh, RenderOptions, render
from ...render.shade import srgb_to_linear
from .body import GuidanceBody, Posed

SCORED_AZIMUTHS = (0.0, 35.0, 75.0, 140.0, 180.0, 230.0, 290.0, 330.0)
"""Degrees."""


@dataclass(frozen=True)
class Shots:
    """B pictures that are to be taken."""

    posed: Posed
    frames: Tensor
    """(B,) of which frame."""
    taken: Portraits


@dataclass(frozen=True)
class Pictures:
    """B pictures, and where the regions are in them."""

    images: Tensor
    """(B, 3, H, W) sRGB."""
    shares: Tensor
    """(B, R, H, W) how much of a pixel each region fills; R = 0 where none was asked for."""


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
    options = RenderOptions(lights=shots.taken.lights, background=shots.taken.backgrounds, srgb=True, cull=True)
    output = render(mesh, shots.taken.cameras, options)
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
    frames = torch.randint(len(body.seen), (views + len(close_ups),), generator=generator)
    taken = portraits_by_chance(body.seen.vertices, body.rest, frames, close_ups, size, generator)
    return Shots(body.seen, frames, taken)


def scored_shots(body: GuidanceBody, size: int) -> Shots:
    """The pictures by which everything is judged: frames, a field of view, a light and grounds of their own."""
    azimuth = torch.tensor(SCORED_AZIMUTHS)
    frames = torch.arange(len(azimuth)) % len(body.unseen)
    grounds = torch.where(torch.arange(len(azimuth)) % 2 == 0, 0.9, 0.35)
    taken = fixed_portraits(body.unseen.vertices, frames, azimuth, grounds, size)
    return Shots(body.unseen, frames, taken)
