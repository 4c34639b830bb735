"""Operators of the body's shape and face."""

from __future__ import annotations

import random
from typing import Any

import bpy

from ...backend.protocol import ImpromptuError
from ..properties_actor import sync
from ..scene import gender
from ..scene.draws import bounded_normals
from ..scene.handles import actor_of, require_actor, skin_of, tell_apart, why_not_reshaped
from ..scene.shape import set_values, update_joints
from ..scene.shape_arrays import keys_of
from ..scene.sliders import renew
from ..words import explain, say

PLAUSIBLE = 2.2
"""Standard deviations that a random axis stays within."""
FACES = 0.8
"""Greatest value that a random expression gives one axis."""


def can_reshape(cls: Any, context: Any) -> bool:
    """Whether the active actor's body can be changed; says why not in the button's tooltip."""
    rig = actor_of(context)
    reason = "Click an actor first" if rig is None else why_not_reshaped(rig)
    if reason and hasattr(cls, "poll_message_set"):
        cls.poll_message_set(reason)
    return not reason


def failed(operator: bpy.types.Operator, error: ImpromptuError) -> set[str]:
    """Report an error that a person can mend, in its one sentence and hint."""
    operator.report({"ERROR"}, explain(error))
    return {"CANCELLED"}


class ShapeOperator:
    """What the operators of this module share: an actor whose body this file owns, and one undo step."""

    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012 - Blender wants a set

    @classmethod
    def poll(cls, context: Any) -> bool:
        return can_reshape(cls, context)

    def execute(self, context: Any) -> set[str]:
        try:
            tell_apart()
            rig = require_actor(context)
            sync(rig)
            self.change(rig)
        except ImpromptuError as error:
            return failed(self, error)
        return {"FINISHED"}

    def change(self, rig: bpy.types.Object) -> None:
        """What the operator does to the actor."""
        raise NotImplementedError


def draw_values(names: list[str], seed: int, amount: float, spread: float) -> dict[str, float]:
    """Bounded random values: of a normal distribution, drawn again beyond `PLAUSIBLE` deviations."""
    return {name: value * amount * spread for name, value in bounded_normals(names, seed, PLAUSIBLE).items()}


class RandomOperator(ShapeOperator):
    """Another seed each time that it is pressed, which may be set again afterwards."""

    seed: bpy.props.IntProperty(name="Seed", description="The same seed gives the same body", default=0, min=0)
    amount: bpy.props.FloatProperty(
        name="Amount", description="1 is as varied as people are", default=1.0, min=0.0, max=1.5
    )

    def invoke(self, context: Any, event: Any) -> set[str]:
        self.seed = random.randrange(1_000_000)
        return self.execute(context)


class IMPROMPTU_OT_random_shape(RandomOperator, bpy.types.Operator):
    """Give the actor a random, plausible body. Joints and the motion's feet follow; takes a tenth of a second"""

    bl_idname = "impromptu.random_shape"
    bl_label = "Random"

    def change(self, rig: bpy.types.Object) -> None:
        keys = [k.name for k in keys_of(skin_of(rig))]
        # One unit is a standard deviation: most people are within one of the mean.
        set_values(rig, draw_values(keys, self.seed, self.amount, 0.8))


class IMPROMPTU_OT_reset_shape(ShapeOperator, bpy.types.Operator):
    """Set every shape axis to 0: the mean body. Joints and the motion's feet follow"""

    bl_idname = "impromptu.reset_shape"
    bl_label = "Reset"

    def change(self, rig: bpy.types.Object) -> None:
        set_values(rig, {k.name: 0.0 for k in keys_of(skin_of(rig))})
        rig[gender.GENDER] = gender.built_as(rig)
        renew(rig)


class IMPROMPTU_OT_set_gender(ShapeOperator, bpy.types.Operator):
    """Turn the body into the male, female or neutral mean and keep your own changes"""

    bl_idname = "impromptu.set_gender"
    bl_label = "Set Gender"

    gender: bpy.props.EnumProperty(
        name="Body",
        items=(
            ("neutral", "Neutral", "The mean of all"),
            ("male", "Male", "The mean of men"),
            ("female", "Female", "The mean of women"),
        ),
    )

    def change(self, rig: bpy.types.Object) -> None:
        gender.set_gender(rig, self.gender)
        renew(rig)


class IMPROMPTU_OT_update_joints(ShapeOperator, bpy.types.Operator):
    """Move the joints to where the shape keys put them, and fit the motion's feet to the legs. Needed after shape keys were changed by hand, or with Live Joints off"""  # noqa: E501

    bl_idname = "impromptu.update_joints"
    bl_label = "Update Joints"

    def change(self, rig: bpy.types.Object) -> None:
        if not update_joints(rig):
            self.report({"INFO"}, say("The joints are where the shape wants them"))


class IMPROMPTU_OT_random_expression(ShapeOperator, bpy.types.Operator):
    """Give the actor a random face"""

    bl_idname = "impromptu.random_expression"
    bl_label = "Random"

    seed: bpy.props.IntProperty(name="Seed", description="The same seed gives the same face", default=0, min=0)

    def invoke(self, context: Any, event: Any) -> set[str]:
        self.seed = random.randrange(1_000_000)
        return self.execute(context)

    def change(self, rig: bpy.types.Object) -> None:
        keys = [k.name for k in keys_of(skin_of(rig), "EXPRESSION")]
        rng = random.Random(self.seed)
        # Faces move in few ways at a time, and a muscle pulls one way only.
        moved = set(rng.sample(keys, min(3, len(keys))))
        set_values(rig, {k: rng.uniform(0.2, FACES) if k in moved else 0.0 for k in keys})


class IMPROMPTU_OT_reset_expression(ShapeOperator, bpy.types.Operator):
    """Set every expression slider to 0: a face at rest"""

    bl_idname = "impromptu.reset_expression"
    bl_label = "Reset"

    def change(self, rig: bpy.types.Object) -> None:
        set_values(rig, {k.name: 0.0 for k in keys_of(skin_of(rig), "EXPRESSION")})


classes = (
    IMPROMPTU_OT_random_shape,
    IMPROMPTU_OT_reset_shape,
    IMPROMPTU_OT_set_gender,
    IMPROMPTU_OT_update_joints,
    IMPROMPTU_OT_random_expression,
    IMPROMPTU_OT_reset_expression,
)
