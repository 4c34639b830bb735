"""The last steps, the same for every clip: on the floor, facing +z at the origin, feet that stand still, contacts."""

from __future__ import annotations

import numpy as np

from ..clip import Clip
from ..contacts import detect_contacts
from ..footlock import lock_feet
from ..ground import envelope
from ..kinematics import (
    axis_angle_from_matrix,
    axis_angle_from_quaternion,
    forward_kinematics,
    matrix_from_axis_angle,
    slerp,
)
from ..loop import find_cycle
from ..ops import face_forward, ground
from ..resample import continuous_quaternions, gaussian
from ..skeleton import INDEX
from ..soles import sole_points
from .gait import solve_leg

CLOSED = 0.05
"""Metres of mean joint distance up to which an end counts as meeting its start."""


def finish(clip: Clip) -> Clip:
    """Ready for the library. Key-posed clips stand on the floor by construction: they only get their contacts."""
    flags = [f for f in clip.flags if f != "loops"]
    if clip.kind == "keyed":
        clip = clip.with_(trans=clip.trans - clip.trans[0] * (1, 0, 1))
        contacts = detect_contacts(clip)
        meta = clip.meta
    else:
        clip = sound_knees(face_forward(clear(ground(clip.with_(contacts=None)))))
        contacts = detect_contacts(clip)
        clip, report = lock_feet(clip, contacts=contacts)
        clip = clear(calm_toes(sound_knees(clip)))
        meta = {**clip.meta, "slide_mm": [round(report.before, 2), round(report.after, 2)]}
    clip = clip.with_(contacts=touching(clip, contacts))
    if closes(clip):
        flags.append("loops")
    return clip.with_(flags=tuple(dict.fromkeys(flags)), meta=meta, poses=near(clip.poses))


# How far flesh reaches below a joint, metres: for bodies that lie, roll or stand on their hands.
_FLESH = {"pelvis": 0.10, "spine3": 0.11, "head": 0.085, "left_knee": 0.055, "left_elbow": 0.042, "left_wrist": 0.024,
          "left_shoulder": 0.06, "left_ankle": 0.045}  # fmt: skip
_HAND = 0.12
"""From the wrist to where the fingers begin."""


def clear(clip: Clip) -> Clip:
    """Lifted where trunk, limbs or hands would be under the floor."""
    rotations, positions = forward_kinematics(clip.poses, clip.trans)
    low = np.full(len(clip), np.inf)
    for name, radius in _FLESH.items():
        for side in {name, name.replace("left", "right")}:
            low = np.minimum(low, positions[:, INDEX[side], 1] - radius)
    for side, sign in (("left", 1), ("right", -1)):
        wrist = INDEX[f"{side}_wrist"]
        tip = positions[:, wrist] + rotations[:, wrist] @ np.array([sign * _HAND, 0.0, 0.0])
        low = np.minimum(low, tip[:, 1] - 0.018)
    trans = clip.trans.astype(float)
    trans[:, 1] += envelope(np.maximum(-low, 0), 0.08 * clip.fps)
    return clip.with_(trans=trans)


def touching(clip: Clip, contacts: np.ndarray) -> np.ndarray:
    """(frames, 4) the contacts without those that are more than 2 cm from the floor."""
    points = sole_points(*forward_kinematics(clip.poses, clip.trans))
    steps = clip.name.startswith("stairs")
    return contacts & (steps | (np.abs(points[..., 1]) < 0.019))


def sound_knees(clip: Clip) -> Clip:
    """Knees that bend the wrong way, as a recording's noise or a repair may leave them, solved anew."""
    local = matrix_from_axis_angle(clip.poses)
    rotations, positions = forward_kinematics(local, clip.trans)
    for flip in (False, True):
        ahead = -local[:, 4 + flip, 2, 1]  # of the shin, where the thigh points down: above 0 it is overstretched
        wrong = np.clip((ahead - 0.06) / 0.05, 0, 1)
        if not wrong.any():
            continue
        weight = np.minimum(envelope(wrong, 2.0), 1.0)
        solved = local.copy()
        front = rotations[:, 1 + flip, :, 2]  # where the thigh faces
        solve_leg(solved, clip.trans.astype(float), positions[:, 7 + flip], rotations[:, 7 + flip], flip, front)
        for joint in (1 + flip, 4 + flip, 7 + flip):
            local[:, joint] = slerp(local[:, joint], solved[:, joint], weight)
    return clip.with_(poses=axis_angle_from_matrix(local))


def calm_toes(clip: Clip) -> Clip:
    """Toes that bend and stretch over a few frames, not in one."""
    q = continuous_quaternions(clip.poses)
    toes = [INDEX["left_foot"], INDEX["right_foot"]]
    calm = gaussian(q[:, toes], 1.6)
    q[:, toes] = calm / np.linalg.norm(calm, axis=-1, keepdims=True)
    return clip.with_(poses=axis_angle_from_quaternion(q))


def closes(clip: Clip) -> bool:
    """Whether the last frame leads back to the first: the same pose and speed, place and heading taken out."""
    if len(clip) < 15:
        return False
    return bool(find_cycle(clip, (len(clip) - 1) / clip.fps).gap < CLOSED)


def near(poses: np.ndarray) -> np.ndarray:
    """Axis-angle with angles below pi, so that float16 keeps them as well as it can."""
    angle = np.linalg.norm(poses, axis=-1, keepdims=True)
    return np.where(angle > np.pi, poses * (1 - 2 * np.pi / np.maximum(angle, 1e-9)), poses)
