"""Where a foot touches the floor: heel, ball and toe tip, carried by the ankle and foot joints."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .kinematics import Array, axis_angle_from_matrix, matrix_from_axis_angle
from .skeleton import INDEX, LEG_LENGTH, OFFSETS, PARENTS

ANKLES = (INDEX["left_ankle"], INDEX["right_ankle"])
FEET = (INDEX["left_foot"], INDEX["right_foot"])

# Measured on the default body at rest: its sole lies 9.4 mm below the ball joint, the heel reaches 55 mm
# behind the ankle (35 mm where it bears weight) and the toes 75 mm before the ball (60 mm where they bear it).
BALL_HEIGHT = 0.0094
HEEL_BACK = 0.035
TIP_FORWARD = 0.060
MAX_BEND = np.radians(60)
"""Most that toes are bent up."""


def leg_length(offsets: ArrayLike = OFFSETS) -> float:
    """Hip to knee to ankle of a skeleton (22, 3), metres; the mean of both legs."""
    o = np.asarray(offsets, float)
    return float(sum(np.linalg.norm(o[INDEX[f"{s}_{j}"]]) for s in ("left", "right") for j in ("knee", "ankle")) / 2)


def sole_points(rotations: Array, positions: Array, offsets: ArrayLike = OFFSETS) -> Array:
    """The points of both soles that bear weight.

    The heel moves with the ankle. The ball is the lowest point of a small sphere about its joint, so that it stays
    where it is while the foot rolls over it and the toes bend.

    Args:
        rotations: (frames, 22, 3, 3) global rotations.
        positions: (frames, 22, 3) joint positions, metres.
        offsets: (22, 3) the skeleton's rest offsets; its leg length scales the foot.

    Returns:
        (frames, 4, 3) left heel, left ball, right heel, right ball.
    """
    out = []
    for ankle, foot in zip(ANKLES, FEET, strict=True):
        out.append(positions[:, ankle] + rotations[:, ankle] @ heel_offset(offsets, foot))
        out.append(positions[:, foot] - (0.0, ball_height(offsets), 0.0))
    return np.stack(out, 1)


def ball_height(offsets: ArrayLike = OFFSETS) -> float:
    """Height of the ball joint over the sole, metres."""
    return BALL_HEIGHT * leg_length(offsets) / LEG_LENGTH


def heel_offset(offsets: ArrayLike, foot: int) -> Array:
    """(3,) the heel's bearing point in the ankle's frame; `foot` is the index of that side's ball joint."""
    back = HEEL_BACK * leg_length(offsets) / LEG_LENGTH
    return np.array([0.0, np.asarray(offsets, float)[foot][1] - ball_height(offsets), -back])


def bend_toes(poses: Array, rotations: Array, positions: Array, offsets: ArrayLike = OFFSETS) -> Array:
    """(frames, 22, 3) poses with the toes bent up by as much as keeps their tips on the floor, y = 0.

    Few captures have toes: at push-off the whole foot would dip into the floor.
    """
    poses = np.array(poses)
    scale = leg_length(offsets) / LEG_LENGTH
    h, d = BALL_HEIGHT * scale, TIP_FORWARD * scale
    for foot in FEET:
        up, ahead = rotations[:, foot, 1, 1], rotations[:, foot, 1, 2]
        # Height of the tip when the toes are bent up by phi: joint + a cos(phi) + b sin(phi).
        a, b = ahead * d - up * h, up * d + ahead * h
        joint = positions[:, foot, 1]
        reach = np.hypot(a, b)
        phi = np.arctan2(b, a) - np.arccos(np.clip(-joint / reach, -1, 1))
        # Feet that point away from the floor, or are far under it, are left alone.
        use = (joint + a < 0) & (joint > -0.02) & (up > 0)
        phi = np.where(use, phi.clip(0, MAX_BEND), 0.0)
        bent = matrix_from_axis_angle(poses[use, foot]) @ matrix_from_axis_angle(
            np.stack([-phi, phi * 0, phi * 0], -1)[use]
        )
        poses[use, foot] = axis_angle_from_matrix(bent)
    return poses


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
