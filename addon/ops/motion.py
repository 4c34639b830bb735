"""Operators of the motion model: change the actor's motion, recognise it."""

from __future__ import annotations

import itertools
from typing import Any

import bpy

from .. import session
from ..landings_motion import EDIT, RECOGNISE
from ..motion_request import classify_request, edit_requests
from ..scene.handles import actor_of, require_actor, require_editable
from ..words import short
from .act import JobStarter, library_of


class MotionOperator(JobStarter):
    """What the operators of this module share: an actor that is active."""

    @classmethod
    def poll(cls, context: Any) -> bool:
        """An actor must be active."""
        ready = actor_of(context) is not None
        if not ready and hasattr(cls, "poll_message_set"):
            cls.poll_message_set("Click an actor first")
        return ready


class IMPROMPTU_OT_edit_motion(MotionOperator, bpy.types.Operator):
    """Change the active actor's motion as the panel says. Takes a few seconds, more the first time; makes a new action, the old one stays; one undo step"""  # noqa: E501

    bl_idname = "impromptu.edit_motion"
    bl_label = "Edit Motion"

    def submit(self, context: Any) -> Any:
        """Write the motions for the backend and queue the change, several where several steps are wanted."""
        rig = require_actor(context)
        require_editable(rig)
        requests, origins = edit_requests(context.scene.impromptu_motion, rig, library_of(context.scene.impromptu))
        options = {"made_from": origins, "placement": "REPLACE" if len(requests) == 1 else "BESIDE"}
        jobs = [session.submit(context, request, title, EDIT, rig, options) for request, title in requests]
        for job, following in itertools.pairwise(jobs):
            # In background mode each is waited for in turn.
            job.extra["then"] = following.id
        return jobs[0]


class IMPROMPTU_OT_recognise_motion(MotionOperator, bpy.types.Operator):
    """Say what the active actor does: the labels that fit its motion best, and the clips of the library that are nearest. Takes a few seconds, more the first time; changes nothing in the scene"""  # noqa: E501

    bl_idname = "impromptu.recognise_motion"
    bl_label = "Recognise"

    def submit(self, context: Any) -> Any:
        """Write the motion for the backend and queue the question."""
        rig = require_actor(context)
        request = classify_request(context.scene.impromptu_motion, rig, library_of(context.scene.impromptu))
        action = rig.animation_data.action
        options = {"action": action.name if action else ""}
        return session.submit(context, request, short((action or rig).name), RECOGNISE, None, options)


classes = (IMPROMPTU_OT_edit_motion, IMPROMPTU_OT_recognise_motion)
