"""Rotations and forward kinematics in numpy, for clips. Rotation matrices act on column vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .skeleton import OFFSETS, PARENTS

Array = NDArray[np.floating]


def unit(vector: Array) -> Array:
    """Directions of length 1 along the last axis; zero stays zero."""
    length = np.linalg.norm(vector, axis=-1, keepdims=True)
    return vector / np.where(length > 1e-12, length, 1.0)


def matrix_from_axis_angle(axis_angle: ArrayLike) -> Array:
    """Rodrigues' formula: (..., 3) radians -> (..., 3, 3)."""
    v = np.asarray(axis_angle, dtype=np.float64)
    angle = np.linalg.norm(v, axis=-1)[..., None, None]
    x, y, z = np.moveaxis(v, -1, 0)
    zero = np.zeros_like(x)
    k = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).reshape(*v.shape[:-1], 3, 3)
    small = angle < 1e-6
    safe = np.where(small, 1.0, angle)
    a = np.where(small, 1 - angle**2 / 6, np.sin(safe) / safe)
    b = np.where(small, 0.5 - angle**2 / 24, (1 - np.cos(safe)) / safe**2)
    return np.eye(3) + a * k + b * (k @ k)


def rotation_about(axis: int, angle: ArrayLike) -> Array:
    """Rotation matrices (..., 3, 3) about x, y or z (0, 1, 2) by (...,) radians."""
    angle = np.asarray(angle, float)
    vector = np.zeros((*angle.shape, 3))
    vector[..., axis] = angle
    return matrix_from_axis_angle(vector)


def quaternion_from_matrix(matrix: ArrayLike) -> Array:
    """(..., 3, 3) -> (..., 4) unit quaternions w, x, y, z with w >= 0 (Shepperd's choice of the largest term)."""
    m = np.asarray(matrix, dtype=np.float64)
    d = np.einsum("...ii->...i", m)
    trace = d.sum(-1)
    squares = np.concatenate([trace[..., None], 2 * d - trace[..., None]], -1)
    pick = squares.argmax(-1)
    q = np.empty((*m.shape[:-2], 4, 4))
    q[..., 0, :] = np.stack(
        [1 + trace, m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]], -1
    )
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        row = np.empty((*m.shape[:-2], 4))
        row[..., 0] = m[..., k, j] - m[..., j, k]
        row[..., 1 + i] = 1 + m[..., i, i] - m[..., j, j] - m[..., k, k]
        row[..., 1 + j] = m[..., j, i] + m[..., i, j]
        row[..., 1 + k] = m[..., k, i] + m[..., i, k]
        q[..., 1 + i, :] = row
    q = np.take_along_axis(q, pick[..., None, None], -2)[..., 0, :]
    q /= np.linalg.norm(q, axis=-1, keepdims=True)
    return np.where(q[..., :1] < 0, -q, q)


def axis_angle_from_quaternion(quaternion: ArrayLike) -> Array:
    """(..., 4) w, x, y, z -> (..., 3), angle in [0, pi]."""
    q = np.asarray(quaternion, dtype=np.float64)
    q = np.where(q[..., :1] < 0, -q, q)
    sine = np.linalg.norm(q[..., 1:], axis=-1, keepdims=True)
    angle = 2 * np.arctan2(sine, q[..., :1])
    return q[..., 1:] * np.where(sine < 1e-8, 2.0, angle / np.where(sine < 1e-8, 1.0, sine))


def axis_angle_from_matrix(matrix: ArrayLike) -> Array:
    """(..., 3, 3) -> (..., 3) radians."""
    return axis_angle_from_quaternion(quaternion_from_matrix(matrix))


def rotation_between(a: ArrayLike, b: ArrayLike) -> Array:
    """The smallest rotations that turn directions a (..., 3) into b (..., 3): (..., 3, 3)."""
    u, v = np.broadcast_arrays(np.asarray(a, float), np.asarray(b, float))
    u = u / np.linalg.norm(u, axis=-1, keepdims=True)
    v = v / np.linalg.norm(v, axis=-1, keepdims=True)
    cross = np.cross(u, v)
    cosine = (u * v).sum(-1, keepdims=True)
    # Opposite directions have no one smallest rotation: turn half way about any axis across u.
    other = np.where(np.abs(u[..., :1]) < 0.9, np.array([1.0, 0, 0]), np.array([0, 1.0, 0]))
    across = np.cross(u, other)
    across /= np.linalg.norm(across, axis=-1, keepdims=True)
    sine = np.linalg.norm(cross, axis=-1, keepdims=True)
    axis = np.where(sine < 1e-9, across, cross / np.where(sine < 1e-9, 1.0, sine))
    return matrix_from_axis_angle(axis * np.arctan2(sine, cosine))


def slerp(a: ArrayLike, b: ArrayLike, t: ArrayLike) -> Array:
    """Between rotation matrices a and b (..., 3, 3) at t (...,) in [0, 1], along the shortest arc."""
    a = np.asarray(a, float)
    step = axis_angle_from_matrix(np.swapaxes(a, -1, -2) @ np.asarray(b, float))
    return a @ matrix_from_axis_angle(step * np.asarray(t, float)[..., None])


def local_to_global(local: Array, parents: Sequence[int] = PARENTS) -> Array:
    """(frames, joints, 3, 3) local rotations -> global ones."""
    out = np.empty_like(local)
    for j, p in enumerate(parents):
        out[:, j] = local[:, j] if p < 0 else out[:, p] @ local[:, j]
    return out


def global_to_local(rotations: Array, parents: Sequence[int] = PARENTS) -> Array:
    """Inverse of `local_to_global`."""
    out = np.empty_like(rotations)
    for j, p in enumerate(parents):
        out[:, j] = rotations[:, j] if p < 0 else np.swapaxes(rotations[:, p], -1, -2) @ rotations[:, j]
    return out


def forward_kinematics(
    poses: ArrayLike, trans: ArrayLike, offsets: ArrayLike = OFFSETS, parents: Sequence[int] = PARENTS
) -> tuple[Array, Array]:
    """Joint rotations and positions of a clip.

    Args:
        poses: (frames, joints, 3) axis-angle, or (frames, joints, 3, 3) matrices; local.
        trans: (frames, 3) position of the root joint.
        offsets: (joints, 3) rest position of each joint relative to its parent.

    Returns:
        global rotations (frames, joints, 3, 3) and positions (frames, joints, 3).
    """
    poses = np.asarray(poses, dtype=np.float64)
    local = poses if poses.ndim == 4 else matrix_from_axis_angle(poses)
    rotations = local_to_global(local, parents)
    offsets = np.asarray(offsets, dtype=np.float64)
    positions = np.empty((*rotations.shape[:2], 3))
    for j, p in enumerate(parents):
        positions[:, j] = trans if p < 0 else positions[:, p] + rotations[:, p] @ offsets[j]
    return rotations, positions
