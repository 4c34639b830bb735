"""What a look is worth: to encoders, on views and frames that the optimisation never drew, and by its own colours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..encoders.base import JointEncoder
from ..people.colours import ANCHORS, from_hex, to_linear, to_oklab
from .appearance import Shown
from .content import Content
from .plan import Plan
from .surface_faults import self_intersections, spikes
from .targets import Target, colour_names, make_target
from .views import draw, fixed_shots

SIZE = 160


@dataclass(frozen=True)
class Opinion:
    """An encoder's, means over the pictures."""

    cosine: float
    """To the prompt."""
    choice: float
    """Probability of the prompt among other texts, see `targets.recoloured` and `targets.OTHERS`."""


@dataclass(frozen=True)
class PartColour:
    """The mean colour of what shows of a garment."""

    garment: str
    wanted: str
    found: str
    """Nearest of the basic colours, the wanted one among them by its own name, in OKLab."""
    distance: float
    """From the wanted colour's anchor, in OKLab."""
    uneven: float
    """Root mean square of the vertices' distances from that mean, in OKLab."""

    @property
    def right(self) -> bool:
        """Whether it is called as it was wanted."""
        return self.found == self.wanted


@dataclass(frozen=True)
class Faults:
    """Of the surface at rest."""

    spikes_mm: float
    """Root mean square of the displaced surface's uniform Laplacian against the undisplaced one's, millimetres."""
    intersections: int
    """Pairs of triangles that run through each other."""


def pictures_of(plan: Plan, shown: Shown, content: Content | None = None) -> Tensor:
    """(B, 3, SIZE, SIZE) sRGB from fixed views, of frames that the optimisation did not look at."""
    content = content or plan.unseen
    with torch.no_grad():
        return draw(content, plan.topology, shown, fixed_shots(content, SIZE)).images


@torch.inference_mode()
def opinion(encoder: JointEncoder, images: Tensor, target: Target) -> Opinion:
    """What an encoder says of pictures.

    Args:
        target: embedded by the same encoder.
    """
    cosines = encoder.encode_images(images).to(target.whole.device) @ target.whole.T
    choice = torch.softmax(target.scale * cosines, -1)[:, 0]
    return Opinion(float(cosines[:, 0].mean()), float(choice.mean()))


def target_for(plan: Plan, encoder: JointEncoder) -> Target:
    """The plan's target, embedded by another encoder."""
    return make_target(encoder, plan.look, (), plan.request.negative)


def part_colours(plan: Plan, shown: Shown) -> list[PartColour]:
    """The colours of the prompt's garments."""
    linear = to_linear(shown.colour.clamp(0, 1).double().numpy())
    lab = to_oklab(linear)
    shares, out = plan.costume.shown(), []
    for garment, share in zip(plan.costume.garments, shares, strict=True):
        if not garment.asked or not garment.worn.colour:
            continue
        weights = (plan.areas * share).double().numpy()
        if weights.sum() <= 0:
            continue
        mean = to_oklab(np.average(linear, axis=0, weights=weights))
        wanted = to_oklab(from_hex(ANCHORS[garment.worn.colour]))
        uneven = float(np.sqrt(np.average(((lab - mean) ** 2).sum(1), weights=weights)))
        names = dict.fromkeys((*colour_names(garment.worn.colour), garment.worn.colour))
        anchors = to_oklab(np.stack([from_hex(ANCHORS[name]) for name in names]))
        found = list(names)[int(np.linalg.norm(anchors - mean, axis=1).argmin())]
        distance = float(np.linalg.norm(mean - wanted))
        out.append(PartColour(garment.worn.kind, garment.worn.colour, found, round(distance, 4), round(uneven, 4)))
    return out


def faults(plan: Plan, shown: Shown | None) -> Faults:
    """The surface's, at rest in the mean shape; of the bare body where no look is given."""
    rest = plan.costume.rest
    offsets = torch.zeros_like(rest) if shown is None else offsets_of(plan, shown)
    measured = spikes(offsets.numpy(), plan.topology)
    return Faults(round(measured.rms, 4), self_intersections((rest + offsets).numpy(), plan.body.arrays.faces))


def offsets_of(plan: Plan, shown: Shown) -> Tensor:
    """(V, 3) metres at rest: clothes, and what the field adds."""
    return plan.costume.offsets() + shown.displacement[:, None] * plan.costume.direction
