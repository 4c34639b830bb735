"""Feet between two motions: those that bear weight stay, and those that have to be elsewhere step there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .footlock import legs_to, pelvis_drop
from .kinematics import Array, slerp
from .soles import ANKLES, FEET, ball_height, bend_toes, heel_offset, leg_kinematics

STILL = 0.3
"""Metres a second up to which an ankle in contact stands; faster, and the foot is rolling off."""
NEAR = 0.03
"""Metres within which a foot needs no step."""
LIFT, LEAST_LIFT, MOST_LIFT = 0.25, 0.02, 0.10
"""Height of a step, as a share of its length and in metres."""
REST = 0.3
"""Seconds after the blend over which the pelvis comes back to its height."""

Posed = tuple[Array, Array]
"""Poses (frames, 22, 3) axis-angle and pelvis (frames, 3) metres."""


def fading(count: int) -> tuple[Array, Array]:
    """Weights (count,) of an offset and of its speed (in units a frame), that fade to nothing over `count` frames.

    Both and their first two derivatives end at 0; the first starts at 1 without a slope, the second at 0 with
    slope 1: the quintic Hermite basis.
    """
    t = np.arange(count) / max(count, 1)
    value = 1 - t**3 * (10 - 15 * t + 6 * t**2)
    slope = t - 6 * t**3 + 8 * t**4 - 3 * t**5
    return value, slope * count


@dataclass(frozen=True)
class _Foot:
    """One ankle around the seam."""

    old: Array
    """(3,) where it was last."""
    speed: Array
    """(3,) metres a frame, last."""
    turn: Array
    """(3, 3) its orientation, last."""
    stands: bool
    path: Array
    """(frames, 3) where the second motion has it."""
    turns: Array
    """(frames, 3, 3) likewise."""
    lands: bool
    """Whether the second motion has it on the floor at the end of the blend."""

    def far(self, frame: int) -> float:
        """Level distance from where it was to where it will be in a frame."""
        return float(np.hypot(*(self.path[frame] - self.old)[[0, 2]]))


def plan_feet(
    before: tuple[Array, Array, np.ndarray], placed: Posed, blended: Posed, contacts: np.ndarray, offsets: Array,
    fps: float, count: int,
) -> tuple[Array, Array, np.ndarray]:  # fmt: skip
    """Legs for a blend of two motions.

    Args:
        before: the last two frames of the first motion: poses (<= 2, 22, 3), pelvis, and the last contacts (4,).
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
    rotations, positions = leg_kinematics(blended[0][some], blended[1][some], offsets)
    feet = _feet(before, (placed[0][some], placed[1][some]), contacts, offsets, fps, count)
    contacts = contacts.copy()
    targets = positions[:, list(ANKLES)].copy()
    for side, (foot, window) in enumerate(zip(feet, _windows(feet, count), strict=True)):
        ankle, mine = ANKLES[side], slice(2 * side, 2 * side + 2)
        path, turns = _path(foot, window, rotations[:, ankle])
        targets[:, side], rotations[:, ankle] = path, turns
        start, end = window
        contacts[:start, mine] = before[2][mine]
        if foot.far(min(end, len(foot.path) - 1)) > NEAR or not foot.stands:
            contacts[start:end, mine] = False
        targets[:, side, 1] += _sunk(path, turns, offsets, FEET[side])
    drop = pelvis_drop(positions, targets, offsets, fps)
    ramp = np.clip((np.arange(len(drop)) + 1) / max(0.15 * fps, 1), 0, 1)
    end = np.clip((len(drop) - np.arange(len(drop))) / max(REST * fps, 1), 0, 1)
    drop = drop * ramp**2 * (3 - 2 * ramp) * end**2 * (3 - 2 * end)
    poses, whole = np.array(blended[0]), np.zeros(len(blended[0]))
    poses[some] = legs_to(poses[some], rotations, positions, targets, drop)
    whole[some] = drop
    lowered = blended[1][some] - drop[:, None] * (0, 1, 0)
    poses[some] = bend_toes(poses[some], *leg_kinematics(poses[some], lowered, offsets), offsets)
    return poses, whole, contacts


def _feet(
    before: tuple[Array, Array, np.ndarray],
    placed: Posed,
    contacts: np.ndarray,
    offsets: Array,
    fps: float,
    count: int,
) -> list[_Foot]:  # fmt: skip
    """Both ankles, left first."""
    turns, places = leg_kinematics(before[0], before[1], offsets)
    rotations, positions = leg_kinematics(*placed, offsets)
    feet = []
    for side, ankle in enumerate(ANKLES):
        mine = slice(2 * side, 2 * side + 2)
        speed = places[-1, ankle] - places[0, ankle] if len(places) > 1 else np.zeros(3)
        stands = bool(before[2][mine].any() and np.linalg.norm(speed) * fps < STILL)
        lands = bool(contacts[min(count, len(contacts) - 1), mine].any())
        feet.append(
            _Foot(places[-1, ankle], speed, turns[-1, ankle], stands, positions[:, ankle], rotations[:, ankle], lands)
        )
    return feet


def _windows(feet: list[_Foot], count: int) -> list[tuple[int, int]]:
    """[start, end) frames in which each foot goes to where the second motion has it: one after the other if both
    stand and have to step, the one with the longer way first."""
    steps = [foot.stands and foot.far(count - 1) > NEAR for foot in feet]
    if all(steps):
        first = int(feet[1].far(count - 1) > feet[0].far(count - 1))
        early, late = (0, max(round(0.55 * count), 1)), (round(0.45 * count), count)
        return [late, early] if first else [early, late]
    windows = []
    for foot, other in zip(feet, reversed(feet), strict=True):
        if foot.stands:
            # A foot that bears weight waits until the other one, which is in the air, is down.
            start = round(0.45 * count) if not other.stands and other.lands else round(0.15 * count)
            windows.append((start, count))
        else:
            windows.append((0, max(round(0.6 * count), 1) if foot.lands else count))
    return windows


def _path(foot: _Foot, window: tuple[int, int], blended: Array) -> tuple[Array, Array]:
    """Positions (frames, 3) and orientations (frames, 3, 3) of an ankle.

    Args:
        foot: the ankle.
        window: the frames in which it moves.
        blended: (frames, 3, 3) its orientations in the blend, for a foot that is in the air.
    """
    start, end = window
    path, turns = foot.path.copy(), foot.turns.copy()
    frames = np.arange(len(path))
    u = np.clip((frames + 1 - start) / max(end - start, 1), 0, 1)
    s = u**3 * (10 - 15 * u + 6 * u**2)
    if foot.stands:
        path = foot.old + s[:, None] * (path - foot.old)
        turns = slerp(np.broadcast_to(foot.turn, turns.shape), turns, s)
    else:
        value, slope = fading(min(end, len(path)))
        gap = foot.old + foot.speed - path[0]
        faster = foot.speed - (path[min(1, len(path) - 1)] - path[0])
        path[: len(value)] += value[:, None] * gap + slope[:, None] * faster
        turns = blended.copy()
    far = foot.far(min(end, len(path)) - 1)
    if far > NEAR and (foot.lands or foot.stands):
        height = min(max(LIFT * far, LEAST_LIFT), MOST_LIFT)
        # A foot that is up already needs less.
        height = max(height - max(float(foot.old[1] - foot.path[0, 1]), 0.0), 0.0)
        path[:, 1] += height * 16 * (u * (1 - u)) ** 2
    return path, turns


def _sunk(path: Array, turns: Array, offsets: Array, foot: int) -> Array:
    """(frames,) by which heel or ball are under the floor."""
    heel = (path + turns @ heel_offset(offsets, foot))[:, 1]
    ball = (path + turns @ np.asarray(offsets)[foot])[:, 1] - ball_height(offsets)
    return np.maximum(-np.minimum(heel, ball), 0)
