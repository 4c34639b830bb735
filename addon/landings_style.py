"""What becomes of a look's result: onto the actor that it was made for, further variants onto copies beside it."""

from __future__ import annotations

from typing import Any

from ..backend.protocol import InvalidInput
from . import previewing
from .client.jobs import Job
from .landings import choose, read_json, result_file, target_of
from .scene.duplicate import duplicate_beside
from .scene.handles import require_editable
from .scene.shape import require_shape
from .scene.style import apply_style
from .scene.style_data import StyleData, Textures, load_style
from .session import landing
from .words import say

Look = tuple[StyleData, Textures, dict[str, Any]]
OWN_FILES = ("motion", "look")
"""Of a request: files of this computer that say nothing to anybody else."""


def looks_of(job: Job, vertices: int) -> list[Look]:
    """Each variant's arrays, pictures and provenance.

    Raises:
        InvalidInput: a file is missing, damaged, or for another body.
    """
    record = read_json(job, "result")
    known = record.pop("variants", None)
    known = [v for v in known if isinstance(v, dict)] if isinstance(known, list) else []
    out = []
    for i, variant in enumerate(known or [{}]):
        suffix = f"_{i}" if i else ""
        data = load_style(result_file(job, f"style{suffix}"), vertices)
        textures = Textures(job.files.get(f"albedo{suffix}"), job.files.get(f"normal{suffix}"))
        out.append((data, textures, record_of(job, {**record, **variant})))
    return out


def record_of(job: Job, told: dict[str, Any]) -> dict[str, Any]:
    """What is kept with an actor of a look's making."""
    asked = {k: v for k, v in job.params.items() if k not in OWN_FILES}
    pictures = ("file", "albedo", "normal")
    return {**{k: v for k, v in told.items() if k not in pictures}, "request": asked, "job": job.id}


def actor_for(context: Any, job: Job, target: Any) -> Any:
    """The actor that gets the look.

    Raises:
        InvalidInput: it is not there any more, or cannot be changed.
    """
    if target is None and job.extra.get("options", {}).get("anew"):
        target = target_of(context)
        if target is None:
            raise InvalidInput("There is no actor here that could wear the look.", "Add a body first.")
    if target is None:
        raise InvalidInput(
            "The actor that this look was for is not there any more.", "Click another actor and apply it to that one."
        )
    require_editable(target)
    return target


@landing("stylize")
def land_style(context: Any, job: Job, target: Any) -> str:
    """The look onto its actor; what Ctrl-Z goes back to is the actor as it was before the job."""
    rig = actor_for(context, job, target)
    looks = looks_of(job, len(require_shape(rig).data.vertices))
    blend = bool(job.extra.get("options", {}).get("blend"))
    previewing.finish(job, rig)
    # Copied before it is dressed, so that each copy starts from what the actor wore.
    rigs = [rig, *(duplicate_beside(rig) for _ in looks[1:])]
    for wearer, (data, textures, record) in zip(rigs, looks, strict=True):
        apply_style(wearer, data, textures, record, blend)
    choose(context, rig)
    if len(looks) > 1:
        return say("{name} wears the first of {count} looks.", name=rig.name, count=len(looks))
    return say("{name} wears its look.", name=rig.name)


def keep_preview(context: Any, job: Job, rig: Any) -> str:
    """Let an actor keep the last preview of a job that has ended without a result.

    Raises:
        InvalidInput: the preview is damaged.
    """
    data = load_style(previewing.preview_file(job), len(require_shape(rig).data.vertices))
    previewing.finish(job, rig)
    told = {"prompt": data.prompt, "seed": job.params.get("seed", 0), "unfinished": True}
    apply_style(rig, data, Textures(), record_of(job, told), bool(job.extra.get("options", {}).get("blend")))
    return say("{name} keeps the look as last shown. Resume goes on with it.", name=rig.name)
