"""From a request to performed motions: what the command `act` and the job of that name have in common."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from .body import BodyModel, write_actor_body
from .body.axes import resolve_betas
from .body.kept import kept_body
from .body.outfit_words import read_outfit
from .body.words import BodyWords, read_body_words
from .files import save_npz
from .motion.choosing import Choice, choose_motions
from .motion.clip import Clip
from .motion.entry import LONGEST
from .motion.library import LabelRef, Library
from .motion.perform import Performance, perform
from .motion.retrieval import Retrieval, retrieve
from .motion.transition import TransitionReport, go_on, read_motion
from .protocol import ActRequest, AssetsMissing, Incompatible, InvalidInput, PerformRequest
from .provenance import describe

Progress = Callable[[str, int, int], None]
"""Called with a stage's name, the step and the number of steps; it may raise to end the work."""


SEVERAL = re.compile(r"\b(then|after that|afterwards|followed by)\b", re.IGNORECASE)
"""Words that put one action after another."""
ONE_ACTION = "A prompt is one action: of several one is made. Make the others by prompts of their own, and join them."
Chosen = Callable[[Library, LabelRef], None]
"""Called with the first motion as soon as it is chosen."""


def no_progress(stage: str, step: int, total: int) -> None:
    """For callers that do not show any."""


@dataclass(frozen=True)
class Take:
    """One motion, performed."""

    choice: Choice
    performance: Performance
    transition: TransitionReport | None = None
    generated: dict[str, Any] | None = None
    """How the motion model made it; none where the library has it."""


@dataclass(frozen=True)
class Takes:
    """All that a request asked for."""

    retrieval: Retrieval
    body: BodyModel
    betas: torch.Tensor
    """(1, S)."""
    takes: tuple[Take, ...]
    provenance: dict[str, Any]
    """Of the first take, and of the body."""


@dataclass(frozen=True)
class BodyChoice:
    """Who performs."""

    body: BodyModel
    betas: torch.Tensor
    """(1, S)."""
    words: BodyWords
    """What the prompt says of the body."""
    spec: str
    """As in a request's `body`, but never `auto`."""
    kept: bool
    """Whether it is the body that the rig had, since the prompt names none."""

    def to_json(self) -> dict[str, Any]:
        """For the provenance."""
        facts = {"name": self.body.name, "sha256": self.body.sha256, "words": list(self.words.words)}
        return {**facts, "spec": self.spec, "kept": self.kept}


def choose_body(request: ActRequest) -> BodyChoice:
    """The body and betas that the request names, that its prompt's words say, or else that the rig has."""
    words = read_body_words(request.prompt)
    more = request if isinstance(request, PerformRequest) else None
    if request.body != "auto":
        spec, kept, pairs = request.body, False, ()
    elif more is not None and more.kept_body and not words.words:
        spec, kept, pairs = more.kept_body, True, more.kept_betas
    else:
        spec, kept, pairs = words.template, False, words.betas
    body = kept_body(spec)
    if not kept:
        pairs = tuple((axis, value) for axis, value in pairs if axis in body.beta_names)
    return BodyChoice(body, resolve_betas(body, request.betas or pairs), words, spec, kept)


def clip_facts(clip: Clip) -> dict[str, str]:
    """Where a motion comes from, for the provenance."""
    facts = {"name": clip.name, "kind": clip.kind, "source": clip.source, "licence": clip.licence}
    return {**facts, "sha256": clip.digest()}


def slide_facts(performance: Performance) -> dict[str, float]:
    """How far feet in contact slide, mm a frame."""
    return {"before": round(performance.slide.before, 3), "after": round(performance.slide.after, 3)}


def make_takes(request: ActRequest, progress: Progress = no_progress, chosen: Chosen | None = None) -> Takes:
    """Rank, choose, perform.

    Args:
        request: a `PerformRequest` may also name a clip, a label, variants and a motion to go on from.
        progress: called before each step.
        chosen: called with the first motion, before the body is loaded.

    Raises:
        ImpromptuError: with what to do about it.
    """
    more = request if isinstance(request, PerformRequest) else PerformRequest(prompt=request.prompt)
    total = 3 + more.variants
    progress("Opening the library", 0, total)
    after = read_motion(more.after) if more.after else None
    library = Library.open(request.library or None)
    progress("Choosing the motion", 1, total)
    retrieval, choices, made = _motions(request, more, library)
    if SEVERAL.search(retrieval.motion) and (made or not SEVERAL.search(choices[0].ref.text)):
        retrieval = replace(retrieval, remarks=(*retrieval.remarks, ONE_ACTION))
    if chosen is not None and not made:
        chosen(library, choices[0].ref)
    progress("Loading the body", 2, total)
    who = choose_body(request)
    body, betas = who.body, who.betas
    takes = []
    for i, choice in enumerate(choices):

        def check(step: int = 3 + i) -> None:
            progress("Performing the motion", step, total)

        check()
        # A motion that goes on from another may be entered later than at its start.
        seconds = request.seconds + LONGEST if request.seconds and after is not None else request.seconds
        performance = perform(choice.clip, body, betas, seconds, request.fps, check)
        report = None
        if after is not None:
            frames = max(round(request.seconds * request.fps), 1) if request.seconds else 0
            performance, report = go_on(after, performance, body, betas, more.transition, frames)
        takes.append(Take(choice, performance, report, made[i] if made else None))
    first = takes[0]
    provenance = describe(
        request,
        label=first.choice.ref.text,
        encoders=retrieval.encoders,
        clip=clip_facts(first.choice.clip),
        body=who.to_json(),
        outfit=read_outfit(request.prompt),
        betas=[round(float(b), 4) for b in betas[0]],
        slide_mm_per_frame=slide_facts(first.performance),
        **({"generated": first.generated} if first.generated else {}),
    )
    progress("Performing the motion", total, total)
    return Takes(retrieval, body, betas, tuple(takes), provenance)


def _motions(
    request: ActRequest, more: PerformRequest, library: Library
) -> tuple[Retrieval, list[Choice], list[dict[str, Any]]]:
    """The library's motions, or generated ones with how they were made."""
    named = bool(more.clip or more.label)
    if request.motion == "retrieve" or (named and request.motion == "auto"):
        retrieval, choices = choose_motions(request, library, more.clip, more.label, more.variants)
        return retrieval, choices, []
    if named:
        raise InvalidInput(
            "A named clip or label is not generated.", "Leave it out, or take the motion of the library."
        )
    retrieval = retrieve(request, library)
    if request.motion == "auto" and retrieval.sure:
        retrieval, choices = choose_motions(request, library, "", "", more.variants)
        return retrieval, choices, []
    from .motionclip.generation import far_from
    from .motionclip.variants import generate_variants
    from .motionclip.weights import is_named

    try:
        generated = generate_variants(request, retrieval, library, more.variants)
    except (AssetsMissing, Incompatible, InvalidInput) as error:
        # Who names a model wants that one.
        if request.motion == "generate" or is_named():
            raise
        retrieval, choices = choose_motions(request, library, "", "", more.variants)
        note = f"The best label may say something else, and no motion could be generated: {error}"
        return replace(retrieval, remarks=(*retrieval.remarks, note)), choices, []
    choices = [Choice(LabelRef(retrieval.motion, None, 0, len(g.clip)), g.clip) for g, _ in generated]
    notes = [*retrieval.remarks]
    if request.motion == "auto":
        notes.append("No label says quite this, so the motion was generated.")
    if generated[0][0].far:
        notes.append(far_from(generated[0][0].near[0][1]))
    retrieval = replace(retrieval, remarks=tuple(notes))
    return retrieval, choices, [facts for _, facts in generated]


def write_motion(path: Path, betas: torch.Tensor, performance: Performance) -> None:
    """`motion.npz`: poses (N, J, 3) axis-angle, trans (N, 3), betas (S,), fps, contacts (N, 4)."""
    save_npz(
        path,
        poses=performance.poses,
        trans=performance.transl,
        betas=betas[0].numpy(),
        fps=np.float64(performance.fps),
        contacts=performance.contacts,
    )


def write_job(folder: Path, body: BodyModel, betas: torch.Tensor, performance: Performance) -> None:
    """The arrays that Blender reads: `body.npz` and `motion.npz`."""
    write_actor_body(body, folder / "body.npz", betas)
    write_motion(folder / "motion.npz", betas, performance)
