"""One motion after another: the second goes on from the place, heading and speed of the first.

The difference between where the first would have gone and where the second begins is added to the second and fades
out (inertialisation, as in D. Bollo, GDC 2018), so that pose and velocity are continuous. The pelvis slows down over
the distance that its speed carries it, instead of coming back. Feet that have to be elsewhere take a step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from ..body.model import BodyModel
from ..files import load_npz
from ..protocol import Incompatible, InvalidInput
from .clip import Clip
from .contacts import slide_of
from .entry import choose_entry
from .fading import fading
from .footsteps import feet_between, least_seconds
from .ground import initial_yaw, moved, turn
from .kinematics import Array, axis_angle_from_matrix, matrix_from_axis_angle
from .perform import Performance, body_offsets
from .resample import sample
from .skeleton import JOINT_NAMES
from .soles import leg_kinematics, sole_points
from .stepping import plan_feet

TAIL = 1.0
"""Seconds of the first motion that tell its heading and speed."""
FASTEST = 15.0
"""Radians a second up to which a joint's speed is carried over."""
SPEED_FADES = 0.35
"""Seconds at most over which a joint loses the speed that it had: longer, and it would swing far past its place."""
BRAKING = 3.5
"""Metres a second squared: how fast the pelvis takes on the second motion's speed."""
TURNING = 60.0
"""Radians a second squared at which a joint may turn to its new pose."""
LONGEST = 0.8
"""Seconds that a transition is lengthened to at most, where one as short as asked for would jerk."""
ASIDE, SHIFTING = 0.3, 6.0
"""Metres by which the second motion may be shifted so that a foot that stands need not move, and metres a second
squared at which that may move the pelvis."""


@dataclass(frozen=True)
class Motion:
    """What a motion.npz holds: poses (N, J, 3), transl (N, 3), fps, contacts (N, 4)."""

    poses: np.ndarray
    transl: np.ndarray
    fps: float
    contacts: np.ndarray


@dataclass(frozen=True)
class TransitionReport:
    """How smooth a transition is."""

    frames: int
    """How many frames of the result blend: more than asked for where the motions are too unlike."""
    entry: int
    """How many frames of the second motion were left out, to come in where it is like the end of the first."""
    pose_jump_deg: float
    """Largest turn of a joint from the last frame before to the first after, beyond the turn a frame before."""
    speed_jump: float
    """Change of the pelvis's velocity at the seam, m/s."""
    slide: float
    """Mean slide of feet in contact over the blend, mm a frame."""

    def to_json(self) -> dict[str, float]:
        """Rounded."""
        return {
            "frames": self.frames,
            "entry": self.entry,
            "pose_jump_deg": round(self.pose_jump_deg, 3),
            "speed_jump": round(self.speed_jump, 4),
            "slide_mm_per_frame": round(self.slide, 3),
        }


def read_motion(path: str | Path) -> Motion:
    """Read a motion.npz.

    Raises:
        InvalidInput: missing, damaged or not a motion.
    """
    data = load_npz(path)
    hint = "Give a motion.npz that an earlier job wrote."
    if not {"poses", "trans", "fps"} <= set(data):
        raise InvalidInput(f"{Path(path).name} is not a motion.", hint)
    poses, transl = np.asarray(data["poses"], np.float64), np.asarray(data["trans"], np.float64)
    fps = float(np.asarray(data["fps"]).reshape(-1)[0])
    if poses.ndim != 3 or poses.shape[2] != 3 or transl.shape != (len(poses), 3) or not len(poses):
        raise InvalidInput(f"{Path(path).name} has poses {poses.shape} and trans {transl.shape}.", hint)
    if not (np.isfinite(poses).all() and np.isfinite(transl).all() and np.isfinite(fps) and fps > 0):
        raise InvalidInput(f"{Path(path).name} has values that are not numbers.", hint)
    contacts = np.asarray(data.get("contacts", np.zeros((len(poses), 4))), bool)
    if contacts.shape != (len(poses), 4):
        raise InvalidInput(f"{Path(path).name} has contacts {contacts.shape}.", hint)
    return Motion(poses, transl, fps, contacts)


def go_on(
    after: Motion, performance: Performance, body: BodyModel, betas: torch.Tensor, seconds: float, frames: int = 0
) -> tuple[Performance, TransitionReport]:
    """A performance that starts one frame after the last frame of another motion of the same body.

    Args:
        after: the motion to go on from.
        performance: the next one, wherever it stands.
        body, betas: who performs both.
        seconds: over which the one becomes the other, longer where that would jerk; 0 only places the second.
        frames: length of the result at most; 0: whatever is left of `performance` from where it is entered.

    Raises:
        Incompatible: `after` is of a body with other joints.
    """
    if after.poses.shape[1] != len(body.joint_names):
        raise Incompatible(
            f"The motion to go on from has {after.poses.shape[1]} joints, {body.name} has {len(body.joint_names)}.",
            "Choose the body that the first motion was made for.",
        )
    rest = body.rest_joints(betas)[0].detach().cpu().numpy().astype(np.float64)
    pelvis = rest[body.joint_names.index("pelvis")]
    joints = [body.joint_names.index(name) for name in JOINT_NAMES]
    offsets = body_offsets(rest, body.joint_names)
    tail, marks = _tail(after, performance.fps, pelvis)
    last = tail[0][-2:, joints], tail[1][-2:]
    entry = 0
    if seconds:
        second = performance.poses[:, joints].astype(float), performance.transl + pelvis
        entry = choose_entry(last, *second, offsets, performance.fps)
    performance = _cut(performance, entry, entry + frames if frames else None)
    poses, trans, count = _fitted(tail, marks, performance, joints, pelvis, offsets, seconds)
    contacts = performance.contacts
    if count > 1:
        placed = poses[:, joints], trans
        poses, trans = _carried(tail, poses, trans, performance.fps, count)
        before, blended = (*last, marks[-1]), (poses[:, joints], trans)
        legs, drop, contacts = plan_feet(before, placed, blended, contacts, offsets, performance.fps, count)
        poses[:, joints] = legs
        trans[:, 1] -= drop
    clip = performance.clip.with_(poses=poses[:, joints], trans=trans, contacts=contacts)
    transl = (trans - pelvis).astype(np.float32)
    done = replace(performance, poses=poses.astype(np.float32), transl=transl, contacts=contacts, clip=clip)
    return done, _report(last, marks, clip, offsets, count, entry)


def _cut(performance: Performance, start: int, end: int | None) -> Performance:
    """Frames [start, end) of a performance."""
    part = slice(start, end)
    return replace(
        performance,
        poses=performance.poses[part],
        transl=performance.transl[part],
        contacts=performance.contacts[part],
        clip=performance.clip.cut(start, len(performance.poses) if end is None else end),
    )


def _fitted(
    tail: tuple[Array, Array], marks: np.ndarray, performance: Performance, joints: list[int], pelvis: Array,
    offsets: Array, seconds: float,
) -> tuple[Array, Array, int]:  # fmt: skip
    """The second motion in its place, and over how many frames the first becomes it."""
    fps = performance.fps
    most = len(performance.poses) - 1
    count = min(max(round(seconds * fps), 0), most)
    poses, trans = _placed(tail, marks, performance, joints, pelvis, offsets, count)
    if count < 2:
        return poses, trans, count
    last = tail[0][-2:, joints], tail[1][-2:]
    feet = feet_between((*last, marks[-1]), (poses[:, joints], trans), performance.contacts, offsets)
    faster = np.linalg.norm((_speed(tail[1], fps) - (trans[1] - trans[0]) * fps) * (1, 0, 1))
    away = _step(np.stack([matrix_from_axis_angle(tail[0][-1]), matrix_from_axis_angle(poses[0])]))
    # The second derivative of `fading` is at most 10 / 3**0.5.
    turning = np.sqrt(10 / 3**0.5 * np.linalg.norm(away, axis=-1).max() / TURNING)
    needed = min(max(least_seconds(feet), faster / BRAKING, turning), LONGEST)
    if round(needed * fps) > count:
        count = min(round(needed * fps), most)
        poses, trans = _placed(tail, marks, performance, joints, pelvis, offsets, count)
    return poses, trans, count


def _tail(after: Motion, fps: float, pelvis: Array) -> tuple[tuple[Array, Array], np.ndarray]:
    """The end of a motion at another rate, its last frame kept: poses (n, J, 3), pelvis (n, 3), contacts (n, 4)."""
    step = after.fps / fps
    count = min(int((len(after.poses) - 1) / step), max(round(TAIL * fps), 2)) + 1
    times = len(after.poses) - 1 - step * np.arange(count)[::-1]
    near = np.rint(times).astype(int)
    trans = after.transl + pelvis
    if np.allclose(times, near, atol=1e-5):
        return (after.poses[near], trans[near]), after.contacts[near]
    # `sample` knows clips of 22 joints; others are taken in as many clips as they need.
    parts = np.array_split(np.arange(after.poses.shape[1]), -(-after.poses.shape[1] // 22))
    poses = np.empty((count, *after.poses.shape[1:]))
    for part in parts:
        padded = np.zeros((len(after.poses), 22, 3))
        padded[:, : len(part)] = after.poses[:, part]
        sampled = sample(Clip("tail", padded, trans, after.fps), times)
        poses[:, part] = sampled.poses[:, : len(part)]
    return (poses, sampled.trans.astype(float)), after.contacts[near]


def _clip(poses: Array, trans: Array, fps: float) -> Clip:
    return Clip("part", poses, trans, fps)


def _placed(
    tail: tuple[Array, Array], tail_contacts: np.ndarray, performance: Performance, body_joints: list[int],
    pelvis: Array, offsets: Array, count: int,
) -> tuple[Array, Array]:  # fmt: skip
    """Poses (N, J, 3) and pelvis (N, 3) of the second motion, turned and moved to where the first ended."""
    fps = performance.fps
    poses = performance.poses.astype(np.float64)
    trans = performance.transl.astype(np.float64) + pelvis
    ending = _clip(tail[0][::-1, body_joints], tail[1][::-1], fps)
    start = _clip(poses[:, body_joints], trans, fps)
    angle = initial_yaw(ending) - initial_yaw(start)
    start = moved(start, angle, (0, 0, 0))
    out = poses.copy()
    out[:, body_joints[0]] = axis_angle_from_matrix(turn(angle) @ matrix_from_axis_angle(poses[:, body_joints[0]]))
    trans = trans @ turn(angle).T
    speed = _speed(tail[1], fps)
    first = _speed(trans[:3][::-1], -fps)
    level = np.array([1.0, 0, 1])
    # Cubic fading of the difference in speed carries the pelvis a third of what that speed would.
    shift = (tail[1][-1] + speed / fps - trans[0] + (speed - first) * count / fps / 3) * level
    old = _soles(tail[0][-1:, body_joints], tail[1][-1:], offsets)[0]
    new = _soles(out[:1, body_joints], trans[:1], offsets)[0]
    # Feet that bear weight in both need not move, if the pelvis comes to rest near enough to them.
    both = tail_contacts[-1] & performance.contacts[0]
    exact = (old - new) * level
    # The second derivative of `fading` is at most 10 / 3**0.5.
    aside = min(ASIDE, SHIFTING * (count / fps) ** 2 * 3**0.5 / 10)
    near = both & (np.linalg.norm(exact - shift, axis=-1) < aside)
    return out, trans + (exact[near].mean(0) if near.any() else shift)


def _soles(poses: Array, trans: Array, offsets: Array) -> Array:
    return sole_points(*leg_kinematics(poses, trans, offsets), offsets)


def _speed(points: Array, fps: float) -> Array:
    """(3,) metres a second at the last of (n, 3) points."""
    return (points[-1] - points[-2]) * fps if len(points) > 1 else np.zeros(3)


def _carried(tail: tuple[Array, Array], poses: Array, trans: Array, fps: float, count: int) -> tuple[Array, Array]:
    """The second motion with the first's pose and speed at its start."""
    poses, trans = poses.copy(), trans.copy()
    value, _ = fading(count)
    brief = min(count, max(round(SPEED_FADES * fps), 2))
    slope = np.zeros(count)
    slope[:brief] = fading(brief)[1]
    old = matrix_from_axis_angle(tail[0][-2:])
    new = matrix_from_axis_angle(poses[: count + 1])
    old_step, new_step = _step(old), _step(new)
    # Where the first motion would be in the first frame of the second.
    ahead = old[-1] @ matrix_from_axis_angle(old_step)
    x = axis_angle_from_matrix(np.swapaxes(new[0], -1, -2) @ ahead)
    change = old_step - new_step
    size = np.linalg.norm(change, axis=-1, keepdims=True)
    change *= np.minimum(1, FASTEST / fps / np.maximum(size, 1e-9))
    offset = value[:, None, None] * x + slope[:, None, None] * change
    poses[:count] = axis_angle_from_matrix(new[:count] @ matrix_from_axis_angle(offset))
    speed = _speed(tail[1], fps) / fps
    gap = tail[1][-1] + speed - trans[0]
    faster = speed - (trans[1] - trans[0])
    t = np.arange(count)[:, None] / max(count, 1)
    # Level: the speed fades as (1 - t)^2, which goes a third of its way; the rest and the height as the joints.
    level = (gap + faster * count / 3) * value[:, None] - faster * count / 3 * (1 - t) ** 3
    upward = gap * value[:, None] + faster * slope[:, None]
    trans[:count] += level * (1, 0, 1) + upward * (0, 1, 0)
    return poses, trans


def _step(rotations: Array) -> Array:
    """(J, 3) turn of each joint from the first to the second of (>= 2, J, 3, 3) rotations; 0 for one."""
    if len(rotations) < 2:
        return np.zeros((rotations.shape[1], 3))
    return axis_angle_from_matrix(np.swapaxes(rotations[0], -1, -2) @ rotations[1])


def _report(
    last: tuple[Array, Array], contacts: np.ndarray, clip: Clip, offsets: Array, count: int, entry: int
) -> TransitionReport:
    """Measured on the last two frames before the seam and the frames after it; all of 22 joints."""
    poses, trans = (
        np.concatenate([old, new]).astype(float) for old, new in zip(last, (clip.poses, clip.trans), strict=True)
    )
    seam = len(last[0]) - 1
    around = slice(max(seam - 1, 0), seam + 3)
    joined = matrix_from_axis_angle(poses[around])
    turns = [np.degrees(np.linalg.norm(_step(joined[i : i + 2]), axis=-1)) for i in range(len(joined) - 1)]
    steps = np.linalg.norm(np.diff(trans[around], n=2, axis=0), axis=-1)
    usual = turns[0] if seam else np.zeros(len(turns[0]))
    part = slice(seam, seam + count + 1)
    new = np.zeros((len(poses), 4), bool) if clip.contacts is None else clip.contacts
    marks = np.concatenate([contacts[-len(last[0]) :], new])
    return TransitionReport(
        count,
        entry,
        float((turns[min(seam, 1)] - usual).max()),
        float(steps[0] * clip.fps) if seam and len(steps) else 0.0,
        slide_of(_soles(poses[part], trans[part], offsets), marks[part]),
    )
