"""Changes that happen as a whole or not at all."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import bpy

KINDS = ("objects", "meshes", "armatures", "actions", "materials", "images", "node_groups", "collections")
"""The data-blocks that landing a result can make; shape keys go with their mesh."""


def _blocks() -> dict[int, bpy.types.ID]:
    return {block.as_pointer(): block for kind in KINDS for block in getattr(bpy.data, kind)}


@contextlib.contextmanager
def all_or_nothing() -> Iterator[None]:
    """If the block raises, what it has made is removed again and every actor plays the action that it played."""
    before = set(_blocks())
    played = [(o, o.animation_data.action) for o in bpy.data.objects if o.animation_data]
    try:
        yield
    except BaseException:
        bpy.data.batch_remove([block for pointer, block in _blocks().items() if pointer not in before])
        left = set(_blocks())
        for obj, action in [(o, a) for o, a in played if _is_there(o, left) and (a is None or _is_there(a, left))]:
            if obj.animation_data is not None and obj.animation_data.action != action:
                obj.animation_data.action = action
        raise


def _is_there(block: bpy.types.ID, pointers: set[int]) -> bool:
    try:
        return block.as_pointer() in pointers
    except ReferenceError:
        return False
