"""Lights from far away and from everywhere, one set a view."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .cameras import Cameras

AVATARCLIP_AMBIENT = 0.2
"""Most of a white surface's light that comes from everywhere."""
AVATARCLIP_SWING = torch.pi / 4
"""Radians to either side of the camera, and above and below."""


@dataclass(frozen=True)
class Lights:
    """L directional lights and ambient light, for each of B views or (B = 1) the same for all."""

    direction: Tensor
    """(B, L, 3) unit vectors towards the light."""
    colour: Tensor
    """(B, L, 3): what a white matt surface that faces the light gives back of it."""
    ambient: Tensor
    """(B, 3): what a white matt surface gives back of light from everywhere."""

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> Lights:
        """On another device, in another precision."""
        direction, colour, ambient = (t.to(device, dtype) for t in (self.direction, self.colour, self.ambient))
        return Lights(direction, colour, ambient)

    def views(self, which: slice) -> Lights:
        """Those of some of the views."""
        if len(self.ambient) == 1:
            return self
        return Lights(self.direction[which], self.colour[which], self.ambient[which])


def headlight(cameras: Cameras, ambient: float = 0.3) -> Lights:
    """One white light at each camera: what faces it is white, what is seen from the side `ambient`."""
    return sun(cameras.rotation[:, 2], ambient)


def sun(direction: Tensor, ambient: float | Tensor = 0.3) -> Lights:
    """One white light from afar, as bright as leaves what faces it white.

    Args:
        direction: (3,) or (B, 3) towards the light, of any length.
        ambient: 0 to 1, one or (B,).
    """
    direction = torch.nn.functional.normalize(direction.reshape(-1, 1, 3), dim=-1)
    share = torch.as_tensor(ambient, dtype=direction.dtype, device=direction.device).expand(len(direction))
    share = share[:, None].repeat(1, 3)
    return Lights(direction, (1 - share)[:, None], share)


def avatarclip_lights(cameras: Cameras, generator: torch.Generator) -> Lights:
    """AvatarCLIP's random shading: ambient U(0, 0.2), the rest from one light near the camera.

    The light stands at the camera's own azimuth and elevation, each moved by U(-pi/4, pi/4).
    """
    back = cameras.rotation[:, 2]
    amount = torch.rand(3, len(cameras), generator=generator, device=generator.device).to(back)
    swing = (2 * amount[:2] - 1) * AVATARCLIP_SWING
    azimuth = torch.atan2(back[:, 0], back[:, 2]) + swing[0]
    elevation = torch.asin(back[:, 1].clamp(-1, 1)) + swing[1]
    towards = (elevation.cos() * azimuth.sin(), elevation.sin(), elevation.cos() * azimuth.cos())
    return sun(torch.stack(towards, -1), amount[2] * AVATARCLIP_AMBIENT)
