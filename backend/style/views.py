"""Pictures of a styled body: drawn by chance for the optimisation, the same ones for every score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..render.normals import vertex_normals
from ..render.portraits import Portraits, fixed_portraits, portraits_by_chance
from ..render.renderer import Mesh, RenderOptions, Shading, render
from ..render.shade import srgb_to_linear
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
    taken: Portraits

    def __len__(self) -> int:
        return len(self.frames)

    def some(self, rows: slice) -> Shots:
        """Some of them."""
        return Shots(self.frames[rows], self.taken.views(rows))


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
    options = RenderOptions(
        lights=shots.taken.lights, background=shots.taken.backgrounds, srgb=True, cull=True, shading=shading
    )
    output = render(mesh, shots.taken.cameras, options)
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
    frames = torch.randint(len(content), (count,), generator=generator)
    frames[:views] = (torch.arange(views) + frames[0]) % len(content)
    taken = portraits_by_chance(content.vertices, rest, frames, close_ups, size, generator, content.headings)
    return Shots(frames, taken)


def fixed_shots(content: Content, size: int, azimuths: Sequence[float] = SCORED_AZIMUTHS, grounds: int = 2) -> Shots:
    """Pictures for scores and previews: a light, a field of view and grounds of their own, no chance in them.

    Args:
        grounds: 2: light and dark in turn; 1: light alone.
    """
    count = len(azimuths)
    frames = torch.arange(count) % len(content)
    azimuth = torch.tensor(azimuths) + content.headings[frames]
    light = torch.tensor([0.85, 0.35][:grounds]).repeat(count)[:count]
    return Shots(frames, fixed_portraits(content.vertices, frames, azimuth, light, size))
