"""Where a motion without a usable rest pose says more than any one frame of it.

Over a whole clip a head faces, on average, where the chest does, a hand continues its forearm, and a foot
that stands is flat: these means give the constants of head, neck, hands and feet.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..kinematics import Array, matrix_from_axis_angle, unit
from ..skeleton import INDEX, OFFSETS
from .calibration import SIDES, Calibration
from .mapping import Mapping

LOW = 0.06
"""A toe is on the floor within this share of the leg's length from the clip's lowest toe."""


def mean_rotation(rotations: Array) -> Array:
    """The rotation nearest to the mean of (n, 3, 3) matrices (chordal mean, by SVD)."""
    u, _, vt = np.linalg.svd(rotations.mean(axis=0))
    return u @ np.diag([1.0, 1.0, np.linalg.det(u @ vt)]) @ vt


def _followed(fit: Calibration, rotations: Array, mapping: Mapping, joint: str, leader: Array) -> Array | None:
    """C by which a joint keeps, on average, to (frames, 3, 3) global rotations of ours."""
    index = mapping.turning(joint)
    if index is None:
        return None
    return mean_rotation(np.swapaxes(rotations[:, index], 1, 2) @ leader)


def _flat_foot(rotations: Array, places: Array, mapping: Mapping, up: Array, side: str) -> Array | None:
    """C of an ankle from the frames in which the foot stands; None where it does not, or has no toe."""
    toe, ankle = mapping.joints.get(f"{side}_foot"), mapping.joints[f"{side}_ankle"]
    if toe is None or mapping.turning(f"{side}_ankle") is None:
        return None
    leg = np.median(np.linalg.norm(places[:, ankle] - places[:, mapping.joints[f"{side}_hip"]], axis=1))
    heights = [places[:, j] @ up for j in (toe, ankle)]
    standing = np.all([h < np.quantile(h, 0.05) + LOW * leg for h in heights], axis=0)
    forward = unit(places[:, toe] - places[:, ankle])
    forward = forward - up * (forward @ up)[:, None]
    standing &= np.linalg.norm(forward, axis=1) > 0.4
    if standing.sum() < 3:
        return None
    forward = unit(forward[standing])
    frame = np.stack([np.cross(up, forward), np.broadcast_to(up, forward.shape), forward], axis=2)
    x, _, z = OFFSETS[INDEX[f"{side}_foot"]]
    frame = frame @ matrix_from_axis_angle([0, -np.arctan2(x, z), 0])
    return mean_rotation(np.swapaxes(rotations[standing, ankle], 1, 2) @ frame)


def refine(fit: Calibration, rotations: Array, places: Array, mapping: Mapping, up: Array) -> Calibration:
    """The calibration with head, neck, hands and feet read off all frames.

    Args:
        fit: from one frame of the motion.
        rotations: (frames, joints, 3, 3) global rotations of the source.
        places: (frames, joints, 3) positions.
        mapping: the matched skeleton.
        up: (3,) the source's up.
    """
    constant = dict(fit.constant)

    def follow(joint: str, leader: Array) -> None:
        found = _followed(fit, rotations, mapping, joint, leader)
        if found is not None:
            constant[joint] = found

    pelvis = rotations[:, mapping.joints["pelvis"]] @ constant["pelvis"]
    chest = rotations[:, mapping.chest] @ fit.spine[-1] if fit.spine else pelvis
    follow("neck", chest)
    follow("head", chest)
    for side in SIDES:
        follow(f"{side}_wrist", rotations[:, mapping.joints[f"{side}_elbow"]] @ constant[f"{side}_elbow"])
        foot = _flat_foot(rotations, places, mapping, up, side)
        if foot is not None:
            constant[f"{side}_ankle"] = foot
        ankle = mapping.turning(f"{side}_ankle")
        if ankle is not None:
            follow(f"{side}_foot", rotations[:, ankle] @ constant[f"{side}_ankle"])
    return replace(fit, constant=constant)
