"""The same scenes taken with Cycles: how much an encoder trained on rasterised pictures loses in others."""

from __future__ import annotations

from collections.abc import Sequence

from ...protocol import RuntimeMissing
from ..base import JointEncoder
from .embedding import AS_IT_IS, Seen, see_all
from .evaluate import Evaluated
from .heldout import HeldOut, Tell, held_out
from .questions import Question
from .robustness import compare

SAMPLES = 16
"""Rays a pixel, denoised."""


def beside_cycles(encoder: JointEncoder, held: HeldOut, evaluated: Evaluated, count: int, tell: Tell) -> None:
    """Add to a report the figures of the first pictures as they are and as Cycles takes them.

    Where no Blender is found the report says so.

    Args:
        count: pictures of it, at most.
    """
    request, count = held.request, min(count, len(held))
    report = evaluated.report
    try:
        same = {name: request[name] for name in ("size", "split", "library", "captions", "negatives")}
        taken = held_out(count, request["seed"], tell, engine="cycles", samples=SAMPLES, **same)
    except RuntimeMissing as error:
        report.notes.append(f"Cycles was left out: {error}")
        return
    ours = evaluated.seen[AS_IT_IS]
    states = {
        "our rasteriser": Seen(ours.vectors[:count], ours.slots[:count]),
        "Cycles": see_all(encoder, taken, {}, tell=tell)[AS_IT_IS],
    }
    title = f"The same {count} scenes"
    report.states[title] = compare(held.items[:count], _about(evaluated.asked, count), states, evaluated.texts, {})


def _about(asked: Sequence[Question], count: int) -> list[Question]:
    return [question for question in asked if question.picture < count]
