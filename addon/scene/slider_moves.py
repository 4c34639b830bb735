"""The drivers of word sliders: shape keys, and bones that make up for what the rest joints have not followed yet.

    betas = rest + move @ values        -> the shape keys
    step = values - fit                 -> one number a slider, 0 once the rest joints stand where they should
    joints move by dirs @ move @ step   -> locations of the bones, along their own rest axes

A bone that is moved takes its skin along, which the shape keys have moved already; so each slider has one more shape
key, `Joints_WORD`, that takes back what the bones carry. It counts for the step alone: with the joints refitted, a
body is skinned as without sliders. Every expression is one that Blender evaluates by itself, without Python.
"""

from __future__ import annotations

import string
from typing import Any

import bpy
import numpy as np

from ...backend.protocol import InvalidInput
from .axes import TO_BLENDER
from .correctives import MAX_EXPRESSION
from .probes import probes_of, read_weights
from .sampling import bone_path, channels_of, keys_in, sample_root, sample_rotations
from .shape import fit_root
from .shape_arrays import keys_of, shape_arrays
from .shape_keys import LIMIT, add_key, basis_of
from .skeleton import Skeleton, global_rotations, skeleton_of
from .slider_state import FAMILY, FIT, NOW, STEP, Words

KEY = "Joints_"
"""What the shape keys that take back the bones' part are called: `Joints_tall`."""
LETTERS = "".join(c for c in string.ascii_letters if c not in "er")
"""Variables of the expressions, one a slider; `r` is the rest."""
LEAST = 1e-5
"""Metres for one unit of a slider; bones that move less have no driver."""
SOLE = 0.01
"""Metres over the lowest point that count as the soles of a body at rest."""
SAMPLES = 40
"""Frames of an action that are looked at to know how far the root rises."""


def drive(owner: Any, path: str, index: int, text: str, reads: dict[str, tuple[bpy.types.ID, str]]) -> None:
    """Drive a property by an expression.

    Args:
        owner: of the property.
        index: component of the property; -1 for one that has none.
        text: of variables, numbers, + - * / ( ), min and max alone, which Blender evaluates without Python.
        reads: variable -> data-block and RNA path of what it reads.

    Raises:
        InvalidInput: there are more sliders than an expression holds.
    """
    if len(text) > MAX_EXPRESSION:
        raise InvalidInput("These are more sliders than Blender can drive.", "Train fewer words: --words 8.")
    owner.driver_remove(path, index)
    driver = owner.driver_add(path, index).driver
    driver.type = "SCRIPTED"
    for name, (block, where) in reads.items():
        variable = driver.variables.new()
        variable.name, variable.type = name, "SINGLE_PROP"
        variable.targets[0].id, variable.targets[0].data_path = block, where
    driver.expression = text


def linear(factors: np.ndarray, digits: int = 5) -> str:
    """`+.12*a-.3*b` for (d,) factors; `0` where all are nothing."""
    least = 0.5 * 10**-digits
    parts = [f"{f:+.{digits}f}*{LETTERS[i]}" for i, f in enumerate(factors) if abs(f) >= least]
    return "".join(p.replace("0.", ".", 1) for p in parts) or "0"


def short_enough(factors: np.ndarray) -> str:
    """The sum with as many digits as an expression has room for."""
    texts = [linear(factors, digits) for digits in (5, 4)]
    return next((t for t in texts if len(t) <= MAX_EXPRESSION), texts[-1])


def used(text: str, rig: bpy.types.Object, paths: list[str]) -> dict[str, tuple[bpy.types.ID, str]]:
    """The variables of an expression: what each reads on the rig."""
    return {LETTERS[i]: (rig, path) for i, path in enumerate(paths) if f"*{LETTERS[i]}" in text}


def drive_keys(rig: bpy.types.Object, skin: bpy.types.Object, words: Words) -> None:
    """Let the shape keys follow rest and sliders, within the limit."""
    for i, (name, low, high) in enumerate(zip(words.names, words.map.low, words.map.high, strict=True)):
        drive(rig, f'["{name}{NOW}"]', -1, f"min(max(v,{low:.6f}),{high:.6f})", {"v": (rig, words.paths[i])})
    low, high = words.centre - words.map.limit, words.centre + words.map.limit
    paths = [f'["{name}{NOW}"]' for name in words.names]
    for k, key in enumerate(keys_of(skin, FAMILY[words.coefficients])[: len(words.rests)]):
        total = linear(words.map.move[k])
        # A coefficient that lies beyond the limit by itself may stay there, but goes no further.
        text = f"max(min(r+({total}),max(r,{high[k]:.4f})),min(r,{low[k]:.4f}))"
        rest = {"r": (rig, f'data["{words.rests[k]}"]')}
        drive(key, "value", -1, text, {**rest, **used(text, rig, paths)})


def joint_steps(skeleton: Skeleton, words: Words) -> np.ndarray:
    """(J, 3, d) by how much one unit of each slider moves each joint, in the armature's frame."""
    return np.einsum("ab,jbk,kd->jad", TO_BLENDER, skeleton.dirs[:, :, : len(words.rests)], words.map.move)


def sole_steps(skin: bpy.types.Object, skeleton: Skeleton, words: Words, betas: np.ndarray) -> np.ndarray:
    """(3, d) by how much one unit of each slider moves the soles of the body at rest, in the armature's frame."""
    probes, _ = probes_of(skin, skeleton)
    arrays = shape_arrays(skin)
    heights = arrays.shaped(betas)[probes, 2]
    lowest = probes[heights < heights.min() + SOLE]
    moves = arrays.dirs.reshape(len(arrays.basis), 3, -1)[lowest][:, :, : len(words.rests)] @ words.map.move
    return moves.mean(0)


def drive_bones(rig: bpy.types.Object, skin: bpy.types.Object, words: Words, betas: np.ndarray) -> None:
    """Let the bones follow the steps of the sliders, and the whole actor rise so that its soles keep the ground."""
    skeleton = skeleton_of(rig)
    for name, path in zip(words.names, words.paths, strict=True):
        reads = {"a": (rig, path.replace(name, name + NOW)), "f": (rig, f'data["{name}{FIT}"]')}
        drive(rig, f'["{name}{STEP}"]', -1, "a-f", reads)
    moves = joint_steps(skeleton, words)
    for j, name in enumerate(skeleton.names):
        p = int(skeleton.parents[j])
        if p >= 0:
            _drive_bone(rig, words, name, skeleton.axes[j].T @ (moves[j] - moves[p]))
    drive_root(rig, skin, words, betas)


def drive_root(rig: bpy.types.Object, skin: bpy.types.Object, words: Words, betas: np.ndarray) -> None:
    """Let the actor rise so that its soles keep the ground, by the object's delta location.

    The root joint's own location holds the motion, the bone over it is for people to move. A delta location that
    somebody uses already is left alone.

    Args:
        betas: (S,) that the rig's motion fits.
    """
    skeleton = skeleton_of(rig)
    rise = _rise_in_motion(rig, skin, skeleton, words, betas)
    if rise is None:
        rise = (joint_steps(skeleton, words)[skeleton.root] - sole_steps(skin, skeleton, words, betas))[2]
    up = np.array(rig.matrix_basis.to_3x3())[:, 2]
    for c in range(3):
        driven = rig.animation_data is not None and rig.animation_data.drivers.find("delta_location", index=c)
        taken = not driven and abs(rig.delta_location[c]) > LEAST
        if not taken and np.abs(up[c] * rise).max(initial=0) > LEAST:
            _drive(rig, words, "delta_location", c, up[c] * rise)


def _rise_in_motion(
    rig: bpy.types.Object, skin: bpy.types.Object, skeleton: Skeleton, words: Words, betas: np.ndarray
) -> np.ndarray | None:
    """(d,) metres by which the root rises on the mean of the action's frames for one unit; None without keys.

    Legs that are bent lift it by less than those of the body at rest.
    """
    channels, path = channels_of(rig), bone_path(skeleton.names[skeleton.root], "location")
    mine = [curve for (name, _), curve in channels.items() if name == path and len(curve.keyframe_points)]
    if not mine:
        return None
    frames = np.unique(np.concatenate([keys_in(curve)[:, 0] for curve in mine]))
    frames = frames[np.linspace(0, len(frames) - 1, min(SAMPLES, len(frames))).astype(int)]
    rotations = global_rotations(skeleton, sample_rotations(rig, skeleton, channels, frames))
    local = sample_root(rig, skeleton, channels, frames)
    place = skeleton.heads(betas)[skeleton.root] + local @ skeleton.axes[skeleton.root].T
    out = []
    for move in words.map.move.T:
        other = betas.copy()
        other[: len(move)] += move
        out.append((fit_root(skeleton, skin, rotations, place, betas, other) - place)[:, 2].mean())
    return np.array(out)


def _drive_bone(rig: bpy.types.Object, words: Words, bone: str, factors: np.ndarray) -> None:
    """Drive a bone's location by (3, d) metres for one unit of each slider."""
    for c in range(3):
        if np.abs(factors[c]).max(initial=0) > LEAST:
            _drive(rig, words, bone_path(bone, "location"), c, factors[c])


def _drive(rig: bpy.types.Object, words: Words, path: str, index: int, factors: np.ndarray) -> None:
    """Drive a component by (d,) factors of the steps."""
    text = short_enough(factors)
    drive(rig, path, index, text, used(text, rig, [f'["{name}{STEP}"]' for name in words.names]))


def add_joint_keys(rig: bpy.types.Object, skin: bpy.types.Object, words: Words) -> None:
    """Add the shape keys that take back what the bones carry."""
    skeleton = skeleton_of(rig)
    carried = np.einsum("vj,jad->dva", read_weights(skin, skeleton.names), joint_steps(skeleton, words))
    basis, blocks = basis_of(skin), skin.data.shape_keys.key_blocks
    for i, (word, name) in enumerate(zip(words.map.words, words.names, strict=True)):
        old = blocks.get(KEY + word)
        if old is not None:
            skin.shape_key_remove(old)
        key = add_key(skin, KEY + word, basis, -carried[i])
        key.slider_min, key.slider_max = -LIMIT, LIMIT
        drive(key, "value", -1, "a", {"a": (rig, f'["{name}{STEP}"]')})


def undrive(rig: bpy.types.Object, skin: bpy.types.Object, words: Words) -> None:
    """Take drivers and keys away; shape keys and bones stay where they are."""
    for key in keys_of(skin, FAMILY[words.coefficients])[: len(words.rests)]:
        value = key.value
        key.driver_remove("value")
        key.value = value
    for name in words.names:
        for helper in (NOW, STEP):
            rig.driver_remove(f'["{name}{helper}"]')
    if words.coefficients != "betas":
        return
    mine = {f'["{name}{STEP}"]' for name in words.names}
    animation = rig.animation_data
    for curve in list(animation.drivers) if animation else ():
        read = {t.data_path for v in curve.driver.variables for t in v.targets}
        path, index = curve.data_path, curve.array_index
        if path.endswith("location") and read and read <= mine:
            rig.driver_remove(path, index)
            try:
                rig.path_resolve(path)[index] = 0.0
            except ValueError:
                # The bone is gone.
                continue
    for word in words.map.words:
        key = skin.data.shape_keys.key_blocks.get(KEY + word)
        if key is not None:
            key.driver_remove("value")
            skin.shape_key_remove(key)
