"""What an actor shows now, as arrays: where another look may start from."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np

from .axes import TO_BLENDER
from .handles import skin_of
from .shape_arrays import shape_arrays
from .style_data import Array, to_linear, to_srgb
from .style_material import MIX
from .style_slots import active_colour, key_of, slots_of

GREY = 0.6
"""sRGB of a body that nobody has painted."""


def shown_look(rig: bpy.types.Object) -> tuple[Array, Array]:
    """Colours and relief of an actor.

    Two looks are taken as the slider blends them. Else the active colour attribute counts, whoever painted it.

    Returns:
        (V, 3) sRGB, 0 to 1, and (V, 3) offsets in metres, SMPL's frame.
    """
    skin = skin_of(rig)
    assert skin is not None
    slots = slots_of(skin)
    if len(slots) > 1 and active_colour(skin) in {slot.colour for slot in slots}:
        mix = float(np.clip(rig.get(MIX, 0.0), 0, 1))
        linear = (1 - mix) * read_colour(skin, slots[0].colour) + mix * read_colour(skin, slots[1].colour)
    else:
        linear = read_colour(skin, active_colour(skin))
    return to_srgb(linear), shown_relief(skin)


def shown_relief(skin: bpy.types.Object) -> Array:
    """(V, 3) offsets of the looks' shape keys as they are set, metres, SMPL's frame."""
    basis = shape_arrays(skin).basis
    total = np.zeros_like(basis, np.float64)
    for slot in slots_of(skin):
        key = key_of(skin, slot)
        if key is None or key.mute or key.value <= 0:
            continue
        points = np.empty(basis.size, np.float32)
        (key.points if hasattr(key, "points") else key.data).foreach_get("co", points)
        total += key.value * (points.reshape(-1, 3) - basis)
    return total @ TO_BLENDER


def read_colour(skin: bpy.types.Object, name: str) -> Array:
    """(V, 3) linear colours of an attribute of any kind; grey where there is none of that name."""
    mesh = skin.data
    count = len(mesh.vertices)
    attribute = mesh.color_attributes.get(name)
    if attribute is None:
        return np.full((count, 3), to_linear(GREY))
    values = np.empty(len(attribute.data) * 4, np.float32)
    # `color` is linear for both kinds that Blender knows.
    attribute.data.foreach_get("color", values)
    rgb = values.reshape(-1, 4)[:, :3].astype(np.float64)
    if attribute.domain == "POINT":
        return rgb
    corners = np.empty(len(mesh.loops), np.int32)
    mesh.loops.foreach_get("vertex_index", corners)
    total, times = np.zeros((count, 3)), np.bincount(corners, minlength=count)
    np.add.at(total, corners, rgb)
    return total / times.clip(1)[:, None]


def write_look(rig: bpy.types.Object, path: Path) -> None:
    """What `StylizeRequest.look` names: `colour` and `offsets` as an .npz."""
    colour, offsets = shown_look(rig)
    np.savez(path, colour=colour.astype(np.float32), offsets=offsets.astype(np.float32))
