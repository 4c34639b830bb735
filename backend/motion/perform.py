"""A clip, performed by a body: the library's reference legs become the body's own, feet on the floor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from ..body.model import BodyModel
from ..protocol import InvalidInput
from .clip import Clip
from .contacts import detect_contacts
from .footlock import SlideReport, lock_feet
from .ops import face_forward, fit_length, resample
from .skeleton import JOINT_NAMES, LEG_LENGTH, PARENTS
from .soles import leg_length

GROUND_SAMPLES = 24


@dataclass(frozen=True)
class Performance:
    """Motion of every joint of a body."""

    poses: np.ndarray
    """(frames, joints, 3) axis-angle, local."""
    transl: np.ndarray
    """(frames, 3) SMPL's transl: the root joint stands at its rest position plus this."""
    fps: float
    contacts: np.ndarray
    """(frames, 4) bool: left heel, left toe, right heel, right toe on the floor."""
    slide: SlideReport
    """Mean slide of the feet during contact, before and after the clean-up."""
    clip: Clip
    """The 22 joints at the body's scale."""


def body_offsets(joints: np.ndarray, joint_names: tuple[str, ...]) -> np.ndarray:
    """(22, 3) rest offsets of the reference joints on a body.

    Args:
        joints: (J, 3) rest joints of the body.
        joint_names: the body's names, which must include the 22.

    Raises:
        InvalidInput: they do not, as those of a head or an animal.
    """
    missing = [name for name in JOINT_NAMES if name not in joint_names]
    if missing:
        raise InvalidInput(
            f"Motions are people's, and this body has no {missing[0]}.",
            "Give neutral, male, female or a file of SMPL, SMPL-H or SMPL-X.",
        )
    rest = joints[[joint_names.index(name) for name in JOINT_NAMES]]
    offsets = rest - rest[np.maximum(PARENTS, 0)]
    offsets[0] = 0
    return offsets


def full_pose(poses: np.ndarray, body: BodyModel) -> np.ndarray:
    """(frames, 22, 3) -> (frames, J, 3): the body's relaxed hands, every other joint at rest."""
    out = np.zeros((len(poses), len(body.joint_names), 3), np.float32)
    out[:] = body.relaxed_pose()
    out[:, [body.joint_names.index(name) for name in JOINT_NAMES]] = poses
    return out


def floor_offset(
    body: BodyModel, betas: torch.Tensor, poses: np.ndarray, transl: np.ndarray, standing: np.ndarray
) -> float:
    """How far the body's soles are above the floor while they stand on it, metres (negative: below).

    The median over sampled contact frames of the lowest vertex; over all frames where none is in contact.
    """
    frames = np.flatnonzero(standing) if standing.any() else np.arange(len(poses))
    frames = frames[np.linspace(0, len(frames) - 1, min(GROUND_SAMPLES, len(frames))).astype(int)]
    with torch.inference_mode():
        output = body.forward(
            betas=betas.expand(len(frames), -1),
            pose=torch.from_numpy(poses[frames]),
            transl=torch.from_numpy(transl[frames]),
        )
    return float(output.vertices[..., 1].amin(1).median())


def perform(
    clip: Clip,
    body: BodyModel,
    betas: torch.Tensor,
    seconds: float = 0.0,
    fps: float = 30.0,
    check: Callable[[], None] = lambda: None,
) -> Performance:
    """Fit a clip to a body, a length and a rate.

    Args:
        clip: from the library.
        body: with the 22 joints of SMPL among its own.
        betas: (1, S) shape coefficients.
        seconds: wanted length; 0 keeps the clip's.
        fps: wanted rate.
        check: called between the steps; what it raises ends the work.
    """
    joints = body.rest_joints(betas)[0].detach().cpu().numpy().astype(np.float64)
    offsets = body_offsets(joints, body.joint_names)
    clip = face_forward(clip)
    if seconds:
        clip = fit_length(clip, seconds)
    check()
    clip = resample(clip, fps)
    check()
    clip = clip.with_(trans=clip.trans * (leg_length(offsets) / LEG_LENGTH))
    contacts = detect_contacts(clip) if clip.contacts is None else clip.contacts
    check()
    clip, slide = lock_feet(clip, offsets=offsets, contacts=contacts)
    poses = full_pose(clip.poses, body)
    transl = (clip.trans - joints[body.joint_names.index("pelvis")]).astype(np.float32)
    check()
    lift = floor_offset(body, betas, poses, transl, np.any(contacts, axis=1))
    transl[:, 1] -= lift
    return Performance(poses, transl, float(fps), contacts, slide, clip.with_(trans=clip.trans - [0, lift, 0]))
