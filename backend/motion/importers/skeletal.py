"""BVH and DeepMimic files, from the file to finished clips with their reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...protocol import InvalidInput
from ..clip import Clip
from ..retarget import retarget
from . import ImportedClip
from .bvh import Bvh, read_bvh, roots_of, source_of
from .deepmimic import read_deepmimic
from .finish import clip_name, finished, label_of, labelled, source_name
from .leadin import lead_in
from .mapping import Mapping, with_ends
from .matching import match
from .source import Source


def _imported(path: Path, name: str, source: Source, mapping: Mapping, fps: float, **extra: Any) -> ImportedClip:
    """Retarget, resample, ground, label, report."""
    result = retarget(source, mapping)
    flags = tuple(dict.fromkeys([*mapping.flags, *result.report["flags"], *extra.pop("flags", ())]))
    used = set(mapping.joints.values()) | set(mapping.spine)
    real = [j for j in range(len(source.names)) if j not in mapping.virtual]
    clip = Clip(
        name=clip_name(name),
        poses=result.poses,
        trans=result.trans,
        fps=source.fps,
        source=source_name(path),
        flags=flags,
    )
    clip = labelled(finished(clip, fps), label_of(name))
    matched = {name: source.names[j] for name, j in mapping.joints.items() if j not in mapping.virtual}
    matched |= _spine_names(source, mapping)
    report = {
        "file": str(path),
        "joints": len(real),
        "matched_joints": len(used - mapping.virtual),
        "matched": matched,
        "matched_by": mapping.how,
        "unmatched": [source.names[j] for j in real if j not in used],
        "convention": mapping.convention,
        **result.report,
        **extra,
        "flags": list(clip.flags),
    }
    return ImportedClip(clip.with_(meta={**clip.meta, "import": report}), report)


def _spine_names(source: Source, mapping: Mapping) -> dict[str, str]:
    """Our spine joints -> the source's that drive them (see `retarget`)."""
    names = [source.names[j] for j in mapping.spine]
    count = len(names)
    if count < 3:
        return dict(zip({0: (), 1: ("spine3",), 2: ("spine1", "spine3")}[count], names, strict=True))
    picks = (max(round(count / 3), 1) - 1, round(2 * count / 3) - 1, count - 1)
    return {f"spine{i + 1}": names[pick] for i, pick in enumerate(picks)}


def import_deepmimic(path: Path, fps: float) -> list[ImportedClip]:
    """A DeepMimic text clip."""
    source, mapping = read_deepmimic(path, fps)
    return [_imported(path, path.stem, source, mapping, fps)]


def _stride(rate: float, fps: float) -> int:
    """Every how many frames to take: 1 unless the wanted rate divides the file's."""
    ratio = rate / fps
    return round(ratio) if ratio > 1 and abs(ratio - round(ratio)) < 1e-3 * ratio else 1


def _person(path: Path, bvh: Bvh, joints: list[int], name: str, fps: float) -> ImportedClip:
    """One hierarchy of a BVH file."""
    probe = source_of(bvh, 1, joints)
    probe, virtual = with_ends(probe)
    mapping = match(probe, virtual, path.name)
    skipped = lead_in(probe, mapping)
    step = _stride(probe.fps, fps)
    source = probe.cut(slice(skipped, None, step))
    source = Source(
        source.names, source.parents, source.offsets, source.rotations, source.positions, probe.fps / step
    )
    flags = (f"skipped_{skipped}_frames",) if skipped else ()
    return _imported(path, name, source, mapping, fps, flags=flags, source_fps=round(probe.fps, 4))


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
