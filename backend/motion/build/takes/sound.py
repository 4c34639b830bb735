"""Whether a take is a sound human motion: on the floor, within the joints' ranges, without jumps."""

from __future__ import annotations

import numpy as np

from ...clip import Clip
from ...contacts import mean_slide
from ...dirty import find_faults, step_angles
from ...kinematics import Array, forward_kinematics, matrix_from_axis_angle
from ...skeleton import INDEX, OFFSETS
from ...soles import sole_points

SINK = 0.02
"""Metres that a sole may be below the floor."""
SLIDE = 4.0
"""Millimetres a frame that a standing foot may slide, as in the library."""
DEEPER = 0.015
"""Metres by which hands may be deeper in the body than in the original."""
TURN = 62.0
"""Degrees a frame that a joint may turn."""


def problems(clip: Clip, depth: float | None = None) -> list[str]:
    """What is wrong with a finished clip, in a word each; none if all is well.

    Args:
        clip: a take.
        depth: `buried` of its original, if hands are to be looked at.
    """
    rotations, positions = forward_kinematics(clip.poses, clip.trans)
    soles = sole_points(rotations, positions)
    out = []
    if soles[..., 1].min() < -SINK or positions[..., 1].min() < -0.005:
        out.append("floor")
    stairs = clip.name.startswith("stairs")
    if not stairs and clip.contacts is not None and np.abs(soles[..., 1][clip.contacts]).max(initial=0) > SINK:
        out.append("contact")
    knees = np.concatenate([_flexion(positions, side) for side in ("left", "right")])
    if knees.min() < -5 or knees.max() > 160 or _knees_back(clip):
        out.append("knee")
    if not all(_elbow_forward(clip, side) for side in ("left", "right")):
        out.append("elbow")
    if find_faults(clip) or step_angles(clip.poses).max(initial=0) > TURN:
        out.append("jump")
    if np.linalg.norm(np.diff(clip.trans, axis=0), axis=-1).max(initial=0) > 0.25:
        out.append("place")
    if clip.contacts is not None and mean_slide(clip, clip.contacts) > SLIDE:
        out.append("slide")
    if depth is not None and buried(clip) > depth + DEEPER:
        out.append("hands")
    return out


# Ellipsoids of trunk and head: joint, centre's height and depth, half width, half height, half depth, metres.
_FLESH = (
    ("pelvis", 0.03, 0.0, 0.155, 0.13, 0.115),
    ("spine2", 0.03, 0.02, 0.135, 0.13, 0.105),
    ("spine3", 0.06, 0.04, 0.145, 0.14, 0.115),
    ("head", 0.07, 0.02, 0.075, 0.12, 0.10),
)
_PALM = np.array([0.085, -0.030, 0.005])


def buried(clip: Clip) -> float:
    """How deep palms, wrists and forearms are in trunk or head at most, metres."""
    rotations, positions = forward_kinematics(clip.poses, clip.trans)
    deepest = 0.0
    for side, sign in (("left", 1), ("right", -1)):
        wrist, elbow = INDEX[f"{side}_wrist"], INDEX[f"{side}_elbow"]
        palm = positions[:, wrist] + rotations[:, wrist] @ (_PALM * (sign, 1, 1))
        points = np.stack([palm, positions[:, wrist], (positions[:, wrist] + positions[:, elbow]) / 2], 1)
        for joint, up, ahead, *half in _FLESH:
            j = INDEX[joint]
            local = np.einsum("fji,fpj->fpi", rotations[:, j], points - positions[:, j, None]) - (0, up, ahead)
            inside = 1 - np.sqrt(((local / half) ** 2).sum(-1))
            deepest = max(deepest, float(inside.max()) * min(half))
    return deepest


def _flexion(positions: Array, side: str) -> Array:
    hip, knee, ankle = (positions[:, INDEX[f"{side}_{j}"]] for j in ("hip", "knee", "ankle"))
    a, b = knee - hip, ankle - knee
    cosine = (a * b).sum(-1) / np.linalg.norm(a, axis=-1) / np.linalg.norm(b, axis=-1)
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def _knees_back(clip: Clip) -> bool:
    """A shin that points ahead of where its thigh points."""
    local = matrix_from_axis_angle(clip.poses[:, 4:6])
    return bool((-local[..., 2, 1]).max() > 0.14)


def _elbow_forward(clip: Clip, side: str) -> bool:
    local = matrix_from_axis_angle(clip.poses[:, INDEX[f"{side}_elbow"]])
    forearm = OFFSETS[INDEX[f"{side}_wrist"]]
    return bool((local @ (forearm / np.linalg.norm(forearm)))[:, 2].min() > -0.12)
