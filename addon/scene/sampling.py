"""What an action's curves say, for many frames at once and without moving Blender's time."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from .actions import LINEAR, curves_of
from .axes import quaternion_from_axis_angle
from .skeleton import Skeleton

Channels = dict[tuple[str, int], bpy.types.FCurve]


def channels_of(rig: bpy.types.Object, action: bpy.types.Action | None = None) -> Channels:
    """The curves of an action by property and component."""
    return {(c.data_path, c.array_index): c for c in curves_of(rig, action)}


def keys_in(curve: bpy.types.FCurve) -> np.ndarray:
    """(K, 2) frames and values of a curve's keys."""
    keys = np.empty(len(curve.keyframe_points) * 2, np.float32)
    curve.keyframe_points.foreach_get("co", keys)
    return keys.reshape(-1, 2).astype(np.float64)


def evaluate(curve: bpy.types.FCurve, frames: np.ndarray) -> np.ndarray:
    """(N,) values of a curve; by numpy where it is linear between its keys."""
    count = len(curve.keyframe_points)
    kinds = np.empty(count, np.int32)
    curve.keyframe_points.foreach_get("interpolation", kinds)
    if count and not len(curve.modifiers) and (kinds == LINEAR).all() and curve.extrapolation == "CONSTANT":
        keys = keys_in(curve)
        return np.interp(frames, keys[:, 0], keys[:, 1])
    return np.array([curve.evaluate(float(f)) for f in frames])


def sample(channels: Channels, path: str, still: Any, frames: np.ndarray) -> np.ndarray:
    """(N, components) of a property; `still` (components,) is what holds where nothing is keyed."""
    out = np.tile(np.array(still, np.float64), (len(frames), 1))
    for c in range(out.shape[1]):
        if (path, c) in channels:
            out[:, c] = evaluate(channels[path, c], frames)
    return out


def multiply(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(..., 4) products of quaternions w, x, y, z: first b, then a."""
    w1, x1, y1, z1 = np.moveaxis(a, -1, 0)
    w2, x2, y2, z2 = np.moveaxis(b, -1, 0)
    parts = (
        w1 * w2 - x1 * x2 - y1 * y2 - z1 * z2,
        w1 * x2 + x1 * w2 + y1 * z2 - z1 * y2,
        w1 * y2 - x1 * z2 + y1 * w2 + z1 * x2,
        w1 * z2 + x1 * y2 - y1 * x2 + z1 * w2,
    )
    return np.stack(parts, -1)


def quaternions_from_euler(angles: np.ndarray, order: str) -> np.ndarray:
    """(N, 3) radians about x, y, z, applied in Blender's order (`XYZ`: x first) -> (N, 4)."""
    out = np.tile([1.0, 0.0, 0.0, 0.0], (len(angles), 1))
    for letter in order:
        out = multiply(quaternion_from_axis_angle(angles * (np.arange(3) == "XYZ".index(letter))), out)
    return out


def bone_path(bone: str, name: str) -> str:
    """RNA path of a pose bone's property."""
    return f'pose.bones["{bone}"].{name}'


def sample_rotations(rig: bpy.types.Object, skeleton: Skeleton, channels: Channels, frames: np.ndarray) -> np.ndarray:
    """(N, J, 4) rotations of the bones about their own axes, in whatever mode they are keyed."""
    out = np.empty((len(frames), len(skeleton.names), 4))
    for j, name in enumerate(skeleton.names):
        bone = rig.pose.bones[name]
        if bone.rotation_mode == "QUATERNION":
            out[:, j] = sample(channels, bone_path(name, "rotation_quaternion"), bone.rotation_quaternion, frames)
        elif bone.rotation_mode == "AXIS_ANGLE":
            turn = sample(channels, bone_path(name, "rotation_axis_angle"), bone.rotation_axis_angle, frames)
            axis = turn[:, 1:] / np.linalg.norm(turn[:, 1:], axis=1, keepdims=True).clip(1e-9)
            out[:, j] = quaternion_from_axis_angle(axis * turn[:, :1])
        else:
            angles = sample(channels, bone_path(name, "rotation_euler"), bone.rotation_euler, frames)
            out[:, j] = quaternions_from_euler(angles, bone.rotation_mode)
    zero = np.linalg.norm(out, axis=-1) < 1e-9
    out[zero] = (1.0, 0.0, 0.0, 0.0)
    return out


def sample_root(rig: bpy.types.Object, skeleton: Skeleton, channels: Channels, frames: np.ndarray) -> np.ndarray:
    """(N, 3) location of the root joint's bone along its own rest axes."""
    name = skeleton.names[skeleton.root]
    return sample(channels, bone_path(name, "location"), rig.pose.bones[name].location, frames)
