"""The Pose panel: hands and ground."""

from __future__ import annotations

from typing import Any

import bpy

from ..scene.handles import actor_of, is_editable
from ..scene.hands import ITEMS
from ..words import say
from .shape import ActorPanel
from .words import sentence


class IMPROMPTU_PT_pose(ActorPanel, bpy.types.Panel):
    """Hands and ground of the active actor"""

    bl_idname = "IMPROMPTU_PT_pose"
    bl_label = "Pose"

    def draw(self, context: Any) -> None:
        layout, rig = self.layout, actor_of(context)
        if not is_editable(rig):
            sentence(layout, context, say("{name} is linked from another file: it is changed there.", name=rig.name))
        body = layout.column()
        body.enabled = is_editable(rig)
        settings: Any = rig.impromptu
        column = body.column(align=True)
        column.label(text="Hands")
        column.row(align=True).prop(settings, "hand_side", expand=True)
        row = column.row(align=True)
        for pose, label, _ in ITEMS:
            button = row.operator("impromptu.set_hands", text=label)
            button.pose, button.side = pose, settings.hand_side
        column = body.column(align=True)
        column.label(text="Snap to Ground")
        row = column.row(align=True)
        for mode, label in (("ACTION", "Action"), ("EACH", "Each Frame"), ("FRAME", "This Frame")):
            row.operator("impromptu.snap_to_ground", text=label).mode = mode


classes = (IMPROMPTU_PT_pose,)
