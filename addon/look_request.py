"""From an actor and settings to a request for a look."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ..backend.protocol import ImpromptuError, StylizeRequest
from . import session
from .client.jobs import Job
from .properties_look import request_fields
from .scene.described import body_named, pairs
from .scene.handles import require_editable
from .scene.read_motion import action_frames, read_motion, save_motion
from .scene.shape import require_shape
from .scene.shape_arrays import betas_of
from .scene.style import count_styles
from .scene.style_look import write_look
from .words import explain, say, short

LOOK = "look.npz"
MOST_FRAMES = 64
"""Frames of the motion that are handed over: the look is seen from many sides, not in every frame."""


def panel_request(scene: Any, **more: Any) -> StylizeRequest:
    """What the panel asks for, without the actor; checked.

    Raises:
        InvalidInput: there is nothing to look like, or a setting cannot be used.
    """
    fields = request_fields(scene.impromptu_look, scene.impromptu.prompt)
    return StylizeRequest(**{**fields, "look": LOOK if fields["start"] == "present" else "", **more})


def order(context: Any, rig: Any, fields: dict[str, Any], blend: bool) -> Job:
    """Queue a look for an actor, with what that plays and shows now.

    Args:
        fields: of the request, but for those that the actor decides.
        blend: keep the look that it wears and blend the two.

    Raises:
        InvalidInput: a setting cannot be used, or the actor's body is not this file's.
    """
    require_editable(rig)
    skin = require_shape(rig)
    folder = session.scratch("look")
    own = {"body": body_named(rig), "betas": pairs(betas_of(skin)), "motion": str(folder / "motion.npz"), "look": ""}
    if fields.get("start") == "present":
        own["look"] = str(folder / LOOK)
    request = StylizeRequest(**{**fields, **own})
    write_motion(context, rig, Path(request.motion))
    if request.look:
        write_look(rig, Path(request.look))
    title = request.prompt or request.style_text or bpy.path.basename(request.image)
    options = {"blend": blend and count_styles(rig) > 0}
    return session.submit(context, request, short(title), "stylize", rig, options)


def write_motion(context: Any, rig: Any, path: Path) -> None:
    """The actor's motion as the backend reads it: at most `MOST_FRAMES` of its frames, one of a still actor."""
    frames = action_frames(rig, context.scene)
    if rig.animation_data is None or (rig.animation_data.action is None and not rig.animation_data.nla_tracks):
        frames = np.array([context.scene.frame_current])
    if len(frames) > MOST_FRAMES:
        frames = frames[np.linspace(0, len(frames) - 1, MOST_FRAMES).round().astype(int)]
    save_motion(path, *read_motion(rig, frames))


def order_after(context: Any, job: Job, rig: Any) -> str:
    """Have a motion's job go on with the look that was asked for along with it.

    Returns:
        one sentence where that was not possible; empty else.
    """
    wanted = job.extra.get("options", {}).get("look")
    if not isinstance(wanted, dict):
        return ""
    try:
        fields = {k: tuple(v) if isinstance(v, list) else v for k, v in wanted["fields"].items()}
        job.extra["then"] = order(context, rig, fields, bool(wanted.get("blend"))).id
    except ImpromptuError as error:
        return say("It has no look yet: {why}", why=explain(error))
    return ""
