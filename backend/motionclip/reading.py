"""Motion files as clips of the reference skeleton, and clips as performed motions again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from ..body.model import BodyModel
from ..files import load_npz
from ..motion.clip import Clip
from ..motion.ground import ground
from ..motion.importers import import_file
from ..motion.ops import resample
from ..motion.perform import body_offsets
from ..motion.skeleton import JOINT_NAMES, LEG_LENGTH
from ..motion.soles import leg_length
from ..motion.transition import read_motion
from ..protocol import InvalidInput
from .features import FPS

LEAST = 0.2
"""Seconds that a motion needs."""


def read_clip(path: str | Path, body: BodyModel, betas: torch.Tensor) -> Clip:
    """A motion file at 30 frames a second, for the reference legs, on the floor.

    Args:
        path: a job's motion.npz, of `body` with the file's betas, or `betas` where it has none; or any
            file that the importers read.

    Raises:
        InvalidInput: it cannot be read, is of another body, or is too short.
    """
    path = Path(path).expanduser()
    clip = _of_job(path, body, betas) if _is_job(path) else import_file(path, fps=FPS)[0].clip
    clip = ground(resample(clip, FPS))
    if clip.seconds < LEAST:
        raise InvalidInput(f"{path.name} is {clip.seconds:.2f} s long.", f"Give a motion of at least {LEAST:g} s.")
    return clip


def _is_job(path: Path) -> bool:
    """Whether it is what a job writes: whole poses, without a clip's header or a set's names of joints."""
    if path.suffix.lower() != ".npz" or not path.is_file():
        return False
    data = load_npz(path)
    return {"poses", "trans", "fps"} <= set(data) and not {"header", "joints"} & set(data) and data["poses"].ndim == 3


def _of_job(path: Path, body: BodyModel, betas: torch.Tensor) -> Clip:
    motion = read_motion(path)
    if motion.poses.shape[1] != len(body.joint_names):
        raise InvalidInput(
            f"{path.name} has {motion.poses.shape[1]} joints, {body.name} has {len(body.joint_names)}.",
            "Name the body that the motion was made for.",
        )
    kept = load_npz(path).get("betas")
    if kept is not None and kept.shape == (body.num_betas,):
        betas = torch.from_numpy(np.asarray(kept, np.float32))[None]
    rest = body.rest_joints(betas)[0].detach().cpu().numpy().astype(np.float64)
    offsets = body_offsets(rest, body.joint_names)
    joints = [body.joint_names.index(name) for name in JOINT_NAMES]
    pelvis = motion.transl + rest[body.joint_names.index("pelvis")]
    return Clip(
        "motion", motion.poses[:, joints], pelvis * (LEG_LENGTH / leg_length(offsets)), motion.fps,
        source="a motion of the scene", kind="mocap",
    )  # fmt: skip
