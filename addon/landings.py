"""What becomes of a job's result: the ranking into the panel, motions and bodies into the scene.

Each runs inside one operator call and so is one undo step; each reads files first and edits afterwards, so that a
damaged result leaves the scene as it is.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..backend.protocol import InvalidInput
from .client.jobs import Job
from .look_request import order_after
from .properties import HISTORY
from .scene.actor import build_body
from .scene.actor_data import BodyData, MotionData, load_body, load_motion
from .scene.append import append_motion
from .scene.gender import set_axes
from .scene.handles import actor_of, actors, is_editable, skin_of
from .scene.placement import land_motion, place_beside
from .session import from_elsewhere, landing, lost_target
from .words import say, short


def target_of(context: Any) -> Any:
    """The actor that Act works on: the active one, else the one made last; None where there is none to change."""
    rig = actor_of(context)
    if rig is None:
        rig = max(actors(context.scene), key=lambda o: (getattr(o, "session_uid", 0), o.name), default=None)
    return rig if rig is not None and is_editable(rig) else None


def read_json(job: Job, name: str) -> dict[str, Any]:
    """A result of the job.

    Raises:
        InvalidInput: it is missing or damaged.
    """
    path = job.files.get(name)
    try:
        value = json.loads(path.read_text(encoding="utf-8")) if path else None
    except (OSError, ValueError):
        value = None
    if not isinstance(value, dict):
        raise InvalidInput(f"The job's {name} cannot be read.", "Press Retry.")
    return value


def result_file(job: Job, name: str) -> Path:
    """Path of a result.

    Raises:
        InvalidInput: the job has none of that name.
    """
    if name not in job.files:
        raise InvalidInput(f"The job has no {name}.", "Press Retry.")
    return job.files[name]


def read_takes(job: Job) -> tuple[BodyData, list[tuple[MotionData, str, dict[str, Any]]]]:
    """The body, and of each variant its motion, its name and its provenance.

    Raises:
        InvalidInput: a file is missing or damaged.
    """
    body = load_body(result_file(job, "body"))
    record = read_json(job, "result")
    record["request"] = job.params
    known = record.pop("variants", None) or [{}]
    record.pop("ranking", None)
    takes = []
    for i, variant in enumerate(known):
        motion = load_motion(result_file(job, f"motion_{i}" if i else "motion"), len(body.parents))
        told = {**record, "label": variant.get("label") or record.get("label") or ""}
        # Each draw of the motion model is another one.
        told.update({k: variant[k] for k in ("generated",) if k in variant})
        if isinstance(variant.get("source"), dict):
            told["clip"] = variant["source"]
        name = short(str(job.params.get("prompt") or told["label"] or job.title))
        takes.append((motion, name, told))
    return body, takes


def remember(context: Any, job: Job, label: str) -> None:
    """Put the job's prompt, where it has one, first in the history of the file; the same prompt is kept once."""
    settings = context.scene.impromptu
    prompt, seed = str(job.params.get("prompt", "")), int(job.params.get("seed", 0))
    if not prompt:
        return
    for i, entry in reversed(list(enumerate(settings.history))):
        if entry.prompt == prompt and entry.seed == seed:
            settings.history.remove(i)
    entry = settings.history.add()
    entry.prompt, entry.seed, entry.label = prompt, seed, label
    settings.history.move(len(settings.history) - 1, 0)
    while len(settings.history) > HISTORY:
        settings.history.remove(len(settings.history) - 1)


def outfit(record: dict[str, Any]) -> dict[str, str]:
    """Colours by garment, as the backend read them off the prompt."""
    colours = record.get("outfit")
    return colours if isinstance(colours, dict) else {}


def is_kept(record: dict[str, Any]) -> bool:
    """Whether the backend kept the body and shape that the actor had, since the prompt names none."""
    body = record.get("body")
    return isinstance(body, dict) and body.get("kept") is True


@landing("find")
def land_found(context: Any, job: Job, _target: Any) -> str:
    """The ranked labels into the panel's list."""
    ranking = read_json(job, "ranking")
    settings = context.scene.impromptu
    settings.found.clear()
    settings.found_index = -1
    settings.found_prompt = str(job.params.get("prompt", ""))
    for ranked in ranking.get("ranked", []):
        clips = ranked.get("clips") or [{}]
        entry = settings.found.add()
        entry.label, entry.score, entry.job = str(ranked.get("label", "")), float(ranked.get("score", 0)), job.id
        entry.clip, entry.seconds = str(clips[0].get("clip", "")), float(clips[0].get("seconds", 0) or 0)
        picture = job.find(clips[0].get("thumbnail"))
        entry.thumbnail = str(picture) if picture else ""
    return say("Found {count} labels.", count=len(settings.found))


@landing("act")
def land_act(context: Any, job: Job, target: Any) -> str:
    """The motion onto the target or a new actor; further variants are actors beside it."""
    options = job.extra.get("options", {})
    if lost_target(job) and not options.get("anew"):
        raise InvalidInput("The actor that this motion was for is not there any more.", "Apply it to a new actor.")
    body, takes = read_takes(job)
    placement = str(options.get("placement", "REPLACE"))
    if target is None and placement == "REPLACE" and not options.get("anew") and not from_elsewhere(job):
        # There was no actor when the job was ordered; one that is here now came of a job before it, as after a
        # double click.
        target = target_of(context)
    motion, name, record = takes[0]
    kept = bool(options.get("kept")) or is_kept(record)
    first = land_motion(target, placement, body, motion, name, record, outfit(record), kept)
    for motion, name, record in takes[1:]:
        place_beside(body, motion, name, record, outfit(record))
    choose(context, first.rig)
    remember(context, job, str(takes[0][2]["label"]))
    label, frames = takes[0][2]["label"] or takes[0][1], len(takes[0][0])
    problem = order_after(context, job, first.rig)
    done = say("{name} plays {label} ({count} frames).", name=first.rig.name, label=label, count=frames)
    return f"{done} {problem}".rstrip()


@landing("append")
def land_append(context: Any, job: Job, target: Any) -> str:
    """A new action: the target's motion and then the job's."""
    if target is None:
        raise InvalidInput("The actor that this motion was to follow is not there any more.", "Press Act instead.")
    body, takes = read_takes(job)
    motion, name, record = takes[0]
    append_motion(target, body, motion, name, record)
    choose(context, target)
    remember(context, job, str(record["label"]))
    return say("{name} goes on with {label}.", name=target.name, label=record["label"] or name)


@landing("body")
def land_body(context: Any, job: Job, _target: Any) -> str:
    """An actor without a motion."""
    body = load_body(result_file(job, "body"))
    actor = build_body(body, str(body.header.get("name", "Actor")), {"request": job.params})
    choose(context, actor.rig)
    return say("{name} is in the scene.", name=actor.rig.name)


@landing("fit")
def land_fit(context: Any, job: Job, target: Any) -> str:
    """The shape that a photo has onto the actor, or onto a new one."""
    record = read_json(job, "result")
    wanted = str(job.extra.get("options", {}).get("body", "neutral"))
    betas = record.get("betas")
    if not isinstance(betas, dict) or not all(isinstance(v, int | float) for v in betas.values()):
        raise InvalidInput("The job's result cannot be read.", "Press Retry.")
    if lost_target(job) and not job.extra.get("options", {}).get("anew"):
        raise InvalidInput("The actor that this shape was for is not there any more.", "Apply it to a new actor.")
    if target is None:
        actor = build_body(
            load_body(result_file(job, "body")), say("Person"), {"body": {"spec": wanted}, "photo": record}
        )
        choose(context, actor.rig)
        return say("{name} is in the scene.", name=actor.rig.name)
    set_axes(target, betas, wanted)
    return say("{name} has the shape of the person in the picture.", name=target.name)


def choose(context: Any, rig: Any) -> None:
    """Make the actor the active one, where this view layer shows it."""
    layer = context.view_layer
    if rig.name not in layer.objects or context.mode != "OBJECT":
        return
    for obj in layer.objects:
        if obj.select_get():
            obj.select_set(False)
    rig.select_set(True)
    skin = skin_of(rig)
    if skin is not None and skin.name in layer.objects:
        skin.select_set(False)
    layer.objects.active = rig
