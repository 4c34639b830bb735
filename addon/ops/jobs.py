"""Operators of the list of jobs."""

from __future__ import annotations

from typing import Any

import bpy

from ...backend.protocol import EditRequest, ImpromptuError, InvalidInput, StylizeRequest, from_params
from .. import loop, package, properties_motion, session
from ..properties_look import restore
from ..words import explain
from .texts import show

PANEL = (
    "prompt", "library", "order", "seed", "seconds", "fps", "variants", "transition", "motion", "temperature",
    "neighbours", "refine",
)  # fmt: skip
"""Settings of the prompt's panel that a request has under the same name."""


class _JobOperator:
    """What the operators of this module share: a job by its id, and errors as one sentence."""

    bl_options = {"INTERNAL"}  # noqa: RUF012 - Blender's own form
    job: bpy.props.StringProperty(name="Job", description="Which job of the list", options={"SKIP_SAVE", "HIDDEN"})

    def execute(self, context: Any) -> set[str]:
        """Do it, report what went wrong in one sentence."""
        try:
            done = self.change(context)
        except ImpromptuError as error:
            self.report({"ERROR"}, explain(error))
            return {"CANCELLED"}
        loop.start()
        if not bpy.app.background:
            loop.redraw()
        return done or {"FINISHED"}

    def change(self, context: Any) -> set[str] | None:
        """What the operator does; raises ImpromptuError."""
        raise NotImplementedError


class IMPROMPTU_OT_cancel(_JobOperator, bpy.types.Operator):
    """Stop this job. The scene stays as it is; a look stays as it was last shown, as one undo step. Resume does the job again or goes on"""  # noqa: E501

    bl_idname = "impromptu.cancel"
    bl_label = "Cancel"

    def change(self, context: Any) -> None:
        """Cancel."""
        session.queue().cancel(self.job)


class IMPROMPTU_OT_resume(_JobOperator, bpy.types.Operator):
    """Do this job again in its folder, going on from a checkpoint where its kind keeps one; else costs as much as the first time"""  # noqa: E501

    bl_idname = "impromptu.resume"
    bl_label = "Resume"

    def change(self, context: Any) -> set[str] | None:
        """Queue it again."""
        job = session.queue().resume(self.job)
        return session.finish(context, self, job) if bpy.app.background else None


class IMPROMPTU_OT_retry(_JobOperator, bpy.types.Operator):
    """Do this job again from the start, with the same settings and seed; costs as much as the first time"""

    bl_idname = "impromptu.retry"
    bl_label = "Retry"

    def change(self, context: Any) -> set[str] | None:
        """Queue a copy that lands here."""
        jobs = session.queue()
        again = session.again(context, jobs.get(self.job))
        return session.finish(context, self, again) if bpy.app.background else None


class IMPROMPTU_OT_remove_job(_JobOperator, bpy.types.Operator):
    """Take this job off the list and delete its folder. Actors that were made from it stay"""

    bl_idname = "impromptu.remove_job"
    bl_label = "Remove"

    def change(self, context: Any) -> None:
        """Remove."""
        session.queue().remove(self.job)
        session.notes.pop(self.job, None)


class IMPROMPTU_OT_show_log(_JobOperator, bpy.types.Operator):
    """Open this job's log in Blender's text editor; costs nothing"""

    bl_idname = "impromptu.show_log"
    bl_label = "Show Log"

    def change(self, context: Any) -> None:
        """A text block, in an editor of its own where a window is there."""
        job = session.queue().get(self.job)
        why = [explain(job.error)] if job.error else []
        show(context, f"Impromptu {job.id}.log", [job.title, *why, "", *job.log_tail(2000)])


class IMPROMPTU_OT_edit_job(_JobOperator, bpy.types.Operator):
    """Put this job's prompt and settings back into the panel, to change what was wrong there. Costs nothing; one undo step"""  # noqa: E501

    bl_idname = "impromptu.edit_job"
    bl_label = "Edit Settings"
    bl_options = {"UNDO", "INTERNAL"}  # noqa: RUF012 - Blender's own form

    def change(self, context: Any) -> None:
        """Fill the panel in."""
        job = session.queue().get(self.job)
        request = from_params(job.kind, job.params)
        if isinstance(request, StylizeRequest):
            restore(context.scene.impromptu_look, request)
            context.scene.impromptu_look.blend = bool(job.extra.get("options", {}).get("blend"))
            return
        if isinstance(request, EditRequest):
            properties_motion.restore(context.scene.impromptu_motion, request)
            return
        settings = context.scene.impromptu
        for name in PANEL:
            if hasattr(request, name):
                setattr(settings, name, getattr(request, name))
        body = getattr(request, "body", "")
        if body in ("auto", "neutral", "male", "female"):
            settings.body = body
        elif body:
            settings.body, settings.body_file = "file", body
        settings.found_index = -1


class IMPROMPTU_OT_use_cpu(_JobOperator, bpy.types.Operator):
    """Compute on the processor from now on and do this job again: slower, but it has the memory"""

    bl_idname = "impromptu.use_cpu"
    bl_label = "Retry on CPU"

    def change(self, context: Any) -> set[str] | None:
        """Set the preference, end the host, queue a copy."""
        kept = package.preferences(context)
        if kept is None:
            raise InvalidInput("Impromptu is not enabled in the preferences.", "Enable it there first.")
        kept.device = "cpu"
        job = session.queue().get(self.job)
        session.close()
        again = session.again(context, job)
        return session.finish(context, self, again) if bpy.app.background else None


class IMPROMPTU_OT_land(_JobOperator, bpy.types.Operator):
    """Put the result of this job into the scene, as one undo step"""

    bl_idname = "impromptu.land"
    bl_label = "Apply Impromptu Result"
    bl_options = {"UNDO", "INTERNAL"}  # noqa: RUF012 - Blender's own form

    anew: bpy.props.BoolProperty(
        name="New Actor", description="Make a new actor for it", default=False, options={"SKIP_SAVE", "HIDDEN"}
    )

    @classmethod
    def poll(cls, context: Any) -> bool:
        """Not while a mesh is edited, nor while a render runs."""
        reason = loop.why_wait(context)
        if reason and hasattr(cls, "poll_message_set"):
            cls.poll_message_set(reason)
        return not reason

    def change(self, context: Any) -> None:
        """Land it."""
        job = session.queue().get(self.job)
        if self.anew:
            job.extra.update(target=None, options={**job.extra.get("options", {}), "anew": True})
        self.report({"INFO"}, session.land(context, job))


class IMPROMPTU_OT_run_jobs(bpy.types.Operator):
    """Look after the jobs until all have ended; in background mode this waits for them"""

    bl_idname = "impromptu.run_jobs"
    bl_label = "Run Jobs"
    bl_options = {"INTERNAL"}  # noqa: RUF012 - Blender's own form

    def execute(self, context: Any) -> set[str]:
        """Start the timer, or wait where there is none."""
        if not bpy.app.background:
            loop.start()
            return {"FINISHED"}
        ended = {"FINISHED"}
        for job in list(session.queue().jobs):
            if not job.finished:
                ended = session.finish(context, self, job)
        return ended


classes = (
    IMPROMPTU_OT_cancel,
    IMPROMPTU_OT_resume,
    IMPROMPTU_OT_retry,
    IMPROMPTU_OT_remove_job,
    IMPROMPTU_OT_show_log,
    IMPROMPTU_OT_edit_job,
    IMPROMPTU_OT_use_cpu,
    IMPROMPTU_OT_land,
    IMPROMPTU_OT_run_jobs,
)
