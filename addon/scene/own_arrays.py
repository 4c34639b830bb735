"""The long arrays that the add-on keeps with an actor, out of the way of exporters.

Nothing else can read them. glTF would carry them as text, and USD has no type for them and says so in every frame.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import bpy

from .actor import Actor

PREFIXES = ("impromptu_", "joint_", "probe_", "girth_", "rest_axes", "relaxed_pose")
"""What the names of the add-on's own arrays begin with."""


def own_arrays(block: bpy.types.ID) -> dict[str, list[Any]]:
    """The add-on's arrays among the custom properties of a data-block."""
    found = {name: value for name, value in block.items() if name.startswith(PREFIXES)}
    return {name: value.to_list() for name, value in found.items() if hasattr(value, "typecode")}


def _blocks(actor: Actor) -> Sequence[bpy.types.ID]:
    """The data-blocks of an actor that can be changed here, each once."""
    rig, skin = actor.rig, actor.skin
    action = rig.animation_data.action if rig.animation_data else None
    found = [block for block in (rig, skin, rig.data, skin.data, action) if block is not None]
    return [block for block in dict.fromkeys(found) if block.library is None and block.override_library is None]


@contextlib.contextmanager
def arrays_aside(actor: Actor) -> Iterator[None]:
    """Take the arrays off the actor and put them back, whatever happens meanwhile."""
    kept = [(block, arrays) for block in _blocks(actor) if (arrays := own_arrays(block))]
    try:
        for block, arrays in kept:
            for name in arrays:
                del block[name]
        _evaluate(kept)
        yield
    finally:
        for block, arrays in kept:
            for name, values in arrays.items():
                block[name] = values
        _evaluate(kept)


def _evaluate(kept: Sequence[tuple[bpy.types.ID, Any]]) -> None:
    """Exporters read the evaluated copies, which else keep what they had."""
    for block, _ in kept:
        block.update_tag()
    bpy.context.view_layer.update()
