"""Contact clean-up: feet that are on the floor stay where they are.

Each span of contact gets a fixed point on the floor; the leg reaches for it by two-bone inverse kinematics, in its
own plane, and the foot keeps its orientation. Between spans the correction fades from one to the next.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .clip import Clip
from .contacts import detect_contacts, runs_of, slide_of
from .ground import envelope
from .kinematics import Array, axis_angle_from_matrix
from .leg import reach
from .skeleton import INDEX, OFFSETS, PARENTS
from .soles import ANKLES, bend_toes, leg_kinematics, sole_points

FADE = 0.3
"""Seconds over which a correction comes and goes where no other contact follows."""
SOFT, STRETCH = 0.982, 0.998
"""Shares of the leg's length: where stretching it further begins to be resisted, so that the knee does not snap
straight, and where it ends. The pelvis comes down for the rest."""
MOST_DROP = 0.08
"""Metres that the pelvis comes down at most."""
HIPS = (INDEX["left_hip"], INDEX["right_hip"])
KNEES = (INDEX["left_knee"], INDEX["right_knee"])


@dataclass(frozen=True)
class SlideReport:
    """What the clean-up did."""

    before: float
    """Mean slide of points in contact, mm a frame."""
    after: float
    """The same after the clean-up."""
    max_change: float
    """Largest distance by which an ankle was moved, metres."""
    max_drop: float
    """Largest distance by which the pelvis was lowered, metres."""


def lock_feet(
    clip: Clip, offsets: ArrayLike = OFFSETS, contacts: ArrayLike | None = None
) -> tuple[Clip, SlideReport]:
    """The clip with sliding, floating and sinking feet corrected; everything above the pelvis stays as it is.

    A clip flagged `in_place` slides on purpose: only its feet under the floor are lifted.

    Args:
        clip: at the body's scale, the floor at y = 0.
        offsets: (22, 3) rest offsets of the body that moves.
        contacts: (frames, 4) bool; found by `detect_contacts` if not given.

    Returns:
        the clip with its contacts, and the report.
    """
    offsets = np.asarray(offsets, float)
    contacts = detect_contacts(clip, offsets) if contacts is None else np.asarray(contacts, bool)
    rotations, positions = leg_kinematics(clip.poses, clip.trans, offsets)
    points = sole_points(rotations, positions, offsets)
    before = slide_of(points, contacts)
    rise = _standing_height(points, contacts)
    positions[..., 1] -= rise
    points[..., 1] -= rise
    change = np.stack([_correction(points[:, s], contacts[:, s], clip.fps) for s in _SIDES], 1)
    poses, drop = _reached(clip.poses, rotations, positions, change, offsets, clip.fps)
    trans = clip.trans.astype(float)
    trans[:, 1] -= rise + drop
    rotations, positions = leg_kinematics(poses, trans, offsets)
    poses = bend_toes(poses, rotations, positions, offsets)
    after = slide_of(sole_points(rotations, positions, offsets), contacts)
    report = SlideReport(before, after, float(np.linalg.norm(change, axis=-1).max()), float(drop.max()))
    return clip.with_(poses=poses, trans=trans, contacts=contacts), report


_SIDES = (slice(0, 2), slice(2, 4))


def _standing_height(points: Array, contacts: np.ndarray) -> float:
    """Height over the floor of the lowest point of standing feet: another body's feet are another size."""
    standing = contacts.any(1)
    if not standing.any():
        return 0.0
    low = np.where(contacts[standing], points[standing, :, 1], np.inf).min(1)
    return float(np.clip(np.median(low), -0.1, 0.1))


def _correction(points: Array, contacts: np.ndarray, fps: float) -> Array:
    """(frames, 3) by which one foot is to move.

    Args:
        points: (frames, 2, 3) heel and ball.
        contacts: (frames, 2).
        fps: frames a second.
    """
    change = np.zeros((len(points), 3))
    stands = contacts.any(1)
    spans = runs_of(stands)
    for start, end in spans:
        part = slice(start, end)
        change[part, :] = _pinned(points[part], contacts[part])
        change[part, 1] = -points[part, :, 1].min(1)
    _fade(change, spans, max(2, round(FADE * fps)))
    sunk = np.maximum(-(points[..., 1].min(1) + change[:, 1]), 0)
    change[:, 1] += envelope(np.where(stands, 0, sunk), 0.05 * fps)
    return change


def _pinned(points: Array, contacts: np.ndarray) -> Array:
    """(frames, 3) level shift that keeps heel, then ball (or ball, then heel) in place during one stand.

    Where two contacts overlap the second is pinned to where the first brings it, and takes over gradually; one
    that lies within another adds nothing. The whole chain is placed so that its mean shift is 0.
    """
    level = points * (1, 0, 1)
    spans = sorted((a, b, k) for k in (0, 1) for a, b in runs_of(contacts[:, k]))
    shift = np.zeros((len(points), 3))
    done = 0
    for a, b, k in spans:
        if b < done:
            continue
        own = level[a:b, k]
        if a >= done:
            here = (own.mean(0) if not done else own[0] + shift[done - 1]) - own
            shift[a:b] = here
        else:
            over = min(b, done) - a
            here = (own[:over] + shift[a : a + over]).mean(0) - own
            t = (np.arange(over) + 1) / (over + 1)
            weight = (t * t * (3 - 2 * t))[:, None]
            shift[a : a + over] += weight * (here[:over] - shift[a : a + over])
            shift[done:b] = here[over:]
        done = max(done, b)
    return shift - shift.mean(0)


def _fade(change: Array, spans: list[tuple[int, int]], length: int) -> None:
    """Fill the frames between spans: from one correction to the next, by way of none where there is time."""
    count = len(change)
    if not spans:
        return
    for (_, a), (b, _) in zip([(0, 0), *spans], [*spans, (count, count)], strict=True):
        gap = b - a
        if gap <= 0:
            continue
        out = change[a - 1] if a else None
        into = change[b] if b < count else None
        t = np.arange(1, gap + 1)[:, None]
        if out is not None and into is not None and gap <= 2 * length:
            s = t / (gap + 1)
            s = s * s * (3 - 2 * s)
            change[a:b] = out + s * (into - out)
            continue
        for edge, steps in ((out, t), (into, gap + 1 - t)):
            if edge is not None:
                s = np.clip(steps / (length + 1), 0, 1)
                change[a:b] += edge * (1 - s * s * (3 - 2 * s))


def _reached(
    poses: Array, rotations: Array, positions: Array, change: Array, offsets: Array, fps: float
) -> tuple[Array, Array]:
    """Legs that bring the ankles to where they are wanted.

    Args:
        poses: (frames, 22, 3) axis-angle.
        rotations, positions: of the legs' joints, global.
        change: (frames, 2, 3) shift of either ankle.
        offsets: (22, 3).
        fps: frames a second.

    Returns:
        poses (frames, 22, 3) and by how much the pelvis has to come down, (frames,) metres.
    """
    targets = positions[:, list(ANKLES)] + change
    drop = pelvis_drop(positions, targets, offsets, fps)
    return legs_to(poses, rotations, positions, targets, drop), drop


def pelvis_drop(positions: Array, targets: Array, offsets: Array, fps: float) -> Array:
    """(frames,) metres by which the pelvis comes down, smoothly, for both ankles to be within reach.

    Args:
        positions: (frames, 22, 3) of the legs' joints.
        targets: (frames, 2, 3) where the ankles should be.
        offsets: (22, 3).
        fps: frames a second.
    """
    need = np.zeros(len(positions))
    for side in (0, 1):
        need = np.maximum(need, _drop(positions, targets[:, side], offsets, side))
    return envelope(need.clip(max=MOST_DROP), 0.1 * fps).clip(max=MOST_DROP)


def legs_to(poses: Array, rotations: Array, positions: Array, targets: Array, drop: Array) -> Array:
    """(frames, 22, 3) poses whose ankles are at their targets with the orientation that they have.

    Args:
        poses: (frames, 22, 3) axis-angle.
        rotations, positions: of the legs' joints, global.
        targets: (frames, 2, 3).
        drop: (frames,) by which the pelvis will be lowered.
    """
    poses = np.array(poses)
    down = drop[:, None] * np.array([0, 1.0, 0])
    for side in (0, 1):
        hip, knee, ankle = HIPS[side], KNEES[side], ANKLES[side]
        front = rotations[:, hip, :, 2]
        joints = [positions[:, j] - down for j in (hip, knee, ankle)]
        thigh, shin = reach(joints[0], joints[1], joints[2], front, targets[:, side])
        turned = {hip: thigh @ rotations[:, hip], knee: shin @ rotations[:, knee], ankle: rotations[:, ankle]}
        for j in (hip, knee, ankle):
            above = turned.get(PARENTS[j], rotations[:, PARENTS[j]])
            poses[:, j] = axis_angle_from_matrix(np.swapaxes(above, -1, -2) @ turned[j])
    return poses


def _drop(positions: Array, target: Array, offsets: Array, side: int) -> Array:
    """(frames,) metres by which a hip has to come down for its ankle to be within reach of the target."""
    hip, ankle = positions[:, HIPS[side]], positions[:, ANKLES[side]]
    length = np.linalg.norm(offsets[[KNEES[side], ANKLES[side]]], axis=-1).sum()
    away = target - hip
    start, room = SOFT * length, (STRETCH - SOFT) * length
    wanted = np.linalg.norm(away, axis=-1)
    soft = start + room * (1 - np.exp(-(wanted - start).clip(min=0) / room))
    # A leg that was as straight before may stay so.
    most = np.maximum(np.minimum(wanted, soft), np.linalg.norm(ankle - hip, axis=-1))
    level = np.minimum((away[:, [0, 2]] ** 2).sum(1), most**2)
    return np.maximum(-away[:, 1] - np.sqrt(most**2 - level), 0)
