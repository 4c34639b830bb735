"""Pinhole cameras as tensors: where they stand, what they see, where a point falls in the picture.

A picture's x runs to the right and y down, in pixels from its upper left corner: the middle of the first pixel
is at (0.5, 0.5). Depth is the distance along the viewing axis, metres, positive ahead.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class Cameras:
    """B cameras in the mesh's frame: y up, metres, right-handed."""

    rotation: Tensor
    """(B, 3, 3) rows: the camera's right, up and back; it looks along minus its third row (OpenGL's convention)."""
    position: Tensor
    """(B, 3) metres."""
    fov: Tensor
    """(B,) vertical field of view, degrees."""
    height: int
    width: int
    near: float = 0.01
    """Metres; what is nearer is not drawn."""

    def __len__(self) -> int:
        return len(self.position)

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> Cameras:
        """On another device, in another precision."""
        rotation, position, fov = (t.to(device, dtype) for t in (self.rotation, self.position, self.fov))
        return replace(self, rotation=rotation, position=position, fov=fov)

    def views(self, which: slice) -> Cameras:
        """Some of them."""
        return replace(self, rotation=self.rotation[which], position=self.position[which], fov=self.fov[which])

    def view(self, vertices: Tensor) -> Tensor:
        """(B, V, 3) right, up and ahead of each camera, metres, of (V, 3) or (B, V, 3) vertices."""
        return self._planes(vertices).transpose(1, 2)

    def project(self, vertices: Tensor) -> Tensor:
        """(B, V, 3) pixel x, pixel y and depth of (V, 3) or (B, V, 3) vertices; those not ahead are meaningless."""
        right, up, ahead = self._planes(vertices).unbind(1)
        # A vertex in the camera's plane goes very far, not to infinity, where its gradient would be no number.
        safe = ahead.where(ahead.abs() > 1e-9, 1e-9)
        shrink = (self.height / 2 / torch.tan(torch.deg2rad(self.fov) / 2))[:, None] / safe
        pixels = (self.width / 2 + right * shrink, self.height / 2 - up * shrink, ahead)
        return torch.stack(pixels, 1).transpose(1, 2)

    def _planes(self, vertices: Tensor) -> Tensor:
        """(B, 3, V): `view` with one plane a coordinate, several times faster than with coordinates side by side."""
        # Half precision would move vertices by whole pixels.
        with torch.autocast(vertices.device.type, enabled=False):
            axes = self.rotation * self.rotation.new_tensor([1.0, 1.0, -1.0])[:, None]
            origin = axes @ self.position[..., None]
            points = vertices.to(axes.dtype).transpose(-1, -2).contiguous()
            if points.ndim == 3:
                return axes @ points - origin
            return (axes.flatten(0, 1) @ points).unflatten(0, (-1, 3)) - origin


def look_at(position: Tensor, target: Tensor, fov: Tensor | float, height: int, width: int) -> Cameras:
    """Cameras at `position` that look at `target`, upright.

    Args:
        position: (B, 3) metres.
        target: (3,) or (B, 3), not straight above or below the position.
        fov: (B,) or one for all, vertical, degrees.
    """
    back = torch.nn.functional.normalize(position - target, dim=-1)
    up = position.new_tensor([0.0, 1.0, 0.0]).expand_as(back)
    right = torch.nn.functional.normalize(torch.linalg.cross(up, back), dim=-1)
    rotation = torch.stack((right, torch.linalg.cross(back, right), back), 1)
    fov = torch.as_tensor(fov, dtype=position.dtype, device=position.device).expand(len(position))
    return Cameras(rotation, position, fov, height, width)


def orbit(
    azimuth: Tensor, elevation: Tensor, distance: Tensor, target: Tensor, fov: Tensor | float, height: int, width: int
) -> Cameras:
    """Cameras on a sphere around `target`.

    Args:
        azimuth: (B,) degrees; 0 stands on +z and sees the face of a body at rest, 90 stands on +x and sees its left.
        elevation: (B,) degrees above the horizon, within +-89.
        distance: (B,) metres.
        target: (3,) or (B, 3).
    """
    a, e = torch.deg2rad(azimuth), torch.deg2rad(elevation)
    direction = torch.stack((a.sin() * e.cos(), e.sin(), a.cos() * e.cos()), -1)
    return look_at(target + distance[:, None] * direction, target, fov, height, width)
