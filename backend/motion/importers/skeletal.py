"""BVH and DeepMimic files, from the file to finished clips with their reports."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ...protocol import InvalidInput
from ..clip import Clip
from ..retarget import retarget
from . import ImportedClip
from .bvh import Bvh, read_bvh, roots_of, source_of
from .deepmimic import read_deepmimic
from .finish import clip_name, finished, label_of, labelled, source_name
from .leadin import LOOK, lead_in
from .mapping import Mapping, narrowed, needed, spine_names, with_ends
from .matching import match, refuse_four_legs
from .source import Source

PROBE = 160
"""How many frames, spread over a file, tell left from right and up from down."""


def _imported(
    path: Path, name: str, source: Source, mapping: Mapping, fps: float, extra: dict[str, Any]
) -> ImportedClip:
    """Retarget, resample, ground, label, report."""
    result = retarget(source, mapping)
    flags = (*mapping.flags, *result.report["flags"], *extra.pop("flags", ()))
    clip = Clip(
        name=clip_name(name),
        poses=result.poses,
        trans=result.trans,
        fps=source.fps,
        source=source_name(path),
        flags=tuple(dict.fromkeys(flags)),
    )
    clip = labelled(finished(clip, fps), label_of(name))
    report = {"file": str(path), **extra, **result.report, "flags": list(clip.flags)}
    return ImportedClip(clip.with_(meta={**clip.meta, "import": report}), report)


def _matches(source: Source, mapping: Mapping) -> dict[str, Any]:
    """The part of the report that says which joint is which."""
    used = set(mapping.joints.values()) | set(mapping.spine)
    real = [j for j in range(len(source.names)) if j not in mapping.virtual]
    matched = {name: source.names[j] for name, j in mapping.joints.items() if j not in mapping.virtual}
    return {
        "joints": len(real),
        "matched_joints": len(used - mapping.virtual),
        "matched": matched | spine_names(source, mapping),
        "matched_by": mapping.how,
        "unmatched": [source.names[j] for j in real if j not in used],
        "convention": mapping.convention,
    }


def import_deepmimic(path: Path, fps: float) -> list[ImportedClip]:
    """A DeepMimic text clip."""
    source, mapping = read_deepmimic(path, fps)
    return [_imported(path, path.stem, source, mapping, fps, _matches(source, mapping))]


def _stride(rate: float, fps: float) -> int:
    """Every how many frames to take: 1 unless the wanted rate divides the file's."""
    ratio = rate / fps
    return round(ratio) if ratio > 1 and abs(ratio - round(ratio)) < 1e-3 * ratio else 1


def _probe_rows(count: int) -> np.ndarray:
    """The first frames, each, and some of the rest: enough to tell which joint is which."""
    head = np.arange(min(count, LOOK))
    return np.concatenate([head, np.arange(LOOK, count, max(1, count // PROBE))])


def _person(path: Path, bvh: Bvh, joints: list[int], name: str, fps: float) -> ImportedClip:
    """One hierarchy of a BVH file. Only the frames and joints that are needed are ever turned into matrices."""
    probe, virtual = with_ends(source_of(bvh, _probe_rows(len(bvh.frames)), joints))
    mapping = match(probe, virtual, path.name)
    refuse_four_legs(probe, mapping, path.name)
    skipped = lead_in(probe, mapping)
    step = _stride(probe.fps, fps)
    kept = needed(probe, mapping)
    source, ends = with_ends(source_of(bvh, slice(skipped, None, step), [joints[j] for j in kept]))
    source = replace(source, fps=probe.fps / step)
    extra = _matches(probe, mapping) | {"source_fps": round(probe.fps, 4), "skipped_frames": skipped}
    extra["flags"] = (f"skipped_{skipped}_frames",) if skipped else ()
    return _imported(path, name, source, narrowed(mapping, probe, source, kept, ends), fps, extra)


def import_bvh(path: Path, fps: float) -> list[ImportedClip]:
    """Every human in a BVH file.

    Raises:
        InvalidInput: damaged, or none of its hierarchies is a human's.
    """
    bvh = read_bvh(path)
    clips, refused = [], []
    people = roots_of(bvh)
    for number, joints in enumerate(people):
        try:
            name = path.stem if len(people) == 1 else f"{path.stem}_{number + 1}"
            clips.append(_person(path, bvh, joints, name, fps))
        except InvalidInput as error:
            refused.append(error)
    if not clips:
        raise refused[0]
    return clips
