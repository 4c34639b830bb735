"""Pose correctives that live in a plain .blend: shape keys driven by the bones, without any add-on.

SMPL adds posedirs . vec(R_j - I) to the rest shape for every joint j but the root (SMPL, Eq. 9). A joint's
nine columns are far from independent, so each joint gets the few directions that carry its displacement: the
singular vectors of its columns, weighted by how R - I spreads over the poses that occur. Each becomes one
shape key `Pose_JOINT_K`. Its coefficient is linear in R, hence a quadratic form in the unit quaternion
(w, x, y, z), where the w w term vanishes: nine numbers. The conjugation between SMPL's axes and the bone's own
only turns (x, y, z), so the form is taken to the bone's axes and read off the posed bone directly.
Blender evaluates such an expression natively (+ - * / on variables), so it runs where scripts are not allowed.
"""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

from .actor_data import BodyData
from .armature import pose_axes
from .axes import quaternion_from_axis_angle, to_blender
from .shape_keys import add_key, basis_of

MAX_EXPRESSION = 255
"""Blender cuts driver expressions at this many characters."""
TERMS = ("x*x", "y*y", "z*z", "x*y", "x*z", "y*z", "w*x", "w*y", "w*z")
LEAST_PEAK = 2e-3
"""Directions that never move a vertex by this many metres, in any pose of the spread, are left out.

In the poses of a real clip, which are far milder, that is an error below 0.1 mm, and it saves a third of the keys.
"""
LEAST_OFFSET = 2e-5
"""Offsets below this many metres are zeroed, which keeps exported morph targets sparse."""
MOST_ANGLE = 2.3
"""Poses that the weighting expects: any axis, up to this angle in radians."""


@dataclass(frozen=True)
class Corrective:
    """One driven shape key."""

    joint: str
    number: int
    offset: np.ndarray
    """(V, 3) displacement for a coefficient of 1, in SMPL's frame."""
    feature: np.ndarray
    """(9,) row by row: the coefficient is feature . vec(R - I)."""

    @property
    def name(self) -> str:
        return f"Pose_{self.joint}_{self.number}"


def _spread(samples: int = 400) -> np.ndarray:
    """(samples, 9) vec(R - I) over axes in every direction and angles up to `MOST_ANGLE`; always the same."""
    rng = np.random.default_rng(0)
    axes = rng.normal(size=(samples, 3))
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    q = quaternion_from_axis_angle(axes * rng.uniform(0, MOST_ANGLE, (samples, 1)))
    return np.stack([feature_of_quaternion(v) for v in q])


def feature_of_quaternion(q: np.ndarray) -> np.ndarray:
    """(9,) vec(R - I), row by row, of a unit quaternion w, x, y, z."""
    w, x, y, z = q
    return 2 * np.array(
        [-y * y - z * z, x * y - w * z, x * z + w * y, x * y + w * z, -x * x - z * z, y * z - w * x,
         x * z - w * y, y * z + w * x, -x * x - y * y]
    )  # fmt: skip


def compress_joint(columns: np.ndarray, spread: np.ndarray, least: float = LEAST_PEAK) -> list[tuple]:
    """The directions of one joint's (V*3, 9) columns that move the skin.

    Args:
        spread: (samples, 9) features of the poses to expect.
        least: metres; a direction that never moves a vertex so far is dropped.

    Returns:
        (offset (V, 3), feature (9,)) pairs, strongest first, scaled so that the coefficient's peak is 1.
    """
    values, vectors = np.linalg.eigh(spread.T @ spread / len(spread))
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    inverse = (vectors / np.sqrt(values.clip(1e-9))) @ vectors.T
    # The left singular vectors of the tall matrix through its 9 x 9 Gram matrix.
    strength, right = np.linalg.eigh(root @ (columns.T @ columns) @ root)
    out = []
    for k in np.argsort(strength)[::-1]:
        feature = inverse @ right[:, k]
        peak = np.abs(spread @ feature).max()
        offset = (columns @ (root @ right[:, k])).reshape(-1, 3) * peak
        if np.linalg.norm(offset, axis=1).max() >= least:
            out.append((offset, feature / peak))
    return out


def compress(body: BodyData, least: float = LEAST_PEAK) -> list[Corrective]:
    """All correctives of a body, by joint; none where the model has no posedirs."""
    if body.posedirs is None:
        return []
    spread = _spread()
    vertices, joints = len(body.v_template), len(body.parents)
    moved = _moved(body.posedirs).reshape(vertices, joints - 1, 9).any(2)
    out = []
    for j in range(1, joints):
        # A joint moves the skin around itself alone: a tenth of the work.
        near = np.flatnonzero(moved[:, j - 1])
        columns = body.posedirs[near, :, 9 * (j - 1) : 9 * j].astype(np.float64).reshape(-1, 9)
        if np.abs(columns).max(initial=0.0) < LEAST_OFFSET:
            continue
        for k, (local, feature) in enumerate(compress_joint(columns, spread, least)):
            offset = np.zeros((vertices, 3), np.float32)
            small = np.linalg.norm(local, axis=1) < LEAST_OFFSET
            offset[near] = np.where(small[:, None], 0.0, local)
            out.append(Corrective(body.joint_names[j], k, offset, feature))
    return out


def _moved(posedirs: np.ndarray) -> np.ndarray:
    """(V, 9 (J-1)) which columns move which vertices at all."""
    if posedirs.dtype == np.float16:
        # Half floats are compared one by one in software; their bits but the sign are 0 for a zero.
        bits = np.bitwise_or.reduce(posedirs.view(np.uint16), axis=1)
        return (bits & 0x7FFF) != 0
    return (posedirs != 0).any(1)


def quadratic_form(feature: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """(9,) factors of `TERMS` in the bone's own quaternion.

    Args:
        feature: (9,) coefficient per entry of R - I, in SMPL's axes.
        axes: (3, 3) takes vectors of SMPL's axes to the bone's (`armature.pose_axes`).
    """
    f = feature.reshape(3, 3)
    # vec(R - I) . f = v' (f + f') v - 2 tr(f) v'v + 2 w (antisymmetric part of f) . v, with R = R(w, v).
    square = axes @ ((f + f.T) - 2 * np.trace(f) * np.eye(3)) @ axes.T
    cross = axes @ (2 * np.array([f[2, 1] - f[1, 2], f[0, 2] - f[2, 0], f[1, 0] - f[0, 1]]))
    upper = [2 * square[0, 1], 2 * square[0, 2], 2 * square[1, 2]]
    return np.array([square[0, 0], square[1, 1], square[2, 2], *upper, *cross])


def expression(factors: np.ndarray) -> str:
    """The driver's text: the quadratic form over the squared norm, as Blender normalises the quaternion too."""
    a, b, c, ab, ac, bc, wa, wb, wc = (f"{v:+.4f}" for v in factors)
    text = f"(x*({a}*x{ab}*y{ac}*z{wa}*w)+y*({b}*y{bc}*z{wb}*w)+z*({c}*z{wc}*w))/(w*w+x*x+y*y+z*z+0.000001)"
    assert len(text) <= MAX_EXPRESSION, text
    return text


def add_correctives(obj: bpy.types.Object, rig: bpy.types.Object, body: BodyData) -> int:
    """Add the driven keys to a mesh that has its Basis.

    Returns:
        how many keys were added.
    """
    correctives = compress(body)
    axes = dict(zip(body.joint_names, pose_axes(rig, body.joint_names), strict=True))
    basis = basis_of(obj)
    for c in correctives:
        key = add_key(obj, c.name, basis, to_blender(c.offset))
        drive(key, rig, c.joint, expression(quadratic_form(c.feature, axes[c.joint])))
    return len(correctives)


def drive(key: bpy.types.ShapeKey, rig: bpy.types.Object, bone: str, text: str) -> None:
    """Drive a key's value by an expression in w, x, y, z of a bone's rotation."""
    driver = key.driver_add("value").driver
    driver.type = "SCRIPTED"
    for name in "wxyz":
        variable = driver.variables.new()
        variable.name = name
        # The channel of the evaluated bone, not its property: right in any rotation mode, and under constraints.
        variable.type = "TRANSFORMS"
        target = variable.targets[0]
        target.id = rig
        target.bone_target = bone
        target.transform_type = f"ROT_{name.upper()}"
        target.rotation_mode = "QUATERNION"
        target.transform_space = "LOCAL_SPACE"
    driver.expression = text
