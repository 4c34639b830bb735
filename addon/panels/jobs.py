"""The list of jobs: how far each is, what came of it, and what can be done about it."""

from __future__ import annotations

from typing import Any

import bpy

from .. import loop, session
from ..icons import picture
from ..words import say, told
from .words import TabPanel, draw_error, sentence

MOST = 6
"""Jobs that are drawn, newest first."""
STATES = {"queued": "TIME", "running": "PLAY", "done": "CHECKMARK", "failed": "ERROR", "cancelled": "CANCEL"}
KINDS = {
    "find": ("VIEWZOOM", "Find"),
    "act": ("ACTION", "Act"),
    "append": ("FORWARD", "Append"),
    "import": ("IMPORT", "Import"),
    "body": ("ARMATURE_DATA", ""),
    "stylize": ("BRUSH_DATA", "Stylise"),
    "fit": ("IMAGE_DATA", "Shape from Picture"),
    "match": ("CON_ARMATURE", ""),
    "edit": ("ANIM", "Edit Motion"),
    "classify": ("FONT_DATA", "Recognise"),
}
"""Icon of a job's kind and the word before its title; none where the title says it already."""


def kind_of(job: Any) -> str:
    """A key of `KINDS`: an act that goes on with a motion was ordered by another button."""
    return "append" if job.kind == "act" and job.extra.get("land") == "append" else job.kind


def heading(job: Any) -> str:
    """Such as `Find: a man walks`."""
    word = KINDS.get(kind_of(job), ("", ""))[1]
    return f"{say(word)}: {told(job.title)}" if word else told(job.title)


def remaining(seconds: float | None) -> str:
    """`about 12 s`, `about 3 min`; empty where it is not known."""
    if seconds is None:
        return ""
    if seconds < 90:
        return say("{count} s", count=f"{seconds:.0f}")
    return say("{count} min", count=f"{seconds / 60:.0f}")


class IMPROMPTU_PT_jobs(TabPanel, bpy.types.Panel):
    """What the backend does and has done."""

    bl_idname = "IMPROMPTU_PT_jobs"
    bl_label = "Jobs"

    @classmethod
    def poll(cls, context: Any) -> bool:
        """Only where there are any."""
        return session.has_queue() and bool(session.queue().jobs)

    def draw(self, context: Any) -> None:
        """The newest jobs, a box each."""
        jobs = session.queue()
        if jobs.warning:
            sentence(self.layout, context, jobs.warning, "ERROR")
        for job in jobs.jobs[: -MOST - 1 : -1]:
            draw_job(self.layout.box(), context, job)


def draw_job(layout: Any, context: Any, job: Any) -> None:
    """One job."""
    row = layout.row(align=True)
    row.label(icon=STATES.get(job.state, "QUESTION"))
    row.label(text=heading(job), icon=KINDS.get(kind_of(job), ("NONE", ""))[0], translate=False)
    if job.finished:
        if job.state == "done":
            if session.is_landed(job) and session.from_elsewhere(job) and session.can_land(job):
                # The file that it went into may have been lost with its Blender.
                row.operator("impromptu.land", text="", icon="IMPORT", emboss=False).job = job.id
            row.operator("impromptu.retry", text="", icon="FILE_REFRESH", emboss=False).job = job.id
        row.operator("impromptu.show_log", text="", icon="TEXT", emboss=False).job = job.id
        row.operator("impromptu.remove_job", text="", icon="X", emboss=False).job = job.id
        draw_finished(layout, context, job)
    else:
        row.operator("impromptu.show_log", text="", icon="TEXT", emboss=False).job = job.id
        draw_running(layout, job)


def draw_running(layout: Any, job: Any) -> None:
    """Progress, time to the end, the latest picture, and Cancel."""
    stage = told(job.stage[:1].upper() + job.stage[1:]) if job.stage else say("Waiting")
    eta = remaining(job.eta_s)
    text = f"{stage}  ·  {eta}" if eta else stage
    if hasattr(layout, "progress"):
        layout.progress(factor=job.fraction, text=text, translate=False)
    else:
        cells = round(job.fraction * 10)
        layout.label(text=f"{'█' * cells}{'░' * (10 - cells)} {text}", translate=False)
    icon = picture(job.preview, (job.stage, job.step)) if job.preview else 0
    if icon:
        # A look is seen from several sides in a row.
        layout.template_icon(icon_value=icon, scale=7.5 if job.kind == "stylize" else 5.0)
    layout.operator("impromptu.cancel", icon="CANCEL").job = job.id


def draw_finished(layout: Any, context: Any, job: Any) -> None:
    """The error with its remedy, or the result that has not found its place yet."""
    problem = session.notes.get(job.id)
    if job.state == "done" and problem is not None:
        draw_error(layout, context, problem, job)
        draw_anew(layout, job)
    elif session.can_land(job) and not session.is_landed(job):
        waits = loop.why_wait(context) if session.waits_to_land(job) else "From another file"
        layout.label(text=waits or "Ready", icon="INFO")
        if not draw_anew(layout, job):
            layout.operator("impromptu.land", text="Apply Here", icon="IMPORT").job = job.id
    if job.state == "done":
        for remark in remarks_of(job):
            sentence(layout, context, remark, "INFO")
    if job.state in ("failed", "cancelled"):
        if job.error is not None and job.state == "failed":
            draw_error(layout, context, job.error, job)
        row = layout.row(align=True)
        row.operator("impromptu.resume", icon="PLAY").job = job.id
        if job.error is None or job.error.code not in ("invalid_input",):
            row.operator("impromptu.retry", icon="FILE_REFRESH").job = job.id


def remarks_of(job: Any) -> list[str]:
    """What whoever ordered a job should know of its result; a host of another version may say anything."""
    remarks = job.metrics.get("remarks")
    return [r for r in remarks if isinstance(r, str)] if isinstance(remarks, list) else []


def draw_anew(layout: Any, job: Any) -> bool:
    """A button for a result whose actor is lost: a new one, or the active one for a look. Whether it is lost."""
    if not session.lost_target(job):
        return False
    if job.kind == "stylize":
        row = layout.operator("impromptu.land", text="Active Actor", icon="IMPORT")
    else:
        row = layout.operator("impromptu.land", text="New Actor", icon="ADD")
    row.job, row.anew = job.id, True
    return True


classes = (IMPROMPTU_PT_jobs,)
