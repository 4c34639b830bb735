"""Operators of hands and ground."""

from __future__ import annotations

from typing import Any

import bpy

from ...backend.protocol import ImpromptuError
from ..scene import ground, hands
from ..scene.handles import actor_of, is_editable, require_actor, tell_apart
from ..words import say
from .shape import failed


class _PoseOperator:
    """What the operators of this module share: an actor that this file may move, and one undo step."""

    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012 - Blender wants a set

    @classmethod
    def poll(cls, context: Any) -> bool:
        rig = actor_of(context)
        if rig is not None and is_editable(rig):
            return True
        if hasattr(cls, "poll_message_set"):
            cls.poll_message_set("Click an actor first" if rig is None else "This actor is linked from another file")
        return False

    def execute(self, context: Any) -> set[str]:
        try:
            tell_apart()
            self.change(require_actor(context))
        except ImpromptuError as error:
            return failed(self, error)
        return {"FINISHED"}

    def change(self, rig: bpy.types.Object) -> None:
        """What the operator does to the actor."""
        raise NotImplementedError


class IMPROMPTU_OT_set_hands(_PoseOperator, bpy.types.Operator):
    """Pose the hands. With an action the pose holds through all of it: the fingers' keys are replaced"""

    bl_idname = "impromptu.set_hands"
    bl_label = "Pose Hands"

    pose: bpy.props.EnumProperty(name="Pose", items=hands.ITEMS)
    side: bpy.props.EnumProperty(name="Side", items=hands.SIDES)

    def change(self, rig: bpy.types.Object) -> None:
        hands.set_hands(rig, self.pose, self.side)


class IMPROMPTU_OT_snap_to_ground(_PoseOperator, bpy.types.Operator):
    """Put the actor's soles on the floor (z = 0) by moving the root's keys. Takes a fraction of a second"""

    bl_idname = "impromptu.snap_to_ground"
    bl_label = "Snap to Ground"

    mode: bpy.props.EnumProperty(name="Frames", items=ground.MODES)

    def change(self, rig: bpy.types.Object) -> None:
        lift = ground.snap_to_ground(rig, self.mode)
        unit = bpy.context.scene.unit_settings.scale_length
        self.report({"INFO"}, say("{name} was moved by {lift} cm", name=rig.name, lift=f"{lift * unit * 100:+.1f}"))


classes = (IMPROMPTU_OT_set_hands, IMPROMPTU_OT_snap_to_ground)
