"""Where an actor comes from, kept with it: prompt, seed, options, clip, models and versions."""

from __future__ import annotations

import json
from typing import Any

import bpy

KEY = "impromptu_record"
"""Custom property that holds everything as JSON. Not `impromptu`: before Blender 5 an add-on's properties of that
name live in the same place and would replace it."""
PREFIX = "impromptu"
READABLE: dict[str, tuple[str | int, ...]] = {
    "prompt": ("prompt",),
    "seed": ("seed",),
    "clip": ("clip", "name"),
    "label": ("label",),
    "source": ("clip", "source"),
    "licence": ("clip", "licence"),
    "body": ("body", "name"),
    "body_licence": ("body", "licence"),
    "style": ("styles", -1, "prompt"),
    "style_seed": ("styles", -1, "seed"),
}
"""Custom property `impromptu_NAME` -> where in the record it is found."""


def tag(block: bpy.types.ID, record: dict[str, Any]) -> None:
    """Write a record on a data-block: the whole as JSON, and what a person looks for as fields of their own."""
    block[KEY] = json.dumps(record, sort_keys=True, ensure_ascii=False)
    for name, path in READABLE.items():
        value: Any = record
        for part in path:
            value = _part(value, part)
        if value is not None:
            block[f"{PREFIX}_{name}"] = value if isinstance(value, int | float | str) else json.dumps(value)
        elif path[0] == "styles":
            # A look can be taken off again; the rest is only ever replaced.
            block.pop(f"{PREFIX}_{name}", None)


def _part(value: Any, part: str | int) -> Any:
    """An entry of a dict by its name, of a list by its number; None where there is none."""
    if isinstance(value, dict) and isinstance(part, str):
        return value.get(part)
    return value[part] if isinstance(value, list) and isinstance(part, int) and value else None


def read(block: bpy.types.ID) -> dict[str, Any]:
    """The record that `tag` wrote; empty where there is none, or where somebody has damaged it."""
    text = block.get(KEY, block.get(PREFIX, "{}"))
    try:
        found = json.loads(text) if isinstance(text, str) else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
