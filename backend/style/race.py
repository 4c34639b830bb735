"""How long two schedules take to the same score: ours, and the published one, from the same grey body.

Both are drawn by our own renderer and asked of the same encoder, on the same machine, one after the other; the
seconds are those of the steps alone. `benchmarks/style_step.py` tells what a published step takes with PyTorch3D.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ..encoders.base import JointEncoder
from ..files import write_json
from ..protocol import StylizeRequest
from .appearance import Shown
from .options import StyleOptions, published
from .plan import Plan, make_plan
from .scores import opinion, part_colours, pictures_of, target_for

STEPS = 150
"""Of our own schedule."""
EVERY = 1.3
"""Times as many steps until the next look at the scores."""


@dataclass(frozen=True)
class Mark:
    """A schedule's state at one time."""

    schedule: str
    step: int
    seconds: float
    """Of all steps until then."""
    guide: float
    judge: float
    """Probability of the prompt among other texts, on views and frames that no step looked at."""
    colour_distance: float
    """OKLab, from the mean colour of each garment's place to the colour that was asked for, mean."""
    colours_right: float


def race(
    prompt: str,
    seconds: float,
    guide: JointEncoder,
    judge: JointEncoder,
    seed: int = 0,
    kept: Path | None = None,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> list[Mark]:
    """Run both.

    Args:
        seconds: that the published schedule is given; ours ends with its steps.
        kept: a .json file for the marks, written after each.
    """
    marks: list[Mark] = []
    for name, options in (("ours", StyleOptions(steps=STEPS, seed=seed)), ("published", published(seed=seed))):
        plan = make_plan(StylizeRequest(prompt=prompt, start="grey"), options, encoder=guide)
        # Where the garments would lie, for the colours of a look that knows of none.
        places = make_plan(
            StylizeRequest(prompt=prompt, start="grey"), StyleOptions(sampling="centre"), encoder=guide
        )
        stylist, taken, due = plan.stylist(options), 0.0, 0
        while True:
            if stylist.step >= due or taken >= seconds or stylist.step == options.steps:
                marks.append(_mark(name, plan, places, judge, stylist.step, taken, stylist.shown()))
                due = max(stylist.step + 1, round(EVERY * stylist.step))
                if kept is not None:
                    write_json(kept, [asdict(mark) for mark in marks])
            if taken >= seconds or stylist.step == options.steps:
                break
            progress(name, stylist.step, options.steps)
            began = time.perf_counter()
            stylist.advance()
            taken += time.perf_counter() - began
    return marks


def _mark(name: str, plan: Plan, places: Plan, judge: JointEncoder, step: int, seconds: float, shown: Shown) -> Mark:
    images = pictures_of(plan, shown)
    parts = part_colours(places, shown)
    return Mark(
        name, step, round(seconds, 2),
        round(opinion(plan.encoder, images, plan.target).choice, 4),
        round(opinion(judge, images, target_for(plan, judge)).choice, 4),
        round(float(np.mean([part.distance for part in parts])), 4) if parts else float("nan"),
        round(float(np.mean([part.right for part in parts])), 3) if parts else float("nan"),
    )  # fmt: skip


def reached(marks: Sequence[Mark], schedule: str, score: str, least: float) -> float:
    """Seconds after which a schedule first has a score; infinity where it never has."""
    times = [m.seconds for m in marks if m.schedule == schedule and getattr(m, score) >= least]
    return min(times, default=float("inf"))


def show(marks: Sequence[Mark]) -> str:
    """The marks, and how much sooner ours reaches the best that the published schedule reached."""
    lines = [f"{'schedule':10} {'step':>6} {'seconds':>9} {'guide':>7} {'judge':>7} {'distance':>9} {'right':>6}"]
    lines += [
        f"{m.schedule:10} {m.step:6} {m.seconds:9.1f} {m.guide:7.3f} {m.judge:7.3f} {m.colour_distance:9.3f} "
        f"{m.colours_right:6.0%}"
        for m in marks
    ]
    for score in ("guide", "judge"):
        theirs = [m for m in marks if m.schedule == "published"]
        best = max(theirs, key=lambda m: getattr(m, score))
        level, own = getattr(best, score), reached(marks, "ours", score, getattr(best, score))
        ratio = best.seconds / own if own > 0 else float("inf")
        lines.append(
            f"{score}: published {level:.3f} after {best.seconds:.0f} s; ours has it after {own:.1f} s: {ratio:.1f}x"
        )
    return "\n".join(lines)
