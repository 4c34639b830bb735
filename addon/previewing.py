"""A look as it grows, on its actor: shown at every preview of the job, without a step of undo each.

The actor's own look is put aside meanwhile and comes back before the result is applied, so that Ctrl-Z goes from
the result to the actor as it was. Each step of undo that a person makes meanwhile keeps the preview of that moment;
then a step without it is put before the result's.

Blender keeps a data-block as it is in memory when two steps of undo hold the same of it. A mesh that wears a
preview's material, which neither step knows, would point at nothing then. So previews are taken off right before any
undo or redo and shown again after it.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
from bpy.app.handlers import persistent

from ..backend.protocol import ImpromptuError
from . import session
from .client.jobs import Job
from .listening import listen, listen_no_more
from .scene.handles import is_editable, skin_of
from .scene.style_data import load_style
from .scene.style_preview import bring_back, is_preview, show_preview
from .words import explain

KIND = "stylize"
FILE = "preview.npz"
BEFORE = -1
"""Stands for a count of edits that is long past."""
STEP = "Before the Look"
"""Name of the undo step that is put before the result's."""


@dataclass
class Shown:
    """What is known of a job's previews."""

    version: int = 0
    """Time of the file that was tried last, nanoseconds."""
    on: bool = False
    """Its actor wears one."""
    edits: int | None = None
    """The person's edits when the first one was shown; None: none is shown."""


_shown: dict[str, Shown] = {}
_edits = 0
_own = False


def preview_file(job: Job) -> Path:
    """Where the job writes the look as it grows."""
    return job.folder / FILE


def _version(job: Job) -> int:
    try:
        return preview_file(job).stat().st_mtime_ns
    except OSError:
        return 0


def is_due(job: Job) -> bool:
    """Whether there is something new to show, or the last that was shown to keep."""
    if job.kind != KIND or session.from_elsewhere(job):
        return False
    known = _shown.get(job.id, Shown())
    if job.state == "running":
        return job.preview is not None and _version(job) not in (0, known.version)
    return job.state in ("failed", "cancelled") and known.on


def is_shown(job: Job) -> bool:
    """Whether a preview of the job is on its actor."""
    return job.id in _shown and _shown[job.id].on


def follow(job: Job) -> None:
    """Show the newest preview, or keep the last one as a step of undo. Nothing that goes wrong here ends a timer."""
    known = _shown.setdefault(job.id, Shown())
    rig = session.find_target(job)
    if rig is None or not is_editable(rig):
        known.version, known.on, known.edits = _version(job), False, None
        return
    if job.state != "running":
        known.on = False
        try:
            bpy.ops.impromptu.keep_look("EXEC_DEFAULT", True, job=job.id)
        except RuntimeError as error:
            # It was reported; raised here it would end the timer.
            print(f"Impromptu: {error}")
        return
    known.version = _version(job)
    try:
        show(job, rig, known)
    except ImpromptuError as error:
        print(f"Impromptu: {explain(error)}")
    except Exception:  # noqa: BLE001 - a preview is a courtesy: the job and the timer go on
        traceback.print_exc()


def show(job: Job, rig: Any, known: Shown) -> None:
    """Put the preview that is on disk onto the actor.

    Raises:
        ImpromptuError: it is damaged or for another body.
    """
    global _own
    skin = skin_of(rig)
    data = load_style(preview_file(job), len(skin.data.vertices) if skin else None)
    if known.edits is None:
        # A step that was undone or redone to may hold an earlier preview itself.
        known.edits = BEFORE if is_preview(rig) else _edits
    _own = True
    try:
        show_preview(rig, data)
        # Evaluated at once, so that the update does not pass for an edit of the person's later.
        bpy.context.view_layer.update()
    finally:
        _own = False
    known.on = True
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.tag_redraw()


def finish(job: Job, rig: Any) -> None:
    """Take the preview off, right before something else takes its place in one step of undo."""
    known = _shown.setdefault(job.id, Shown())
    edits, known.on, known.edits = known.edits, False, None
    if bring_back(rig) and edits != _edits:
        bpy.ops.ed.undo_push(message=STEP)


@persistent
def _on_update(*_args: Any) -> None:
    global _edits
    if not _own and _shown:
        _edits += 1


@persistent
def _before_undo(*_args: Any) -> None:
    """Take previews off; those of jobs that go on are shown again at the next look."""
    for job in session.queue().jobs if _shown and session.has_queue() else ():
        if not is_shown(job):
            continue
        rig = session.find_target(job)
        skin = skin_of(rig) if rig is not None else None
        if skin is not None and skin.mode != "EDIT":
            bring_back(rig)
        _shown[job.id].version, _shown[job.id].edits = 0, None


HANDLERS = (("depsgraph_update_post", _on_update), ("undo_pre", _before_undo), ("redo_pre", _before_undo))


def register() -> None:
    """Listen to what a person does."""
    listen(HANDLERS)


def unregister() -> None:
    """Listen no more."""
    listen_no_more(HANDLERS)
    _shown.clear()
