"""A motion that an actor does not play now, read as if it did: of another action, or of another actor."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator

import bpy
import numpy as np

from ...backend.protocol import InvalidInput
from .actions import moves_bones, play
from .actor_data import MotionData
from .handles import skin_of
from .read_motion import action_frames, read_motion
from .shape_arrays import betas_of
from .skeleton import skeleton_of

SHORTEST_S = 0.2
"""Seconds; less is a pose, in which there is nothing to be understood."""


def is_moved(rig: bpy.types.Object) -> bool:
    """Whether an action or strips move a rig."""
    animation = rig.animation_data
    strips = (s for t in animation.nla_tracks if not t.mute for s in t.strips) if animation else ()
    return animation is not None and (animation.action is not None or any(not s.mute for s in strips))


def read_own(rig: bpy.types.Object) -> tuple[MotionData, np.ndarray]:
    """The motion that an actor plays, and its betas.

    Raises:
        InvalidInput: it plays none, or one that is too short; or it is no actor of this scene.
    """
    if not is_moved(rig):
        raise InvalidInput(f"{rig.name} has no motion yet.", "Press Act first, or import a motion.")
    motion, betas = read_motion(rig, action_frames(rig, bpy.context.scene))
    _require_length(motion, rig.name)
    return motion, betas


def read_action(rig: bpy.types.Object, action: bpy.types.Action) -> MotionData:
    """The motion that an actor would play with another action. The actor is not touched: a stand-in plays it.

    Raises:
        InvalidInput: the action is none of a rig, or too short.
    """
    if not moves_bones(action):
        raise InvalidInput(f"The action {action.name} moves no bones.", "Choose the action of an actor.")
    with _stand_in(rig, action) as twin:
        motion, _ = read_motion(twin, action_frames(twin, bpy.context.scene), skin=skin_of(rig))
    _require_length(motion, action.name)
    return motion


def read_actor(rig: bpy.types.Object, other: bpy.types.Object) -> MotionData:
    """The motion that another actor plays, on the way that an actor of this size would go.

    Raises:
        InvalidInput: the other plays none, or has other joints.
    """
    mine, theirs = skeleton_of(rig), skeleton_of(other)
    if mine.names != theirs.names:
        raise InvalidInput(
            f"{other.name} has other joints than {rig.name}.", "Choose an actor whose body is of the same kind."
        )
    motion, betas = read_own(other)
    skin = skin_of(rig)
    own = betas_of(skin) if skin else np.zeros(mine.dirs.shape[2])
    path = theirs.joints(betas)[theirs.root] + motion.trans
    scale = mine.leg_length(own) / theirs.leg_length(betas)
    return dataclasses.replace(motion, trans=path * scale - mine.joints(own)[mine.root])


def _require_length(motion: MotionData, name: str) -> None:
    if motion.seconds < SHORTEST_S or len(motion) < 2:
        raise InvalidInput(f"The motion of {name} is too short.", f"It must be {SHORTEST_S:g} seconds at least.")


@contextlib.contextmanager
def _stand_in(rig: bpy.types.Object, action: bpy.types.Action) -> Iterator[bpy.types.Object]:
    """A copy of a rig that plays an action alone, from its rest pose.

    The rig itself would keep the values of whatever this action moves and its own does not: bones, sliders, place.
    """
    twin = rig.copy()
    try:
        bpy.context.scene.collection.objects.link(twin)
        twin.hide_viewport = False
        twin.animation_data_clear()
        for bone in twin.pose.bones:
            bone.location, bone.scale, bone.rotation_euler = (0.0,) * 3, (1.0,) * 3, (0.0,) * 3
            bone.rotation_quaternion, bone.rotation_axis_angle = (1.0, 0.0, 0.0, 0.0), (0.0, 0.0, 1.0, 0.0)
        play(twin, action, like=rig)
        yield twin
    finally:
        bpy.data.objects.remove(twin)
