"""BABEL's labels (Punnakkal et al. 2021) for AMASS sequences, matched by the tail of the file's path."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from ...files import read_json
from ...protocol import InvalidInput
from ..clip import Label

_SUFFIX = re.compile(r"_(poses|stageii)$")
NOT_ACTIONS = frozenset(("transition",))
"""Labels that name no action; BABEL marks the time between two actions with them."""


def _tail(path: str) -> tuple[str, ...]:
    """Parts of a path in lower case, the file's without extension, model suffix and separators."""
    parts = [part for part in re.split(r"[\\/]+", path) if part not in ("", ".")]
    if not parts:
        return ()
    stem = _SUFFIX.sub("", parts[-1].rsplit(".", 1)[0])
    return tuple(re.sub(r"[\s_\-]+", "", part.lower()) for part in [*parts[:-1], stem])


@lru_cache(maxsize=16)
def _table(path: Path, stamp: tuple[int, int]) -> dict[str, list[tuple[tuple[str, ...], dict[str, Any]]]]:
    """File stem -> the (tail, record) pairs that end in it."""
    content = read_json(path)
    records = list(content.values()) if isinstance(content, dict) else None
    if records is None or not all(isinstance(r, dict) and isinstance(r.get("feat_p"), str) for r in records):
        raise InvalidInput(
            f"{path.name} is not a BABEL label file.", "Give train.json, val.json or an extra_ file of BABEL."
        )
    table: dict[str, list[tuple[tuple[str, ...], dict[str, Any]]]] = {}
    for record in records:
        tail = _tail(record["feat_p"])
        table.setdefault(tail[-1] if tail else "", []).append((tail, record))
    return table


def _common(a: tuple[str, ...], b: tuple[str, ...]) -> int:
    """How many parts two paths share at their ends."""
    count = 0
    for x, y in zip(reversed(a), reversed(b), strict=False):
        if x != y:
            break
        count += 1
    return count


def find_record(path: Path, babel: Sequence[Path]) -> dict[str, Any] | None:
    """BABEL's record for an AMASS file: the longest common tail; none where several fit equally well."""
    tail = _tail(str(path.absolute()))
    fits: list[tuple[int, dict[str, Any]]] = []
    for file in babel:
        stamp = file.stat() if file.exists() else None
        table = _table(file, (stamp.st_mtime_ns, stamp.st_size) if stamp else (0, 0))
        fits += [(_common(tail, theirs), record) for theirs, record in table.get(tail[-1], ())]
    if not fits:
        return None
    most = max(score for score, _ in fits)
    best = [record for score, record in fits if score == most]
    return best[0] if len({record["feat_p"] for record in best}) == 1 else None


def _annotations(record: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The labels of a record's `seq_ann` or `frame_ann`; the extra files have lists, `seq_anns`."""
    found = [record.get(kind)] if record.get(kind) else list(record.get(f"{kind}s") or ())
    return [label for ann in found if isinstance(ann, dict) for label in ann.get("labels") or ()]


def _text(label: dict[str, Any]) -> str:
    text = label.get("raw_label") or label.get("proc_label") or ""
    return " ".join(str(text).split())


def babel_labels(path: Path, babel: Sequence[Path], frames: int, fps: float) -> tuple[tuple[Label, ...], list[str]]:
    """Labels with frame ranges, and BABEL's action categories.

    Labels of frame ranges are taken where there are any, those of the whole sequence else.

    Args:
        path: the AMASS file.
        babel: BABEL's JSON files.
        frames, fps: the clip's, after resampling.
    """
    record = find_record(path, babel) if babel else None
    if record is None:
        return (), []
    labels: dict[Label, None] = {}
    categories: set[str] = set()
    timed = _annotations(record, "frame_ann")
    for label in timed or _annotations(record, "seq_ann"):
        text = _text(label)
        if not text or text.lower() in NOT_ACTIONS:
            continue
        try:
            start = round(float(label["start_t"]) * fps) if timed else 0
            end = round(float(label["end_t"]) * fps) if timed else frames
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInput(
                f"BABEL's label {text!r} for {path.name} has no time range.", "Download BABEL's files again."
            ) from error
        start, end = max(0, min(start, frames - 1)), min(end, frames)
        if end > start:
            labels[Label(text, start, end)] = None
            categories.update(str(c) for c in label.get("act_cat") or ())
    return tuple(sorted(labels, key=lambda l: (l.start, l.end, l.text))), sorted(categories)
