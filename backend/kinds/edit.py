"""`edit`: a motion, changed in the latent space of the motion model, performed by a body."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ..body import BodyModel
from ..body.axes import resolve_betas
from ..body.kept import kept_body
from ..context import JobContext
from ..files import sha256_of, write_json
from ..motion.clip import Clip
from ..motion.library import Library
from ..motion.perform import Performance, perform
from ..motionclip import editing
from ..motionclip.bank import open_bank
from ..motionclip.editing import Edited
from ..motionclip.reading import read_clip
from ..motionclip.weights import MotionModel, load_model
from ..protocol import EditRequest
from ..provenance import describe
from ..takes import Progress, clip_facts, no_progress, slide_facts, write_job
from ..threads import one_thread


@dataclass(frozen=True)
class Done:
    """An edit, performed."""

    body: BodyModel
    betas: torch.Tensor
    """(1, S)."""
    performance: Performance
    facts: dict[str, Any]
    """For `result.json`."""


def run(request: EditRequest, context: JobContext) -> tuple[dict[str, str], dict[str, Any]]:
    """Write `motion.npz`, `body.npz` and `result.json`.

    Raises:
        ImpromptuError: a file, the body or the words cannot be used. JobCancelled: asked to stop.
    """
    done = perform_edit(request, context.progress, context.check)
    write_job(context.folder, done.body, done.betas, done.performance)
    context.check()
    write_json(context.folder / "result.json", done.facts)
    metrics = {key: done.facts[key] for key in ("label", "frames", "fps", "slide_mm_per_frame", "remarks")}
    return {"motion": "motion.npz", "body": "body.npz", "result": "result.json"}, metrics


def perform_edit(
    request: EditRequest, progress: Progress = no_progress, check: Callable[[], None] = lambda: None
) -> Done:
    """Read, change, perform; the same for the job and the command line.

    Raises:
        ImpromptuError: a file, the body or the words cannot be used.
    """
    progress("Loading the body", 0, 5)
    body = kept_body(request.body)
    betas = resolve_betas(body, request.betas)
    progress("Reading the motion", 1, 5)
    clip, *others = (read_clip(p, body, betas) for p in (request.motion, request.other, request.minus) if p)
    progress("Loading the motion model", 2, 5)
    model = load_model()
    progress("Changing the motion", 3, 5)
    with one_thread():
        edited = edit(request, model, clip, others, check)
    progress("Performing the motion", 4, 5)
    performance = perform(edited.clip, body, betas, 0, request.fps, check)
    facts = {
        "label": label_of(request, edited),
        "clip": clip_facts(edited.clip),
        "body": {"name": body.name, "sha256": body.sha256, "words": [], "spec": request.body},
        "betas": [round(float(b), 4) for b in betas[0]],
        "frames": len(performance.poses),
        "fps": performance.fps,
        "seconds": round(len(performance.poses) / performance.fps, 3),
        "slide_mm_per_frame": slide_facts(performance),
        "remarks": list(edited.remarks),
        "edit": edit_facts(request, edited, model),
    }
    progress("Performing the motion", 5, 5)
    return Done(body, betas, performance, describe(request, **facts))


def edit(
    request: EditRequest, model: MotionModel, clip: Clip, others: list[Clip], check: Callable[[], None]
) -> Edited:
    """The change that a request asks for.

    Args:
        others: the motions of `other` and `minus`, as far as they are named.
    """
    amount = request.amount
    if request.how == "words":
        bank = open_bank(Library.open(request.library or None), model)
        return editing.by_words(model, bank, clip, request.words, request.without, amount)
    if request.how == "mix":
        return editing.mixed(model, clip, others[0], amount)
    if request.how == "parts":
        return editing.parts(model, clip, others[0], amount)
    if request.how == "difference":
        return editing.difference(model, clip, others[1], others[0], amount)
    return editing.between(model, clip, others[0], request.seconds, check)


def edit_facts(request: EditRequest, edited: Edited, model: MotionModel) -> dict[str, Any]:
    """For provenance: what was done with which motions (their files' sha256), by which model."""
    files = {"motion": request.motion, "other": request.other, "minus": request.minus}
    sums = {name: sha256_of(Path(path).expanduser()) for name, path in files.items() if path}
    return {"how": request.how, **edited.facts, "inputs": sums, "model": model.facts()}


def label_of(request: EditRequest, edited: Edited) -> str:
    """What the result is called."""
    if request.how == "words":
        return str(edited.facts["to"])
    names = {"mix": "mixed", "parts": "upper body changed", "difference": "changed", "between": "joined"}
    return names.get(request.how, Path(request.motion).stem)
