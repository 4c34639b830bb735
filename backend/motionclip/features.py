"""A motion as numbers a frame, free of place and heading, and back.

A frame has 136: the pelvis's rotation without the heading and 21 local rotations, each as the first two columns of
its matrix (Zhou et al. 2019, "6D"), then the heading's speed, the pelvis's speed to the left and ahead, its height.
The root is thereby generated like everything else; the published code puts a constant in its place.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from ..motion.clip import Clip
from ..motion.ground import turn, yaw_of
from ..motion.kinematics import Array, axis_angle_from_matrix, matrix_from_axis_angle
from ..motion.resample import gaussian
from ..motion.skeleton import JOINT_NAMES, MIRROR, OFFSETS, PARENTS

FPS = 30.0
JOINTS = len(JOINT_NAMES)
ROTATIONS = 6 * JOINTS
YAW_SPEED, AHEAD, HEIGHT = slice(ROTATIONS, ROTATIONS + 1), slice(ROTATIONS + 1, ROTATIONS + 3), ROTATIONS + 3
"""Columns: radians a second to the left; metres a second to the left (+x) and ahead (+z); metres."""
WIDTH = ROTATIONS + 4
_LEVEL = 0.7
"""Sine of the tilt of the hips' axis beyond which it says nothing of the heading."""
_UPRIGHT = 0.3
_DRIFT_S, _SWAY_S = 0.5, 0.2
"""Seconds over which the integrated heading is drawn to the hips' own, and their sway is evened out."""


class Root(NamedTuple):
    """Where the pelvis is and where it faces."""

    yaw: Tensor
    """(..., T) radians to the left of +z."""
    trans: Tensor
    """(..., T, 3) metres; starts over the origin."""


def heading_of(rotations: ArrayLike) -> Array:
    """The heading of pelvis rotations, smooth where the hips' own direction is not defined, as in a cartwheel.

    The turn about y from frame to frame is integrated; drift is taken out where the body is upright.

    Args:
        rotations: (T, 3, 3) of the pelvis, at 30 frames a second.

    Returns:
        (T,) radians, continuous.
    """
    r = np.asarray(rotations, np.float64)
    step = r[1:] @ np.swapaxes(r[:-1], -1, -2)
    turned = np.arctan2(step[:, 0, 2] - step[:, 2, 0], step[:, 0, 0] + step[:, 2, 2])
    yaw = np.concatenate([[0.0], np.cumsum(turned)])
    sure = (np.abs(r[:, 1, 0]) < _LEVEL) & (r[:, 1, 1] > _UPRIGHT)
    if not sure.any():
        return yaw + yaw_of(r[:1])[0]
    off = np.angle(np.exp(1j * (yaw_of(r) - yaw)))
    frames = np.arange(len(r))
    off = np.interp(frames, frames[sure], np.unwrap(off[sure]))
    return gaussian(yaw + gaussian(off, _DRIFT_S * FPS), _SWAY_S * FPS)


def features_of(clip: Clip) -> NDArray[np.float32]:
    """(frames, 136) of a clip at 30 frames a second."""
    rotations = matrix_from_axis_angle(clip.poses)
    yaw = heading_of(rotations[:, 0])
    back = turn(-yaw)
    rotations[:, 0] = back @ rotations[:, 0]
    trans = clip.trans.astype(np.float64)
    out = np.empty((len(clip), WIDTH), np.float32)
    out[:, :ROTATIONS] = rotations[..., :2].swapaxes(-1, -2).reshape(len(clip), ROTATIONS)
    if len(clip) > 1:
        speed = np.diff(trans, axis=0, append=2 * trans[-1:] - trans[-2:-1]) * FPS
        out[:, YAW_SPEED] = (np.diff(yaw, append=2 * yaw[-1] - yaw[-2]) * FPS)[:, None]
        out[:, AHEAD] = np.einsum("tij,tj->ti", back, speed)[:, [0, 2]]
    else:
        out[:, ROTATIONS:HEIGHT] = 0
    out[:, HEIGHT] = trans[:, 1]
    return out


def rotations_of(features: Tensor) -> Tensor:
    """(..., 136) -> (..., 22, 3, 3) by Gram and Schmidt; the pelvis's without the heading."""
    columns = features[..., :ROTATIONS].unflatten(-1, (JOINTS, 2, 3))
    a = torch.nn.functional.normalize(columns[..., 0, :], dim=-1, eps=1e-6)
    b = columns[..., 1, :]
    b = torch.nn.functional.normalize(b - (a * b).sum(-1, keepdim=True) * a, dim=-1, eps=1e-6)
    return torch.stack((a, b, torch.linalg.cross(a, b)), -1)


def root_of(features: Tensor) -> Root:
    """Integrate the speeds of (..., T, 136): from the origin, facing +z."""
    yaw = torch.cumsum(features[..., ROTATIONS] / FPS, -1)
    yaw = torch.cat((torch.zeros_like(yaw[..., :1]), yaw[..., :-1]), -1)
    left, ahead = (features[..., AHEAD] / FPS).unbind(-1)
    sine, cosine = torch.sin(yaw), torch.cos(yaw)
    steps = torch.stack((cosine * left + sine * ahead, cosine * ahead - sine * left), -1)
    place = torch.cumsum(steps, -2)
    place = torch.cat((torch.zeros_like(place[..., :1, :]), place[..., :-1, :]), -2)
    return Root(yaw, torch.stack((place[..., 0], features[..., HEIGHT], place[..., 1]), -1))


def with_heading(rotations: Tensor, yaw: Tensor) -> Tensor:
    """The pelvis of (..., T, 22, 3, 3) turned by (..., T) radians about y."""
    sine, cosine, zero, one = torch.sin(yaw), torch.cos(yaw), torch.zeros_like(yaw), torch.ones_like(yaw)
    about = torch.stack((cosine, zero, sine, zero, one, zero, -sine, zero, cosine), -1).unflatten(-1, (3, 3))
    turned = product(about, rotations[..., 0, :, :])
    return torch.cat((turned[..., None, :, :], rotations[..., 1:, :, :]), -3)


def clip_of(features: ArrayLike, name: str, **facts: object) -> Clip:
    """A clip that starts over the origin and faces +z.

    Args:
        features: (frames, 136).
        facts: further fields of the clip.
    """
    numbers = torch.as_tensor(np.asarray(features, np.float64))
    root = root_of(numbers)
    rotations = with_heading(rotations_of(numbers), root.yaw).numpy()
    poses = axis_angle_from_matrix(rotations)
    return Clip(name, poses, root.trans.numpy(), FPS, **facts)  # pyright: ignore[reportArgumentType]


def joints_of(features: Tensor) -> Tensor:
    """(..., T, 136) -> (..., T, 22, 3) places of the joints of the reference skeleton, metres."""
    return joint_frames(features)[1]


def joint_frames(features: Tensor, offsets: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Global rotations (..., T, 22, 3, 3) and places (..., T, 22, 3) of joints.

    Args:
        offsets: (22, 3) of the body; none: the reference skeleton's.
    """
    root = root_of(features)
    local = with_heading(rotations_of(features), root.yaw).unbind(-3)
    if offsets is None:
        offsets = torch.as_tensor(OFFSETS, dtype=features.dtype, device=features.device)
    rotations, places = [local[0]], [root.trans]
    for j, parent in enumerate(PARENTS[1:], 1):
        places.append(places[parent] + (rotations[parent] * offsets[j]).sum(-1))
        rotations.append(product(rotations[parent], local[j]))
    return torch.stack(rotations, -3), torch.stack(places, -2)


def product(a: Tensor, b: Tensor) -> Tensor:
    """(..., 3, 3) times (..., 3, 3): sums of products, which are far faster than batches of tiny matrices."""
    return (a[..., :, :, None] * b[..., None, :, :]).sum(-2)


_SIGNS = np.ones(WIDTH, np.float32)
_SIGNS[:ROTATIONS] = np.tile(np.array([1, -1, -1, -1, 1, 1], np.float32), JOINTS)
_SIGNS[ROTATIONS : ROTATIONS + 2] = -1
_ORDER = np.arange(WIDTH)
_ORDER[:ROTATIONS] = np.arange(ROTATIONS).reshape(JOINTS, 6)[list(MIRROR)].ravel()


def mirrored(features: NDArray[np.floating]) -> NDArray[np.floating]:
    """(..., 136) as a mirror at x = 0 shows it."""
    return features[..., _ORDER] * _SIGNS
