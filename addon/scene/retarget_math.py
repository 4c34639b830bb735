"""Rotations in bulk: everything here takes and returns stacks of matrices, and knows nothing of Blender."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Array = np.ndarray


def unit(v: Array) -> Array:
    """(..., 3) vectors of length 1; the zero vector stays zero."""
    v = np.asarray(v, dtype=np.float64)
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-12)


def orthonormal(matrices: Array) -> Array:
    """(..., 3, 3) nearest rotations: scale and shear taken out, by the polar decomposition."""
    u, _, vt = np.linalg.svd(np.asarray(matrices, dtype=np.float64))
    # A mirrored frame has no nearest rotation without a choice; the smallest axis is turned.
    u[..., :, -1] *= np.sign(np.linalg.det(u @ vt))[..., None]
    return u @ vt


def transposed(matrices: Array) -> Array:
    """(..., 3, 3) inverse rotations."""
    return np.swapaxes(matrices, -1, -2)


def turn(axis: Array, angle: float) -> Array:
    """(3, 3) rotation by `angle` radians about a unit axis."""
    x, y, z = axis
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k @ k


def swing(a: Array, b: Array) -> Array:
    """(3, 3) the smallest rotation that takes direction `a` to direction `b`."""
    a, b = unit(a), unit(b)
    axis = np.cross(a, b)
    sine, cosine = float(np.linalg.norm(axis)), float(a @ b)
    if sine < 1e-9:
        if cosine > 0:
            return np.eye(3)
        axis = np.cross(a, [1.0, 0.0, 0.0] if abs(a[0]) < 0.9 else [0.0, 1.0, 0.0])
    return turn(unit(axis), float(np.arctan2(sine, cosine)))


def angle_between(a: Array, b: Array) -> Array:
    """(...,) degrees between directions (..., 3)."""
    a, b = unit(a), unit(b)
    return np.degrees(np.arctan2(np.linalg.norm(np.cross(a, b), axis=-1), (a * b).sum(-1)))


def rotation_angle(matrices: Array) -> Array:
    """(...,) degrees that rotations (..., 3, 3) turn by; exact for small turns too."""
    m = matrices
    skew = np.stack([m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]], -1)
    trace = m[..., 0, 0] + m[..., 1, 1] + m[..., 2, 2]
    return np.degrees(np.arctan2(np.linalg.norm(skew, axis=-1), trace - 1))


def twist_about(rotation: Array, axis: Array) -> float:
    """Radians by which a rotation (3, 3) turns about a unit axis: its twist, when the rest is a swing."""
    side = unit(np.cross(axis, [1.0, 0.0, 0.0] if abs(axis[0]) < 0.9 else [0.0, 1.0, 0.0]))
    moved = swing(rotation @ axis, axis) @ rotation @ side
    return float(np.arctan2(np.cross(side, moved) @ axis, side @ moved))


def to_quaternion(matrices: Array) -> Array:
    """(..., 3, 3) -> (..., 4) w, x, y, z; the largest component is found first, so that no root loses its digits."""
    m = np.asarray(matrices, dtype=np.float64)
    t = np.stack([m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]], -1)
    trace = t.sum(-1)
    four = np.stack([1 + trace, *(1 + 2 * t[..., i] - trace for i in range(3))], -1)
    a = m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]
    s = m[..., 1, 0] + m[..., 0, 1], m[..., 0, 2] + m[..., 2, 0], m[..., 2, 1] + m[..., 1, 2]
    rows = np.stack(
        [
            np.stack([four[..., 0], a[0], a[1], a[2]], -1),
            np.stack([a[0], four[..., 1], s[0], s[1]], -1),
            np.stack([a[1], s[0], four[..., 2], s[2]], -1),
            np.stack([a[2], s[1], s[2], four[..., 3]], -1),
        ],
        -2,
    )
    best = four.argmax(-1)
    q = np.take_along_axis(rows, best[..., None, None], -2)[..., 0, :]
    return q / np.linalg.norm(q, axis=-1, keepdims=True)


def from_quaternion(q: Array) -> Array:
    """(..., 4) unit quaternions -> (..., 3, 3)."""
    w, x, y, z = np.moveaxis(np.asarray(q, dtype=np.float64), -1, 0)
    out = np.empty((*w.shape, 3, 3))
    out[..., 0, 0], out[..., 0, 1], out[..., 0, 2] = 1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)
    out[..., 1, 0], out[..., 1, 1], out[..., 1, 2] = 2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)
    out[..., 2, 0], out[..., 2, 1], out[..., 2, 2] = 2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)
    return out


def blend(a: Array, b: Array, share: float) -> Array:
    """(N, 3, 3) rotations `share` of the way from `a` to `b`, along the shortest arc."""
    if share <= 0 or share >= 1:
        return a if share <= 0 else b
    p, q = to_quaternion(a), to_quaternion(b)
    dot = (p * q).sum(-1, keepdims=True)
    q, dot = np.where(dot < 0, -q, q), np.abs(dot).clip(0, 1)
    theta = np.arccos(dot)
    sine = np.maximum(np.sin(theta), 1e-9)
    near = theta < 1e-4
    mixed = np.where(near, 1 - share, np.sin((1 - share) * theta) / sine) * p
    mixed = mixed + np.where(near, share, np.sin(share * theta) / sine) * q
    return from_quaternion(mixed / np.linalg.norm(mixed, axis=-1, keepdims=True))


def along_chain(places: Sequence[float], rotations: Sequence[Array], at: float) -> Array:
    """(N, 3, 3) rotation at a place of a chain of which the rotations at ascending `places` are known."""
    for i in range(1, len(places)):
        if at <= places[i]:
            share = (at - places[i - 1]) / (places[i] - places[i - 1])
            return blend(rotations[i - 1], rotations[i], share)
    return rotations[-1]
