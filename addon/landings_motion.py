"""What becomes of the motion model's results: a changed motion onto its actor, what was recognised into the panel."""

from __future__ import annotations

from typing import Any

import bpy

from ..backend.protocol import EditRequest, InvalidInput, from_params
from .client.job import number
from .client.jobs import Job
from .landings import choose, outfit, read_takes
from .scene.placement import land_motion
from .session import landing, lost_target
from .words import say, short

EDIT, RECOGNISE = "edit", "recognise"
"""Names of the landings."""
OWN_FILES = ("motion", "other", "minus")
"""Of a request: files of this computer that say nothing to anybody else."""
DECIDES = {"words": ("words", "without", "amount"), "between": ("seconds",)}
"""How a motion was changed -> the fields that matter to that; for the rest it is the amount."""


def record_of(job: Job, told: dict[str, Any]) -> dict[str, Any]:
    """What is kept with an action of its making: how, from what, and what the backend says of itself."""
    request = from_params(job.kind, job.params)
    assert isinstance(request, EditRequest)
    own = {name: getattr(request, name) for name in ("how", *DECIDES.get(request.how, ("amount",)))}
    edit = told.get("edit")
    asked = {k: v for k, v in job.params.items() if k not in OWN_FILES}
    record = {**told, "edit": {**(edit if isinstance(edit, dict) else {}), **own}, "request": asked, "job": job.id}
    if isinstance(told.get("options"), dict):
        record["options"] = {k: v for k, v in told["options"].items() if k not in OWN_FILES}
    return {**record, "made_from": job.extra.get("options", {}).get("made_from", [])}


@landing(EDIT)
def land_edit(context: Any, job: Job, target: Any) -> str:
    """The motion onto the actor as a new action, or onto an actor beside it."""
    options = job.extra.get("options", {})
    if lost_target(job) and not options.get("anew"):
        raise InvalidInput("The actor that this motion was for is not there any more.", "Apply it to a new actor.")
    body, takes = read_takes(job)
    motion, _, told = takes[0]
    record = record_of(job, told)
    placement = str(options.get("placement", "REPLACE"))
    made = land_motion(target, placement, body, motion, short(job.title), record, outfit(record), kept=True)
    choose(context, made.rig)
    return say("{name} plays {label} ({count} frames).", name=made.rig.name, label=job.title, count=len(motion))


@landing(RECOGNISE)
def land_recognised(context: Any, job: Job, _target: Any) -> str:
    """The labels and clips into the panel, with the action that they are of."""
    labels, clips = (_entries(job, name) for name in ("labels", "clips"))
    if not labels:
        raise InvalidInput("The job's result cannot be read.", "Press Retry.")
    settings = context.scene.impromptu_motion
    for shown, entries in ((settings.recognised_labels, labels), (settings.recognised_clips, clips)):
        shown.clear()
        for told in entries:
            entry = shown.add()
            entry.label, entry.clip = str(told.get("label") or ""), str(told.get("clip") or "")
            entry.cosine, entry.share = (float(number(told.get(k)) or 0.0) for k in ("cosine", "share"))
    settings.recognised_action = bpy.data.actions.get(str(job.extra.get("options", {}).get("action", "")))
    return say("It is most like {label}.", label=settings.recognised_labels[0].label)


def _entries(job: Job, name: str) -> list[dict[str, Any]]:
    found = job.metrics.get(name)
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
