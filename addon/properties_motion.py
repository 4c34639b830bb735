"""What a person sets to change a motion, and what was recognised: kept on the scene, so that it is saved with the file."""  # noqa: E501

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import CollectionProperty, EnumProperty, FloatProperty, IntProperty, PointerProperty, StringProperty

from ..backend.protocol import EditRequest
from .scene.actions import moves_bones
from .scene.handles import is_actor

EDITS = (
    ("words", "By Words", 'Towards what the words say: "like a zombie"'),
    ("mix", "Mix", "Towards a second motion, as a whole"),
    ("parts", "Upper Body", "The upper body moves as in a second motion, the legs as they do"),
    ("difference", "Difference", "One motion is taken away and another added: run - walk + limp is a limping run"),
    ("between", "In-Between", "To the end, then over to a second motion, then that one"),
)
SOURCES = (
    ("ACTION", "Action", "An action of this file, as the active actor would play it"),
    ("ACTOR", "Actor", "What another actor plays now"),
)
SEPARATOR = ";"
"""Between the labels to choose from."""


def _moves_bones(_settings: bpy.types.PropertyGroup, action: bpy.types.Action) -> bool:
    return moves_bones(action)


def _is_actor(_settings: bpy.types.PropertyGroup, obj: bpy.types.Object) -> bool:
    return is_actor(obj) and bool(obj.users_scene)


class IMPROMPTU_PG_second(bpy.types.PropertyGroup):
    """Another motion than the actor's own."""

    source: EnumProperty(name="Source", description="Where the motion is", items=SOURCES, default="ACTION")
    action: PointerProperty(
        name="Action", description="The action whose motion it is", type=bpy.types.Action, poll=_moves_bones
    )
    actor: PointerProperty(
        name="Actor", description="The actor whose motion it is", type=bpy.types.Object, poll=_is_actor
    )


class IMPROMPTU_PG_recognised(bpy.types.PropertyGroup):
    """A label, or a clip, that a motion is near to."""

    label: StringProperty(name="Label")
    clip: StringProperty(name="Clip")
    cosine: FloatProperty(name="Cosine")
    share: FloatProperty(name="Share")


class IMPROMPTU_PG_motion(bpy.types.PropertyGroup):
    """`Scene.impromptu_motion`."""

    how: EnumProperty(name="Edit", description="How the motion is changed", items=EDITS, default=EditRequest.how)
    words: StringProperty(
        name="Words", description='What the motion shall be like: "like a zombie", "proudly"', maxlen=2000
    )
    without: StringProperty(
        name="Instead of",
        description='What it shall be less like: "walking". Empty: what the motion is like now',
        maxlen=2000,
    )
    other: PointerProperty(name="Second Motion", type=IMPROMPTU_PG_second)
    minus: PointerProperty(name="Take Away", type=IMPROMPTU_PG_second)
    amount: FloatProperty(
        name="Amount",
        description="How far: 0 leaves the motion as it is, 1 goes all the way",
        default=EditRequest.amount,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )
    steps: IntProperty(
        name="Steps",
        description="1 makes one mix, by the amount; more make so many, evenly from one motion to the other, each on "
        "an actor of its own beside the others",
        default=1,
        min=1,
        max=9,
    )
    seconds: FloatProperty(
        name="Way",
        description="How long the way from one motion to the other takes",
        default=EditRequest.seconds,
        min=0.1,
        max=10.0,
        precision=2,
        unit="TIME_ABSOLUTE",
    )
    labels: StringProperty(
        name="Labels",
        description="What to choose from, set apart by semicolons; empty: the actions that the model knows",
        maxlen=2000,
    )
    recognised_labels: CollectionProperty(type=IMPROMPTU_PG_recognised)
    recognised_clips: CollectionProperty(type=IMPROMPTU_PG_recognised)
    recognised_action: PointerProperty(type=bpy.types.Action)


def restore(settings: Any, request: EditRequest) -> None:
    """Put a request's settings back into the panel; which motions they were, only the person knows."""
    for name in ("how", "words", "without", "amount", "seconds"):
        setattr(settings, name, getattr(request, name))


classes = (IMPROMPTU_PG_second, IMPROMPTU_PG_recognised, IMPROMPTU_PG_motion)


def register() -> None:
    """Put the settings on every scene."""
    bpy.types.Scene.impromptu_motion = PointerProperty(type=IMPROMPTU_PG_motion)


def unregister() -> None:
    """Take the settings back; what a file holds of them stays in the file."""
    del bpy.types.Scene.impromptu_motion
