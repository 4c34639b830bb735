"""A solution as one new action, in whatever rotation mode each bone is in."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from mathutils import Matrix

from .actions import Curves
from .axes import continuous
from .retarget_math import Array, to_quaternion
from .retarget_pose import Solution

STILL = 1e-6
"""Channels that move less than this get one key."""


def rotation_channel(bone: Any, rotations: Array) -> tuple[str, Array]:
    """Property and (N, 3 or 4) values that give a pose bone these (N, 3, 3) rotations, without jumps."""
    if bone.rotation_mode == "QUATERNION":
        return "rotation_quaternion", continuous(to_quaternion(rotations))
    if bone.rotation_mode == "AXIS_ANGLE":
        return "rotation_axis_angle", _axis_angle(continuous(to_quaternion(rotations)))
    out, last = np.empty((len(rotations), 3)), None
    for n, rotation in enumerate(rotations):
        matrix = Matrix(rotation.tolist())
        last = matrix.to_euler(bone.rotation_mode) if last is None else matrix.to_euler(bone.rotation_mode, last)
        out[n] = last
    return "rotation_euler", out


def _axis_angle(quaternions: Array) -> Array:
    """(N, 4) angle and axis; the axis never jumps, so that what lies between two keys is right too."""
    sine = np.linalg.norm(quaternions[:, 1:], axis=1)
    angle = 2 * np.arctan2(sine, quaternions[:, 0])
    moving = sine > 1e-7
    first = (
        quaternions[np.argmax(moving), 1:] / sine[np.argmax(moving)] if moving.any() else np.array([0.0, 1.0, 0.0])
    )
    axis = np.tile(first, (len(sine), 1))
    axis[moving] = quaternions[moving, 1:] / sine[moving, None]
    # An axis that turns over is the same one with the angle's sign turned.
    signs = np.cumprod(np.where((axis[1:] * axis[:-1]).sum(1) < 0, -1.0, 1.0))
    axis[1:] *= signs[:, None]
    angle[1:] *= signs
    return np.c_[np.unwrap(angle), axis]


def write_action(
    rig: Any, name: str, frames: Array, solution: Solution, switches: dict[str, dict[str, float]]
) -> Any:
    """Key the rig in a new action and make it the rig's own; the one before it is kept.

    Args:
        frames: (N,) scene frames.
        switches: bone -> custom property -> value, keyed once so that the action alone decides.
    """
    action = bpy.data.actions.new(name)
    action.use_fake_user = True
    curves = Curves(rig, action)
    for j, bone in enumerate(solution.names):
        quoted = bpy.utils.escape_identifier(bone)
        channel, values = rotation_channel(rig.pose.bones[bone], solution.rotations[:, j])
        channels = [(channel, values)]
        if bone == solution.root:
            channels.append(("location", solution.location))
        for path, rows in channels:
            count = 1 if np.ptp(rows, axis=0).max() < STILL else len(rows)
            curves.write(f'pose.bones["{quoted}"].{path}', bone, frames[:count], rows[:count])
    for bone, values in switches.items():
        for key, value in values.items():
            path = f'pose.bones["{bpy.utils.escape_identifier(bone)}"]["{bpy.utils.escape_identifier(key)}"]'
            curves.write(path, bone, frames[:1], np.array([[value]]))
    return action
