"""Cameras, lights and grounds for pictures of a body that an encoder is asked of: by chance, or always the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .backgrounds import mixed
from .cameras import Cameras, orbit
from .lights import Lights, sun

UPRIGHT = 0.52
"""Half of the height that a camera of the whole body is set for, as a share of the body's box."""
NEAREST = 0.28
"""The same of a close-up at least, metres: a foot is seen with its shin, as in pictures that encoders learn from."""
MEET = 0.02
"""Metres from the middle plane within which a region's halves meet."""


@dataclass(frozen=True)
class Portraits:
    """How B pictures are taken."""

    cameras: Cameras
    lights: Lights
    backgrounds: Tensor
    """(B, H, W, 3) linear."""

    def views(self, rows: slice) -> Portraits:
        """Some of them."""
        return Portraits(self.cameras.views(rows), self.lights.views(rows), self.backgrounds[rows])


def portraits_by_chance(
    vertices: Tensor,
    rest: Tensor,
    frames: Tensor,
    close_ups: Sequence[Tensor],
    size: int,
    generator: torch.Generator,
    headings: Tensor | None = None,
) -> Portraits:
    """Whole bodies from anywhere, more often from ahead; then close-ups of regions, one for each mask.

    Args:
        vertices: (F, V, 3) metres, the body in its frames.
        rest: (V, 3) the body at rest: halves of a pair are told apart by it.
        frames: (B,) rows of `vertices`; those of the close-ups last.
        close_ups: (V,) masks of what each fills the picture with; of a pair that does not meet, one or the other.
        size: pixels of a side.
        headings: (F,) degrees that the body is turned by from looking along +z; none: it looks there.
    """
    count = len(frames)
    views = count - len(close_ups)

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(shape or (count,), generator=generator)

    azimuth = torch.where(
        torch.arange(count) % 2 == 0, 50 * torch.randn(count, generator=generator), uniform(-180, 180)
    )  # fmt: skip
    if headings is not None:
        azimuth = azimuth + headings[frames]
    fov = uniform(20, 45)
    masks = [None] * views + [one_side(rest, mask, generator) for mask in close_ups]
    target, reach = framed(vertices, frames, masks)
    room = torch.where(torch.arange(count) < views, uniform(0.88, 1.2), uniform(0.7, 1.15))
    distance = reach * room / torch.tan(torch.deg2rad(fov) / 2)
    target = target + 0.12 * reach[:, None] * uniform(-1, 1, count, 3)
    cameras = orbit(azimuth, uniform(-8, 28), distance, target, fov, size, size)
    beside = orbit(azimuth + uniform(-70, 70), uniform(10, 65), distance, target, fov, size, size)
    lights = sun(beside.rotation[:, 2], uniform(0.35, 0.75))
    flat = torch.rand(count, 1, 1, 3, generator=generator).expand(-1, size, size, -1)
    plain = torch.rand(count, generator=generator) < 0.6
    return Portraits(
        cameras, lights, flat.where(plain[:, None, None, None], mixed((count, size, size), generator))
    )  # fmt: skip


def fixed_portraits(vertices: Tensor, frames: Tensor, azimuth: Tensor, ground: Tensor, size: int) -> Portraits:
    """Pictures for scores and previews: one light and field of view, no chance in them.

    Args:
        vertices: (F, V, 3) metres; frames: (B,) rows of it.
        azimuth: (B,) degrees; ground: (B,) linear brightness of each background.
    """
    count = len(frames)
    target, reach = framed(vertices, frames, [None] * count)
    fov = torch.full((count,), 30.0)
    distance = 1.12 * reach / torch.tan(torch.deg2rad(fov) / 2)
    cameras = orbit(azimuth, torch.full((count,), 8.0), distance, target, fov, size, size)
    beside = orbit(azimuth - 35, torch.full((count,), 40.0), torch.ones(count), target, fov, size, size)
    backgrounds = ground[:, None, None, None].expand(-1, size, size, 3)
    return Portraits(cameras, sun(beside.rotation[:, 2], 0.5), backgrounds)


def one_side(rest: Tensor, mask: Tensor, generator: torch.Generator) -> Tensor:
    """(V,) the left or the right half of a pair, such as feet; the region itself where its halves meet."""
    across = rest[:, 0]
    left = bool(torch.rand((), generator=generator) < 0.5)
    if bool((across[mask].abs() < MEET).any()):
        return mask
    return mask & ((across > 0) == left)


def framed(vertices: Tensor, frames: Tensor, masks: Sequence[Tensor | None]) -> tuple[Tensor, Tensor]:
    """(B, 3) the middle and (B,) half the size, metres, of the body or of a region of it, in each frame."""
    middles, reaches = [], []
    for frame, mask in zip(frames.tolist(), masks, strict=True):
        points = vertices[frame] if mask is None else vertices[frame][mask]
        low, high = points.amin(0), points.amax(0)
        middles.append((low + high) / 2)
        reaches.append(((high - low).max() * UPRIGHT).clamp(min=NEAREST))
    return torch.stack(middles), torch.stack(reaches)


def perturbed(images: Tensor, generator: torch.Generator, grain: float = 0.03, coarsest: float = 2.0) -> Tensor:
    """The same with grain, every second one blurred by some amount: what shows at one size alone does not count.

    Args:
        images: (B, 3, H, W) sRGB.
        grain: standard deviation of the noise.
        coarsest: by how much those are blurred at most.
    """
    coarse = 1 + (coarsest - 1) * float(torch.rand((), generator=generator))
    small = F.interpolate(images[::2], scale_factor=1 / coarse, mode="bilinear", antialias=True)
    blurred = images.clone()
    blurred[::2] = F.interpolate(small, size=images.shape[2:], mode="bilinear", align_corners=False)
    noise = torch.randn(images.shape, generator=generator)
    return (blurred + grain * noise.to(images)).clamp(0, 1)
