"""A look that is only shown for a while: what the actor wore is put aside and comes back as it was."""

from __future__ import annotations

import bpy

from . import outfit
from .handles import own_data, skin_of
from .shape import require_shape
from .style_data import StyleData
from .style_material import Images, drop, is_own, make_material, material_of
from .style_slots import (
    Slot,
    active_colour,
    check_fits,
    refresh,
    remove_slot,
    rename_slot,
    show_colour,
    slots_of,
    write_slot,
)

ASIDE = "impromptu_aside"
"""Custom property of the skin while a preview is shown: the active colour attribute before."""
ASIDE_MATERIAL = "impromptu_aside_material"


def show_preview(rig: bpy.types.Object, data: StyleData) -> None:
    """Show a look that may change again soon; what the actor wore is put aside until `bring_back`.

    Raises:
        InvalidInput: the look is for another body, or the actor's body is not this file's.
    """
    require_shape(rig)
    own_data(rig)
    skin = require_shape(rig)
    check_fits(skin, data)
    if ASIDE not in skin:
        _put_aside(skin)
    write_slot(skin, Slot(0), data)
    show_colour(skin, Slot(0).colour)


def is_preview(rig: bpy.types.Object) -> bool:
    """Whether what an actor wears is a preview."""
    skin = skin_of(rig)
    return skin is not None and ASIDE in skin


def _put_aside(skin: bpy.types.Object) -> None:
    """Keep the looks, the material and the active colours under other names."""
    skin[ASIDE] = active_colour(skin)
    before = material_of(skin)
    if before is not None:
        skin[ASIDE_MATERIAL] = before
    for slot in slots_of(skin):
        rename_slot(skin, slot, Slot(slot.number, aside=True))
    material = make_material([(Slot(0), Images())])
    if len(skin.data.materials):
        skin.data.materials[0] = material
    else:
        skin.data.materials.append(material)


def bring_back(rig: bpy.types.Object) -> bool:
    """End a preview: the actor wears what it wore before.

    Returns:
        whether there was one.
    """
    skin = skin_of(rig)
    if skin is None or ASIDE not in skin:
        return False
    preview, before = material_of(skin), skin.get(ASIDE_MATERIAL)
    for slot in slots_of(skin):
        remove_slot(skin, slot)
    for slot in slots_of(skin, aside=True):
        rename_slot(skin, slot, Slot(slot.number))
    colour = str(skin[ASIDE])
    skin.pop(ASIDE_MATERIAL, None)
    if is_own(preview):
        back = before if isinstance(before, bpy.types.Material) else outfit.outfit_material()
        skin.data.materials[0] = back
        drop(preview)
    del skin[ASIDE]
    show_colour(skin, colour)
    refresh(skin)
    return True
