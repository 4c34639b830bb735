"""The look: what the actor shall look like, and the slider between two looks."""

from __future__ import annotations

from typing import Any

import bpy

from ..scene.handles import actor_of
from ..scene.style import count_styles
from ..scene.style_material import MIX, TEXTURE
from .words import TabPanel


class IMPROMPTU_PT_look(TabPanel, bpy.types.Panel):
    """Colours and relief from words or a picture."""

    bl_idname = "IMPROMPTU_PT_look"
    bl_label = "Look"

    def draw(self, context: Any) -> None:
        """The prompt, the picture, the buttons, and what the actor wears."""
        layout, look = self.layout, context.scene.impromptu_look
        column = layout.column(align=True)
        column.prop(look, "prompt", text="", icon="BRUSH_DATA")
        column.prop(look, "image", text="", icon="IMAGE_DATA")
        row = layout.row()
        row.scale_y = 1.4
        row.enabled = bool(look.prompt.strip() or look.image or context.scene.impromptu.prompt.strip())
        row.operator("impromptu.stylise", icon="BRUSH_DATA")
        row = layout.row(align=True)
        row.operator("impromptu.more_like_this", icon="DUPLICATE")
        row.operator("impromptu.remove_style", icon="TRASH", text="")
        layout.prop(look, "after_act")
        rig = actor_of(context)
        if rig is not None and count_styles(rig):
            draw_worn(layout.column(align=True), rig)


def draw_worn(layout: Any, rig: Any) -> None:
    """The sliders that an actor's looks have, as the rig itself carries them."""
    if MIX in rig:
        layout.prop(rig, f'["{MIX}"]', text="Look 1 to 2", slider=True)
    if TEXTURE in rig:
        layout.prop(rig, f'["{TEXTURE}"]', text="Baked Pictures", slider=True)


class IMPROMPTU_PT_look_settings(TabPanel, bpy.types.Panel):
    """How the look is made."""

    bl_idname = "IMPROMPTU_PT_look_settings"
    bl_label = "Look Settings"
    bl_parent_id = "IMPROMPTU_PT_look"
    # Closed, so that jobs and their progress are in sight below.
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012 - Blender's own form

    def draw(self, context: Any) -> None:
        """One setting a line, then the parts of the body."""
        layout, look = self.layout, context.scene.impromptu_look
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.row().prop(look, "start", expand=True)
        column = layout.column(align=True)
        column.prop(look, "negative")
        column.prop(look, "relief")
        column.prop(look, "steps")
        column = layout.column(align=True)
        column.prop(look, "seed")
        column.prop(look, "variants")
        layout.prop(look, "blend")


class IMPROMPTU_PT_look_regions(TabPanel, bpy.types.Panel):
    """Where the look may change the body."""

    bl_idname = "IMPROMPTU_PT_look_regions"
    bl_label = "Parts of the Body"
    bl_parent_id = "IMPROMPTU_PT_look"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012 - Blender's own form

    def draw(self, context: Any) -> None:
        """Toggles in three columns, once for each list."""
        layout, look = self.layout, context.scene.impromptu_look
        for name, heading in (("only", "Change Only"), ("keep", "Keep")):
            column = layout.column(align=True)
            column.label(text=heading)
            column.grid_flow(row_major=True, columns=3, even_columns=True, align=True).prop(look, name)
        if look.only or look.keep:
            layout.operator("impromptu.clear_regions", icon="X")


classes = (IMPROMPTU_PT_look, IMPROMPTU_PT_look_settings, IMPROMPTU_PT_look_regions)
