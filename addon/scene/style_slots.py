"""Where a look lives on a mesh: a colour attribute, two attributes of the surface, and a relative shape key.

An actor wears up to two looks, so that a slider can blend them: `style` and `style.001`, with the keys `Style` and
`Style.001`. A look that is put aside while another is shown keeps its data under names of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

from ...backend.protocol import InvalidInput
from .axes import to_blender
from .shape_arrays import shape_arrays
from .shape_keys import add_key
from .style_data import StyleData, to_linear

MOST = 2
ASIDE = "before_"


@dataclass(frozen=True)
class Slot:
    """The names of one look's data."""

    number: int = 0
    aside: bool = False

    def _named(self, word: str) -> str:
        return f"{ASIDE if self.aside else ''}{word}{f'.{self.number:03d}' if self.number else ''}"

    @property
    def colour(self) -> str:
        """FLOAT_COLOR attribute on points, linear."""
        return self._named("style")

    @property
    def roughness(self) -> str:
        """FLOAT attribute on points."""
        return self._named("style_roughness")

    @property
    def metallic(self) -> str:
        """FLOAT attribute on points."""
        return self._named("style_metallic")

    @property
    def key(self) -> str:
        """Shape key with the relief."""
        return self._named("style").replace("style", "Style")

    @property
    def attributes(self) -> tuple[str, str, str]:
        """Names of all attributes."""
        return self.colour, self.roughness, self.metallic


def slots_of(skin: bpy.types.Object, aside: bool = False) -> list[Slot]:
    """The looks that a mesh has, in their order."""
    slots = (Slot(i, aside) for i in range(MOST))
    return [slot for slot in slots if slot.colour in skin.data.attributes]


def key_of(skin: bpy.types.Object, slot: Slot) -> bpy.types.ShapeKey | None:
    """The look's shape key; None where it has no relief."""
    keys = skin.data.shape_keys
    return keys.key_blocks.get(slot.key) if keys else None


def write_slot(skin: bpy.types.Object, slot: Slot, data: StyleData) -> None:
    """Put a look's arrays on a mesh, in place where it has them already.

    The key is there with or without relief, so that a preview that grows one need not add it.
    """
    mesh = skin.data
    rgba = np.ones((len(data.colour), 4), np.float32)
    rgba[:, :3] = to_linear(data.colour)
    for name, kind, field, values in (
        (slot.colour, "FLOAT_COLOR", "color", rgba),
        (slot.roughness, "FLOAT", "value", data.roughness),
        (slot.metallic, "FLOAT", "value", data.metallic),
    ):
        attribute = mesh.attributes.get(name)
        if attribute is not None and (attribute.data_type, attribute.domain) != (kind, "POINT"):
            mesh.attributes.remove(attribute)
            attribute = None
        if attribute is None:
            attribute = mesh.attributes.new(name, kind, "POINT")
        attribute.data.foreach_set(field, np.ascontiguousarray(values, np.float32).ravel())
    basis, offsets = shape_arrays(skin).basis, to_blender(data.offsets)
    key = key_of(skin, slot)
    if key is None:
        key = add_key(skin, slot.key, basis, offsets)
        key.slider_min, key.slider_max, key.value = 0.0, 1.0, 1.0
    else:
        points = key.points if hasattr(key, "points") else key.data
        points.foreach_set("co", np.add(basis, offsets, dtype=np.float32).ravel())
    refresh(skin)


def check_fits(skin: bpy.types.Object, data: StyleData) -> None:
    """Raises InvalidInput unless the look has a value for each vertex."""
    if len(data.colour) != len(skin.data.vertices):
        raise InvalidInput(
            f"The look is for a body of {len(data.colour):,} points, and this one has {len(skin.data.vertices):,}.",
            "Choose an actor of the body that it was made for.",
        )


def refresh(skin: bpy.types.Object) -> None:
    """Let Blender evaluate and draw a mesh and its keys anew: arrays that are written tell it nothing."""
    skin.data.update()
    skin.data.update_tag()
    if skin.data.shape_keys is not None:
        skin.data.shape_keys.update_tag()


def remove_slot(skin: bpy.types.Object, slot: Slot) -> None:
    """Take a look's data off a mesh, with whatever drives its key."""
    for name in slot.attributes:
        attribute = skin.data.attributes.get(name)
        if attribute is not None:
            skin.data.attributes.remove(attribute)
    key = key_of(skin, slot)
    if key is not None:
        key.driver_remove("value")
        skin.shape_key_remove(key)


def rename_slot(skin: bpy.types.Object, old: Slot, new: Slot) -> None:
    """Give a look's data other names; its key is mute while it is aside."""
    for name, wanted in zip(old.attributes, new.attributes, strict=True):
        attribute = skin.data.attributes.get(name)
        if attribute is not None:
            attribute.name = wanted
    key = key_of(skin, old)
    if key is not None:
        key.name = new.key
        key.mute = new.aside


def show_colour(skin: bpy.types.Object, name: str) -> None:
    """Make a colour attribute the one that is active and rendered; an unknown name changes nothing."""
    colours = skin.data.color_attributes
    number = colours.find(name)
    if number >= 0:
        colours.active_color = colours[number]
        colours.render_color_index = number


def active_colour(skin: bpy.types.Object) -> str:
    """Name of the active colour attribute; empty where there is none."""
    active = skin.data.color_attributes.active_color
    return active.name if active is not None else ""
