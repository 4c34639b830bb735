"""Presets of word sliders: one small JSON file each, in the extension's own folder, never executed."""

from __future__ import annotations

import json
import math
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from ..backend.protocol import InvalidInput
from .package import user_folder

FORMAT, VERSION = "impromptu-words", 1
MOST_BYTES = 1 << 16
MOST_LETTERS = 60


def folder() -> Path:
    """Where presets lie; made when the first is saved."""
    return user_folder() / "word_presets"


def presets() -> list[str]:
    """Names of what is there, in order."""
    there = folder()
    return sorted((p.stem for p in there.glob("*.json")), key=str.casefold) if there.is_dir() else []


def clean(name: str) -> str:
    """A name as a file may have it.

    Raises:
        InvalidInput: nothing of it is left.
    """
    kept = re.sub(r'[\x00-\x1f<>:"/\\|?*]', " ", name)
    kept = " ".join(kept.split()).strip(". ")[:MOST_LETTERS].strip()
    if not kept:
        raise InvalidInput("A preset needs a name.", "Type one.")
    return kept


def save(name: str, values: Mapping[str, float]) -> str:
    """Write a preset; one of the same name is replaced, whole or not at all.

    Args:
        values: word -> value in standard deviations.

    Returns:
        the name that it has.

    Raises:
        InvalidInput: it has no name, or the folder cannot be written.
    """
    name = clean(name)
    path = folder() / f"{name}.json"
    text = json.dumps({"format": FORMAT, "version": VERSION, "words": dict(values)}, indent=1, ensure_ascii=False)
    unready = path.with_name(f".{secrets.token_hex(6)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unready.write_text(text, encoding="utf-8")
        os.replace(unready, path)
    except OSError as error:
        unready.unlink(missing_ok=True)
        raise InvalidInput(f"The preset cannot be written: {error.strerror}.", "Free some disk space.") from error
    return name


def load(name: str) -> dict[str, float]:
    """Word -> value of a preset.

    Raises:
        InvalidInput: there is none of that name, or its file is damaged.
    """
    path = folder() / f"{clean(name)}.json"
    wrong = InvalidInput(f"The preset {name} is damaged.", "Save it again.")
    try:
        if path.stat().st_size > MOST_BYTES:
            raise wrong
        held = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InvalidInput(f"There is no preset {name}.", "Choose another one.") from error
    except (OSError, ValueError, RecursionError) as error:
        raise wrong from error
    values = held.get("words") if isinstance(held, dict) and held.get("format") == FORMAT else None
    if not isinstance(values, dict) or not all(_is_number(v) for v in values.values()):
        raise wrong
    return {str(word): float(value) for word, value in values.items()}


def delete(name: str) -> None:
    """Delete a preset.

    Raises:
        InvalidInput: there is none of that name, or it cannot be deleted.
    """
    try:
        (folder() / f"{clean(name)}.json").unlink()
    except OSError as error:
        raise InvalidInput(f"There is no preset {name}.", "Choose another one.") from error


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
