"""Legs between two motions: hips, knees and toes that bring the feet to where their steps are planned."""

from __future__ import annotations

import numpy as np

from .fading import smooth_step
from .footlock import HIPS, KNEES, SOFT, STRETCH, legs_to
from .footsteps import UP, Before, Foot, Posed, Way, feet_between, find_ways, foot_path
from .ground import envelope
from .kinematics import Array, axis_angle_from_matrix, matrix_from_axis_angle, slerp
from .resample import gaussian
from .soles import ANKLES, FEET, ball_height, bend_toes, heel_offset, leg_kinematics

HEEL_UP = np.linspace(0, 0.9, 19)
"""Radians by which the heel of a foot that waits may rise, so that its ankle stays within reach."""
REST = 0.5
"""Seconds after the blend over which the pelvis comes back to its height."""
SOFT_IN_AIR = 0.92
"""Like `SOFT`, of a leg whose foot is in the air."""
SETTLE = 0.2
"""Seconds in which a straight leg bends a little and the pelvis starts to come down."""
MOST_DROP = 0.08
"""Metres that the pelvis comes down at most."""


def plan_feet(
    before: Before, placed: Posed, blended: Posed, contacts: np.ndarray, offsets: Array, fps: float, count: int
) -> tuple[Array, Array, np.ndarray]:
    """Legs for a blend of two motions.

    Args:
        before: the end of the first motion.
        placed: the second motion alone, where it will be.
        blended: both together, feet as they come.
        contacts: (frames, 4) of the second motion.
        offsets: (22, 3) of the body.
        fps: frames a second.
        count: frames of the blend.

    Returns:
        poses (frames, 22, 3), metres by which the pelvis comes down (frames,), contacts (frames, 4).
    """
    some = slice(0, min(len(placed[0]), count + round(REST * fps)))
    bent = _legs_between(before[0][-1], placed[0][some], blended[0][some], count)
    rotations, positions = leg_kinematics(bent, blended[1][some], offsets)
    feet = feet_between(before, (placed[0][some], placed[1][some]), contacts, offsets)
    contacts = contacts.copy()
    targets = positions[:, list(ANKLES)].copy()
    ways = find_ways(feet, count, fps)
    longest = _longest(before, (placed[0][some], placed[1][some]), feet, ways, offsets, fps)
    for side, (foot, way) in enumerate(zip(feet, ways, strict=True)):
        path, turns = foot_path(foot, way, fps)
        if foot.stands and foot.pivot[2] > 0:
            turns = _heel_up(
                path, turns, foot.pivot, positions[:, HIPS[side]], longest[:, side] * _leg(offsets, side), fps
            )
        ankle = path - turns @ foot.pivot
        ankle[:, 1] += _lifted(ankle, turns, offsets, FEET[side], fps)
        targets[:, side], rotations[:, ANKLES[side]] = ankle, turns
        mine = slice(2 * side, 2 * side + 2)
        if not (way.follows and foot.stands):
            contacts[: way.start, mine] = before[2][mine]
            contacts[way.start : way.end, mine] = False
    drop = _drop(positions, targets, longest, offsets, fps)
    targets = _within_reach(positions, targets, drop, longest, offsets)
    poses, whole = np.array(blended[0]), np.zeros(len(blended[0]))
    poses[some] = legs_to(bent, rotations, positions, targets, drop)
    whole[some] = drop
    poses[some] = _toes(poses[some], blended[1][some] - drop[:, None] * UP, offsets, fps)
    return poses, whole, contacts


def _legs_between(last: Array, placed: Array, blended: Array, count: int) -> Array:
    """(frames, 22, 3) `blended` with hips and knees on the way from one to the other.

    Their speed is left to the ankles: carried over, it would bend a knee that is nearly straight backwards.
    """
    out = np.array(blended)
    joints = [*HIPS, *KNEES]
    s = smooth_step((np.arange(len(placed)) + 1) / (count + 1))[:, None]
    old, new = matrix_from_axis_angle(last[joints]), matrix_from_axis_angle(placed[:, joints])
    turned = slerp(np.broadcast_to(old, new.shape), new, np.broadcast_to(s, new.shape[:2]))
    out[:, joints] = axis_angle_from_matrix(turned)
    return out


def _longest(before: Before, placed: Posed, feet: list[Foot], ways: list[Way], offsets: Array, fps: float) -> Array:
    """(frames, 2) shares of the leg's length from which on it resists being straightened: as straight as it was at
    the seam and will be, a little bent in between, more so in the air."""
    _, old = leg_kinematics(before[0][-1:], before[1][-1:], offsets)
    _, new = leg_kinematics(*placed, offsets)
    frame = np.arange(len(new)) + 1
    later = 1 - smooth_step(frame / max(SETTLE * fps, 1))
    out = []
    for side, (foot, way) in enumerate(zip(feet, ways, strict=True)):
        length = _leg(offsets, side)
        soft = SOFT if foot.stands else SOFT_IN_AIR
        was = float(np.linalg.norm(old[0, ANKLES[side]] - old[0, HIPS[side]])) / length
        will = np.linalg.norm(new[:, ANKLES[side]] - new[:, HIPS[side]], axis=-1) / length
        arrive = 1.0 if way.follows and foot.stands else smooth_step(frame / max(way.end, 1))
        out.append(np.maximum(soft + max(was - soft, 0) * later, soft + (will - soft).clip(min=0) * arrive))
    return np.stack(out, 1)


def _leg(offsets: Array, side: int) -> float:
    """Length of a leg, metres."""
    return float(np.linalg.norm(offsets[[KNEES[side], ANKLES[side]]], axis=-1).sum())


def _drop(positions: Array, targets: Array, longest: Array, offsets: Array, fps: float) -> Array:
    """(frames,) metres by which the pelvis comes down, smoothly, for both ankles to be within reach."""
    need = np.zeros(len(targets))
    for side in (0, 1):
        away = targets[:, side] - positions[:, HIPS[side]]
        # For a leg in the air nothing comes down unless it must.
        most = np.maximum(longest[:, side], SOFT) * _leg(offsets, side)
        level = np.minimum((away[:, [0, 2]] ** 2).sum(1), most**2)
        need = np.maximum(need, -away[:, 1] - np.sqrt(most**2 - level))
    frame = np.arange(len(need))
    edges = smooth_step((frame + 1) / max(SETTLE * fps, 1)) * smooth_step((len(need) - frame) / max(REST * fps, 1))
    return envelope(MOST_DROP * np.tanh(need / MOST_DROP), 0.1 * fps) * edges


def _heel_up(path: Array, turns: Array, pivot: Array, hip: Array, longest: Array, fps: float) -> Array:
    """(frames, 3, 3) orientations with the heel raised over the ball as far as the leg is too short."""
    up = matrix_from_axis_angle(HEEL_UP[:, None] * (1, 0, 0))
    ankle = path[:, None] - np.einsum("fij,ajk,k->fai", turns, up, pivot)
    far = np.linalg.norm(ankle - hip[:, None], axis=-1)
    short = far > longest[:, None]
    # The least angle that is enough; the best one where none is.
    enough = HEEL_UP[np.where(short.all(1), far.argmin(1), short.argmin(1))]
    start = smooth_step((np.arange(len(enough)) + 1) / max(0.1 * fps, 1))
    raised = gaussian(enough, 0.05 * fps) * start
    return turns @ matrix_from_axis_angle(raised[:, None] * (1, 0, 0))


def _lifted(ankle: Array, turns: Array, offsets: Array, foot: int, fps: float) -> Array:
    """(frames,) by which an ankle has to come up for heel and ball to be on the floor, smoothly."""
    heel = (ankle + turns @ heel_offset(offsets, foot))[:, 1]
    ball = (ankle + turns @ np.asarray(offsets)[foot])[:, 1] - ball_height(offsets)
    sunk = np.maximum(-np.minimum(heel, ball), 0)
    start = smooth_step((np.arange(len(sunk)) + 1) / max(0.06 * fps, 1))
    return np.maximum(envelope(sunk, 0.05 * fps) * start, 0)


def _within_reach(positions: Array, targets: Array, drop: Array, longest: Array, offsets: Array) -> Array:
    """(frames, 2, 3) targets pulled in to where the leg is not quite straight."""
    out = targets.copy()
    for side in (0, 1):
        length = _leg(offsets, side)
        hip = positions[:, HIPS[side]] - drop[:, None] * UP
        away = targets[:, side] - hip
        far = np.linalg.norm(away, axis=-1).clip(min=1e-9)
        over = (far - longest[:, side] * length).clip(min=0)
        room = (STRETCH - longest[:, side]).clip(min=0.002) * length
        out[:, side] = hip + away * ((far - over + room * (1 - np.exp(-over / room))) / far)[:, None]
    return out


def _toes(poses: Array, trans: Array, offsets: Array, fps: float) -> Array:
    """(frames, 22, 3) poses with toes that bend as the floor demands, but not from one frame to the next."""
    bent = bend_toes(poses, *leg_kinematics(poses, trans, offsets), offsets)
    feet = list(FEET)
    before = matrix_from_axis_angle(poses[:, feet])
    up = -axis_angle_from_matrix(np.swapaxes(before, -1, -2) @ matrix_from_axis_angle(bent[:, feet]))[..., 0]
    for k in (0, 1):
        start = smooth_step((np.arange(len(up)) + 1) / max(0.17 * fps, 1))
        up[:, k] = envelope(up[:, k].clip(min=0), 0.06 * fps) * start
    bent[:, feet] = axis_angle_from_matrix(before @ matrix_from_axis_angle(-up[..., None] * (1, 0, 0)))
    return bent
