"""The prompt's operators: read the panel, submit a job; in background mode wait for it and land its result."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from ...backend.protocol import FindRequest, ImportRequest, ImpromptuError, InvalidInput, PerformRequest, to_params
from .. import loop, session
from ..landings import target_of
from ..look_request import panel_request
from ..scene import provenance
from ..scene.described import Pairs, body_named, pairs
from ..scene.handles import actor_of, require_actor, require_editable, skin_of, tell_apart
from ..scene.read_motion import action_frames, read_motion, save_motion
from ..scene.shape_arrays import betas_of
from ..words import explain, say, short

AFTER_FRAMES = 30
"""Frames of the motion so far that Append hands over: enough for its last pose and speed."""


class JobStarter:
    """What operators that submit a job share. The job's landing is the undo step, not the click."""

    bl_options = {"REGISTER"}  # noqa: RUF012 - Blender's own form
    wait: bpy.props.BoolProperty(
        name="Wait",
        description="Return when the result is in the scene; background mode always waits",
        default=False,
        options={"SKIP_SAVE", "HIDDEN"},
    )

    def execute(self, context: Any) -> set[str]:
        """Submit; wait where there is no window to go on drawing."""
        try:
            tell_apart()
            job = self.submit(context)
        except ImpromptuError as error:
            self.report({"ERROR"}, explain(error))
            return {"CANCELLED"}
        if bpy.app.background or self.wait:
            return session.finish(context, self, job)
        loop.start()
        loop.redraw()
        return {"FINISHED"}

    def submit(self, context: Any) -> Any:
        """Make the request and queue it; raises ImpromptuError."""
        raise NotImplementedError


def body_of(settings: Any) -> str:
    """The request's `body`.

    Raises:
        InvalidInput: a file is wanted and none is named.
    """
    if settings.body != "file":
        return settings.body
    if not settings.body_file:
        raise InvalidInput("No model file is chosen.", "Choose one under Body, or another body.")
    return bpy.path.abspath(settings.body_file)


def library_of(settings: Any) -> str:
    """The request's `library`: an absolute path, or empty for the one that ships."""
    return bpy.path.abspath(settings.library) if settings.library else ""


def chosen_label(settings: Any) -> str:
    """The label that was picked from the list, as long as the prompt is the one that it was found for."""
    if settings.found_prompt == settings.prompt and 0 <= settings.found_index < len(settings.found):
        return settings.found[settings.found_index].label
    return ""


def kept_shape(rig: Any) -> Pairs:
    """The betas of an actor that a person has reshaped since it was made; none where the prompt may decide."""
    skin = skin_of(rig)
    made = provenance.read(rig).get("betas")
    if skin is None or not isinstance(made, list):
        return ()
    now = betas_of(skin)
    changed = len(made) != len(now) or np.abs(now - np.asarray(made, np.float64)).max(initial=0) > 1e-3
    return pairs(now) if changed else ()


def own_body(settings: Any, rig: Any) -> tuple[str, Pairs]:
    """The body and betas that an actor keeps unless the prompt names one; empty where the panel does, or for none."""
    skin = skin_of(rig) if rig is not None and settings.body == "auto" else None
    return ("", ()) if skin is None else (body_named(rig), pairs(betas_of(skin)))


def perform_request(settings: Any, **more: Any) -> PerformRequest:
    """The request that the panel's settings make.

    Raises:
        InvalidInput: what a setting holds cannot be used.
    """
    fields = {
        "prompt": settings.prompt,
        "library": library_of(settings),
        "order": settings.order,
        "seed": settings.seed,
        "seconds": settings.seconds,
        "fps": settings.fps,
        # A label of the library says nothing to a motion that is made for the words.
        "label": "" if settings.motion == "generate" else chosen_label(settings),
        "variants": settings.variants,
        "motion": settings.motion,
        "temperature": settings.temperature,
        "neighbours": settings.neighbours,
        "refine": settings.refine,
    }
    return PerformRequest(**{**fields, **more})


class IMPROMPTU_OT_find(JobStarter, bpy.types.Operator):
    """Rank the library's labels by the prompt and show the best five with a picture each. Takes a second or two, a little more the first time; changes nothing in the scene"""  # noqa: E501

    bl_idname = "impromptu.find"
    bl_label = "Find"

    def submit(self, context: Any) -> Any:
        """Queue a ranking."""
        s = context.scene.impromptu
        request = FindRequest(prompt=s.prompt, library=library_of(s), order=s.order, seed=s.seed)
        return session.submit(context, request, short(request.prompt), "find")


class IMPROMPTU_OT_act(JobStarter, bpy.types.Operator):
    """Make a character act the prompt: a rig, a skin and keyframes. Takes a few seconds, more the first time; one undo step"""  # noqa: E501

    bl_idname = "impromptu.act"
    bl_label = "Act"

    def submit(self, context: Any) -> Any:
        """Queue a motion for the actor or for a new one."""
        s = context.scene.impromptu
        target = target_of(context) if s.placement == "REPLACE" else None
        shape = kept_shape(target) if target is not None else ()
        kept, kept_betas = own_body(s, target)
        request = perform_request(s, body=body_of(s), betas=shape, kept_body=kept, kept_betas=kept_betas)
        options: dict[str, Any] = {"placement": s.placement}
        look = context.scene.impromptu_look
        if look.after_act:
            fields = to_params(panel_request(context.scene))
            options["look"] = {"fields": fields, "blend": look.blend}
        return session.submit(context, request, short(request.prompt), "act", target, options)


class IMPROMPTU_OT_append(JobStarter, bpy.types.Operator):
    """Let the active actor go on with the prompt after its last frame, blended over the transition. Takes a few seconds; makes a new action, the old one stays; one undo step"""  # noqa: E501

    bl_idname = "impromptu.append"
    bl_label = "Append"

    @classmethod
    def poll(cls, context: Any) -> bool:
        """An actor must be active."""
        ready = actor_of(context) is not None
        if not ready and hasattr(cls, "poll_message_set"):
            cls.poll_message_set("Click an actor first")
        return ready

    def submit(self, context: Any) -> Any:
        """Write the end of the actor's motion for the backend, and queue what follows."""
        s = context.scene.impromptu
        rig = require_actor(context)
        require_editable(rig)
        frames = action_frames(rig, context.scene)[-AFTER_FRAMES:]
        motion, betas = read_motion(rig, frames)
        path = session.scratch("after") / "motion.npz"
        save_motion(path, motion, betas)
        more = {"after": str(path), "transition": s.transition, "fps": motion.fps, "variants": 1}
        request = perform_request(s, body=body_named(rig), betas=pairs(betas), **more)
        return session.submit(context, request, short(request.prompt), "append", rig)


class IMPROMPTU_OT_import_motion(JobStarter, bpy.types.Operator):
    """Let an actor perform a motion file: BVH or AMASS .npz. Takes a few seconds; one undo step"""

    bl_idname = "impromptu.import_motion"
    bl_label = "Import Motion"

    filepath: bpy.props.StringProperty(
        name="File", description="Motion file to read", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )
    filter_glob: bpy.props.StringProperty(default="*.bvh;*.npz", options={"HIDDEN"})

    def invoke(self, context: Any, event: Any) -> set[str]:
        """Ask for the file."""
        if self.filepath:
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def submit(self, context: Any) -> Any:
        """Queue the import."""
        s = context.scene.impromptu
        target = target_of(context) if s.placement == "REPLACE" else None
        body, shape = own_body(s, target)
        options = {"placement": s.placement, "kept": bool(body)}
        if not body:
            body = "neutral" if s.body == "auto" else body_of(s)
            shape = kept_shape(target) if target is not None else ()
        path = bpy.path.abspath(self.filepath)
        request = ImportRequest(path=path, fps=s.fps, body=body, betas=shape)
        return session.submit(context, request, bpy.path.basename(path), "act", target, options)


class IMPROMPTU_OT_use_label(bpy.types.Operator):
    """Let Act and Append play this label; click it again to let the ranking decide. Costs nothing"""

    bl_idname = "impromptu.use_label"
    bl_label = "Use Label"
    bl_options = {"UNDO", "INTERNAL"}  # noqa: RUF012 - Blender's own form

    index: bpy.props.IntProperty(name="Index", description="Number in the list", default=-1, options={"SKIP_SAVE"})

    def execute(self, context: Any) -> set[str]:
        """Choose it, or unchoose."""
        s = context.scene.impromptu
        same = self.index == s.found_index and s.prompt == s.found_prompt
        s.found_index = -1 if same or self.index >= len(s.found) else self.index
        if s.found_index >= 0:
            s.prompt = s.found_prompt
        return {"FINISHED"}


class IMPROMPTU_OT_use_prompt(bpy.types.Operator):
    """Put this prompt and its seed back into the panel. Costs nothing"""

    bl_idname = "impromptu.use_prompt"
    bl_label = "Use Prompt"
    bl_options = {"UNDO", "INTERNAL"}  # noqa: RUF012 - Blender's own form

    index: bpy.props.IntProperty(name="Index", description="Number in the list", default=0, options={"SKIP_SAVE"})

    def execute(self, context: Any) -> set[str]:
        """Refill the prompt and the seed."""
        s = context.scene.impromptu
        if not 0 <= self.index < len(s.history):
            self.report({"ERROR"}, say("That prompt is not in the history. Choose another."))
            return {"CANCELLED"}
        s.prompt, s.seed = s.history[self.index].prompt, s.history[self.index].seed
        return {"FINISHED"}


classes = (
    IMPROMPTU_OT_find,
    IMPROMPTU_OT_act,
    IMPROMPTU_OT_append,
    IMPROMPTU_OT_import_motion,
    IMPROMPTU_OT_use_label,
    IMPROMPTU_OT_use_prompt,
)
