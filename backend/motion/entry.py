"""Where to come into a motion that follows another: the frame that is most like the end of the first."""

from __future__ import annotations

import numpy as np

from .ground import turn, yaw_of
from .kinematics import Array, forward_kinematics

LONGEST = 0.8
"""Seconds of the second motion that may be left out."""
SHARE = 0.5
"""Share of the second motion that may be left out."""
WORTH = 0.3
"""Metres of mean joint distance that leaving out all of a motion would be worth."""
AHEAD = 0.12
"""Seconds over which a difference in speed counts."""


def choose_entry(last: tuple[Array, Array], poses: Array, trans: Array, offsets: Array, fps: float) -> int:
    """The frame to come in at.

    Args:
        last: the last two frames of the first motion: poses (<= 2, 22, 3), pelvis (<= 2, 3).
        poses: (frames, 22, 3) of the second motion.
        trans: (frames, 3) likewise.
        offsets: (22, 3) of the body.
        fps: frames a second.

    Returns:
        0 where none of the first is better: what would be left out counts by how much moves in it.
    """
    limit = int(min(LONGEST * fps, SHARE * len(poses)))
    if limit < 1:
        return 0
    moved = np.linalg.norm(np.diff(poses, axis=0), axis=-1).clip(max=1).sum(1)
    moved += 10 * np.linalg.norm(np.diff(trans, axis=0), axis=-1) + 1e-6
    lost = np.concatenate([[0], np.cumsum(moved)]) / moved.sum()
    old = _features(*last, offsets, fps)[-1]
    # A central difference needs the frame after the last that may be chosen.
    new = _features(poses[: limit + 2], trans[: limit + 2], offsets, fps)[: limit + 1]
    gaps = np.sqrt(((new - old) ** 2).sum((-1, -2)) / len(offsets))
    return int((gaps + WORTH * lost[: limit + 1]).argmin())


def _features(poses: Array, trans: Array, offsets: Array, fps: float) -> Array:
    """(frames, 44, 3) places and speeds of the joints, in each frame's own heading and level place."""
    rotations, positions = forward_kinematics(poses, trans, offsets)
    speed = np.gradient(positions, axis=0) * fps * AHEAD if len(poses) > 1 else np.zeros_like(positions)
    level = np.asarray(trans)[:, None] * (1, 0, 1)
    back = turn(-yaw_of(rotations[:, 0]))
    return np.concatenate([np.einsum("fij,fkj->fki", back, x) for x in (positions - level, speed)], 1)
