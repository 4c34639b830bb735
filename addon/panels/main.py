"""The prompt and its three buttons."""

from __future__ import annotations

from typing import Any

import bpy

from ..ops.act import chosen_label
from .words import TabPanel


class IMPROMPTU_MT_history(bpy.types.Menu):
    """Prompts that were acted in this file; choose one to fill it in again"""

    bl_idname = "IMPROMPTU_MT_history"
    bl_label = "Earlier Prompts"

    def draw(self, context: Any) -> None:
        """The newest first."""
        history = context.scene.impromptu.history
        if not len(history):
            self.layout.label(text="No prompts yet")
        for i, entry in enumerate(history):
            text = entry.prompt if len(entry.prompt) <= 60 else entry.prompt[:59] + "…"
            said = f"{text}  ({entry.seed})" if entry.seed else text
            self.layout.operator("impromptu.use_prompt", text=said, translate=False).index = i


class IMPROMPTU_PT_main(TabPanel, bpy.types.Panel):
    """A prompt becomes a moving character."""

    bl_idname = "IMPROMPTU_PT_main"
    bl_label = "Prompt"

    def draw_header_preset(self, _context: Any) -> None:
        """The manual, at the right of the heading."""
        self.layout.operator("impromptu.open_manual", text="", icon="HELP", emboss=False)

    def draw(self, context: Any) -> None:
        """The prompt, then Act, Find and Append, then where the result goes."""
        layout, s = self.layout, context.scene.impromptu
        row = layout.row(align=True)
        row.scale_y = 1.2
        row.prop(s, "prompt", text="")
        row.menu("IMPROMPTU_MT_history", text="", icon="RECOVER_LAST")
        label = chosen_label(s)
        if label:
            row = layout.row(align=True)
            row.enabled = s.motion != "generate"
            row.label(text=label, icon="CHECKMARK", translate=False)
            row.operator("impromptu.use_label", text="", icon="X", emboss=False).index = -1
        row = layout.row()
        row.scale_y = 1.4
        row.enabled = bool(s.prompt.strip())
        row.operator("impromptu.act", icon="PLAY")
        row = layout.row(align=True)
        row.enabled = bool(s.prompt.strip())
        row.operator("impromptu.find", icon="VIEWZOOM")
        row.operator("impromptu.append", icon="FORWARD")
        layout.row(align=True).prop(s, "placement", expand=True)
        row = layout.row(align=True)
        row.operator("impromptu.add_body", icon="ARMATURE_DATA")
        row.operator("impromptu.import_motion", icon="IMPORT")


class IMPROMPTU_PT_settings(TabPanel, bpy.types.Panel):
    """Body, motion, length, rate, seed and library."""

    bl_idname = "IMPROMPTU_PT_settings"
    bl_label = "Settings"
    bl_parent_id = "IMPROMPTU_PT_main"
    # Closed, so that jobs and their progress are in sight below.
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012 - Blender's own form

    def draw(self, context: Any) -> None:
        """One setting a line."""
        layout, s = self.layout, context.scene.impromptu
        layout.use_property_split = True
        layout.use_property_decorate = False
        column = layout.column(align=True)
        column.prop(s, "body")
        if s.body == "file":
            column.prop(s, "body_file", text="Model")
        layout.column(align=True).prop(s, "motion")
        column = layout.column(align=True)
        column.enabled = s.motion != "retrieve"
        column.prop(s, "temperature")
        column.prop(s, "neighbours")
        column.prop(s, "refine")
        column = layout.column(align=True)
        column.prop(s, "seconds")
        column.prop(s, "fps")
        column.prop(s, "transition")
        column = layout.column(align=True)
        column.prop(s, "seed")
        column.prop(s, "variants")
        column = layout.column(align=True)
        column.prop(s, "library")
        column.prop(s, "order")


classes = (IMPROMPTU_MT_history, IMPROMPTU_PT_main, IMPROMPTU_PT_settings)
