"""A body without a motion."""

from __future__ import annotations

from typing import Any

import bpy

from ...backend.protocol import BodyRequest
from .. import session
from ..words import say
from .act import JobStarter, body_of


class IMPROMPTU_OT_add_body(JobStarter, bpy.types.Operator):
    """Add a character that stands still, with sliders for its shape and face. Takes a few seconds; one undo step"""

    bl_idname = "impromptu.add_body"
    bl_label = "Add Body"

    def submit(self, context: Any) -> Any:
        """Queue the body; without a prompt, By the Prompt is the neutral one."""
        s = context.scene.impromptu
        request = BodyRequest(body="neutral" if s.body == "auto" else body_of(s))
        return session.submit(context, request, say("Body"), "body")


classes = (IMPROMPTU_OT_add_body,)
