"""Where a foot touches the floor: heel, ball and toe tip, carried by the ankle and foot joints."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .kinematics import Array, matrix_from_axis_angle
from .skeleton import INDEX, LEG_LENGTH, OFFSETS, PARENTS

ANKLES = (INDEX["left_ankle"], INDEX["right_ankle"])
FEET = (INDEX["left_foot"], INDEX["right_foot"])

# Measured on the default body at rest: its sole lies 9.4 mm below the ball joint, the heel reaches 55 mm
# behind the ankle (35 mm where it bears weight) and the toes 75 mm before the ball (60 mm where they bear it).
BALL_HEIGHT = 0.0094
HEEL_BACK = 0.035
TIP_FORWARD = 0.060


def leg_length(offsets: ArrayLike = OFFSETS) -> float:
    """Hip to knee to ankle of a skeleton (22, 3), metres; the mean of both legs."""
    o = np.asarray(offsets, float)
    return float(sum(np.linalg.norm(o[INDEX[f"{s}_{j}"]]) for s in ("left", "right") for j in ("knee", "ankle")) / 2)


def sole_points(rotations: Array, positions: Array, offsets: ArrayLike = OFFSETS, tips: bool = False) -> Array:
    """The points of both soles that can bear weight.

    Args:
        rotations: (frames, 22, 3, 3) global rotations.
        positions: (frames, 22, 3) joint positions, metres.
        offsets: (22, 3) the skeleton's rest offsets; its leg length scales the foot.
        tips: also the tips of the toes.

    Returns:
        (frames, 4, 3) left heel, left ball, right heel, right ball; with `tips` (frames, 6, 3), left and
        right toe tip last.
    """
    offsets = np.asarray(offsets, float)
    scale = leg_length(offsets) / LEG_LENGTH
    ball = np.array([0.0, -BALL_HEIGHT * scale, 0.0])
    out = []
    for ankle, foot in zip(ANKLES, FEET, strict=True):
        heel = np.array([0.0, offsets[foot][1] + ball[1], -HEEL_BACK * scale])
        out += [positions[:, ankle] + rotations[:, ankle] @ heel, positions[:, foot] + rotations[:, foot] @ ball]
    if tips:
        tip = ball + np.array([0.0, 0.0, TIP_FORWARD * scale])
        out += [positions[:, foot] + rotations[:, foot] @ tip for foot in FEET]
    return np.stack(out, 1)


def leg_kinematics(poses: ArrayLike, trans: ArrayLike, offsets: ArrayLike = OFFSETS) -> tuple[Array, Array]:
    """Forward kinematics of pelvis and legs alone, a third of the work: other joints are left at zero.

    Returns:
        global rotations (frames, 22, 3, 3) and positions (frames, 22, 3).
    """
    poses, offsets = np.asarray(poses), np.asarray(offsets, float)
    rotations = np.zeros((*poses.shape[:2], 3, 3))
    positions = np.zeros((*poses.shape[:2], 3))
    joints = [0, *(INDEX[f"{s}_{j}"] for j in ("hip", "knee", "ankle", "foot") for s in ("left", "right"))]
    local = matrix_from_axis_angle(poses[:, joints])
    for k, j in enumerate(joints):
        p = PARENTS[j]
        rotations[:, j] = local[:, k] if p < 0 else rotations[:, p] @ local[:, k]
        positions[:, j] = trans if p < 0 else positions[:, p] + rotations[:, p] @ offsets[j]
    return rotations, positions
