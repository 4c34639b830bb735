"""Where the feet go between two motions: those that bear weight stay, and those that have to be elsewhere step there.

A foot is led by its pivot, the ball or the heel that bears it: a foot that rolls finishes its roll over a pivot that
stays. Place, orientation and both speeds go on from the last frame of the first motion.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .fading import bump, faded, smooth_step
from .kinematics import Array, axis_angle_from_matrix, matrix_from_axis_angle, rotation_between, slerp
from .soles import ANKLES, FEET, heel_offset, leg_kinematics

NEAR = 0.012
"""Metres within which a foot needs no step."""
STEP = 0.36
"""Seconds that a step takes at least."""
SWING = 0.3
"""Seconds at most over which a foot in the air, or a turning one, loses the speed that it had."""
SPIN = 12.0
"""Radians a second up to which the turn of a foot is carried over."""
LIFT, LEAST_LIFT, MOST_LIFT = 0.12, 0.015, 0.06
"""Height of a step, as a share of its length and in metres."""
ROLL, MOST_ROLL, ROLLING = 0.9, 0.5, 50.0
"""Radians by which the heel rises as a step begins, per metre of the step and at most; radians a second squared."""
PINNED = 0.08
"""Metres by which a foot may stand aside, while the other swings, until it is lifted anyway."""
Posed = tuple[Array, Array]
"""Poses (frames, 22, 3) axis-angle and pelvis (frames, 3) metres."""
Before = tuple[Array, Array, np.ndarray]
"""The last two frames of the first motion (one, if it has no more), and its last contacts (4,)."""
UP = np.array([0.0, 1.0, 0.0])


@dataclass(frozen=True)
class Foot:
    """One foot around the seam."""

    pivot: Array
    """(3,) in the ankle's frame: the ball, or the heel where that alone bears weight."""
    old: Array
    """(3,) where the pivot was last."""
    speed: Array
    """(3,) metres a frame, last."""
    turn: Array
    """(3, 3) orientation of the ankle, last."""
    spin: Array
    """(3,) its last turn, radians a frame, in its own frame."""
    stands: bool
    """Whether it bore weight last."""
    rolls: bool
    """Whether its heel had risen: it is about to leave the floor."""
    path: Array
    """(frames, 3) where the second motion has the pivot."""
    turns: Array
    """(frames, 3, 3) likewise the ankle's orientation."""
    bears: np.ndarray
    """(frames,) whether the second motion has it on the floor."""
    flat: np.ndarray
    """(frames,) likewise its heel."""
    off: float
    """Level distance, at the seam, of heel or ball from where the second motion begins with it, metres."""

    @property
    def steps(self) -> bool:
        """Whether it stands and has to stand elsewhere."""
        return self.stands and bool(self.bears[0]) and self.off > NEAR

    @property
    def level(self) -> Array:
        """(3, 3) its orientation, last, with the sole on the floor."""
        return rotation_between(self.turn[:, 1], UP) @ self.turn

    def next_stand(self, within: int) -> int:
        """The frame in which the second motion sets it down again, if it lifts it `within` so many frames; else 0."""
        up = int(self.bears.argmin())
        if self.bears[up] or up >= within or not self.bears[up:].any():
            return 0
        return up + int(self.bears[up:].argmax())

    @property
    def follows(self) -> bool:
        """Whether it is where, or moves as, the second motion has it."""
        return self.stands == bool(self.bears[0]) and not self.steps


def feet_between(before: Before, placed: Posed, contacts: np.ndarray, offsets: Array) -> list[Foot]:
    """Both feet, left first.

    Args:
        before: the end of the first motion.
        placed: the second motion, where it will be.
        contacts: (frames, 4) of the second motion.
        offsets: (22, 3) of the body.
    """
    old_turns, old_places = leg_kinematics(before[0], before[1], offsets)
    turns, places = leg_kinematics(*placed, offsets)
    feet = []
    for side, (ankle, ball) in enumerate(zip(ANKLES, FEET, strict=True)):
        bore = before[2][2 * side : 2 * side + 2]
        heel = heel_offset(offsets, ball)
        points = (heel, offsets[ball])
        pivot = points[0] if bore[0] and not bore[1] else points[1]
        was, now = old_places[:, ankle], old_turns[:, ankle]
        here = [was + now @ point for point in points]
        there = [places[0, ankle] + turns[0, ankle] @ point for point in points]
        old = was + now @ pivot
        spin = axis_angle_from_matrix(now[0].T @ now[-1]) if len(now) > 1 else np.zeros(3)
        feet.append(
            Foot(
                pivot=pivot,
                old=old[-1],
                speed=old[-1] - old[0],
                turn=now[-1],
                spin=spin,
                stands=bool(bore.any()),
                rolls=bool(bore[1] and not bore[0]),
                path=places[:, ankle] + turns[:, ankle] @ pivot,
                turns=turns[:, ankle],
                bears=np.any(contacts[: len(places), 2 * side : 2 * side + 2], axis=1),
                flat=contacts[: len(places), 2 * side],
                off=max(float(np.hypot(*(a[-1] - b)[[0, 2]])) for a, b in zip(here, there, strict=True)),
            )
        )
    return feet


def least_seconds(feet: list[Foot]) -> float:
    """How long the feet need to come to where the second motion begins with them."""
    both = sum(foot.steps or (not foot.stands and bool(foot.bears[0]) and foot.off > NEAR) for foot in feet)
    return (0.0, STEP, 1.8 * STEP)[both]


@dataclass(frozen=True)
class Way:
    """How a foot comes to where the second motion has it."""

    start: int
    end: int
    """The frames [start, end) in which it does."""
    follows: bool
    """Whether it keeps its distance from the second motion's until then; else it stays where it is."""


def find_ways(feet: list[Foot], count: int, fps: float) -> list[Way]:
    """Of both feet: one after the other if both stand and have to step, first the one that rolls off already, or has
    the longer way. A foot that the second motion swings, or is about to, gets there in that swing."""
    brief, most = round(0.8 * STEP * fps), max(len(feet[0].path) - 2, 1)
    half = max(round(0.55 * count), brief)
    swung = [foot.next_stand(round(0.6 * count)) for foot in feet]
    if all(foot.steps and not down for foot, down in zip(feet, swung, strict=True)):
        keys = [(foot.rolls, foot.off) for foot in feet]
        early, late = Way(0, (count + 1) // 2, False), Way((count + 1) // 2, count, False)
        return [early, late] if keys[0] >= keys[1] else [late, early]
    ways = []
    for foot, other, down, first in zip(feet, feet[::-1], swung, swung[::-1], strict=True):
        lands = max(min(max(down, brief), most), 1)
        if foot.follows and foot.stands:
            ways.append(Way(0, count, True))
        elif foot.steps and (first or not other.bears[0]):
            ways.append(_waiting(foot, max(min(max(first, brief), most), 1), brief, most))
        elif down:
            ways.append(Way(0, lands, foot.follows))
        elif foot.steps:
            # A foot that bears weight waits until the other one, which is in the air, is down.
            ways.append(Way(0 if other.stands else min(half, count - 1), count, False))
        elif foot.bears[0]:
            ways.append(Way(0, min(half, count), False))
        else:
            ways.append(Way(0, count, foot.follows))
    return ways


def _waiting(foot: Foot, until: int, brief: int, most: int) -> Way:
    """The way of a foot that bears the weight while the other swings."""
    heel = int(foot.flat.argmax())
    up = heel + int(foot.flat[heel:].argmin()) if foot.flat[heel] else int(foot.bears.argmin())
    if foot.off < PINNED and not foot.bears[up:].all():
        start = min(up, most - 1)
        return Way(start, min(start + brief, most), True)
    start = min(until, max(most - brief, 0))
    down = start + int(foot.bears[start:].argmax()) if foot.bears[start:].any() else most
    return Way(start, min(max(down, start + brief), most), False)


def foot_path(foot: Foot, way: Way, fps: float) -> tuple[Array, Array]:
    """Positions (frames, 3) of the pivot and orientations (frames, 3, 3) of the ankle.

    Args:
        foot: whose.
        way: when and how it moves.
        fps: frames a second.
    """
    start, end = way.start, way.end
    frames, size = np.arange(len(foot.path)), len(foot.path)
    u = (frames + 1 - start) / max(end + 1 - start, 1)
    s = smooth_step(u)[:, None]
    brief = max(min(end if start == 0 else start, round(SWING * fps)), 1)
    speed = foot.speed.copy()
    held = foot.turns
    if way.follows and start:
        # It stays until the second motion rolls it off, and goes with that from then on.
        path = np.where(frames[:, None] < start, foot.old, foot.path + (1 - s) * (foot.old - foot.path[start]))
        held = _rolled_off(foot, start, 1 - s[:, 0])
    elif way.follows:
        path = foot.path + (1 - s) * (foot.old - _back(foot.path))
        speed -= foot.path[min(1, size - 1)] - foot.path[0]
    else:
        path = foot.old + s * (foot.path - foot.old)
        if start:
            held = slerp(np.broadcast_to(foot.level, held.shape), held, s[:, 0])
        path[:, 1] += _rise(foot, path, u, end)
    path = path + _coasting(speed, float(foot.old[1]), brief, size)
    fade = 1 - s[:, 0] if not start else faded(max(start, round(STEP * fps)), size)[0]
    turns = _turned(foot, held, fade, brief, fps)
    if foot.steps and not way.follows:
        far = float(np.hypot(*(foot.path[min(end, size - 1)] - foot.old)[[0, 2]]))
        most = min(MOST_ROLL, ROLLING * ((end - start) / fps) ** 2 / 32)
        roll = min(ROLL * far, most) * bump(u)
        turns = turns @ matrix_from_axis_angle(roll[:, None] * (1, 0, 0))
    return path, turns


def _coasting(speed: Array, height: float, brief: int, frames: int) -> Array:
    """(frames, 3) how far a foot goes on at the speed (3,) that it had, which fades over `brief` frames.

    One that falls loses its speed before it is through the floor.
    """
    level = faded(brief, frames)[1]
    # The weight of a speed is at most a fifth of the frames over which it fades.
    down = brief if speed[1] >= 0 else int(np.clip(max(height, 0) / (0.2 * -speed[1]), 1, max(brief, 1)))
    return np.stack([level, faded(down, frames)[1], level], 1) * speed


def _rolled_off(foot: Foot, start: int, weight: Array) -> Array:
    """(frames, 3, 3) level until a frame, then as the second motion has it, the difference fading as its weight."""
    offset = axis_angle_from_matrix(foot.turns[start].T @ foot.level)
    out = foot.turns @ matrix_from_axis_angle(weight[:, None] * offset)
    out[:start] = foot.level
    return out


def _back(path: Array) -> Array:
    """(3,) where a path was one frame before it begins."""
    return 2 * path[0] - path[1] if len(path) > 1 else path[0]


def _rise(foot: Foot, path: Array, u: Array, end: int) -> Array:
    """(frames,) how much higher a foot goes that leaves the floor or comes to it, than it would by itself."""
    last = min(end, len(path) - 1)
    far = max(float(np.hypot(*(foot.path[last] - foot.old)[[0, 2]])), foot.off)
    height = min(max(LIFT * far, LEAST_LIFT), MOST_LIFT) if far > NEAR else 0.0
    rise = bump(u)
    middle = rise > 0.5
    above = float(path[middle, 1].mean() - min(foot.old[1], foot.path[last, 1])) if middle.any() else 0.0
    return max(height - max(above, 0.0), 0.0) * rise


def _turned(foot: Foot, held: Array, fade: Array, brief: int, fps: float) -> Array:
    """(frames, 3, 3) orientations that go on from the last with its spin and become `held` as weights fade."""
    _, slope = faded(brief, len(held))
    step = axis_angle_from_matrix(held[0].T @ held[min(1, len(held) - 1)])
    first = held[0] @ matrix_from_axis_angle(-step)
    spin = foot.spin * min(1.0, SPIN / fps / max(float(np.linalg.norm(foot.spin)), 1e-9))
    offset = fade[:, None] * axis_angle_from_matrix(first.T @ foot.turn) + slope[:, None] * (spin - step)
    return held @ matrix_from_axis_angle(offset)
