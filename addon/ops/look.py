"""Operators of looks: order one, order more of the same, keep a preview, take looks off."""

from __future__ import annotations

from typing import Any

import bpy

from ...backend.protocol import ImpromptuError, InvalidInput, to_params
from .. import look_request, session
from ..landings import target_of
from ..landings_style import keep_preview
from ..scene.handles import actor_of, require_actor, require_editable, tell_apart
from ..scene.style import count_styles, known_styles, remove_style
from ..words import explain
from .act import JobStarter

MORE = ("prompt", "style_text", "negative", "image", "only", "keep", "relief", "texture")
"""What More Like This takes over from the look that an actor wears; the rest is the panel's."""


class IMPROMPTU_OT_stylise(JobStarter, bpy.types.Operator):
    """Give the actor colours and relief from the prompt or the picture, and show how they grow. Takes a minute or more, by the steps; Cancel keeps what is there; one undo step"""  # noqa: E501

    bl_idname = "impromptu.stylise"
    bl_label = "Stylise"

    def submit(self, context: Any) -> Any:
        """Queue a look for the active actor, or the one made last."""
        rig = target_of(context)
        if rig is None:
            raise InvalidInput("There is no actor to stylise.", "Press Act first, or add a body.")
        fields = to_params(look_request.panel_request(context.scene))
        return look_request.order(context, rig, restored(fields), context.scene.impromptu_look.blend)


class IMPROMPTU_OT_more_like_this(JobStarter, bpy.types.Operator):
    """Work on the look that the actor wears once more, with the next seed: the same words, another look close to it. Takes as long as Stylise; one undo step"""  # noqa: E501

    bl_idname = "impromptu.more_like_this"
    bl_label = "More Like This"

    @classmethod
    def poll(cls, context: Any) -> bool:
        """The active actor must wear a look."""
        return worn(cls, context)

    def submit(self, context: Any) -> Any:
        """Queue the look's own request from what the actor shows, with the next seed."""
        rig, look = require_actor(context), context.scene.impromptu_look
        styles = known_styles(rig)
        told = styles[-1] if styles else {}
        asked = told.get("request") if isinstance(told.get("request"), dict) else {}
        kept = restored({name: asked[name] for name in MORE if name in asked})
        if not any(kept.get(name) for name in ("prompt", "style_text", "image")):
            kept = {"prompt": str(told.get("prompt") or look.prompt or context.scene.impromptu.prompt)}
            if told.get("style_text"):
                # Made by the command line, whose record has the look in words.
                kept["style_text"] = str(told["style_text"])
        seed = max(int(told.get("seed") or 0), int(asked.get("seed") or 0)) + 1
        own = {"start": "present", "steps": look.steps, "variants": look.variants, "seed": seed}
        job = look_request.order(context, rig, {**kept, **own}, look.blend)
        look.seed = seed
        return job


class IMPROMPTU_OT_remove_style(bpy.types.Operator):
    """Take all looks off the actor: its plain outfit comes back. Costs nothing; one undo step"""

    bl_idname = "impromptu.remove_style"
    bl_label = "Remove Look"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012 - Blender's own form

    @classmethod
    def poll(cls, context: Any) -> bool:
        """The active actor must wear a look."""
        return worn(cls, context)

    def execute(self, context: Any) -> set[str]:
        """Remove them."""
        try:
            tell_apart()
            rig = require_actor(context)
            require_editable(rig)
            remove_style(rig)
        except ImpromptuError as error:
            self.report({"ERROR"}, explain(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class IMPROMPTU_OT_keep_look(bpy.types.Operator):
    """Keep the look that a cancelled job has shown last, as one undo step"""

    bl_idname = "impromptu.keep_look"
    bl_label = "Keep Impromptu Look"
    bl_options = {"UNDO", "INTERNAL"}  # noqa: RUF012 - Blender's own form

    job: bpy.props.StringProperty(name="Job", description="Which job of the list", options={"SKIP_SAVE", "HIDDEN"})

    def execute(self, context: Any) -> set[str]:
        """Keep it."""
        try:
            job = session.queue().get(self.job)
            rig = session.find_target(job)
            if rig is None:
                raise InvalidInput("The actor that this look was for is not there any more.", "Press Retry.")
            self.report({"INFO"}, keep_preview(context, job, rig))
        except ImpromptuError as error:
            self.report({"ERROR"}, explain(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class IMPROMPTU_OT_clear_regions(bpy.types.Operator):
    """Let the prompt decide again which parts of the body change. Costs nothing"""

    bl_idname = "impromptu.clear_regions"
    bl_label = "Clear Parts"
    bl_options = {"UNDO", "INTERNAL"}  # noqa: RUF012 - Blender's own form

    def execute(self, context: Any) -> set[str]:
        """Choose none."""
        look = context.scene.impromptu_look
        look.only = look.keep = set()
        return {"FINISHED"}


def worn(cls: Any, context: Any) -> bool:
    """Whether the active actor wears a look; else the button says what is missing."""
    rig = actor_of(context)
    ready = rig is not None and count_styles(rig) > 0
    if not ready and hasattr(cls, "poll_message_set"):
        cls.poll_message_set("Stylise the actor first" if rig is not None else "Click an actor first")
    return ready


def restored(fields: dict[str, Any]) -> dict[str, Any]:
    """Parameters as a request's own fields: lists are tuples there."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}


classes = (
    IMPROMPTU_OT_stylise,
    IMPROMPTU_OT_more_like_this,
    IMPROMPTU_OT_remove_style,
    IMPROMPTU_OT_keep_look,
    IMPROMPTU_OT_clear_regions,
)
