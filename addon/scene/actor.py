"""An actor: rig, skin, shape keys, correctives, outfit, action and provenance, from one job's arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import bpy

from .actions import set_scene_range, write_motion
from .actor_data import BodyData, MotionData
from .armature import create_armature
from .correctives import add_correctives
from .mesh import create_mesh
from .outfit import dress
from .provenance import tag
from .shape_keys import add_shape_keys


@dataclass(frozen=True)
class Actor:
    """What was built. Hold it no longer than the scene stays as it is: undo and loading invalidate it."""

    rig: bpy.types.Object
    skin: bpy.types.Object
    action: bpy.types.Action
    corrective_keys: int


def object_names(name: str, body: BodyData) -> tuple[str, str]:
    """Names of rig and skin. A real SMPL-X model gets those that its users know."""
    kind = str(body.header.get("kind", ""))
    if kind.lower().startswith("smpl"):
        gender = str(body.header.get("gender", "neutral"))
        return f"{kind.upper()}-{gender}", f"{kind.upper()}-mesh-{gender}"
    return name, f"{name}-mesh"


def build_actor(
    body: BodyData,
    motion: MotionData,
    name: str,
    provenance: dict[str, Any],
    colours: Mapping[str, str] = MappingProxyType({}),
) -> Actor:
    """Add an animated actor to the current scene and set the scene's frame range to its motion.

    Args:
        name: of the actor, for its objects and its action.
        provenance: what is known of its making; the body's header is added to it.
        colours: of garments and hair, sRGB hex codes by the names of `outfit.PALETTE`.
    """
    rig_name, skin_name = object_names(name, body)
    rig = create_armature(body, rig_name)
    skin = create_mesh(body, rig, skin_name)
    add_shape_keys(skin, body)
    keys = add_correctives(skin, rig, body)
    dress(skin, body, colours)
    action = write_motion(rig, body, motion, name)
    set_scene_range(bpy.context.scene, motion)
    told = provenance.get("body")
    described = {**body.header, **told} if isinstance(told, dict) else body.header
    record = {**provenance, "body": described, "blender": bpy.app.version_string}
    tag(rig, record)
    tag(action, record)
    return Actor(rig=rig, skin=skin, action=action, corrective_keys=keys)
