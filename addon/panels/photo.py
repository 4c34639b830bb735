"""The image editor's side panel: the shape of the person in the image that is open."""

from __future__ import annotations

from typing import Any

import bpy

from ..scene.handles import actor_of
from ..words import say
from .words import sentence


class IMPROMPTU_PT_photo(bpy.types.Panel):
    """The shape of the person in this image"""

    bl_idname = "IMPROMPTU_PT_photo"
    bl_label = "Shape from Picture"
    bl_space_type = "IMAGE_EDITOR"
    bl_region_type = "UI"
    bl_category = "Impromptu"

    @classmethod
    def poll(cls, context: Any) -> bool:
        """Only where an image is open."""
        return getattr(context.space_data, "image", None) is not None

    def draw(self, context: Any) -> None:
        """Who gets the shape, and the button."""
        rig = actor_of(context)
        who = say("For {name}", name=rig.name) if rig is not None else "A new body will be added."
        sentence(self.layout, context, who)
        row = self.layout.row()
        row.operator("impromptu.shape_from_picture", icon="IMAGE_DATA").image = context.space_data.image.name


classes = (IMPROMPTU_PT_photo,)
