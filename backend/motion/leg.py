"""Two-bone inverse kinematics of a leg, for all frames at once."""

from __future__ import annotations

import numpy as np

from .kinematics import Array, matrix_from_axis_angle, rotation_between


def reach(hip: Array, knee: Array, ankle: Array, front: Array, target: Array) -> tuple[Array, Array]:
    """Turn thigh and shin so that the ankle comes to the target, in the leg's own plane.

    Args:
        hip, knee, ankle: (frames, 3) positions.
        front: (frames, 3) direction in which the knee bends, for legs too straight to tell.
        target: (frames, 3) where the ankle should be; brought within the leg's reach.

    Returns:
        (frames, 3, 3) global rotations to put before those of thigh and shin.
    """
    thigh, shin = np.linalg.norm(knee - hip, axis=-1), np.linalg.norm(ankle - knee, axis=-1)
    axis = _hinge(hip, knee, ankle, front)
    wanted = np.linalg.norm(target - hip, axis=-1)
    wanted = np.clip(wanted, np.abs(thigh - shin) + 1e-3, thigh + shin - 1e-5)
    now = np.linalg.norm(ankle - hip, axis=-1).clip(max=thigh + shin - 1e-9)
    flex = _knee_angle(thigh, shin, now) - _knee_angle(thigh, shin, wanted)
    # About the hinge, a positive turn of the shin bends the knee further.
    bend = matrix_from_axis_angle(axis * flex[:, None])
    bent = knee + np.einsum("fij,fj->fi", bend, ankle - knee)
    swing = rotation_between(bent - hip, target - hip)
    return swing, swing @ bend


def _knee_angle(thigh: Array, shin: Array, distance: Array) -> Array:
    """Angle between thigh and shin at the knee: pi for a straight leg (law of cosines)."""
    cosine = (thigh**2 + shin**2 - distance**2) / (2 * thigh * shin)
    return np.arccos(np.clip(cosine, -1, 1))


def _hinge(hip: Array, knee: Array, ankle: Array, front: Array) -> Array:
    """(frames, 3) axis about which the shin turns back: across the leg's plane.

    The plane is that of the three joints; as the leg straightens, `front` takes over.
    """
    along = ankle - hip
    along /= np.linalg.norm(along, axis=-1, keepdims=True)
    out = knee - hip
    out = out - (out * along).sum(-1, keepdims=True) * along
    front = front - (front * along).sum(-1, keepdims=True) * along
    front /= np.maximum(np.linalg.norm(front, axis=-1, keepdims=True), 1e-9)
    axis = np.cross(along, -(out + 0.015 * front))
    return axis / np.maximum(np.linalg.norm(axis, axis=-1, keepdims=True), 1e-9)
