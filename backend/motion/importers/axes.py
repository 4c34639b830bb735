"""Which way is up in a file, and where its character faces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..kinematics import Array, matrix_from_axis_angle, rotation_between, unit
from .calibration import STANDING, Body, basis, body_of, oddness, snap
from .mapping import Mapping

Y = np.array([0.0, 1.0, 0.0])
NAMES = ("x", "y", "z")


@dataclass(frozen=True)
class WorldAxes:
    """The file's world against ours."""

    up: Array
    """(3,) the file's up."""
    world: Array
    """(3, 3) W: the file's world to ours, y up."""
    up_name: str
    """`y`, `z`, `-y` ..."""
    facing: str
    """The file's axis that the rest pose faces, or how the motion starts where the rest pose does not say."""
    flags: tuple[str, ...]


def axis_name(direction: Array) -> str:
    """`x`, `-y` ...: the nearest axis."""
    i = int(np.abs(direction).argmax())
    return ("-" if direction[i] < 0 else "") + NAMES[i]


def _floor_rise(places: Array, up: Array) -> float:
    """How much the lowest joint's height varies and how far it is from 0: small along the true up."""
    lowest = (places @ up).min(axis=1)
    return float(np.abs(lowest).mean() + lowest.std())


def _moving_up(body: Body) -> tuple[Array, float]:
    """The axis along which the body stands on average, and how decidedly (0 to 1)."""
    stack = np.concatenate([body.torso, -(body.thighs[0] + body.thighs[1]) / 2])
    mean = np.median(unit(stack), axis=0)
    strength = float(np.abs(mean).max())
    axis = np.zeros(3)
    axis[np.abs(mean).argmax()] = np.sign(mean[np.abs(mean).argmax()])
    return axis, strength


def find_axes(rest: Array, places: Array, mapping: Mapping) -> WorldAxes:
    """Up and facing from the rest pose and the motion.

    A standing body votes with its torso and legs. Where it lies or crawls, the rest pose decides, unless the
    joints keep to a floor along the motion's axis only.

    Args:
        rest: (joints, 3) rest positions.
        places: (frames, joints, 3) sampled positions.
        mapping: the matched skeleton.
    """
    still = body_of(rest, mapping)
    usable = bool(oddness(still, unit(still.torso)) <= STANDING)
    rest_up = snap(still.torso) if usable else Y
    up, strength = _moving_up(body_of(places, mapping))
    flags: list[str] = []
    clear = strength > 0.75 and axis_name(up)[-1] != "x"
    if usable and axis_name(rest_up) != axis_name(up):
        lying = _floor_rise(places, rest_up) <= _floor_rise(places, up)
        if not clear or lying:
            up = rest_up
            flags += ["lying"] if clear else []
    elif not usable and not clear:
        up = Y
        flags.append("up_axis_assumed")
    if np.abs(up).max() < 0.999:
        up = np.eye(3)[np.abs(up).argmax()] * np.sign(up[np.abs(up).argmax()])
    world = rotation_between(up, Y)
    if usable and axis_name(rest_up) == axis_name(up):
        forward = basis(snap(still.left), up)[:, 2]
        heading = world @ forward
        quarter = np.round(np.arctan2(heading[0], heading[2]) / (np.pi / 2)) * (np.pi / 2)
        world = matrix_from_axis_angle([0, -quarter, 0]) @ world
        facing = axis_name(forward)
    else:
        first = world @ np.cross(body_of(places[0], mapping).left, up)
        facing = f"first frame at {np.degrees(np.arctan2(first[0], first[2])):.0f} degrees"
    return WorldAxes(up, np.where(np.abs(world) < 1e-12, 0, world), axis_name(up), facing, tuple(flags))
