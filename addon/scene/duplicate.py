"""An actor once more, beside the ones that are there: for variants of a look."""

from __future__ import annotations

import bpy

from ...backend.protocol import InvalidInput
from .handles import actors, mark, point_drivers, skin_of
from .placement import MARGIN, rig_reach


def duplicate_beside(rig: bpy.types.Object) -> bpy.types.Object:
    """A copy of an actor with data of its own, on the left of all others; both play the same action.

    Returns:
        the copy's rig.

    Raises:
        InvalidInput: the actor has no mesh.
    """
    skin = skin_of(rig)
    if skin is None:
        raise InvalidInput(f"{rig.name} has no mesh.", "Choose an actor made by Impromptu.")
    bpy.context.view_layer.update()
    edge = max(rig_reach(other)[1] for other in actors(bpy.context.scene))
    own = rig_reach(rig)[0]
    made, worn = rig.copy(), skin.copy()
    made.data, worn.data = rig.data.copy(), skin.data.copy()
    for new, old in ((made, rig), (worn, skin)):
        for collection in old.users_collection:
            collection.objects.link(new)
    if worn.parent == rig:
        worn.parent = made
    for modifier in worn.modifiers:
        if modifier.type == "ARMATURE" and modifier.object == rig:
            modifier.object = made
    mark(made, worn)
    point_drivers(worn, made)
    made.location.x += edge + MARGIN * rig.scale[0] - own
    bpy.context.view_layer.update()
    return made
