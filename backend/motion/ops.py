"""Operations on clips: each takes clips and gives a new one, labels and contacts carried along.

`mirror`, `reverse` and `overlay` are here; time (`resample`, `retime`, `smooth`), space (`ground`,
`face_forward`, `in_place`) and length (`loop`, `fit_length`) have modules of their own.
"""

from __future__ import annotations

import re

import numpy as np

from .clip import Clip, Label
from .ground import face_forward, ground, in_place, turn, yaw_of
from .kinematics import axis_angle_from_matrix, local_to_global, matrix_from_axis_angle
from .loop import fit_length, hold, loop
from .resample import derive, gaussian, resample, retime, smooth
from .skeleton import INDEX, MIRROR

__all__ = [
    "face_forward",
    "fit_length",
    "ground",
    "hold",
    "in_place",
    "loop",
    "mirror",
    "mirror_words",
    "overlay",
    "resample",
    "retime",
    "reverse",
    "smooth",
]

UPPER_JOINTS = tuple(
    INDEX[name]
    for name in (
        "spine1", "spine2", "spine3", "neck", "head", "left_collar", "right_collar", "left_shoulder",
        "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist",
    )
)  # fmt: skip
_SIDES = re.compile(r"\b(left|right|counter-?clockwise|anti-?clockwise|clockwise)(?=\b|hand|foot|ward)", re.I)
_OTHER = {"left": "right", "right": "left", "clockwise": "counterclockwise"}


def mirror_words(text: str) -> str:
    """A label with left and right, clockwise and counterclockwise exchanged, capitals kept."""

    def other(match: re.Match[str]) -> str:
        word = match.group()
        swapped = _OTHER.get(word.lower(), "clockwise")
        return swapped.upper() if word.isupper() else swapped.title() if word[0].isupper() else swapped

    return _SIDES.sub(other, text)


def mirror(clip: Clip) -> Clip:
    """The motion as a mirror at x = 0 shows it: joints, words and contacts of the sides exchanged."""
    poses = clip.poses[:, MIRROR] * np.array([1, -1, -1], np.float32)
    return derive(
        clip,
        "mirrored",
        name=f"{clip.name}_mirrored",
        poses=poses,
        trans=clip.trans * np.array([-1, 1, 1], np.float32),
        labels=tuple(Label(mirror_words(l.text), l.start, l.end) for l in clip.labels),
        contacts=None if clip.contacts is None else clip.contacts[:, [2, 3, 0, 1]],
    )


def reverse(clip: Clip) -> Clip:
    """The motion played backwards. Its labels keep their words: the caller knows what it looks like now."""
    n = len(clip)
    labels = tuple(Label(l.text, n - l.end, n - l.start) for l in reversed(clip.labels))
    return derive(
        clip,
        "reversed",
        name=f"{clip.name}_reversed",
        poses=clip.poses[::-1],
        trans=clip.trans[::-1],
        labels=labels,
        contacts=None if clip.contacts is None else clip.contacts[::-1],
    )


def overlay(lower: Clip, upper: Clip) -> Clip:
    """The upper body of one clip over the pelvis and legs of another.

    The trunk keeps its own lean relative to its clip's heading, rather than adding to the hips' sway. The result
    has the length and rate of `lower`; `upper` is resampled and cut or repeated to it. Labels of both are kept.
    """
    upper = fit_length(resample(upper, lower.fps), len(lower) / lower.fps)
    joints = list(UPPER_JOINTS)
    poses = lower.poses.copy()
    poses[:, joints] = upper.poses[:, joints]
    below = matrix_from_axis_angle(lower.poses[:, 0])
    trunk = local_to_global(matrix_from_axis_angle(upper.poses[:, :4]), (-1, 0, 0, 0))[:, 3]
    heading = _slow_yaw(lower) - _slow_yaw(upper)
    wanted = turn(heading) @ trunk
    poses[:, 3] = axis_angle_from_matrix(np.swapaxes(below, -1, -2) @ wanted)
    labels = tuple(sorted((*lower.labels, *upper.labels), key=lambda l: (l.start, l.end)))
    flags = tuple(dict.fromkeys((*lower.flags, *upper.flags)))
    name = f"{lower.name}_with_{upper.name}"
    how = f"upper body of {upper.name}"
    return derive(lower, how, name=name, poses=poses, labels=labels, flags=flags)


def _slow_yaw(clip: Clip) -> np.ndarray:
    """(frames,) heading without the sway of a step, radians."""
    return gaussian(np.unwrap(yaw_of(matrix_from_axis_angle(clip.poses[:, 0]))), 0.4 * clip.fps)
