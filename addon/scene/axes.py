"""From SMPL's frame to Blender's, made here and nowhere else.

SMPL: y up, +z facing, +x the character's left. Blender: z up, -y facing, +x the character's left.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.floating]

TO_BLENDER = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
"""Rotation that takes a column vector of SMPL's frame to Blender's."""


def to_blender(vectors: ArrayLike) -> Array:
    """(..., 3) points or directions of SMPL's frame, in Blender's."""
    return np.asarray(vectors) @ TO_BLENDER.T


def quaternion_from_axis_angle(axis_angle: ArrayLike) -> Array:
    """(..., 3) radians -> (..., 4) unit quaternions w, x, y, z."""
    v = np.asarray(axis_angle, dtype=np.float64)
    angle = np.linalg.norm(v, axis=-1, keepdims=True)
    # sin(a/2)/a tends to 1/2 at 0: np.sinc is sin(pi x)/(pi x).
    return np.concatenate([np.cos(angle / 2), v * np.sinc(angle / (2 * np.pi)) / 2], -1)


def rotate_axes(quaternions: ArrayLike, rotation: ArrayLike) -> Array:
    """The same rotations seen from other axes: q -> A q A^-1, for (joints, 3, 3) `rotation` A.

    Args:
        quaternions: (..., joints, 4) w, x, y, z.
    """
    q = np.asarray(quaternions, dtype=np.float64)
    vector = np.einsum("jab,...jb->...ja", np.asarray(rotation, dtype=np.float64), q[..., 1:])
    return np.concatenate([q[..., :1], vector], -1)


def continuous(quaternions: ArrayLike) -> Array:
    """Flip signs along the first axis so that neighbours lie in one hemisphere.

    q and -q are the same rotation, but interpolating from one to the other turns the bone all the way round.
    """
    q = np.array(quaternions, dtype=np.float64)
    dots = (q[1:] * q[:-1]).sum(-1)
    signs = np.cumprod(np.where(dots < 0, -1.0, 1.0), axis=0)
    q[1:] *= signs[..., None]
    return q
