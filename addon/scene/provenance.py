"""Where an actor comes from, kept with it: prompt, seed, options, clip, models and versions."""

from __future__ import annotations

import json
from collections.abc import Mapping
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
    "edit": ("edit", "how"),
    "edit_words": ("edit", "words"),
    "edit_amount": ("edit", "amount"),
    "style": ("styles", -1, "prompt"),
    "style_seed": ("styles", -1, "seed"),
}
"""Custom property `impromptu_NAME` -> where in the record it is found."""
ORIGIN = ("prompt", "label", "seed", "clip", "generated", "edit")
"""Parts of a record that go on with what is made of its motion."""


def tag(block: bpy.types.ID, record: dict[str, Any]) -> None:
    """Write a record on a data-block: the whole as JSON, and what a person looks for as fields of their own."""
    block[KEY] = json.dumps(record, sort_keys=True, ensure_ascii=False)
    for name, path in READABLE.items():
        value: Any = record
        for part in path:
            value = _part(value, part)
        if value is not None:
            block[f"{PREFIX}_{name}"] = value if isinstance(value, int | float | str) else json.dumps(value)
        else:
            # A look is taken off, a motion comes of no clip: what was said of the one before is not true of this.
            block.pop(f"{PREFIX}_{name}", None)


def origins(sources: Mapping[str, bpy.types.ID]) -> list[dict[str, Any]]:
    """What is known of the motions that another is made of, and of what they were made of themselves, each once.

    Args:
        sources: what it was for (`motion`, `other` ...) -> the action, or the rig where strips play.
    """
    found = []
    for role, block in sources.items():
        record = read(block)
        own = {"as": role, "name": block.name, **{k: record[k] for k in ORIGIN if k in record}}
        before = record.get("made_from")
        earlier = [o for o in before if isinstance(o, dict)] if isinstance(before, list) else []
        found += [own, *({**origin, "as": "earlier"} for origin in earlier)]
    return [origin for i, origin in enumerate(found) if origin not in found[:i]]


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
