"""`act`: motions for a rig that the caller builds, with all that is known about where they come from."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

from ..body import write_actor_body
from ..context import JobContext
from ..files import write_json
from ..motion.library import LabelRef, Library
from ..protocol import InvalidInput, PerformRequest
from ..takes import Take, Takes, clip_facts, make_takes, slide_facts, write_motion
from ..thumbnails import label_thumbnail

PREVIEW = "preview.png"
"""In the job's folder: the picture of the motion that was chosen."""


def run(request: PerformRequest, context: JobContext) -> tuple[dict[str, str], dict[str, Any]]:
    """Write `motion.npz` (`motion_1.npz` ... for further variants), `body.npz` and `result.json`.

    `preview.png`, which shows the clip, is there before it is performed; a generated motion has none.

    `result.json` holds the provenance, `ranking` as `find` gives it, and `variants`: label, clip, frames, fps,
    seconds, file and, with `after`, how smooth the transition is.

    Raises:
        ImpromptuError: with what to do about it. JobCancelled: asked to stop.
    """

    def progress(stage: str, step: int, total: int) -> None:
        context.check()
        context.progress(stage, step, total + 1)

    def chosen(library: Library, ref: LabelRef) -> None:
        show(context, library, ref)

    made = make_takes(request, progress, chosen)
    context.progress("Writing", 3 + request.variants, 4 + request.variants)
    files = {"motion" if i == 0 else f"motion_{i}": _name(i) for i in range(len(made.takes))}
    for i, take in enumerate(made.takes):
        context.check()
        write_motion(context.folder / _name(i), made.betas, take.performance)
    context.check()
    write_actor_body(made.body, context.folder / "body.npz", made.betas)
    result = result_of(made, request)
    write_json(context.folder / "result.json", result)
    metrics = {
        "label": result["label"],
        "frames": result["frames"],
        "fps": request.fps,
        "variants": len(made.takes),
        "slide_mm_per_frame": result["slide_mm_per_frame"],
        "remarks": list(made.retrieval.remarks),
    }
    return {**files, "body": "body.npz", "result": "result.json"}, metrics


def show(context: JobContext, library: Library, ref: LabelRef) -> None:
    """Let the panel see which motion it will be; a picture that cannot be kept is told in the job's log alone."""
    context.check()
    try:
        picture = label_thumbnail(library, ref)
    except InvalidInput as error:
        print(f"There is no preview: {error}")
        return
    shutil.copyfile(picture, context.folder / PREVIEW)
    context.preview(PREVIEW)


def result_of(made: Takes, request: PerformRequest) -> dict[str, Any]:
    """The content of `result.json`."""
    first = made.takes[0].performance
    ranking = made.retrieval.to_json()
    facts = {
        **made.provenance,
        "ranking": ranking["ranked"],
        "note": ranking["note"],
        "variants": [_variant(i, take) for i, take in enumerate(made.takes)],
        "frames": len(first.poses),
        "fps": first.fps,
        "seconds": round(len(first.poses) / first.fps, 3),
    }
    if request.after:
        facts["after"] = {"sha256": hashlib.sha256(Path(request.after).read_bytes()).hexdigest()}
    return facts


def _name(number: int) -> str:
    return f"motion_{number}.npz" if number else "motion.npz"


def _variant(number: int, take: Take) -> dict[str, Any]:
    performance = take.performance
    facts: dict[str, Any] = {
        "label": take.choice.ref.text,
        "clip": take.choice.clip.name,
        "source": clip_facts(take.choice.clip),
        "frames": len(performance.poses),
        "fps": performance.fps,
        "seconds": round(len(performance.poses) / performance.fps, 3),
        "file": _name(number),
        "slide_mm_per_frame": slide_facts(performance),
    }
    if take.generated is not None:
        facts["generated"] = take.generated
    return facts if take.transition is None else {**facts, "transition": take.transition.to_json()}
