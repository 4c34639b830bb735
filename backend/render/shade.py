"""Light on surfaces, at the covered pixels alone."""

from __future__ import annotations

import torch
from torch import Tensor

from .lights import Lights

DIELECTRIC = 0.04
"""What a surface that is no metal mirrors of light that comes from straight ahead."""
SMOOTHEST = 0.15
"""Least roughness of a highlight: a narrower one falls between the middles of pixels."""


def lambert(albedo: Tensor, normals: Tensor, lights: Lights, view: Tensor) -> Tensor:
    """Matt surfaces: albedo * (ambient + sum of the lights' colours * max(normal . direction, 0)).

    Args:
        albedo: (P, 3), or anything that goes with it.
        normals: (P, 3) unit.
        view: (P,) int64 which of the lights' views each belongs to.

    Returns:
        (P, 3).
    """
    ambient, lit = _received(normals, lights, view)
    return albedo * (ambient + lit.sum(0))


def glossy(
    albedo: Tensor,
    normals: Tensor,
    lights: Lights,
    view: Tensor,
    towards: Tensor,
    roughness: Tensor,
    metallic: Tensor,
) -> Tensor:
    """Lambert with Blinn and Phong's highlight, normalised so that a rougher surface has a wider and dimmer one.

    The exponent is 2 / roughness^4 - 2, as wide as the microfacets of Blender's Principled shader; a metal has no
    matt part and tints its highlight.

    Args:
        towards: (P, 3) unit vectors from the surface to the camera.
        roughness, metallic: (P, 1), 0 to 1.
    """
    ambient, lit = _received(normals, lights, view)
    mirrored = DIELECTRIC + metallic * (albedo - DIELECTRIC)
    matt = albedo * (1 - metallic)
    exponent = 2 / roughness.clamp(SMOOTHEST, 1) ** 4 - 2
    out = ambient * (matt + mirrored)
    for light, direction in zip(lit, _rows(lights.direction, view).unbind(1), strict=True):
        half = torch.nn.functional.normalize(direction + towards, dim=-1)
        # The gradient of a power at 0 is no number.
        facing = (normals * half).sum(-1, keepdim=True).clamp(min=1e-4)
        out = out + light * (matt + mirrored * (exponent + 8) / 8 * facing**exponent)
    return out


def linear_to_srgb(colour: Tensor) -> Tensor:
    """Linear light, 0 to 1, as a screen wants it (IEC 61966-2-1); beyond, it is cut off."""
    return on_srgb_curve(colour.clamp(0, 1))


def on_srgb_curve(linear: Tensor) -> Tensor:
    """The same, going on beyond 0 and 1, so that gradients do."""
    return torch.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear.clamp(min=0.0031308) ** (1 / 2.4) - 0.055)


def srgb_to_linear(srgb: Tensor) -> Tensor:
    """The inverse of `on_srgb_curve`: below zero the straight part of the curve goes on."""
    return torch.where(srgb <= 0.04045, srgb / 12.92, ((srgb.clamp(min=0.04) + 0.055) / 1.055) ** 2.4)


def _received(normals: Tensor, lights: Lights, view: Tensor) -> tuple[Tensor, Tensor]:
    """(P, 3) or (1, 3) light from everywhere, and (L, P, 3) from each light."""
    direction, colour = _rows(lights.direction, view), _rows(lights.colour, view)
    facing = (direction * normals[:, None]).sum(-1, keepdim=True).clamp(min=0)
    return _rows(lights.ambient, view), (facing * colour).transpose(0, 1)


def _rows(values: Tensor, view: Tensor) -> Tensor:
    """Each pixel's row of its view; a single row stays one."""
    return values if len(values) == 1 else values.index_select(0, view)
