"""Space: heading, floor, place."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .clip import Clip
from .kinematics import Array, axis_angle_from_matrix, matrix_from_axis_angle, rotation_about
from .resample import derive, gaussian
from .skeleton import OFFSETS
from .soles import bend_toes, leg_kinematics, sole_points

STILL = 0.35
"""A point of the sole slower than this, in m/s, may be bearing weight."""
DRIFT = 0.05
"""Metres by which the height of standing feet may be evened out along a clip."""


def yaw_of(rotations: Array) -> Array:
    """Heading of pelvis rotations (..., 3, 3) about y, radians: 0 faces +z, positive turns to the left (+x).

    Taken from the left-right axis, which stays level when a person bows, lies down or turns a somersault.
    """
    across = rotations[..., :, 0]
    return np.arctan2(-across[..., 2], across[..., 0])


def turn(angle: ArrayLike) -> Array:
    """Rotation matrices (..., 3, 3) about y by (...,) radians."""
    return rotation_about(1, angle)


def moved(clip: Clip, yaw: float, shift: ArrayLike) -> Clip:
    """The clip turned by `yaw` radians about the y axis through the origin, then shifted by (3,) metres."""
    rotation = turn(yaw)
    poses = clip.poses.copy()
    poses[:, 0] = axis_angle_from_matrix(rotation @ matrix_from_axis_angle(clip.poses[:, 0]))
    return clip.with_(poses=poses, trans=clip.trans @ rotation.T + np.asarray(shift, float))


def initial_yaw(clip: Clip) -> float:
    """The body's heading at the start, radians: the mean while it keeps within 25 degrees, for a second at most.

    The mean takes out the hips' sway, which would turn a straight walk by up to ten degrees.
    """
    yaw = yaw_of(matrix_from_axis_angle(clip.poses[: max(1, int(clip.fps)), 0]))
    away = np.angle(np.exp(1j * (yaw - yaw[0])))
    strayed = np.flatnonzero(np.abs(away) > np.radians(25))
    return float(yaw[0] + away[: strayed[0] if len(strayed) else None].mean())


def face_forward(clip: Clip) -> Clip:
    """Turned so that the body faces +z when it starts, at x = z = 0.

    The body, not the travel: who walks backwards faces +z and moves towards -z.
    """
    start = clip.trans[0] * (1, 0, 1)
    centred = clip.with_(trans=clip.trans - start)
    return moved(centred, -initial_yaw(clip), (0, 0, 0))


def in_place(clip: Clip) -> Clip:
    """Without the travel: the slow part of the horizontal path is removed, the sway within a step stays.

    The feet then slide as on a treadmill: contacts are dropped and the flag `in_place` says so.
    """
    trans = clip.trans.astype(float)
    trans[:, [0, 2]] -= gaussian(trans[:, [0, 2]], 0.5 * clip.fps)
    return derive(
        clip,
        "in place",
        name=f"{clip.name}_in_place",
        trans=trans,
        contacts=None,
        flags=tuple(dict.fromkeys((*clip.flags, "in_place"))),
    )


def floor_height(points: Array, fps: float) -> float:
    """The height at which feet come to rest.

    Args:
        points: (frames, n, 3) points of the soles.
        fps: frames a second.

    Returns:
        metres: the middle of the lowest level at which points of the sole are still; without any such level
        (nobody stands), the lowest height reached but for 2 % of the frames.
    """
    heights = points[..., 1]
    speed = point_speed(points, fps)
    still = heights[speed < STILL]
    if len(still) < max(4, 0.02 * heights.size):
        return float(np.percentile(heights.min(1), 2))
    low = np.percentile(still, 8)
    near = still[np.abs(still - low) < 0.03]
    # Of few points, as in a single frame on tiptoe, none may lie near the quantile.
    return float(np.median(near)) if len(near) else float(still[np.abs(still - low).argmin()])


def point_speed(points: Array, fps: float) -> Array:
    """(frames, n) speeds of (frames, n, 3) points in m/s, by central differences."""
    if len(points) < 2:
        return np.zeros(points.shape[:2])
    return np.linalg.norm(np.gradient(points, axis=0), axis=-1) * fps


def ground(clip: Clip, offsets: ArrayLike = OFFSETS) -> Clip:
    """The clip with its standing feet on y = 0 and no foot below.

    One shift puts the floor at 0; a slow correction of at most 5 cm evens out what standing feet still rise or
    sink by; a quick one lifts what is left below; toes that would dip into the floor bend. Feet in the air (jumps,
    flips) do not count as standing.

    Args:
        clip: any clip.
        offsets: (22, 3) rest offsets of the body that will move.
    """
    rotations, positions = leg_kinematics(clip.poses, clip.trans, offsets)
    points = sole_points(rotations, positions, offsets)
    lift = np.full(len(clip), -floor_height(points, clip.fps))
    lift += _evened(points[..., 1] + lift[:, None], point_speed(points, clip.fps), clip.fps)
    low = points[..., 1].min(1) + lift
    lift += envelope(np.maximum(-low, 0), 0.08 * clip.fps)
    trans = clip.trans.astype(float)
    trans[:, 1] += lift
    positions[..., 1] += lift[:, None]
    return clip.with_(trans=trans, poses=bend_toes(clip.poses, rotations, positions, offsets))


def _evened(height: Array, speed: Array, fps: float) -> Array:
    """(frames,) slow correction that brings standing feet to 0, interpolated where nobody stands."""
    frames = np.arange(len(height))
    lowest = height.argmin(1)
    low = height[frames, lowest]
    stands = (np.abs(low) < DRIFT) & (speed[frames, lowest] < STILL)
    if stands.sum() < 4:
        return np.zeros(len(low))
    return gaussian(np.interp(frames, frames[stands], -low[stands]), 0.25 * fps)


def envelope(height: Array, sigma: float) -> Array:
    """A smooth curve over (frames,) heights >= 0: never below them, rising and falling over ~2 sigma frames."""
    radius = max(1, int(np.ceil(2 * sigma)))
    if not height.any():
        return height
    padded = np.pad(height, radius, mode="edge")
    peaks = np.lib.stride_tricks.sliding_window_view(padded, 2 * radius + 1).max(1)
    return np.maximum(gaussian(peaks, sigma), height)
