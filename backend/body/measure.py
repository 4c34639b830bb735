"""Measurements of a body in its rest pose."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

import torch
from torch import Tensor

from .girths import find_girths
from .model import BodyModel

DENSITY = 997.0
"""kg/m3: the middle of the 985-1010 that living people have with half-full lungs."""


@dataclass(frozen=True)
class Measurements:
    """What a tape measure and a water tank would say."""

    height_m: float
    """Lowest to highest vertex, of the rest pose (feet may point down a little)."""
    volume_l: float
    """Inside of the surface, litres."""
    weight_kg: float
    """An estimate: the volume at `DENSITY`."""
    leg_m: float | None
    """Hip to knee to ankle, mean of both sides; none where the body has no such joints."""

    girths_m: dict[str, float] = field(default_factory=dict)
    """Chest, waist, hips ...: around, metres (see `girths.PLACES`)."""

    def to_json(self) -> dict[str, float | dict[str, float] | None]:
        """Rounded to a millimetre, a centilitre and ten grams."""
        digits = {"height_m": 3, "volume_l": 2, "weight_kg": 2, "leg_m": 3}
        given = asdict(self)
        girths = {name: round(value, 3) for name, value in given.pop("girths_m").items()}
        return {k: None if v is None else round(v, digits[k]) for k, v in given.items()} | {"girths_m": girths}


def height(vertices: Tensor) -> Tensor:
    """(...) metres from the lowest to the highest of (..., V, 3) vertices, y up."""
    return vertices[..., 1].amax(-1) - vertices[..., 1].amin(-1)


def volume(vertices: Tensor, faces: Tensor) -> Tensor:
    """(...) litres inside a surface: the sum of signed tetrahedra (divergence theorem).

    Args:
        vertices: (..., V, 3) metres.
        faces: (F, 3), counter-clockwise from outside. Small holes, as at the eyes, cost little: the origin of the
            tetrahedra is the middle of the body.
    """
    centred = (vertices - vertices.mean(-2, keepdim=True)).double()
    a, b, c = (centred[..., faces[:, i], :] for i in range(3))
    return (a * torch.linalg.cross(b, c)).sum((-1, -2)) / 6 * 1000


def leg_length(joints: Tensor, joint_names: tuple[str, ...]) -> Tensor | None:
    """(...) metres from hip to knee to ankle, mean of both sides, of (..., J, 3) joints."""
    needed = [[f"{side}_{j}" for j in ("hip", "knee", "ankle")] for side in ("left", "right")]
    if not all(n in joint_names for side in needed for n in side):
        return None
    chains = torch.stack([joints[..., [joint_names.index(n) for n in side], :] for side in needed], -3)
    return chains.diff(dim=-2).norm(dim=-1).sum(-1).mean(-1)


@torch.no_grad()
def measure(body: BodyModel, betas: Tensor | None = None) -> Measurements:
    """Measure one shape of a body.

    Args:
        body: any human one; of a face or an animal the numbers mean little.
        betas: (S,) or (1, S); none is the mean.
    """
    vertices = body.shaped(betas)[0]
    legs = leg_length(body.rest_joints(betas)[0], body.joint_names)
    litres = float(volume(vertices, body.faces))
    mesh = vertices.double().cpu().numpy()
    girths = {girth.name: girth.length(mesh) for girth in find_girths(body)}
    leg = None if legs is None else float(legs)
    return Measurements(float(height(vertices)), litres, litres / 1000 * DENSITY, leg, girths)
