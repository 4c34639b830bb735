"""Shape from Picture: the body of a person in a photo, from a file or from Blender's image editor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from ...backend.protocol import FIT_BODIES, FitRequest, InvalidInput
from .. import session
from ..scene import gender
from ..scene.described import body_named
from ..scene.handles import actor_of, why_not_reshaped
from ..scene.images import image_file
from ..scene.shape import require_shape
from ..words import short
from .act import JobStarter


class IMPROMPTU_OT_shape_from_picture(JobStarter, bpy.types.Operator):
    """Give the actor the shape of the person in a picture, or add a body where no actor is active. Takes some ten seconds; one undo step"""  # noqa: E501

    bl_idname = "impromptu.shape_from_picture"
    bl_label = "Shape from Picture"

    filepath: bpy.props.StringProperty(
        name="Picture", description="A photo of a person: PNG, JPEG, WebP, BMP or TIFF", subtype="FILE_PATH",
        options={"SKIP_SAVE"},
    )  # fmt: skip
    filter_glob: bpy.props.StringProperty(
        default="*.png;*.jpg;*.jpeg;*.webp;*.bmp;*.tif;*.tiff", options={"HIDDEN", "SKIP_SAVE"}
    )
    image: bpy.props.StringProperty(
        name="Image", description="An image of this file, instead of one on the disk", options={"SKIP_SAVE"}
    )
    height: bpy.props.FloatProperty(
        name="Height", description="Of the person, where you know it: no photo tells it. 0: unknown", default=0.0,
        min=0.0, max=2.3, unit="LENGTH",
    )  # fmt: skip
    person: bpy.props.IntProperty(
        name="Person", description="Which of the people in the picture, from the largest", default=1, min=1, max=6
    )

    @classmethod
    def poll(cls, context: Any) -> bool:
        """Not for an actor whose shape is another file's."""
        rig = actor_of(context)
        reason = why_not_reshaped(rig) if rig is not None else ""
        if reason and hasattr(cls, "poll_message_set"):
            cls.poll_message_set(reason)
        return not reason

    def invoke(self, context: Any, event: Any) -> set[str]:
        """Ask for a file, unless an image was named."""
        if self.image or self.filepath:
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def submit(self, context: Any) -> Any:
        """Queue the picture for the active actor, or for a new one."""
        rig = actor_of(context)
        body = "neutral"
        if rig is not None:
            require_shape(rig)
            body = gender.gender_of(rig) if gender.has_gender_axis(rig) else body_named(rig)
            if body not in FIT_BODIES:
                raise InvalidInput("Photos are understood for Impromptu's own bodies alone.", "Add a body beside it.")
        path, name = self._picture()
        request = FitRequest(image=str(path), body=body, height=self.height, person=self.person)
        return session.submit(context, request, short(name), "fit", rig, {"body": body})

    def _picture(self) -> tuple[Path, str]:
        if self.image:
            image = bpy.data.images.get(self.image)
            if image is None:
                raise InvalidInput("The image is not there any more.", "Open it again.")
            return image_file(image, session.scratch("photo")), image.name
        if not self.filepath:
            raise InvalidInput("No picture is chosen.", "Choose a PNG, JPEG or WebP file.")
        path = Path(bpy.path.abspath(self.filepath))
        return path, path.name


classes = (IMPROMPTU_OT_shape_from_picture,)
