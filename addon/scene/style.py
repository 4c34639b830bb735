"""A look on an actor: colours, surface and relief from words, in place of its outfit or blended with another look."""

from __future__ import annotations

from typing import Any

import bpy

from ...backend.protocol import InvalidInput
from . import outfit, provenance
from .handles import own_data, skin_of
from .shape import require_shape
from .style_data import StyleData, Textures
from .style_material import MIX, TEXTURE, Images, drop, images_of, is_own, load_images, make_material, material_of
from .style_preview import bring_back
from .style_slots import Slot, check_fits, key_of, refresh, remove_slot, show_colour, slots_of, write_slot

STYLES = "styles"
"""In an actor's record: what is known of each look, in the order of their slots."""
PLAIN = "impromptu_plain"
"""Custom property of the skin: the material that it had before any look."""
SLIDERS = {
    MIX: "How much of the second look shows: 0 is the first, 1 the second. Colours, surface and relief follow; can "
    "be keyed",
    TEXTURE: "1 shows the baked pictures, 0 the colours of the vertices, which can be painted",
}


def count_styles(rig: bpy.types.Object) -> int:
    """How many looks an actor wears; a preview counts."""
    skin = skin_of(rig)
    return len(slots_of(skin)) if skin else 0


def apply_style(
    rig: bpy.types.Object,
    data: StyleData,
    textures: Textures = Textures(),  # noqa: B008 - frozen
    record: dict[str, Any] | None = None,
    keep: bool = False,
) -> int:
    """Give an actor a look.

    Args:
        textures: baked for it; they are packed into the file.
        record: where it comes from; what is there under `job` tells looks of one job from others.
        keep: keep the look that the actor has and let a slider blend the two; of two, the second is replaced. A look
            of the same job is replaced in any case.

    Returns:
        the number of the slot that it went into.

    Raises:
        InvalidInput: the look is for another body, a picture cannot be read, or the actor's body is not this file's.
    """
    require_shape(rig)
    own_data(rig)
    skin = require_shape(rig)
    check_fits(skin, data)
    told = dict(record or {})
    told.setdefault("prompt", data.prompt)
    try:
        images = load_images(textures, rig.name)
    except (RuntimeError, OSError) as error:
        raise InvalidInput(f"A picture of the look cannot be read: {error}.", "Press Retry.") from error
    bring_back(rig)
    slot = _slot_for(rig, skin, told, keep)
    if not keep:
        for other in slots_of(skin)[1:]:
            remove_slot(skin, other)
    write_slot(skin, slot, data)
    kept = [(s, images if s == slot else images_of(material_of(skin), s)) for s in slots_of(skin)]
    _wear(skin, make_material(kept))
    show_colour(skin, slot.colour)
    _set_sliders(rig, skin, kept, slot)
    styles = known_styles(rig)[: len(kept)]
    styles[slot.number : slot.number + 1] = [told]
    note_styles(rig, styles)
    return slot.number


def _slot_for(rig: bpy.types.Object, skin: bpy.types.Object, record: dict[str, Any], keep: bool) -> Slot:
    """Where a new look goes."""
    there = slots_of(skin)
    if not keep or not there:
        return Slot(0)
    job = record.get("job")
    for number, known in enumerate(known_styles(rig)[: len(there)]):
        if job and known.get("job") == job:
            return there[number]
    return Slot(1)


def _wear(skin: bpy.types.Object, material: bpy.types.Material | None) -> None:
    """Put a material into the mesh's first slot; the plain one is remembered, one of an earlier look dropped."""
    before = material_of(skin)
    if before is not None and not is_own(before) and is_own(material):
        skin[PLAIN] = before
    if len(skin.data.materials):
        skin.data.materials[0] = material
    else:
        skin.data.materials.append(material)
    if before != material:
        drop(before)


def _set_sliders(
    rig: bpy.types.Object, skin: bpy.types.Object, images: list[tuple[Slot, Images]], slot: Slot
) -> None:
    """Have the rig carry the sliders that these looks need, and let mesh and keys follow them."""
    pictured = any(i.albedo is not None or i.normal is not None for _, i in images)
    _slider(rig, skin, TEXTURE, float(rig.get(TEXTURE, 1.0)) if pictured else None)
    _slider(rig, skin, MIX, float(slot.number) if len(images) > 1 else None)
    for s, _ in images:
        key = key_of(skin, s)
        if key is None:
            continue
        key.driver_remove("value")
        if len(images) > 1:
            _follow(key.driver_add("value"), rig, MIX, "1 - mix" if s.number == 0 else "mix")
        else:
            key.value = 1.0


def _slider(rig: bpy.types.Object, skin: bpy.types.Object, name: str, value: float | None) -> None:
    """A slider on the rig that the mesh object follows; None takes it away."""
    if name in skin:
        skin.driver_remove(f'["{name}"]')
    if value is None:
        for block in (rig, skin):
            if name in block:
                del block[name]
        return
    rig[name] = skin[name] = value
    ui = {"min": 0.0, "max": 1.0, "soft_min": 0.0, "soft_max": 1.0, "description": SLIDERS[name]}
    rig.id_properties_ui(name).update(default=value, **ui)
    rig.property_overridable_library_set(f'["{name}"]', True)
    # A driver that once finds no property, as in a copy that was evaluated before, never looks again.
    rig.update_tag()
    skin.update_tag()
    _follow(skin.driver_add(f'["{name}"]'), rig, name, "mix")


def _follow(curve: bpy.types.FCurve, rig: bpy.types.Object, name: str, text: str) -> None:
    """Drive a value by a slider of the rig; Blender works these expressions out without Python."""
    driver = curve.driver
    driver.type = "SCRIPTED"
    variable = driver.variables.new()
    variable.name = "mix"
    variable.type = "SINGLE_PROP"
    variable.targets[0].id = rig
    variable.targets[0].data_path = f'["{name}"]'
    driver.expression = text


def remove_style(rig: bpy.types.Object) -> None:
    """Take all looks off an actor: it wears what it wore before.

    Raises:
        InvalidInput: the actor's body is not this file's.
    """
    require_shape(rig)
    own_data(rig)
    skin = require_shape(rig)
    bring_back(rig)
    for slot in reversed(slots_of(skin)):
        remove_slot(skin, slot)
    _set_sliders(rig, skin, [], Slot(0))
    if is_own(material_of(skin)):
        plain = skin.get(PLAIN)
        # A person may have deleted it meanwhile.
        _wear(skin, plain if isinstance(plain, bpy.types.Material) else outfit.outfit_material())
    skin.pop(PLAIN, None)
    show_colour(skin, outfit.ATTRIBUTE)
    note_styles(rig, [])
    refresh(skin)


def known_styles(rig: bpy.types.Object) -> list[dict[str, Any]]:
    """What is known of each look that an actor wears."""
    found = provenance.read(rig).get(STYLES)
    return [entry if isinstance(entry, dict) else {} for entry in found] if isinstance(found, list) else []


def note_styles(rig: bpy.types.Object, styles: list[dict[str, Any]]) -> None:
    """Write what is known of the looks into the actor's record."""
    record = provenance.read(rig)
    record.pop(STYLES, None)
    if styles:
        record[STYLES] = styles
    provenance.tag(rig, record)
