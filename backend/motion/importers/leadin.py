"""Frames before the motion: many files start in a T-pose and jump, or are blended, into the first true pose."""

from __future__ import annotations

import numpy as np

from ..kinematics import Array
from .calibration import body_of
from .mapping import Mapping
from .source import Source

MOST = 10
"""Frames skipped at most."""
LOOK = 40


def _posed(source: Source, mapping: Mapping, places: Array) -> Array:
    """(frames,) whether a frame is the rest pose or a T-pose, within a few degrees."""
    body = body_of(places, mapping)
    across = body.shoulders
    arms = [(body.upper_arms[0] * across).sum(-1), -(body.upper_arms[1] * across).sum(-1)]
    arms += [(body.forearms[0] * across).sum(-1), -(body.forearms[1] * across).sum(-1)]
    legs = [-(bone * body.torso).sum(-1) for bone in (*body.thighs, *body.shins)]
    t_pose = (np.min(arms, axis=0) > np.cos(np.radians(25))) & (np.min(legs, axis=0) > np.cos(np.radians(25)))
    limbs = [j for name, j in mapping.joints.items() if name != "pelvis" and j not in mapping.virtual]
    trace = np.einsum("fjii->fj", source.rotations[:, limbs])
    angle = np.degrees(np.arccos(np.clip((trace - 1) / 2, -1, 1)))
    return t_pose | (angle.max(axis=1) < 6)


def lead_in(source: Source, mapping: Mapping) -> int:
    """How many frames at the start are a calibration pose and its blend into the motion: 0 to 10.

    A clip that truly starts in a T-pose moves out of it as fast as it moves later: nothing is skipped there.
    """
    head = source.cut(slice(0, LOOK))
    if len(head) < 3:
        return 0
    rotations, places = head.pose()
    if not _posed(head, mapping, places)[0]:
        return 0
    limbs = [j for name, j in mapping.joints.items() if j not in mapping.virtual]
    step = np.swapaxes(rotations[:-1, limbs], -1, -2) @ rotations[1:, limbs]
    trace = np.einsum("fjii->fj", step)
    speed = np.degrees(np.arccos(np.clip((trace - 1) / 2, -1, 1))).max(axis=1)
    usual = float(np.median(speed[MOST:])) if len(speed) > MOST else 0.0
    fast = speed[:MOST] > max(3 * usual, 4.0)
    if not fast.any() or speed[:MOST].max() < 8:
        return 0
    last = int(np.flatnonzero(fast)[-1]) + 1
    # A blend over several frames overshoots: its tail goes too.
    skip = last if fast.sum() == 1 else MOST
    return min(skip, MOST, len(source) - 1)
