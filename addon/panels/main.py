"""The prompt and its three buttons."""

from __future__ import annotations

import bpy


class IMPROMPTU_PT_main(bpy.types.Panel):
    """A prompt becomes a moving character."""

    bl_label = "Prompt"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Impromptu"

    def draw(self, context: bpy.types.Context) -> None:
        """The prompt, its settings and Act, Find, Append."""
        self.layout.prop(context.scene.impromptu, "prompt", text="")


classes = (IMPROMPTU_PT_main,)
