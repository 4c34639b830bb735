"""The labels that Find ranked, with a picture of each."""

from __future__ import annotations

from typing import Any

import bpy

from ..icons import picture
from ..ops.act import chosen_label
from ..words import say
from .words import TabPanel


class IMPROMPTU_PT_found(TabPanel, bpy.types.Panel):
    """Click a label to let Act play it."""

    bl_idname = "IMPROMPTU_PT_found"
    bl_label = "Found"

    @classmethod
    def poll(cls, context: Any) -> bool:
        """Only after Find."""
        return len(context.scene.impromptu.found) > 0

    def draw(self, context: Any) -> None:
        """A box a label: picture, name, score; the chosen one pressed in."""
        s = context.scene.impromptu
        current = bool(chosen_label(s))
        if s.prompt != s.found_prompt:
            self.layout.label(text=s.found_prompt, icon="VIEWZOOM", translate=False)
        column = self.layout.column(align=True)
        for i, entry in enumerate(s.found):
            row = column.box().row()
            icon = picture(entry.thumbnail)
            if icon:
                row.template_icon(icon_value=icon, scale=3.0)
            side = row.column(align=True)
            side.operator(
                "impromptu.use_label", text=entry.label, translate=False, depress=current and i == s.found_index
            ).index = i
            length = f"  ·  {say('{count} s', count=f'{entry.seconds:.1f}')}" if entry.seconds else ""
            side.label(text=f"{entry.score:.2f}{length}", translate=False)


classes = (IMPROMPTU_PT_found,)
