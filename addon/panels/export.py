"""The active actor as a file."""

from __future__ import annotations

from typing import Any

import bpy

from ..scene.handles import actor_of
from .words import TabPanel


class IMPROMPTU_PT_export(TabPanel, bpy.types.Panel):
    """Formats for other programs."""

    bl_idname = "IMPROMPTU_PT_export"
    bl_label = "Export"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012 - Blender's own form

    @classmethod
    def poll(cls, context: Any) -> bool:
        """Only with an actor."""
        return actor_of(context) is not None

    def draw(self, context: Any) -> None:
        """The format and the button."""
        layout = self.layout
        layout.prop(context.scene.impromptu, "export_format", text="")
        layout.operator("impromptu.export", icon="EXPORT")


classes = (IMPROMPTU_PT_export,)
