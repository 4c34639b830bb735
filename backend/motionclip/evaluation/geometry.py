"""Distances between motions, each as one number a window, and how a motion moves by itself."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ...motion.skeleton import OFFSETS
from ...motion.soles import ANKLES, FEET, ball_height, heel_offset
from ..features import FPS, HEIGHT, ROTATIONS, joint_frames, joints_of, root_of, rotations_of


class Posed(NamedTuple):
    """n motions of T frames in space, on the reference skeleton."""

    rotations: Tensor
    """(n, T, 22, 3, 3) local; the pelvis's without the heading."""
    joints: Tensor
    """(n, T, 22, 3) metres, the root's path integrated from the origin."""
    pose: Tensor
    """(n, T, 22, 3) metres, from the pelvis, in the heading's frame."""
    soles: Tensor
    """(n, T, 4, 3) metres: left heel, left ball, right heel, right ball, as `motion.soles` has them."""


def posed(features: Tensor) -> Posed:
    """Forward kinematics of (n, T, 136)."""
    turned, joints = joint_frames(features)
    return Posed(rotations_of(features), joints, _ahead(joints, root_of(features).yaw), _soles(turned, joints))


def heading_joints(features: Tensor) -> Tensor:
    """(..., T, 136) -> (..., T, 22, 3) joints as on a treadmill: over the origin, facing +z, metres."""
    still = features.clone()
    still[..., ROTATIONS:HEIGHT] = 0
    return joints_of(still)


def _ahead(joints: Tensor, yaw: Tensor) -> Tensor:
    off = joints - joints[..., :1, :]
    sine, cosine = torch.sin(yaw)[..., None], torch.cos(yaw)[..., None]
    x, y, z = off.unbind(-1)
    return torch.stack((cosine * x - sine * z, y, sine * x + cosine * z), -1)


def _soles(turned: Tensor, joints: Tensor) -> Tensor:
    points = []
    for ankle, foot in zip(ANKLES, FEET, strict=True):
        heel = torch.as_tensor(heel_offset(OFFSETS, foot), dtype=joints.dtype)
        points.append(joints[..., ankle, :] + (turned[..., ankle, :, :] * heel).sum(-1))
        points.append(joints[..., foot, :] - joints.new_tensor([0.0, ball_height(OFFSETS), 0.0]))
    return torch.stack(points, -2)


def mean_over(values: Tensor, mask: Tensor) -> Tensor:
    """(n, T) -> (n,) means over the frames that count; 0 where none does."""
    return (values * mask).sum(-1) / mask.sum(-1).clamp(min=1)


def pose_error(ours: Posed, true: Posed, mask: Tensor) -> Tensor:
    """(n,) mm: mean distance of joints, both pelvises at one place and both headings ahead in each frame.

    MPJPE = mean_tj |(p'_tj - p'_t0) - (p_tj - p_t0)|.
    """
    return 1000 * mean_over((ours.pose - true.pose).norm(dim=-1).mean(-1), mask)


def place_error(ours: Posed, true: Posed, mask: Tensor) -> Tensor:
    """(n,) mm: mean distance of joints in space, both paths integrated from the first frame."""
    return 1000 * mean_over((ours.joints - true.joints).norm(dim=-1).mean(-1), mask)


def rotation_error(ours: Posed, true: Posed, mask: Tensor) -> Tensor:
    """(n,) degrees: mean geodesic angle of the 22 local rotations, arccos((tr(R'^T R) - 1) / 2)."""
    # |R' - R| = 2 sqrt(2) sin(angle / 2), exact at small angles, where the arc cosine of float32 is not.
    half = ((ours.rotations - true.rotations).flatten(-2).norm(dim=-1) / 8**0.5).clamp(max=1)
    return torch.rad2deg(mean_over(2 * torch.asin(half).mean(-1), mask))


def velocity_error(ours: Posed, true: Posed, mask: Tensor) -> Tensor:
    """(n,) mm a frame: mean distance of the joints' steps in space from frame to frame."""
    off = (ours.joints.diff(dim=-3) - true.joints.diff(dim=-3)).norm(dim=-1).mean(-1)
    return 1000 * mean_over(off, mask[..., 1:])


def path_error(ours: Posed, true: Posed, mask: Tensor) -> Tensor:
    """(n,) cm: how far apart on the floor the pelvises are in the last frame that counts."""
    apart = (ours.joints[..., 0, :] - true.joints[..., 0, :])[..., [0, 2]].norm(dim=-1)
    return 100 * apart.gather(-1, mask.sum(-1, keepdim=True) - 1)[:, 0]


def slide(motion: Posed, contacts: Tensor, mask: Tensor) -> float:
    """Mean mm a frame that points of the soles move along the floor while in contact; nan where none ever is.

    Args:
        contacts: (n, T, 4) bool.
        mask: (n, T) frames that count. The mean is over all points and all pairs of neighbouring frames in both
            of which the point is in contact.
    """
    step = motion.soles[..., [0, 2]].diff(dim=-3).norm(dim=-1)
    both = contacts[..., 1:, :] & contacts[..., :-1, :] & mask[..., 1:, None]
    return float(1000 * step[both].mean())


def speed(motion: Posed, mask: Tensor) -> Tensor:
    """(n,) metres a second: mean speed of the joints in space."""
    return FPS * mean_over(motion.joints.diff(dim=-3).norm(dim=-1).mean(-1), mask[..., 1:])


def jerk(motion: Posed, mask: Tensor) -> Tensor:
    """(n,) metres a second cubed: mean length of the joints' third differences, times 30^3."""
    return FPS**3 * mean_over(motion.joints.diff(n=3, dim=-3).norm(dim=-1).mean(-1), mask[..., 3:])
