"""Frames that no body moved through: jumps of joints and of place, frozen frames. Repaired where short."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .clip import Clip
from .contacts import runs_of
from .kinematics import (
    Array,
    axis_angle_from_matrix,
    matrix_from_axis_angle,
    slerp,
)
from .skeleton import INDEX, JOINT_NAMES

JUMP_DEGREES = 60.0
"""Turn between frames at 30 fps from which a joint is looked at; 1,800 degrees a second."""
SURE_DEGREES = 120.0
"""Turn between frames at 30 fps that no joint makes."""
RAMP = 0.3
"""A limb that really moves so fast is at more than this share of its peak speed a frame before or after."""
ARC = 180.0
"""Degrees that no joint turns through at such speed without slowing down."""
PLACE_JUMP = 0.4
"""Metres between frames at 30 fps (12 m/s) that no runner makes; a third of it, if alone, is a jump too."""
SHORT = 0.2
"""Seconds up to which bad frames are bridged."""
TRUNK = tuple(INDEX[n] for n in ("pelvis", "spine1", "spine2", "spine3", "neck"))
PLACE = len(JOINT_NAMES)
"""Column of the root's position, beside the joints' columns."""


@dataclass(frozen=True)
class Fault:
    """Frames [start, end] that are good with bad ones, or a bad step, between them."""

    start: int
    end: int
    tracks: tuple[int, ...]
    """Joints, and `PLACE` for the root's position."""
    frozen: bool = False

    @property
    def frame(self) -> int:
        """The first bad frame."""
        return self.start + 1

    def what(self) -> str:
        """In words, for reports."""
        names = ["place" if t == PLACE else JOINT_NAMES[t] for t in self.tracks]
        return "frozen" if self.frozen else ", ".join(names)


def find_faults(clip: Clip) -> list[Fault]:
    """Jumps and frozen frames, by frame.

    A jump is a step faster than 60 degrees in a thirtieth of a second that does not ramp up or down as a kick, a
    spin or a throw does, or that is beyond any body.
    """
    if len(clip) < 3:
        return []
    bad = np.concatenate([_turn_jumps(clip), _place_jumps(clip)[:, None]], 1)
    faults: list[Fault] = []
    reach = max(2, round(0.1 * clip.fps))
    steps = np.flatnonzero(bad.any(1))
    for group in np.split(steps, np.flatnonzero(np.diff(steps) > reach) + 1) if len(steps) else ():
        tracks = np.flatnonzero(bad[group].any(0))
        faults.append(Fault(int(group[0]), int(group[-1]) + 1, tuple(int(t) for t in tracks)))
    return sorted([*faults, *_frozen(clip)], key=lambda f: f.start)


def clean_frames(clip: Clip) -> Clip:
    """The clip with short faults bridged and the others flagged.

    Flags: `repaired@N`, `jump@N` or `frozen@N`, N the first bad frame; what was found is in `meta["faults"]`.
    """
    faults = find_faults(clip)
    if not faults:
        return clip
    poses, trans = clip.poses.copy(), clip.trans.copy()
    flags, notes = list(clip.flags), []
    for fault in faults:
        done = _bridge(fault, poses, trans, clip.fps)
        word = "repaired" if done else "frozen" if fault.frozen else "jump"
        flags.append(f"{word}@{fault.frame}")
        notes.append(
            {"frame": fault.frame, "frames": fault.end - fault.start, "what": fault.what(), "repaired": done}
        )
    return clip.with_(
        poses=poses, trans=trans, flags=tuple(dict.fromkeys(flags)), meta={**clip.meta, "faults": notes}
    )


def _turn_jumps(clip: Clip) -> np.ndarray:
    """(frames - 1, 22) bool: steps at which a joint jumps."""
    limit = min(JUMP_DEGREES * 30 / clip.fps, 150.0)
    sure = min(SURE_DEGREES * 30 / clip.fps, 170.0)
    angle = step_angles(clip.poses)
    bad = angle > sure
    bad[:, TRUNK] |= angle[:, TRUNK] > limit
    for joint in np.flatnonzero((angle > limit).any(0)):
        for start, end in runs_of(angle[:, joint] > limit):
            peak = angle[start:end, joint].max()
            before = angle[start - 1, joint] if start else 0.0
            after = angle[end, joint] if end < len(angle) else 0.0
            at_edge = start == 0 or end == len(angle)
            alone = max(before, after) < RAMP * peak and not (at_edge and end - start > 1)
            if alone or angle[start:end, joint].sum() > ARC:
                bad[start:end, joint] = True
    return bad


def step_angles(poses: Array) -> Array:
    """(frames, joints, 3) axis-angle -> (frames - 1, joints) turn between frames, degrees."""
    half = np.linalg.norm(np.asarray(poses, float), axis=-1, keepdims=True) / 2
    scale = np.where(half < 1e-6, 0.5, np.sin(half) / np.where(half < 1e-6, 1, 2 * half))
    q = np.concatenate([np.cos(half), scale * poses], -1)
    return np.degrees(2 * np.arccos(np.abs((q[1:] * q[:-1]).sum(-1)).clip(0, 1)))


def _place_jumps(clip: Clip) -> np.ndarray:
    """(frames - 1,) bool: steps at which the root jumps."""
    step = np.linalg.norm(np.diff(clip.trans.astype(float), axis=0), axis=-1)
    limit = PLACE_JUMP * 30 / clip.fps
    beside = np.maximum(np.concatenate([[0], step[:-1]]), np.concatenate([step[1:], [0]]))
    return (step > limit) | ((step > limit / 3) & (beside < RAMP * step))


def _frozen(clip: Clip) -> list[Fault]:
    """Runs of 3 equal frames and more in the middle of motion; ends and keyed clips may rest."""
    if clip.kind == "keyed":
        return []
    # Equal frames have equal numbers, give or take the rounding of files.
    turned = np.abs(np.diff(clip.poses, axis=0)).max((1, 2)) < 2e-4
    still = turned & (np.abs(np.diff(clip.trans, axis=0)).max(1) < 1e-5)
    if not still.any():
        return []
    angle = step_angles(clip.poses).max(1)
    quick = 40.0 / clip.fps * 3
    out = []
    for start, end in runs_of(still):
        inside = start > 0 and end < len(angle)
        if inside and end - start >= 2 and min(angle[start - 1], angle[end]) > quick:
            out.append(Fault(start, end + 1, tuple(range(PLACE + 1)), frozen=True))
    return out


def _bridge(fault: Fault, poses: Array, trans: Array, fps: float) -> bool:
    """Interpolate across the fault in place, if that is short and leaves no jump; else change nothing.

    A step between two good poses is spread over two frames more on either side.
    """
    spread = 0 if fault.frozen else max(1, round(fps / 15))
    limit = 0.6 * min(JUMP_DEGREES * 30 / fps, 150.0)
    if fault.end - fault.start - 1 > SHORT * fps:
        return False
    for more in (0, spread):
        a, b = fault.start - more, fault.end + more
        if a < 0 or b >= len(poses) or b - a < 2:
            continue
        joints = [t for t in fault.tracks if t != PLACE]
        ends = matrix_from_axis_angle(poses[[a, b]][:, joints])
        steepest = step_angles(poses[[a, b]][:, joints]).max(initial=0) / (b - a)
        leap = np.linalg.norm(trans[b] - trans[a]) / (b - a) if PLACE in fault.tracks else 0.0
        if steepest > limit or leap > 0.5 * PLACE_JUMP * 30 / fps:
            continue
        t = np.arange(1, b - a) / (b - a)
        weights = np.broadcast_to(t[:, None], (len(t), len(joints)))
        poses[a + 1 : b, joints] = axis_angle_from_matrix(slerp(ends[:1], ends[1:], weights))
        if PLACE in fault.tracks:
            trans[a + 1 : b] = trans[a] + t[:, None] * (trans[b] - trans[a])
        return True
    return False
