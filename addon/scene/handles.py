"""Names for actors that outlive undo, renaming, duplication and saving: no Blender object is held between two ticks.

A handle is a small dict of JSON values. Within one run of Blender it finds the very object by its session uid; in a
saved file, or where Blender has no session uids (before 4.1), by the uid that the actor carries as a property.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import bpy

from ...backend.protocol import InvalidInput
from .skeleton import has_skeleton, why_no_skeleton

UID = "impromptu_uid"
"""Custom property of rig and skin: the same on both, different for every actor."""
SLIDERS = ('["word_', '["face_')
"""What the paths of custom properties of word sliders hold."""
_SESSION = uuid.uuid4().hex
"""Session uids mean something within this run only."""
_skins: dict[str, str] = {}
"""Rig's name -> skin's name, as last found; checked each time it is used."""


def new_uid() -> str:
    """A uid for a new actor."""
    return uuid.uuid4().hex[:16]


def is_actor(obj: bpy.types.Object | None) -> bool:
    """Whether an object is the rig of an actor."""
    return obj is not None and obj.type == "ARMATURE" and (UID in obj or has_skeleton(obj))


def mark(rig: bpy.types.Object, skin: bpy.types.Object | None) -> str:
    """Give an actor a uid of its own and return it."""
    uid = new_uid()
    for obj in (rig, skin):
        if obj is not None and obj.library is None:
            obj[UID] = uid
    return uid


def _age(obj: bpy.types.Object) -> tuple[int, str]:
    """Sorts an original before its duplicates."""
    return getattr(obj, "session_uid", 0), obj.name


def tell_apart() -> None:
    """Give every duplicated actor a uid of its own; the original keeps its own. Not to be called while drawing."""
    owners: dict[str, list[bpy.types.Object]] = {}
    for obj in bpy.data.objects:
        if is_actor(obj) and obj.library is None:
            owners.setdefault(str(obj.get(UID, "")), []).append(obj)
    for uid, rigs in owners.items():
        rigs.sort(key=_age)
        for rig in rigs if not uid else rigs[1:]:
            mark(rig, skin_of(rig))


def actors(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """The rigs of the actors in a scene, linked ones too."""
    return [obj for obj in scene.objects if is_actor(obj)]


def actor_of(context: Any) -> bpy.types.Object | None:
    """The rig of the actor that is active: the active object, its parent, or the armature that deforms it."""
    obj = getattr(context, "active_object", None) or getattr(context, "object", None)
    seen: list[bpy.types.Object | None] = [obj]
    if obj is not None:
        seen += [obj.parent, *(m.object for m in obj.modifiers if m.type == "ARMATURE")]
    return next((o for o in seen if is_actor(o)), None)


def require_actor(context: Any) -> bpy.types.Object:
    """The active actor's rig.

    Raises:
        InvalidInput: none is active.
    """
    rig = actor_of(context)
    if rig is None:
        raise InvalidInput("No actor is active.", "Click an actor made by Impromptu, or make one.")
    return rig


def _wears(obj: bpy.types.Object, rig: bpy.types.Object) -> bool:
    return obj.type == "MESH" and any(m.type == "ARMATURE" and m.object == rig for m in obj.modifiers)


def _skins_of(rig: bpy.types.Object) -> Iterator[bpy.types.Object]:
    for obj in bpy.data.objects:
        if _wears(obj, rig) and obj.data.shape_keys is not None:
            yield obj


def skin_of(rig: bpy.types.Object) -> bpy.types.Object | None:
    """The mesh that the rig deforms and whose shape keys are the actor's shape: the oldest one of them."""
    key = f"{rig.library.filepath if rig.library else ''}|{rig.name}"
    known = bpy.data.objects.get(_skins.get(key, ""))
    if (
        known is not None
        and known.library == rig.library
        and _wears(known, rig)
        and known.data.shape_keys is not None
    ):
        return known
    # Keys of an actor are named Shape000...: clothes on the same rig may have shape keys of their own.
    found = sorted(_skins_of(rig), key=lambda o: ("Shape000" not in o.data.shape_keys.key_blocks, _age(o)))
    if not found:
        return None
    _skins[key] = found[0].name
    return found[0]


def is_editable(rig: bpy.types.Object) -> bool:
    """False for an actor that is linked from another file, unless it is overridden here."""
    return rig.library is None


def why_not_reshaped(rig: bpy.types.Object) -> str:
    """One sentence on why an actor's body cannot be changed here, empty where it can."""
    skin = skin_of(rig)
    if rig.library is not None:
        return f"{rig.name} is linked from another file: it is changed there."
    blocks = [rig.data, *((skin, skin.data, skin.data.shape_keys) if skin else ())]
    if any(b is not None and (b.library is not None or b.override_library is not None) for b in blocks):
        return f"{rig.name} takes its body from another file: its motion can be changed here, its shape there."
    if skin is None:
        return f"{rig.name} has no mesh with shape keys."
    why = why_no_skeleton(rig)
    return f"{why.removesuffix('.')}: make it again." if why else ""


def require_editable(rig: bpy.types.Object) -> None:
    """Raises InvalidInput for an actor that is linked from another file."""
    if not is_editable(rig):
        raise InvalidInput(
            f"{rig.name} is linked from another file.", "Change it there, or make a library override of it."
        )


def handle(obj: bpy.types.Object) -> dict[str, Any]:
    """What `resolve` needs to find an object again, as JSON values."""
    return {
        "name": obj.name,
        "uid": str(obj.get(UID, "")),
        "session": _SESSION,
        "session_uid": int(getattr(obj, "session_uid", 0)),
        "library": obj.library.filepath if obj.library else "",
    }


def resolve(found: dict[str, Any]) -> bpy.types.Object | None:
    """The object of a handle, or None where it was deleted or its making undone.

    Renamed objects are found, and of an object and its duplicates the very object.
    """
    library = found.get("library", "")
    here = [o for o in bpy.data.objects if o.users_scene and (o.library.filepath if o.library else "") == library]
    number, uid, name = found.get("session_uid", 0), found.get("uid", ""), found.get("name", "")
    same_run = found.get("session") == _SESSION and number
    if same_run:
        very = next((o for o in here if getattr(o, "session_uid", 0) == number), None)
        if very is not None:
            return very
    if not uid:
        return None if same_run else next((o for o in here if o.name == name), None)
    alike = [o for o in here if o.get(UID) == uid and o.type == "ARMATURE"]
    named = next((o for o in alike if o.name == name), None)
    # In the same run only the name speaks for an object of another session uid: it may be a duplicate.
    return named or (min(alike, key=_age) if alike and not same_run else None)


def own_data(rig: bpy.types.Object) -> None:
    """Make the data of an actor its own where a linked duplicate shares it, so that its sliders move it alone."""
    skin = skin_of(rig)
    if rig.data.users - rig.data.use_fake_user > 1:
        rig.data = rig.data.copy()
    if skin is not None and skin.data.users - skin.data.use_fake_user > 1:
        skin.data = skin.data.copy()
    if skin is not None:
        point_drivers(skin, rig)


def point_drivers(skin: bpy.types.Object, rig: bpy.types.Object) -> None:
    """Let pose correctives, looks and sliders of an actor follow its own rig."""
    for block in (skin, skin.data.shape_keys, rig):
        animation = block.animation_data
        for curve in animation.drivers if animation else ():
            for variable in curve.driver.variables:
                for target in variable.targets:
                    # What a person lets the rig itself follow may well be another actor.
                    own = block != rig or any(mark in target.data_path for mark in SLIDERS)
                    if own and target.id != rig and is_actor(target.id):
                        target.id = rig
