"""Keyframes, and the one place that knows the actions of 4.2 from those of 4.4 and 5.x."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from .actor_data import BodyData, MotionData
from .armature import pose_axes
from .axes import continuous, quaternion_from_axis_angle, rotate_axes, to_blender

LINEAR = 1
"""Value of the `interpolation` enumeration in `foreach_set`."""
FIRST_FRAME = 1
CONTACTS = "impromptu_contacts"
"""Custom property of an action: the scene frames in which a foot stands."""


class Curves:
    """The F-curves of one action for one data-block, the same on every version.

    Before 4.4 an action holds curves itself; from 4.4 in a slot's channel bag, and from 5.0 only there.
    """

    def __init__(self, owner: bpy.types.ID, action: bpy.types.Action) -> None:
        animation = owner.animation_data or owner.animation_data_create()
        animation.action = action
        self._bag: Any = action
        if bpy.app.version >= (4, 4, 0):
            slot = next((s for s in action.slots if s.target_id_type == owner.id_type), None)
            slot = slot or action.slots.new(id_type=owner.id_type, name=owner.name)
            animation.action_slot = slot
            self._bag = _channel_bag(action, slot)

    def new(self, path: str, index: int, group: str) -> bpy.types.FCurve:
        """An empty curve for one component of a property, in a named group."""
        if bpy.app.version >= (5, 0, 0):
            return self._bag.fcurves.new(path, index=index, group_name=group)
        if bpy.app.version < (4, 4, 0):
            return self._bag.fcurves.new(path, index=index, action_group=group)
        curve = self._bag.fcurves.new(path, index=index)
        curve.group = self._bag.groups.get(group) or self._bag.groups.new(group)
        return curve

    def write(self, path: str, group: str, frames: np.ndarray, values: np.ndarray) -> None:
        """Key every component of a property, with linear interpolation.

        Args:
            frames: (N,) scene frames, ascending.
            values: (N, components).
        """
        keys = np.empty((len(frames), 2), np.float32)
        keys[:, 0] = frames
        linear = np.full(len(frames), LINEAR, np.int32)
        for c in range(values.shape[1]):
            curve = self.new(path, c, group)
            curve.keyframe_points.add(len(frames))
            keys[:, 1] = values[:, c]
            curve.keyframe_points.foreach_set("co", keys.ravel())
            curve.keyframe_points.foreach_set("interpolation", linear)
            curve.update()

    def find(self, path: str, index: int) -> bpy.types.FCurve | None:
        """The curve of one component of a property."""
        return self._bag.fcurves.find(path, index=index)

    def remove(self, path: str) -> None:
        """Delete every curve of a property."""
        for curve in [c for c in self if c.data_path == path]:
            self._bag.fcurves.remove(curve)

    def __iter__(self) -> Any:
        return iter(self._bag.fcurves)


def curves_of(owner: bpy.types.ID, action: bpy.types.Action | None = None) -> list[bpy.types.FCurve]:
    """The curves that move a data-block, changing nothing: of its own action, or of another in the same slot."""
    animation = owner.animation_data
    action = action or (animation.action if animation else None)
    if action is None:
        return []
    if bpy.app.version < (4, 4, 0):
        return list(action.fcurves)
    slot = animation.action_slot if animation and animation.action == action else None
    slot = slot or next((s for s in action.slots if s.target_id_type == owner.id_type), None)
    bags = [strip.channelbag(slot) for layer in action.layers for strip in layer.strips] if slot else []
    return [curve for bag in bags if bag is not None for curve in bag.fcurves]


def _slots(action: bpy.types.Action) -> list[tuple[Any, list[bpy.types.FCurve]]]:
    """What an action holds for objects: each slot, none before 4.4, and its curves."""
    if bpy.app.version < (4, 4, 0):
        return [(None, list(action.fcurves))]
    strips = [strip for layer in action.layers for strip in layer.strips]
    out = []
    for slot in (s for s in action.slots if s.target_id_type == "OBJECT"):
        bags = [strip.channelbag(slot) for strip in strips]
        out.append((slot, [curve for bag in bags if bag is not None for curve in bag.fcurves]))
    return out


def _bones(curves: list[bpy.types.FCurve]) -> int:
    """How many of the curves move a bone."""
    return sum(curve.data_path.startswith("pose.bones[") for curve in curves)


def moves_bones(action: bpy.types.Action) -> bool:
    """Whether an action is one of a rig."""
    return any(_bones(curves) for _, curves in _slots(action))


def play(rig: bpy.types.Object, action: bpy.types.Action, like: bpy.types.Object) -> None:
    """Let a rig play an action as another would: in the slot that this one has there, else in that of most bones."""
    animation = rig.animation_data or rig.animation_data_create()
    animation.action = action
    if bpy.app.version < (4, 4, 0):
        return
    own = like.animation_data
    slots = sorted(_slots(action), key=lambda pair: (pair[0].identifier != f"OB{like.name}", -_bones(pair[1])))
    slots = [slot for slot, curves in slots if _bones(curves)]
    if own is not None and own.action == action and own.action_slot is not None:
        slots = [own.action_slot, *slots]
    if slots:
        animation.action_slot = slots[0]


def _channel_bag(action: bpy.types.Action, slot: Any) -> Any:
    """The slot's channel bag in the action's only strip, made if need be (4.4 and later)."""
    if bpy.app.version >= (5, 0, 0):
        from bpy_extras import anim_utils

        return anim_utils.action_ensure_channelbag_for_slot(action, slot)
    layer = action.layers[0] if action.layers else action.layers.new("Layer")
    strip = layer.strips[0] if layer.strips else layer.strips.new(type="KEYFRAME")
    return strip.channelbag(slot, ensure=True)


def bone_quaternions(rig: bpy.types.Object, body: BodyData, poses: np.ndarray) -> np.ndarray:
    """(N, J, 3) SMPL axis-angle -> (N, J, 4) rotation_quaternion of the bones, without sign jumps."""
    q = quaternion_from_axis_angle(poses)
    return continuous(rotate_axes(q, pose_axes(rig, body.joint_names)))


def root_locations(rig: bpy.types.Object, body: BodyData, trans: np.ndarray) -> np.ndarray:
    """(N, 3) transl -> location of the root joint's bone, along its own rest axes.

    The armature's z = 0 is SMPL's y = 0: `trans` that puts the soles there puts them on the floor here.
    """
    root = int(np.flatnonzero(body.parents < 0)[0])
    bone = rig.data.bones[body.joint_names[root]]
    return (to_blender(body.joints[root] + trans) - np.array(bone.head_local)) @ np.array(bone.matrix_local.to_3x3())


def write_motion(
    rig: bpy.types.Object,
    body: BodyData,
    motion: MotionData,
    name: str,
    start: float = FIRST_FRAME,
    step: float = 1.0,
) -> bpy.types.Action:
    """Key the rig with a motion and set it as the rig's action.

    Bones that never move get one key, so that the action still decides the whole pose.

    Args:
        start: scene frame of the first key.
        step: scene frames from one frame of the motion to the next.
    """
    action = bpy.data.actions.new(name)
    action.use_fake_user = True
    curves = Curves(rig, action)
    frames = start + step * np.arange(len(motion), dtype=np.float64)
    store_contacts(action, frames, motion)
    quaternions = bone_quaternions(rig, body, motion.poses)
    still = np.abs(quaternions - quaternions[:1]).max((0, 2)) < 1e-6
    for j, bone in enumerate(body.joint_names):
        if body.parents[j] < 0:
            curves.write(f'pose.bones["{bone}"].location', bone, frames, root_locations(rig, body, motion.trans))
        n = 1 if still[j] else len(frames)
        curves.write(f'pose.bones["{bone}"].rotation_quaternion', bone, frames[:n], quaternions[:n, j])
    return action


def store_contacts(action: bpy.types.Action, frames: np.ndarray, motion: MotionData) -> None:
    """Note on an action in which scene frames a foot is on the ground, after those that it notes already."""
    if motion.contacts is not None:
        standing = frames[np.asarray(motion.contacts, bool).any(1)]
        action[CONTACTS] = [*action.get(CONTACTS, ()), *map(float, standing)]


def scene_rate(scene: bpy.types.Scene) -> float:
    """Frames a second of a scene."""
    return scene.render.fps / scene.render.fps_base


def set_scene_range(scene: bpy.types.Scene, motion: MotionData, start: int = FIRST_FRAME) -> None:
    """Frame rate and frame range of the scene, from the motion."""
    whole = max(1, round(motion.fps))
    scene.render.fps = whole
    scene.render.fps_base = whole / motion.fps
    scene.frame_start = start
    scene.frame_end = start + len(motion) - 1
    scene.frame_set(start)
