"""Numpy archives: which of the kinds that are known one is, and our own clips and packed sets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...files import load_npz, read_json
from ...protocol import InvalidInput
from ..clip import Clip, Label, load_clip
from ..skeleton import JOINT_NAMES
from . import ImportedClip
from .amass import import_amass, is_amass
from .finish import clip_name, finished, labelled

_NO_LABEL = frozenset(("", "unknown", "none", "n/a"))


def plain_report(path: Path, convention: str, clip: Clip, joints: int = 22, **extra: Any) -> dict[str, Any]:
    """The report of a file whose joints are ours already."""
    return {
        "file": str(path),
        "joints": joints,
        "matched_joints": len(JOINT_NAMES),
        "matched_by": "layout",
        "missing": {},
        "unmatched": [],
        "convention": convention,
        "units": {"name": "metres", "metres": 1.0},
        "up_axis": "y",
        "facing": "z",
        "limb_error_deg": 0.0,
        "joint_error_deg": {},
        **extra,
        "flags": list(clip.flags),
    }


def import_npz(path: Path, fps: float, babel: Sequence[Path]) -> list[ImportedClip]:
    """A clip of ours, a packed set of clips or an AMASS file.

    Raises:
        InvalidInput: damaged, holding Python objects, or none of these.
    """
    data = load_npz(path)
    if "header" in data:
        clip = load_clip(path)
        clip = finished(clip, fps, lowered=False)
        return [ImportedClip(clip, plain_report(path, "Impromptu clip", clip))]
    if is_amass(data):
        return import_amass(path, data, fps, babel)
    poses = data.get("poses")
    if poses is not None and poses.ndim == 3 and "trans" in data:
        return _import_packed(path, data, fps)
    if "betas" in data or "gender" in data:
        raise InvalidInput(
            f"{path.name} holds a body's shape but no motion.",
            "Give the files that end in _poses.npz or _stageii.npz.",
        )
    raise InvalidInput(
        f"{path.name} holds no motion that is known: it has {', '.join(sorted(data)[:6]) or 'nothing'}.",
        "Give an AMASS file, a clip, or a packed set with poses (frames, 22, 3), trans and fps.",
    )


def _order(path: Path, data: dict[str, np.ndarray]) -> list[int]:
    """Where each of our joints stands in the archive."""
    if "joints" not in data:
        if data["poses"].shape[1] != len(JOINT_NAMES):
            raise InvalidInput(
                f"{path.name} has {data['poses'].shape[1]} joints and does not name them.",
                "Add `joints`, their names.",
            )
        return list(range(len(JOINT_NAMES)))
    names = [str(name) for name in data["joints"]]
    lacking = [name for name in JOINT_NAMES if name not in names]
    if lacking or len(names) != data["poses"].shape[1]:
        raise InvalidInput(
            f"{path.name} lacks the joints {', '.join(lacking[:4]) or 'that it names'}.",
            "Name the 22 body joints of SMPL-X.",
        )
    return [names.index(name) for name in JOINT_NAMES]


def _records(path: Path, frames: int) -> list[dict[str, Any]]:
    """What the .json beside a packed set says of its clips; one clip where there is none."""
    beside = path.with_suffix(".json")
    if not beside.exists():
        return [{"id": path.stem, "start": 0, "frames": frames}]
    content = read_json(beside)
    shared = {}
    if isinstance(content, dict):
        shared = {key: content[key] for key in ("licence", "license") if key in content}
        content = content.get("clips")
    if not isinstance(content, list) or not all(isinstance(record, dict) for record in content):
        raise InvalidInput(f"{beside.name} is not a list of clips.", "It needs a record for each clip.")
    records = [{**shared, **record} for record in content]
    for record in records:
        start, count = record.get("start"), record.get("frames")
        whole = isinstance(start, int) and isinstance(count, int) and not isinstance(start, bool)
        if not whole or start < 0 or count < 1 or start + count > frames:  # type: ignore[operator]
            raise InvalidInput(
                f"{beside.name} gives {record.get('id', 'a clip')} the frames {start} + {count} of {frames:,}.",
                "Give `start` and `frames` within the archive.",
            )
    return records


def _import_packed(path: Path, data: dict[str, np.ndarray], fps: float) -> list[ImportedClip]:
    """Many clips in one archive, told apart by the .json of the same name."""
    poses, trans = data["poses"], data["trans"]
    order = _order(path, data)
    if trans.shape != (len(poses), 3) or poses.shape[2] != 3:
        raise InvalidInput(
            f"{path.name} has poses {poses.shape} and trans {trans.shape}.",
            "They need (frames, 22, 3) and (frames, 3).",
        )
    rate = float(data["fps"].reshape(-1)[0]) if "fps" in data and data["fps"].size else 0.0
    if not (np.isfinite(rate) and 0 < rate <= 1000):
        raise InvalidInput(f"{path.name} has a rate of {rate:g} fps.", "It needs `fps` above 0.")
    out = []
    for record in _records(path, len(poses)):
        part = slice(record["start"], record["start"] + record["frames"])
        extra = {k: v for k, v in record.items() if k in ("subject", "style") and isinstance(v, str)}
        clip = Clip(
            name=clip_name(str(record.get("id", path.stem))),
            poses=poses[part][:, order],
            trans=trans[part],
            fps=rate,
            source=str(record.get("source", path.stem)),
            licence=str(record.get("licence", record.get("license", "unknown"))),
            meta=extra,
        )
        text = str(record.get("label", "")).replace("-", " ").replace("_", " ").strip()
        # The label's own hyphens are between words (`wave-right-hand`); "Unknown" is no label.
        text = "" if text.lower() in _NO_LABEL else " ".join(text.split())
        clip = labelled(finished(clip, fps), text)
        style = " ".join(extra.get("style", "").replace("-", " ").replace("_", " ").split())
        if text and style and style.lower() not in ("normal", "neutral"):
            clip = clip.with_(labels=(*clip.labels, Label(f"{style} {text}", 0, len(clip))))
        out.append(ImportedClip(clip, plain_report(path, "packed set", clip, id=clip.name)))
    return out
