"""An actor: rig, skin, shape keys, correctives, outfit, action and provenance, from one job's arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import bpy

from ...backend.protocol import InvalidInput
from .actions import set_scene_range, write_motion
from .actor_data import BodyData, MotionData
from .armature import create_armature
from .correctives import add_correctives
from .gender import GENDER
from .handles import mark, skin_of
from .joints import object_mode
from .measure import store_girths
from .mesh import create_mesh
from .outfit import dress
from .probes import store_probes
from .provenance import tag
from .shape import BETAS, stamp
from .shape_keys import add_shape_keys


@dataclass(frozen=True)
class Actor:
    """What was built. Hold it no longer than the scene stays as it is: undo and loading invalidate it."""

    rig: bpy.types.Object
    skin: bpy.types.Object
    action: bpy.types.Action | None
    """None for a body that nobody moves."""
    corrective_keys: int

    @classmethod
    def of(cls, rig: bpy.types.Object) -> Actor:
        """The actor of a rig that is in the file.

        Raises:
            InvalidInput: it has no mesh or no action.
        """
        skin = skin_of(rig)
        if skin is None:
            raise InvalidInput(f"{rig.name} has no mesh.", "Choose an actor made by Impromptu.")
        action = rig.animation_data.action if rig.animation_data else None
        keys = sum(k.name.startswith("Pose_") for k in skin.data.shape_keys.key_blocks)
        return cls(rig=rig, skin=skin, action=action, corrective_keys=keys)


def object_names(name: str, body: BodyData) -> tuple[str, str]:
    """Names of rig and skin. A real SMPL-X model gets those that its users know."""
    kind = str(body.header.get("kind", ""))
    if kind.lower().startswith("smpl"):
        gender = str(body.header.get("gender", "neutral"))
        return f"{kind.upper()}-{gender}", f"{kind.upper()}-mesh-{gender}"
    return name, f"{name}-mesh"


def build_body(
    body: BodyData, name: str, provenance: dict[str, Any], colours: Mapping[str, str] = MappingProxyType({})
) -> Actor:
    """Add an actor without a motion to the current scene, standing at its origin in life size.

    Args:
        name: of the actor, for its objects.
        provenance: what is known of its making; the body's header is added to it.
        colours: of garments and hair, sRGB hex codes by the names of `outfit.PALETTE`.
    """
    rig_name, skin_name = object_names(name, body)
    with object_mode():
        rig = create_armature(body, rig_name)
    skin = create_mesh(body, rig, skin_name)
    add_shape_keys(skin, body)
    keys = add_correctives(skin, rig, body)
    dress(skin, body, colours)
    store_probes(skin, body)
    store_girths(skin, body)
    # A Blender unit may stand for something else than a metre.
    rig.scale = [1 / bpy.context.scene.unit_settings.scale_length] * 3
    mark(rig, skin)
    rig.data[BETAS] = body.betas.tolist()
    stamp(rig, body.betas)
    rig[GENDER] = rig.data[GENDER] = str(body.header.get("gender") or "neutral")
    tag(rig, record_of(body, provenance))
    return Actor(rig=rig, skin=skin, action=None, corrective_keys=keys)


def record_of(body: BodyData, provenance: dict[str, Any]) -> dict[str, Any]:
    """A job's provenance with the body's own and this Blender's."""
    told = provenance.get("body")
    described = {**body.header, **told} if isinstance(told, dict) else body.header
    return {**provenance, "body": described, "blender": bpy.app.version_string}


def build_actor(
    body: BodyData,
    motion: MotionData,
    name: str,
    provenance: dict[str, Any],
    colours: Mapping[str, str] = MappingProxyType({}),
) -> Actor:
    """Add an animated actor to the current scene and set the scene's frame range to its motion.

    Args:
        name, provenance, colours: as in `build_body`; the action gets the same.
    """
    actor = build_body(body, name, provenance, colours)
    action = write_motion(actor.rig, body, motion, name)
    stamp(action, body.betas)
    tag(action, record_of(body, provenance))
    set_scene_range(bpy.context.scene, motion)
    return Actor(rig=actor.rig, skin=actor.skin, action=action, corrective_keys=actor.corrective_keys)
