"""Length: repeat a motion without a pop, or cut it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..protocol import check_positive
from .clip import MAX_FRAMES, Clip, Label
from .ground import turn, yaw_of
from .kinematics import Array, axis_angle_from_matrix, forward_kinematics, matrix_from_axis_angle
from .resample import derive

STRAIGHT = np.radians(12)
"""A cycle that turns by less is taken as straight, so that a walk does not become a circle."""
GOOD_SEAM = 0.12
"""Metres of mean joint distance up to which a cycle can be repeated without looking wrong."""
_CANDIDATES = 600


@dataclass(frozen=True)
class Cycle:
    """Frames [start, end) that can follow each other, and how far frame `end` is from frame `start`."""

    start: int
    end: int
    gap: float
    """Mean distance of joints, heading and place taken out, plus 0.1 s of their speeds' difference, metres."""


def find_cycle(clip: Clip, shortest: float = 0.7) -> Cycle:
    """The pair of frames that match best, at least `shortest` seconds apart, favouring cycles that hold the motion.

    Distances compare all pairs at once: for a clip of many frames, those of its first and last 600.
    """
    last = len(clip) - 1
    least = min(max(round(shortest * clip.fps), 1), max(last, 1))
    if last <= 1 or last <= least:
        return Cycle(0, last, float(_gaps(clip, np.array([0]), np.array([last]))[0, 0]))
    starts = np.arange(min(last - least + 1, _CANDIDATES))
    ends = np.arange(max(least, last + 1 - _CANDIDATES), last + 1)
    gaps = _gaps(clip, starts, ends)
    length = ends[None] - starts[:, None]
    # What moves outside the cycle is lost or played once: worth up to 15 cm of mismatch. Counted by how much
    # moves, not by frames, so that a kick between two rests is in the cycle and the rest alone is none.
    done = _progress(clip)
    cost = np.where(length >= least, gaps + 0.15 * (1 - (done[ends] - done[starts][:, None])), np.inf)
    i, j = np.unravel_index(cost.argmin(), cost.shape)
    return Cycle(int(starts[i]), int(ends[j]), float(gaps[i, j]))


def _progress(clip: Clip) -> Array:
    """(frames,) share of the clip's motion, summed over all joints, that has happened by each frame."""
    turned = np.linalg.norm(np.diff(clip.poses.astype(float), axis=0), axis=-1).clip(max=1).sum(1)
    gone = np.linalg.norm(np.diff(clip.trans.astype(float), axis=0), axis=-1) * 10
    total = np.concatenate([[0], np.cumsum(turned + gone + 1e-6)])
    return total / total[-1]


def _gaps(clip: Clip, starts: np.ndarray, ends: np.ndarray) -> Array:
    """(starts, ends) mean joint distances between frames, in each frame's own heading and place."""
    rotations, positions = forward_kinematics(clip.poses, clip.trans)
    speed = np.gradient(positions, axis=0) * clip.fps * 0.1 if len(clip) > 1 else np.zeros_like(positions)
    level = clip.trans.astype(float) * (1, 0, 1)
    back = turn(-yaw_of(rotations[:, 0]))
    features = [np.einsum("fij,fkj->fki", back, x) for x in (positions - level[:, None], speed)]
    flat = np.concatenate(features, 1).reshape(len(clip), -1)
    a, b = flat[starts], flat[ends]
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
    return np.sqrt(np.maximum(squares, 0) / positions.shape[1])


def loop(clip: Clip, frames: int) -> Clip:
    """The clip repeated to a length, travel and turn accumulated, each seam blended.

    The clip plays up to the end of its best cycle, then the cycle repeats. At a seam the difference between the
    frame that would have come and the one that comes is added and fades out (0.2 s, up to 0.6 s for bad seams).

    Args:
        clip: any clip.
        frames: length of the result; a shorter one is cut.
    """
    check_positive("The number of frames", frames, MAX_FRAMES)
    if frames <= len(clip) - 1:
        return clip.cut(0, frames)
    if len(clip) == 1:
        return hold(clip, frames)
    cycle = find_cycle(clip)
    index, lap = _play(cycle, frames)
    poses, trans = _travelled(clip, cycle, index, lap)
    local = matrix_from_axis_angle(clip.poses[index])
    local[:, 0] = poses
    local, trans = _blended(clip, cycle, lap, local, trans)
    return derive(
        clip,
        "looped",
        poses=axis_angle_from_matrix(local),
        trans=trans,
        labels=_relabelled(clip.labels, index),
        contacts=None if clip.contacts is None else clip.contacts[index],
        flags=tuple(dict.fromkeys((*clip.flags, "loops"))),
    )


def _play(cycle: Cycle, frames: int) -> tuple[np.ndarray, np.ndarray]:
    """Source frame and lap (0: before the first seam) of each output frame."""
    length = cycle.end - cycle.start
    late = np.arange(frames) - cycle.end
    repeats = late >= 0
    index = np.where(repeats, cycle.start + late % length, np.arange(frames))
    return index, np.where(repeats, late // length + 1, 0)


def _step(clip: Clip, cycle: Cycle) -> tuple[float, Array]:
    """Turn (radians) and travel (3,), level, that a lap adds."""
    yaw = yaw_of(matrix_from_axis_angle(clip.poses[[cycle.start, cycle.end], 0]))
    angle = float(np.angle(np.exp(1j * (yaw[1] - yaw[0]))))
    angle = 0.0 if abs(angle) < STRAIGHT else angle
    start, end = clip.trans[[cycle.start, cycle.end]].astype(float) * (1, 0, 1)
    return angle, end - turn(angle) @ start


def _travelled(clip: Clip, cycle: Cycle, index: np.ndarray, lap: np.ndarray) -> tuple[Array, Array]:
    """Root rotations (frames, 3, 3) and positions (frames, 3) after so many laps of travel."""
    angle, travel = _step(clip, cycle)
    places = np.zeros((lap.max() + 1, 3))
    for k in range(1, len(places)):
        places[k] = turn(angle) @ places[k - 1] + travel
    turns = turn(angle * lap)
    roots = turns @ matrix_from_axis_angle(clip.poses[index, 0])
    trans = np.einsum("fij,fj->fi", turns, clip.trans[index].astype(float)) + places[lap]
    return roots, trans


def _blended(clip: Clip, cycle: Cycle, lap: np.ndarray, local: Array, trans: Array) -> tuple[Array, Array]:
    """The difference at each seam added to the frames after it, fading out."""
    angle, _ = _step(clip, cycle)
    seconds = 0.2 + 0.4 * min(cycle.gap / 0.4, 1.0)
    length = max(1, min(round(seconds * clip.fps), cycle.end - cycle.start))
    t = np.arange(length) / length
    fade = 1 - t * t * (3 - 2 * t)
    ahead = matrix_from_axis_angle(clip.poses[cycle.end])
    here = matrix_from_axis_angle(clip.poses[cycle.start])
    here[0] = turn(angle) @ here[0]
    rise = clip.trans[cycle.end, 1] - clip.trans[cycle.start, 1]
    # The root's difference is applied on the left of its rotation, in the heading of the lap.
    delta = axis_angle_from_matrix(np.swapaxes(here, -1, -2) @ ahead)
    for seam in np.flatnonzero(np.diff(lap) > 0) + 1:
        part = slice(seam, min(seam + length, len(lap)))
        f = fade[: part.stop - part.start]
        local[part] = local[part] @ matrix_from_axis_angle(delta * f[:, None, None])
        trans[part, 1] += rise * f
    return local, trans


def _relabelled(labels: tuple[Label, ...], index: np.ndarray) -> tuple[Label, ...]:
    """Labels on the frames that come from theirs; runs that meet at a seam are one."""
    out = []
    for label in labels:
        inside = np.concatenate([[0], (index >= label.start) & (index < label.end), [0]]).astype(int)
        edges = np.flatnonzero(np.diff(inside))
        out += [Label(label.text, int(a), int(b)) for a, b in edges.reshape(-1, 2)]
    return tuple(sorted(out, key=lambda l: (l.start, l.end, l.text)))


def hold(clip: Clip, frames: int) -> Clip:
    """The clip with its last pose held to a length; labels that reach the end go on."""
    extra = frames - len(clip)
    if extra <= 0:
        return clip.cut(0, frames)
    index = np.minimum(np.arange(frames), len(clip) - 1)
    labels = tuple(Label(l.text, l.start, frames if l.end >= len(clip) else l.end) for l in clip.labels)
    contacts = None if clip.contacts is None else clip.contacts[index]
    flags = (*clip.flags, f"held@{len(clip)}")
    held = clip.with_(poses=clip.poses[index], trans=clip.trans[index], labels=labels, contacts=contacts)
    return derive(held, "last pose held", flags=flags)


def fit_length(clip: Clip, seconds: float) -> Clip:
    """Cut or repeated to a duration.

    A motion that ends at rest in another pose than it began with (sitting down) cannot be repeated: its last pose
    is held.
    """
    check_positive("The duration", seconds, 3600)
    frames = max(1, round(seconds * clip.fps))
    if frames <= len(clip):
        return clip.cut(0, frames)
    if find_cycle(clip).gap > GOOD_SEAM and _ends_at_rest(clip):
        return hold(clip, frames)
    return loop(clip, frames)


def _ends_at_rest(clip: Clip) -> bool:
    """Joints slower than 0.3 m/s, on average, over the last 0.15 s."""
    tail = clip.cut(max(0, len(clip) - max(2, int(0.15 * clip.fps))), len(clip))
    _, positions = forward_kinematics(tail.poses, tail.trans)
    if len(tail) < 2:
        return True
    return bool((np.linalg.norm(np.diff(positions, axis=0), axis=-1) * clip.fps).mean() < 0.3)
