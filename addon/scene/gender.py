"""Male, female and neutral on one body: the difference of the three means lies in the shape axes themselves."""

from __future__ import annotations

from collections.abc import Mapping

import bpy
import numpy as np

from ...backend.protocol import InvalidInput
from .handles import skin_of
from .shape import require_shape, set_values
from .shape_arrays import keys_of, labels_of

GENDER = "impromptu_gender"
"""Custom property of the rig: which mean its betas are measured from, as shown."""
GENDERS = ("neutral", "male", "female")
AXIS = "feminine"
MEANS = {
    "neutral": {},
    "male": {"stature": 0.68, "weight": 0.10, "feminine": -1.57, "proportions": 0.23, "leg_length": -0.11,
             "chest": -0.67, "belly": 0.22},
    "female": {"stature": -0.73, "feminine": 1.67, "muscle": -0.13, "proportions": -0.21, "leg_length": 0.09,
               "chest": 0.72, "belly": -0.21},
}  # fmt: skip
"""Betas of the male and the female mean over the neutral one: the least squares fit, within 5 mm everywhere."""


def has_gender_axis(rig: bpy.types.Object) -> bool:
    """Whether the body's own axes reach from male to female; without one a new body has to be loaded."""
    skin = skin_of(rig)
    return skin is not None and AXIS in labels_of(skin).values()


def gender_of(rig: bpy.types.Object) -> str:
    """`neutral`, `male` or `female`, as it was built or last set."""
    return str(rig.get(GENDER, "neutral"))


def built_as(rig: bpy.types.Object) -> str:
    """The mean that all betas of 0 give."""
    return str(rig.data.get(GENDER, "neutral"))


def set_gender(rig: bpy.types.Object, gender: str) -> None:
    """Turn the body into another mean, with the person's own changes kept.

    Raises:
        InvalidInput: the body has no such axis, or its shape cannot be changed.
    """
    skin = require_shape(rig)
    if gender not in GENDERS:
        raise InvalidInput(f"{gender!r} is not a body.", f"Choose {', '.join(GENDERS)}.")
    if not has_gender_axis(rig):
        raise InvalidInput(
            f"{rig.name}'s body has no axis from male to female.", "Add a body of that gender beside it."
        )
    values, labels = {}, labels_of(skin)
    for key in keys_of(skin):
        axis = labels.get(key.name, "")
        step = MEANS[gender].get(axis, 0.0) - MEANS.get(gender_of(rig), {}).get(axis, 0.0)
        if not np.isclose(step, 0):
            values[key.name] = key.value + step
    set_values(rig, values)
    rig[GENDER] = gender


def set_axes(rig: bpy.types.Object, betas: Mapping[str, float], gender: str) -> None:
    """Set named axes to betas that count from a mean, whichever one the actor was built from.

    Args:
        betas: axis -> standard deviations from that mean; axes that are not named stay.
        gender: of `GENDERS`, the mean that they count from.

    Raises:
        InvalidInput: the body has none of the axes, or its shape cannot be changed.
    """
    skin = require_shape(rig)
    labels = labels_of(skin)
    known = {labels.get(key.name, ""): key.name for key in keys_of(skin)}
    values = {}
    for axis, beta in betas.items():
        if axis in known:
            mean = MEANS.get(gender, {}).get(axis, 0.0) - MEANS.get(built_as(rig), {}).get(axis, 0.0)
            values[known[axis]] = float(beta) + (mean if has_gender_axis(rig) else 0.0)
    if not values:
        raise InvalidInput(f"{rig.name} has none of these shape axes.", "Add a body of Impromptu's own.")
    set_values(rig, values)
