"""The trial of an encoder as a guide: prompts and forms, each from grey, and what came of them in one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...protocol import InvalidInput
from ..base import JointEncoder
from .body import GuidanceBody, guidance_body
from .colours import GREY
from .fit import Coloured, GuidanceOptions, colour_body
from .losses import Form, forms_of
from .prompts import Brief, colours, read_briefs
from .scores import ColourScores, Opinion, opinion, painted, score_colours
from .views import draw, scored_shots

SCORED_SIZE = 144
"""Pixels of a side of the pictures that are scored."""
Watch = Callable[[Brief, int, Tensor], None]


@dataclass(frozen=True)
class Opinions:
    """One encoder's, of pictures that the optimisation did not draw."""

    before: Opinion
    """Of the grey body."""
    after: Opinion
    painted: Opinion
    """Of the body with every named region in its colour."""


@dataclass(frozen=True)
class Trial:
    """One prompt, guided in one form."""

    brief: Brief
    options: GuidanceOptions
    coloured: Coloured
    colours: ColourScores
    judge: Opinions
    guide: Opinions

    @property
    def hits(self) -> list[bool]:
        """For each part whether its region has the wanted colour's name."""
        regions = zip(self.colours.regions, self.brief.parts, strict=True)
        return [region.name == part.colour for region, part in regions]


def check_judge(guide: JointEncoder, judge: JointEncoder) -> None:
    """Raises InvalidInput where judge and guide are one encoder."""
    if guide.digest == judge.digest:
        raise InvalidInput(
            "The judge has the weights of the guide, so it would praise its own work.", "Name another as the judge."
        )


def trials(
    guide: JointEncoder,
    judge: JointEncoder,
    briefs: Sequence[Brief],
    options: Sequence[GuidanceOptions],
    body: GuidanceBody | None = None,
    watch: Watch = lambda brief, step, srgb: None,
    check: Callable[[], None] = lambda: None,
) -> Iterator[Trial]:
    """Colour the body by every prompt with each of the options, and score it.

    Raises:
        InvalidInput: guide and judge are one encoder, or the guide cannot do what an option asks for.
    """
    check_judge(guide, judge)
    body = body or guidance_body()
    shots = scored_shots(body, SCORED_SIZE)

    def ask(srgb: Tensor, brief: Brief) -> tuple[Opinion, Opinion]:
        images = draw(body, srgb, shots).images
        return opinion(judge, images, brief), opinion(guide, images, brief)

    for brief in briefs:
        before, best = ask(torch.full_like(body.rest, GREY), brief), ask(painted(body, brief), brief)
        for some in options:
            done = colour_body(guide, brief, body, some, lambda step, srgb, b=brief: watch(b, step, srgb), check)
            asked = zip(before, ask(done.colours, brief), best, strict=True)
            judged, guided = (Opinions(*three) for three in asked)
            yield Trial(brief, some, done, score_colours(done.colours, body, brief), judged, guided)


def table(
    guide: JointEncoder,
    judge: JointEncoder,
    steps: int = 100,
    seed: int = 0,
    check: Callable[[], None] = lambda: None,
    briefs: Sequence[Brief] | None = None,
    forms: Sequence[Form] = (),
) -> dict[str, Any]:
    """How good a guide an encoder is, as `summary` has it.

    Args:
        check: called before each step; what it raises ends the work.
        briefs: by default those of `prompts.json`.
        forms: by default all that the guide can do.

    Raises:
        InvalidInput: guide and judge are one encoder, or the guide cannot do what a form asks for.
    """
    options = [GuidanceOptions(form=form, steps=steps, seed=seed) for form in forms or forms_of(guide)]
    done = trials(guide, judge, briefs or read_briefs(), options, check=check)
    return summary(guide, judge, list(done))


def summary(guide: JointEncoder, judge: JointEncoder, done: Sequence[Trial]) -> dict[str, Any]:
    """The means over the prompts of each form, chance, and a row for each trial; JSON values.

    `colour` is the share of named regions whose mean colour has the wanted name, `distance` and `uneven` are in
    OKLab, `leak` and `noise` as in `ColourScores`; `rise` is the cosine less that of the grey body, `choice` and
    `swap` the probabilities of `Opinion`: after, before, and of the body painted by its regions.
    """
    kinds = list(dict.fromkeys(replace(t.options, steps=1, seed=0) for t in done))
    groups = {kind: [t for t in done if replace(t.options, steps=1, seed=0) == kind] for kind in kinds}
    some = next(iter(groups.values()))
    return {
        "guide": {"name": guide.name, "digest": guide.digest},
        "judge": {"name": judge.name, "digest": judge.digest},
        "steps": done[0].options.steps,
        "seed": done[0].options.seed,
        "prompts": [t.brief.text for t in some],
        "chance": {
            "colour": _mean([1 / len(colours())]),
            "choice": _mean(1 / len(t.brief.alternatives) for t in some),
            "swap": _mean(1 / len(t.brief.swapped) for t in some),
        },
        "forms": {_key(kind): _means(group) for kind, group in groups.items()},
        "rows": [_row(t) for t in done],
    }


def _key(options: GuidanceOptions) -> str:
    """A form's name in the table."""
    return options.form if options.kind == "vertices" else f"{options.form}, {options.kind}"


def _means(group: Sequence[Trial]) -> dict[str, Any]:
    regions = [region for t in group for region in t.colours.regions]
    return {
        "colour": _mean(hit for t in group for hit in t.hits),
        "distance": _mean(r.distance for r in regions),
        "uneven": _mean(r.uneven for r in regions),
        "leak": _mean(t.colours.leak for t in group),
        "noise": _mean(t.colours.noise for t in group),
        "judge": _opinions([t.judge for t in group]),
        "guide": _opinions([t.guide for t in group]),
        "seconds": _mean(t.coloured.seconds for t in group),
    }


def _opinions(all_of: Sequence[Opinions]) -> dict[str, dict[str, float]]:
    return {
        "after": _opinion(all_of, lambda one: one.after),
        "before": _opinion(all_of, lambda one: one.before),
        "painted": _opinion(all_of, lambda one: one.painted),
    }


def _opinion(all_of: Sequence[Opinions], pick: Callable[[Opinions], Opinion]) -> dict[str, float]:
    return {
        "rise": _mean(pick(one).cosine - one.before.cosine for one in all_of),
        "choice": _mean(pick(one).choice for one in all_of),
        "swap": _mean(pick(one).swap for one in all_of),
    }


def _row(t: Trial) -> dict[str, Any]:
    regions = zip(t.brief.parts, t.colours.regions, strict=True)
    return {
        "prompt": t.brief.text,
        "form": _key(t.options),
        "regions": [
            {"garment": p.garment, "wanted": p.colour, "found": r.name, "distance": round(r.distance, 4)}
            for p, r in regions
        ],
        "leak": round(t.colours.leak, 4),
        "noise": round(t.colours.noise, 5),
        "judge": _opinions([t.judge]),
        "guide": _opinions([t.guide]),
    }


def _mean(values: Any) -> float:
    return round(float(np.mean(list(values))), 5)
