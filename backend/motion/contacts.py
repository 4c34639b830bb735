"""Which points of the feet are on the floor, and how far they slide while they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .clip import Clip
from .ground import floor_height, point_speed
from .kinematics import Array
from .resample import gaussian
from .skeleton import OFFSETS
from .soles import leg_kinematics, sole_points

ENTER_HEIGHT, LEAVE_HEIGHT = 0.03, 0.045
"""Metres above the floor below which a contact begins, and above which it ends."""
ENTER_SPEED, LEAVE_SPEED = 0.40, 0.60
"""Metres a second, likewise. Captured feet on the floor move by up to ~0.3 m/s, swinging ones by 2 and more."""
TILT = 0.025
"""Metres by which the heel or the ball may be above the other and still touch: more, and the foot rolls off."""
SHORTEST = 0.08
"""Seconds: a contact that lasts less is none, a gap that lasts less than half of it is none either."""


def detect_contacts(clip: Clip, offsets: ArrayLike = OFFSETS) -> np.ndarray:
    """Contacts of heels and balls with the floor, by height and speed with hysteresis.

    Args:
        clip: need not be grounded: its floor is found from the feet. One flagged `in_place` has no contacts: its
            feet slide on purpose.
        offsets: (22, 3) rest offsets of the body that moves.

    Returns:
        (frames, 4) bool: left heel, left ball, right heel, right ball.
    """
    if "in_place" in clip.flags:
        return np.zeros((len(clip), 4), bool)
    rotations, positions = leg_kinematics(clip.poses, clip.trans, offsets)
    points = sole_points(rotations, positions, offsets)
    height = points[..., 1] - floor_height(points, clip.fps)
    speed = gaussian(point_speed(points, clip.fps), 0.02 * clip.fps)
    lifted = height - height.reshape(-1, 2, 2).min(-1).repeat(2, -1)
    inside = (height < LEAVE_HEIGHT) & (speed < LEAVE_SPEED) & (lifted < TILT)
    sure = (height < ENTER_HEIGHT) & (speed < ENTER_SPEED)
    least = max(2, round(SHORTEST * clip.fps))
    return np.stack([_hysteresis(inside[:, k], sure[:, k], least) for k in range(4)], -1)


def _hysteresis(inside: np.ndarray, sure: np.ndarray, least: int) -> Array:
    """(frames,) runs of `inside` that hold a `sure` frame, short gaps closed, short runs dropped."""
    out = np.zeros(len(inside), bool)
    runs = [(a, b) for a, b in runs_of(inside) if sure[a:b].any()]
    merged: list[tuple[int, int]] = []
    for a, b in runs:
        if merged and a - merged[-1][1] <= least // 2:
            merged[-1] = (merged[-1][0], b)
        else:
            merged.append((a, b))
    for a, b in merged:
        if b - a >= min(least, len(out)):
            out[a:b] = True
    return out


def runs_of(mask: ArrayLike) -> list[tuple[int, int]]:
    """[start, end) of each run of true values in (frames,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.asarray(mask).astype(int), [0]])))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def mean_slide(clip: Clip, contacts: ArrayLike, offsets: ArrayLike = OFFSETS) -> float:
    """How far points in contact move along the floor, mm a frame; 0 where nothing is in contact.

    The mean over all points and all pairs of neighbouring frames in both of which the point is in contact.
    """
    rotations, positions = leg_kinematics(clip.poses, clip.trans, offsets)
    return slide_of(sole_points(rotations, positions, offsets), contacts)


def slide_of(points: Array, contacts: ArrayLike) -> float:
    """`mean_slide` of (frames, 4, 3) points."""
    contacts = np.asarray(contacts, bool)
    both = contacts[1:] & contacts[:-1]
    if not both.any():
        return 0.0
    step = np.linalg.norm(np.diff(points[..., [0, 2]], axis=0), axis=-1)
    return float(step[both].mean() * 1000)
