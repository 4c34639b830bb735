"""The dog's shape axes: central differences of the reshaping in one trait at a time."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from .reshape import Reshaper, Traits

AXES = tuple(field.name for field in fields(Traits))
"""In the order of the columns; one unit is about one standard deviation of what dogs the traits mean."""
STEP = 1.5
"""Units up and down at which the differences are taken: the middle of where the axes are used."""
EXACT = {"ear_droop": 2.5}
"""Axes that are linear already, up to where they are."""


def build_axes(reshaper: Reshaper) -> tuple[np.ndarray, np.ndarray]:
    """(V, 3, S) displacement of the skin a unit, and (35, 3, S) of the joints."""
    skin, joints = [], []
    for name in AXES:
        step = EXACT.get(name, STEP)
        up, down = (reshaper.dog(Traits(**{name: sign * step})) for sign in (1.0, -1.0))
        skin.append((up[0] - down[0]) / (2 * step))
        joints.append((up[1] - down[1]) / (2 * step))
    return np.stack(skin, -1), np.stack(joints, -1)
