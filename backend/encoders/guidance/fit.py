"""A grey body is coloured until an encoder says that it shows the prompt."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ...protocol import InvalidInput, check_positive
from ...render.portraits import perturbed
from ..base import JointEncoder
from .body import GuidanceBody
from .colours import COLOURS, Kind, waves
from .losses import FORMS, Form, Wanted, embed, guidance_loss
from .prompts import Brief
from .views import draw, random_shots

LOWEST, HIGHEST = 0.03, 0.97
"""sRGB of a colour; beyond them a penalty pulls it back, and the gradient goes through as if they were not there."""
OUTSIDE = 3.0
"""Weight of that penalty."""
STIR, STIRRED = 0.3, 0.6
"""Standard deviation, sRGB, of the colours that are added at the first step, and the share of the steps by which
they have faded: without them early steps run into whichever colour is nearest, and nothing leads out."""


@dataclass(frozen=True)
class GuidanceOptions:
    """How a body is coloured."""

    form: Form = "close-ups"
    """Of `losses.FORMS`."""
    kind: Kind = "vertices"
    """Of `colours.COLOURS`."""
    steps: int = 100
    seed: int = 0
    views: int = 4
    """Pictures of the whole body a step. Close-ups come on top; a form without them takes as many more views."""
    size: int = 128
    """Pixels of a side."""

    def __post_init__(self) -> None:
        check_positive("steps", self.steps, 100_000)
        check_positive("views", self.views, 64)
        check_positive("size", self.size, 1024)
        for value, known in ((self.form, FORMS), (self.kind, COLOURS)):
            if value not in known:
                raise InvalidInput(f"There is no guidance by {value!r}.", f"Use one of {', '.join(known)}.")


@dataclass(frozen=True)
class Coloured:
    """What came of it."""

    colours: Tensor
    """(V, 3) sRGB."""
    seconds: float
    """A step, in the mean."""


def colour_body(
    guide: JointEncoder,
    brief: Brief,
    body: GuidanceBody,
    options: GuidanceOptions | None = None,
    watch: Callable[[int, Tensor], None] = lambda step, colours: None,
    check: Callable[[], None] = lambda: None,
) -> Coloured:
    """Optimise the colours of the body's vertices, and nothing else, from grey.

    The same seed gives the same colours on one machine.

    Args:
        watch: called after each step with its number, from 1, and the colours (V, 3) sRGB.
        check: called before each step; what it raises ends the work.

    Raises:
        InvalidInput: the form grounds and the guide does not.
    """
    options = options or GuidanceOptions()
    generator = torch.Generator().manual_seed(options.seed)
    wanted = embed(guide, brief, options.form)
    colours = COLOURS[options.kind](body, generator)
    optimiser = torch.optim.Adam(colours.parameters(), colours.rate)
    stirring = waves(body, 16, 0.6, generator)
    started = time.perf_counter()
    for step in range(options.steps):
        check()
        free = colours()
        stirred = free + _stir(stirring, 1 - step / (STIRRED * options.steps), generator)
        shown = stirred + (stirred.clamp(LOWEST, HIGHEST) - stirred).detach()
        outside = free - free.detach().clamp(LOWEST, HIGHEST)
        loss = _asked(guide, wanted, brief, body, shown, options, generator) + OUTSIDE * outside.square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            watch(step + 1, colours().clamp(LOWEST, HIGHEST))
    seconds = (time.perf_counter() - started) / options.steps
    with torch.no_grad():
        return Coloured(colours().clamp(LOWEST, HIGHEST), seconds)


def _asked(
    guide: JointEncoder,
    wanted: Wanted,
    brief: Brief,
    body: GuidanceBody,
    colours: Tensor,
    options: GuidanceOptions,
    generator: torch.Generator,
) -> Tensor:
    """The loss of one step's pictures."""
    terms = FORMS[options.form]
    regions = [body.region(part.regions) for part in brief.parts]
    close_ups = regions if "close-ups" in terms else []
    views = options.views + len(regions) - len(close_ups)
    shots = random_shots(body, views, close_ups, options.size, generator)
    pictures = draw(body, colours, shots, regions if "ground" in terms else ())
    pictures = replace(pictures, images=perturbed(pictures.images, generator))
    return guidance_loss(guide, wanted, options.form, pictures, views)


def _stir(stirring: Tensor, amount: float, generator: torch.Generator) -> Tensor:
    """(V, 3) one colour for all and one that changes slowly over the body, both by chance; nothing below zero."""
    everywhere = torch.randn(1, 3, generator=generator)
    slowly = torch.tanh(stirring @ torch.randn(stirring.shape[1], 3, generator=generator) * 0.25)
    return STIR * max(amount, 0.0) * (everywhere + slowly)
