"""The active actor's motion: changed by words or by another motion, and recognised."""

from __future__ import annotations

from typing import Any

import bpy

from ..scene.handles import actor_of, is_editable
from ..words import say
from .shape import ActorPanel
from .words import sentence


class IMPROMPTU_PT_motion(ActorPanel, bpy.types.Panel):
    """Edits of the actor's motion"""

    bl_idname = "IMPROMPTU_PT_motion"
    bl_label = "Edit Motion"

    def draw(self, context: Any) -> None:
        """How, with what, how far, and the button."""
        layout, rig, s = self.layout, actor_of(context), context.scene.impromptu_motion
        if not is_editable(rig):
            sentence(layout, context, say("{name} is linked from another file: it is changed there.", name=rig.name))
        body = layout.column()
        body.enabled = is_editable(rig)
        body.prop(s, "how", text="")
        if s.how == "words":
            draw_words(body, s)
        elif s.how == "difference":
            draw_second(body, s.minus, "Take Away")
            draw_second(body, s.other, "Add")
        else:
            draw_second(body, s.other, "Second Motion")
        draw_amount(body, s)
        row = body.row()
        row.scale_y = 1.4
        row.enabled = is_complete(s)
        row.operator("impromptu.edit_motion", icon="ANIM")


class IMPROMPTU_PT_recognise(ActorPanel, bpy.types.Panel):
    """What the actor's motion is called"""

    bl_idname = "IMPROMPTU_PT_recognise"
    bl_label = "Recognise"
    bl_parent_id = "IMPROMPTU_PT_motion"
    bl_options = set()  # noqa: RUF012 - Blender wants a set

    def draw(self, context: Any) -> None:
        """What to choose from, the button, and what was found for the action that plays."""
        layout, rig, s = self.layout, actor_of(context), context.scene.impromptu_motion
        draw_named(layout, "Labels", s, "labels")
        layout.operator("impromptu.recognise_motion", icon="VIEWZOOM")
        played = rig.animation_data.action if rig.animation_data else None
        if not len(s.recognised_labels) or s.recognised_action not in (None, played):
            return
        column = layout.box().column(align=True)
        for entry in s.recognised_labels:
            draw_entry(column, entry.label, f"{entry.share:.0%}")
        if len(s.recognised_clips):
            column = layout.box().column(align=True)
            column.label(text="Nearest Clips")
            for entry in s.recognised_clips:
                draw_entry(column, entry.label or entry.clip, f"{entry.cosine:.2f}")


def draw_words(layout: Any, s: Any) -> None:
    """What the motion shall be like, and what less."""
    column = layout.column(align=True)
    column.prop(s, "words", text="", icon="GREASEPENCIL")
    draw_named(column, "Instead of", s, "without")


def draw_named(layout: Any, title: str, s: Any, name: str) -> None:
    """A text field with its name before it; Blender's own division leaves too little room to write in."""
    split = layout.split(factor=0.36, align=True)
    split.label(text=title)
    split.prop(s, name, text="")


def draw_second(layout: Any, second: Any, title: str) -> None:
    """Which other motion."""
    column = layout.column(align=True)
    column.label(text=title)
    column.row(align=True).prop(second, "source", expand=True)
    column.prop(second, "action" if second.source == "ACTION" else "actor", text="")


def draw_amount(layout: Any, s: Any) -> None:
    """How far, or how long the way is."""
    column = layout.column(align=True)
    column.use_property_split = True
    column.use_property_decorate = False
    if s.how == "between":
        column.prop(s, "seconds")
    else:
        row = column.row()
        row.enabled = s.how != "mix" or s.steps == 1
        row.prop(s, "amount")
    if s.how == "mix":
        column.prop(s, "steps")


def draw_entry(layout: Any, name: str, value: str) -> None:
    """A name, and a number at the right."""
    split = layout.split(factor=0.82)
    split.label(text=name, translate=False)
    split.label(text=value, translate=False)


def is_complete(s: Any) -> bool:
    """Whether all is chosen that the edit needs."""
    if s.how == "words":
        return bool(s.words.strip())
    seconds = (s.other, s.minus) if s.how == "difference" else (s.other,)
    return all((second.action if second.source == "ACTION" else second.actor) is not None for second in seconds)


classes = (IMPROMPTU_PT_motion, IMPROMPTU_PT_recognise)
