"""AMASS archives: SMPL, SMPL-H and SMPL-X poses, whatever the name of the rate, z up."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...protocol import InvalidInput
from ..clip import Clip
from ..kinematics import Array, axis_angle_from_matrix, matrix_from_axis_angle
from ..skeleton import JOINT_NAMES
from . import ImportedClip
from .babel import babel_labels
from .finish import clip_name, finished, label_of, labelled, source_name

RATES = ("mocap_frame_rate", "mocap_framerate", "mocap_fps", "fps", "framerate", "frame_rate")
LAYOUTS = {66: "body", 72: "SMPL", 156: "SMPL-H", 165: "SMPL-X"}
"""Numbers a frame -> model."""
Z_UP = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
"""Turns z up into y up: x stays, z becomes y, y becomes -z."""
_ROOT = ("root_orient", "global_orient")
_BODY = ("pose_body", "body_pose")
_TRANS = ("trans", "transl", "translation")


def is_amass(data: dict[str, np.ndarray]) -> bool:
    """Whether an archive's arrays are laid out as AMASS's, or as smplx's parameters."""
    flat = "poses" in data and data["poses"].ndim == 2 and data["poses"].shape[1] >= 66
    return flat or (any(k in data for k in _ROOT) and any(k in data for k in _BODY))


def _poses(path: Path, data: dict[str, np.ndarray]) -> tuple[Array, str, int]:
    """(frames, 66) axis-angle of the body, the model, its joint count."""
    if "poses" in data and data["poses"].ndim == 2:
        poses = data["poses"]
        width = poses.shape[1]
        if width not in LAYOUTS:
            known = ", ".join(f"{n} ({name})" for n, name in LAYOUTS.items())
            raise InvalidInput(f"{path.name} has {width} pose numbers a frame.", f"Known are {known}.")
        return np.asarray(poses[:, :66], float), LAYOUTS[width], width // 3
    root = next(data[k] for k in _ROOT if k in data)
    body = next(data[k] for k in _BODY if k in data)
    root, body = root.reshape(-1, 3), body.reshape(len(body), -1)
    if len(root) != len(body) or body.shape[1] not in (63, 69):
        raise InvalidInput(
            f"{path.name} has {len(root)} root rotations and body poses {body.shape}.",
            "They need (frames, 3) and (frames, 63).",
        )
    hands = any(key in data for key in ("pose_hand", "left_hand_pose"))
    face = any(key in data for key in ("pose_jaw", "jaw_pose"))
    model = "SMPL" if body.shape[1] == 69 else "SMPL-X" if face else "SMPL-H" if hands else "body"
    count = {"SMPL": 24, "SMPL-X": 55, "SMPL-H": 52, "body": 22}[model]
    return np.concatenate([root, body[:, :63]], axis=1).astype(float), model, count


def _rate(path: Path, data: dict[str, np.ndarray]) -> tuple[float, tuple[str, ...]]:
    """Frames a second; assumed, and flagged, where the file does not say."""
    for key in RATES:
        if key in data and data[key].size:
            try:
                rate = float(np.asarray(data[key]).reshape(-1)[0])
            except (ValueError, TypeError) as error:
                raise InvalidInput(f"{path.name} has a rate that is not a number.", "Correct it.") from error
            if not (np.isfinite(rate) and 0 < rate <= 1000):
                raise InvalidInput(f"{path.name} has a rate of {rate:g} fps.", "It needs 0 to 1,000.")
            return rate, ()
    return 30.0, ("rate_assumed",)


def up_axis(root: Array, trans: Array) -> str:
    """`z` or `y`: along which the pelvis stands, on average; AMASS's own z where it lies.

    Args:
        root: (frames, 3, 3) global rotations of the pelvis.
        trans: (frames, 3) its positions.
    """
    mean = root[:, :, 1].mean(axis=0)
    if mean[1] > 0.6 and mean[1] > abs(mean[2]):
        # Lying along y in a z-up world: the pelvis is near the floor in z, far below its height along y.
        standing = np.median(trans[:, 1] - trans[:, 1].min()) < 0.6
        return "y" if standing else "z"
    return "z"


def _text(value: np.ndarray | None) -> str:
    """A string stored as an array of characters or bytes."""
    if value is None or not value.size:
        return ""
    item = value.reshape(-1)[0]
    return item.decode(errors="replace") if isinstance(item, bytes) else str(item)


def import_amass(path: Path, data: dict[str, np.ndarray], fps: float, babel: Sequence[Path]) -> list[ImportedClip]:
    """One AMASS sequence, with BABEL's labels where its files are given.

    Raises:
        InvalidInput: shapes or a rate that make no motion, or values that are not numbers.
    """
    poses, model, count = _poses(path, data)
    trans = next((np.asarray(data[key], float) for key in _TRANS if key in data), None)
    rate, flags = _rate(path, data)
    if trans is None:
        trans, flags = np.zeros((len(poses), 3)), (*flags, "no_translation")
    trans = trans.reshape(-1, 3)
    if len(trans) != len(poses) or not len(poses):
        raise InvalidInput(
            f"{path.name} has {len(poses)} poses and {len(trans)} translations.", "They must be as many."
        )
    if not np.isfinite(poses).all() or not np.isfinite(trans).all():
        bad = ~(np.isfinite(poses).all(1) & np.isfinite(trans).all(1))
        raise InvalidInput(
            f"{path.name} has values that are not numbers in {int(bad.sum())} frames, "
            f"first in frame {int(bad.argmax())}.",
            "Cut or repair those frames.",
        )
    root = matrix_from_axis_angle(poses[:, :3])
    up = up_axis(root, trans)
    if up == "z":
        poses[:, :3] = axis_angle_from_matrix(Z_UP @ root)
        trans = trans @ Z_UP.T
    meta: dict[str, Any] = {"gender": _text(data.get("gender")) or "neutral"}
    if "betas" in data and data["betas"].size:
        meta["betas"] = [round(float(b), 5) for b in np.asarray(data["betas"], float).reshape(-1)[:16]]
    clip = Clip(
        name=clip_name(path.stem),
        poses=poses.reshape(-1, len(JOINT_NAMES), 3),
        trans=trans,
        fps=rate,
        source=f"AMASS {source_name(path)}",
        flags=flags,
        meta=meta,
    )
    clip = finished(clip, fps)
    labels, categories = babel_labels(path, babel, len(clip), clip.fps)
    if labels:
        clip = clip.with_(labels=labels, meta={**clip.meta, "babel_categories": categories})
    else:
        clip = labelled(clip, label_of(path.stem))
    return [ImportedClip(clip, _report(path, clip, model, count, up, rate, bool(labels)))]


def _report(path: Path, clip: Clip, model: str, count: int, up: str, rate: float, from_babel: bool) -> dict[str, Any]:
    from .archives import plain_report

    return plain_report(
        path,
        f"AMASS {model}",
        clip,
        joints=count,
        unmatched=[f"joint {j}" for j in range(len(JOINT_NAMES), count)],
        up_axis=up,
        source_fps=rate,
        labels_from="BABEL" if from_babel else "file name",
    )
