"""Relaxed, flat and clenched hands, on the pose or through a whole action."""

from __future__ import annotations

from collections.abc import Sequence

import bpy
import numpy as np

from ...backend.protocol import InvalidInput
from .actions import Curves
from .armature import FINGERS
from .axes import quaternion_from_axis_angle, rotate_axes
from .handles import require_editable
from .sampling import bone_path, channels_of, keys_in
from .shape import own_action
from .skeleton import skeleton_of, stored

ITEMS = (
    ("RELAXED", "Relaxed", "Fingers slightly bent, as hands hang"),
    ("FLAT", "Flat", "Fingers straight"),
    ("FIST", "Fist", "Fingers closed"),
)
SIDES = (("BOTH", "Both", "Both hands"), ("left", "Left", "The left hand"), ("right", "Right", "The right hand"))
FIST = (72.0, 95.0, 62.0)
"""Degrees that the three joints of a closed finger bend, knuckle first: about the bone's own x axis."""
RELAXED = (14.0, 22.0, 14.0)
"""The same for hanging hands, on a body whose file has none."""
THUMB_FIST = ((-24.0, 54.0, 26.0), (-22.0, 0.0, 0.0), (-66.0, 0.0, 0.0))
"""Degrees about the bone's x, y and z for the thumb's three joints; y and z change sign on the right hand."""


def finger_joints(names: Sequence[str], side: str = "BOTH") -> list[str]:
    """The joints of the hands among a body's joints."""
    return [n for n in names if any(f in n for f in FINGERS) and (side == "BOTH" or n.startswith(side))]


def _bend(name: str, degrees: tuple[float, float, float]) -> np.ndarray:
    """(4,) the bone's own rotation for a bent finger joint; the fingers bend towards the palm at negative x."""
    k = int(name[-1]) - 1
    if "thumb" in name:
        return np.array([1.0, 0.0, 0.0, 0.0])
    return quaternion_from_axis_angle(np.radians([-degrees[k], 0.0, 0.0]))


def _fist(name: str) -> np.ndarray:
    if "thumb" not in name:
        return _bend(name, FIST)
    x, y, z = THUMB_FIST[int(name[-1]) - 1]
    side = 1.0 if name.startswith("left") else -1.0
    return quaternion_from_axis_angle(np.radians([x, side * y, side * z]))


def hand_pose(rig: bpy.types.Object, pose: str, side: str = "BOTH") -> dict[str, np.ndarray]:
    """Bone -> (4,) rotation about its own axes.

    Args:
        pose: `RELAXED`, `FLAT` or `FIST`.
        side: `BOTH`, `left` or `right`.

    Raises:
        InvalidInput: the body has no fingers.
    """
    skeleton = skeleton_of(rig)
    joints = finger_joints(skeleton.names, side)
    if not joints:
        raise InvalidInput(f"{rig.name}'s body has no finger joints.", "Use a body of 55 joints, as the default one.")
    if pose == "FLAT":
        return {n: np.array([1.0, 0.0, 0.0, 0.0]) for n in joints}
    if pose == "FIST":
        return {n: _fist(n) for n in joints}
    if "relaxed_pose" not in rig.data:
        return {n: _bend(n, RELAXED) for n in joints}
    relaxed = stored(rig.data, "relaxed_pose").reshape(-1, 3)
    turned = rotate_axes(quaternion_from_axis_angle(relaxed), skeleton.smpl_axes())
    return {n: turned[skeleton.index(n)] for n in joints}


def set_hands(rig: bpy.types.Object, pose: str, side: str = "BOTH") -> int:
    """Pose the hands: through the whole action where there is one, else as they are now.

    In an action the fingers' keys are replaced by one key at its first frame, which holds.

    Returns:
        how many joints were posed.

    Raises:
        InvalidInput: no fingers, or an actor that is linked from another file.
    """
    require_editable(rig)
    wanted = hand_pose(rig, pose, side)
    channels = channels_of(rig)
    for name in wanted:
        rig.pose.bones[name].rotation_mode = "QUATERNION"
    if channels:
        start = min(keys_in(c)[:, 0].min() for c in channels.values() if len(c.keyframe_points))
        curves = Curves(rig, own_action(rig))
        for name, q in wanted.items():
            for old in ("rotation_euler", "rotation_axis_angle", "rotation_quaternion"):
                curves.remove(bone_path(name, old))
            curves.write(bone_path(name, "rotation_quaternion"), name, np.array([start]), q[None])
    for name, q in wanted.items():
        rig.pose.bones[name].rotation_quaternion = q
    return len(wanted)
