"""Motion files in: BVH, AMASS, clips and packed sets, DeepMimic; their conventions are detected, not asked for.

The plug point is `IMPORTERS`: extension -> a function that reads a file into clips.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...protocol import InvalidInput, check_positive
from ..clip import Clip


@dataclass(frozen=True)
class ImportedClip:
    """A clip and how it was read."""

    clip: Clip
    report: dict[str, Any]
    """`file`, `joints`, `matched_joints`, `missing`, `unmatched`, `convention`, `units`, `up_axis`, `facing`,
    `limb_error_deg`, `joint_error_deg`, `flags`; JSON values only."""


Importer = Callable[[Path, float, Sequence[Path]], list[ImportedClip]]


def _bvh(path: Path, fps: float, babel: Sequence[Path]) -> list[ImportedClip]:
    from .skeletal import import_bvh

    return import_bvh(path, fps)


def _text(path: Path, fps: float, babel: Sequence[Path]) -> list[ImportedClip]:
    from .skeletal import import_deepmimic

    return import_deepmimic(path, fps)


def _npz(path: Path, fps: float, babel: Sequence[Path]) -> list[ImportedClip]:
    from .archives import import_npz

    return import_npz(path, fps, babel)


IMPORTERS: dict[str, Importer] = {".bvh": _bvh, ".npz": _npz, ".txt": _text, ".json": _text}
"""Readers by extension, lower case. Each takes the path, the frame rate wanted and BABEL's label files."""


def _sniff(path: Path) -> str:
    """The extension that a file's first bytes speak for; empty where they speak for none."""
    try:
        with open(path, "rb") as stream:
            head = stream.read(512).lstrip(b"\xef\xbb\xbf \t\r\n")
    except OSError:
        # The reader chosen by the extension reports the failure in its own words.
        return ""
    if head[:9].upper() == b"HIERARCHY":
        return ".bvh"
    if head[:4] == b"PK\x03\x04" and path.suffix.lower() not in (".zip", ".fbx", ".blend"):
        return ".npz"
    return ".txt" if (head[:1] == b"{" and b"Loop" in head) or b'"Frames"' in head else ""


def import_file(path: str | Path, *, fps: float = 30.0, babel: Sequence[str | Path] = ()) -> list[ImportedClip]:
    """Read any motion file into clips of the 22 body joints.

    Args:
        path: BVH, AMASS or clip .npz, packed set (.npz beside a .json of the same name), DeepMimic .txt.
        fps: frames a second of the clips.
        babel: BABEL's JSON label files, for AMASS files.

    Returns:
        one entry a clip; packed sets and BVH files of several people hold several.

    Raises:
        InvalidInput: a format that is not read, a damaged file, or a skeleton that is not a human's.
    """
    path = Path(path)
    check_positive("The frame rate", fps, 1000)
    suffix = path.suffix.lower()
    kind = suffix if suffix in IMPORTERS else _sniff(path)
    if kind not in IMPORTERS:
        raise InvalidInput(
            f"{path.name} is of a format that cannot be imported ({path.suffix or 'no extension'}).",
            "Give .bvh, .npz (AMASS, clips) or DeepMimic .txt; export other formats, such as .fbx, to .bvh first.",
        )
    return IMPORTERS[kind](path, fps, tuple(Path(p) for p in babel))
