"""Time: other frame rates, other speeds, smoothing."""

from __future__ import annotations

import numpy as np

from ..protocol import InvalidInput, check_positive
from .clip import Clip, Label
from .kinematics import (
    Array,
    axis_angle_from_matrix,
    axis_angle_from_quaternion,
    matrix_from_axis_angle,
    quaternion_from_matrix,
    slerp,
)


def derive(clip: Clip, how: str, **changes: object) -> Clip:
    """A copy that says in `kind` and `meta["derivation"]` that it was computed from a recording."""
    kind = "keyed" if clip.kind == "keyed" else "derived"
    meta = {**clip.meta, "derivation": [*clip.meta.get("derivation", ()), how]}
    return clip.with_(kind=kind, meta=meta, **changes)


def resample(clip: Clip, fps: float) -> Clip:
    """The same motion at another frame rate: slerp for rotations, a cubic through the positions.

    Frames that fall on frames of the original are those frames to the bit.

    Args:
        clip: any clip.
        fps: frames a second of the result, above 0.
    """
    check_positive("The frame rate", fps, 1000)
    if fps == clip.fps:
        return clip
    count = int((len(clip) - 1) * fps / clip.fps + 1e-6) + 1
    return sample(clip, np.arange(count) * (clip.fps / fps)).with_(fps=float(fps))


def retime(clip: Clip, factor: float) -> Clip:
    """The motion `factor` times as fast, at the same frame rate: 2 halves its duration, 0.5 doubles it."""
    check_positive("The speed factor", factor, 100)
    count = int((len(clip) - 1) / factor + 1e-6) + 1
    word = "faster" if factor > 1 else "slower"
    return derive(sample(clip, np.arange(count) * factor), f"{word} x{factor:g}", name=f"{clip.name}_{word}")


def sample(clip: Clip, times: Array) -> Clip:
    """The clip at fractional frame numbers.

    Args:
        clip: any clip.
        times: (count,) rising frame numbers in [0, len(clip) - 1], evenly spaced.
    """
    last = len(clip) - 1
    near = np.rint(times)
    times = np.clip(np.where(np.abs(times - near) < 1e-5, near, times), 0, last)
    low = np.minimum(times.astype(int), last)
    high, t = np.minimum(low + 1, last), times - low
    poses, trans = clip.poses[low].copy(), clip.trans[low].copy()
    between = t > 0
    if between.any():
        a, b = clip.poses[low[between]], clip.poses[high[between]]
        turned = slerp(matrix_from_axis_angle(a), matrix_from_axis_angle(b), t[between, None] * np.ones(22))
        poses[between] = axis_angle_from_matrix(turned)
        trans[between] = _cubic(clip.trans.astype(float), low[between], t[between, None])
    step = times[1] - times[0] if len(times) > 1 else 1.0
    contacts = None if clip.contacts is None else clip.contacts[near.astype(int).clip(0, last)]
    return clip.with_(poses=poses, trans=trans, labels=_scaled(clip.labels, 1 / step, len(times)), contacts=contacts)


def _cubic(points: Array, low: np.ndarray, t: Array) -> Array:
    """Catmull-Rom through (frames, d) points at low + t."""
    tangents = np.gradient(points, axis=0) if len(points) > 1 else np.zeros_like(points)
    high = np.minimum(low + 1, len(points) - 1)
    a, b, u, v = points[low], points[high], tangents[low], tangents[high]
    return a + t * (u + t * (3 * (b - a) - 2 * u - v + t * (u + v - 2 * (b - a))))


def _scaled(labels: tuple[Label, ...], ratio: float, count: int) -> tuple[Label, ...]:
    """Labels with their ranges scaled, at least a frame long and within `count` frames."""
    out = []
    for label in labels:
        start = min(round(label.start * ratio), count - 1)
        out.append(Label(label.text, start, min(max(round(label.end * ratio), start + 1), count)))
    return tuple(out)


def gaussian(values: Array, sigma: float) -> Array:
    """Low-pass along axis 0, sigma in frames; ends are continued by point reflection, so straight lines stay."""
    radius = int(min(np.ceil(3 * sigma), len(values) - 1))
    if radius < 1:
        return np.asarray(values, float)
    values = np.asarray(values, float)
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    before = 2 * values[:1] - values[radius:0:-1]
    after = 2 * values[-1:] - values[-2 : -radius - 2 : -1]
    padded = np.concatenate([before, values, after]).reshape(len(values) + 2 * radius, -1)
    columns = [np.convolve(c, kernel, "valid") for c in padded.T]
    return np.stack(columns, -1).reshape(values.shape)


def smooth(clip: Clip, seconds: float = 0.08) -> Clip:
    """Low-passed rotations and positions.

    Args:
        clip: any clip.
        seconds: standard deviation of the Gaussian; 0.08 s takes away jitter, 0.3 s softens gestures.
    """
    if not seconds > 0:
        raise InvalidInput(f"A smoothing of {seconds:g} s does nothing.", "Give a number above 0.")
    q = continuous_quaternions(clip.poses)
    q = gaussian(q, seconds * clip.fps)
    q /= np.linalg.norm(q, axis=-1, keepdims=True)
    return clip.with_(poses=axis_angle_from_quaternion(q), trans=gaussian(clip.trans, seconds * clip.fps))


def continuous_quaternions(poses: Array) -> Array:
    """(frames, joints, 3) axis-angle -> (frames, joints, 4), signs chosen so that neighbours are close."""
    q = quaternion_from_matrix(matrix_from_axis_angle(poses))
    flips = np.sign((q[1:] * q[:-1]).sum(-1, keepdims=True))
    q[1:] *= np.cumprod(np.where(flips < 0, -1.0, 1.0), axis=0)
    return q
