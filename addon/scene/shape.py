"""The body's shape, live: betas to shape keys, joints and the root's path, so that feet stay where they stand."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

import bpy
import numpy as np

from ...backend.protocol import InvalidInput
from .handles import own_data, skin_of, why_not_reshaped
from .joints import move_joints
from .probes import probe_heights, probes_of
from .sampling import Channels, bone_path, channels_of, keys_in, sample_root, sample_rotations
from .shape_arrays import betas_of, keys_of, shape_arrays
from .shape_keys import LIMIT
from .skeleton import Skeleton, global_rotations, joint_positions, skeleton_of, stored
from .slider_state import absorb, joint_betas, note_fit

BETAS = "joint_betas"
"""Custom property of the armature data: the betas that its joints stand at."""
REFERENCE = "impromptu_root"
"""Custom property of an action (or of a rig without one): the root's path as it was keyed."""
SOFT = 0.06
"""Metres by which a foot is lower than the other when it has e times the say about where the root goes."""


def require_shape(rig: bpy.types.Object) -> bpy.types.Object:
    """The skin of an actor whose shape can be changed.

    Raises:
        InvalidInput: linked, overridden, or without shape keys.
    """
    reason = why_not_reshaped(rig)
    skin = skin_of(rig)
    if reason or skin is None:
        raise InvalidInput(reason or f"{rig.name} has no mesh.", "Choose an actor that this file owns.")
    return skin


def set_values(rig: bpy.types.Object, values: Mapping[str, float], joints: bool = True) -> None:
    """Set shape keys by name, within +-10, and let joints and root follow.

    Args:
        values: shape key -> value, of shape or expression.
        joints: move the joints too; without it `update_joints` catches up later.

    Raises:
        InvalidInput: the actor's shape cannot be changed, or there is no such key.
    """
    require_shape(rig)
    own_data(rig)
    skin = require_shape(rig)
    blocks = skin.data.shape_keys.key_blocks
    for name, value in values.items():
        if name not in blocks:
            raise InvalidInput(f"{skin.name} has no shape key {name}.", "Make the actor again.")
        blocks[name].value = float(np.clip(value, -LIMIT, LIMIT))
    absorb(rig)
    if joints and any(name.startswith("Shape") for name in values):
        update_joints(rig)


def update_joints(rig: bpy.types.Object) -> bool:
    """Move the joints to where the betas on the mesh want them, and the root so that feet keep their ground.

    An action that was fitted to other betas, because another one was played meanwhile, is fitted too.

    Returns:
        whether anything had to move.

    Raises:
        InvalidInput: the actor's shape cannot be changed.
    """
    skin = require_shape(rig)
    skeleton = skeleton_of(rig)
    after = joint_betas(rig, betas_of(skin))
    before = stored(rig.data, BETAS) if BETAS in rig.data else after
    moved = not same(before, after)
    if moved or BETAS not in rig.data:
        move_joints(rig, skeleton, skeleton.heads(after))
        rig.data[BETAS] = after.tolist()
    note_fit(rig)
    return fit_action(rig, skeleton, skin, before, after) or moved


def same(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two sets of betas are one."""
    return a.shape == b.shape and bool(np.abs(a - b).max(initial=0) < 1e-7)


def stamp(holder: Any, betas: np.ndarray) -> None:
    """Note on an action (or on a rig without one) which betas its root's path fits."""
    holder[f"{REFERENCE}_fit"] = np.asarray(betas, np.float64).tolist()
    for name in (REFERENCE, f"{REFERENCE}_betas", f"{REFERENCE}_sum"):
        holder.pop(name, None)


def fit_action(
    rig: bpy.types.Object, skeleton: Skeleton, skin: bpy.types.Object, before: np.ndarray, after: np.ndarray
) -> bool:
    """Fit the root's keys (or its place, where none is keyed) to another shape.

    What was keyed is kept as the reference: going there and back gives the same keys, however long a slider is
    dragged. A hand-made change of the root's keys makes them the new reference.

    Args:
        before: betas that the path fits, where it does not say so itself.

    Returns:
        whether it had to change.
    """
    path = bone_path(skeleton.names[skeleton.root], "location")
    keyed = any(p == path for p, _ in channels_of(rig))
    holder: Any = rig.animation_data.action if keyed else rig
    before = stored(holder, f"{REFERENCE}_fit") if f"{REFERENCE}_fit" in holder else before
    if same(before, after):
        return False
    holder = own_action(rig) if keyed else rig
    channels = channels_of(rig)
    mine = [channels[path, c] for c in range(3) if (path, c) in channels]
    frames = np.unique(np.concatenate([keys_in(c)[:, 0] for c in mine])) if mine else np.zeros(1)
    now = sample_root(rig, skeleton, channels, frames)
    base, base_betas = _reference(holder, now) or (now, before)
    rotations = global_rotations(skeleton, sample_rotations(rig, skeleton, channels, frames))
    axes, root = skeleton.axes[skeleton.root], skeleton.root
    place = skeleton.heads(base_betas)[root] + base @ axes.T
    moved = fit_root(skeleton, skin, rotations, place, base_betas, after)
    _write_root(rig, skeleton, channels, frames, (moved - skeleton.heads(after)[root]) @ axes)
    stamp(holder, after)
    holder[REFERENCE] = base.ravel().tolist()
    holder[f"{REFERENCE}_betas"] = base_betas.tolist()
    holder[f"{REFERENCE}_sum"] = checksum(sample_root(rig, skeleton, channels, frames))
    return True


def own_action(rig: bpy.types.Object) -> bpy.types.Action:
    """The rig's action, copied first where another actor plays it too, or where another file owns it."""
    action = rig.animation_data.action
    others = (o for o in bpy.data.objects if o != rig and o.animation_data and o.animation_data.action == action)
    if action.library is not None or next(others, None) is not None:
        slot = getattr(rig.animation_data, "action_slot", None)
        identifier = slot.identifier if slot else ""
        action = action.copy()
        action.use_fake_user = True
        rig.animation_data.action = action
        if identifier:
            rig.animation_data.action_slot = action.slots[identifier]
    return action


def checksum(values: np.ndarray) -> int:
    """A number that tells whether keys are as they were written."""
    return zlib.crc32(np.round(values, 5).astype(np.float32).tobytes()) & 0x7FFFFFFF


def _reference(holder: Any, now: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """The root's path before any change of shape and the betas it was made for, unless it was edited since."""
    if REFERENCE not in holder or holder.get(f"{REFERENCE}_sum") != checksum(now):
        return None
    base = stored(holder, REFERENCE).reshape(-1, 3)
    return (base, stored(holder, f"{REFERENCE}_betas")) if base.shape == now.shape else None


def fit_root(
    skeleton: Skeleton,
    skin: bpy.types.Object,
    rotations: np.ndarray,
    root: np.ndarray,
    before: np.ndarray,
    after: np.ndarray,
) -> np.ndarray:
    """The root's path for another shape of the same body in the same poses.

    The path grows with the legs. Then, frame by frame, it is moved so that the foot that stands is where the grown
    path had it, and the lowest point of the body as high above the floor: contact stays contact, a jump a jump.

    Args:
        rotations: (N, J, 3, 3) from `global_rotations`.
        root: (N, 3) place of the root joint in the armature's frame, for `before`.
        before: (S,) betas that the path was made for.
        after: (S,) betas of the new shape.

    Returns:
        (N, 3)
    """
    ratio = skeleton.leg_length(after) / skeleton.leg_length(before)
    heads = skeleton.heads(before), skeleton.heads(after)
    grown = root[:1] + (root - root[:1]) * ratio
    probes, weights = probes_of(skin, skeleton)
    arrays = shape_arrays(skin)
    rest = [arrays.shaped(b)[probes] for b in (before, after)]
    low = probe_heights(heads[0], skeleton, rest[0], weights, rotations, root)
    grown[:, 2] = root[:, 2]
    new_low = probe_heights(heads[1], skeleton, rest[1], weights, rotations, grown)
    grown[:, 2] += low.min(1) * np.where(low.min(1) > 0, ratio, 1.0) - new_low.min(1)
    feet = [skeleton.index("left_foot"), skeleton.index("right_foot")]
    if min(feet) < 0:
        return grown
    old = joint_positions(skeleton, heads[0], rotations, root)[:, feet, :2]
    new = joint_positions(skeleton, heads[1], rotations, grown)[:, feet, :2]
    wanted = root[:1, None, :2] + (old - root[:1, None, :2]) * ratio
    # How much each foot stands: by the height of its own lowest point over the body's.
    owner = weights.argmax(1)
    heights = []
    for side in ("left", "right"):
        own = np.isin(owner, [skeleton.index(f"{side}_{n}") for n in ("ankle", "foot")])
        heights.append(low[:, own].min(1) if own.any() else low.min(1))
    share = np.exp(-(np.stack(heights, 1) - low.min(1, keepdims=True)) / SOFT)
    share /= share.sum(1, keepdims=True).clip(1e-9)
    grown[:, :2] += ((wanted - new) * share[..., None]).sum(1)
    return grown


def _write_root(
    rig: bpy.types.Object, skeleton: Skeleton, channels: Channels, frames: np.ndarray, locations: np.ndarray
) -> None:
    """Put (N, 3) locations on the root's keys, each curve at its own frames; unkeyed components on the bone."""
    name = skeleton.names[skeleton.root]
    bone = rig.pose.bones[name]
    for c in range(3):
        curve = channels.get((bone_path(name, "location"), c))
        if curve is None:
            bone.location[c] = locations[0, c]
            continue
        shift_keys(curve, frames, locations[:, c])


def shift_keys(curve: bpy.types.FCurve, frames: np.ndarray, values: np.ndarray) -> None:
    """Set a curve's keys to values given at (N,) frames, which hold those of the keys; handles move along."""
    keys = keys_in(curve)
    wanted = values[np.searchsorted(frames, keys[:, 0]).clip(0, len(frames) - 1)]
    shift = wanted - keys[:, 1]
    for side in ("handle_left", "handle_right"):
        handles = np.empty(keys.size, np.float32)
        curve.keyframe_points.foreach_get(side, handles)
        handles[1::2] += shift
        curve.keyframe_points.foreach_set(side, handles)
    keys[:, 1] = wanted
    curve.keyframe_points.foreach_set("co", keys.astype(np.float32).ravel())
    curve.update()


def all_keys(rig: bpy.types.Object, family: str) -> list[str]:
    """Names of the keys of a family, none for an actor without a mesh."""
    skin = skin_of(rig)
    return [k.name for k in keys_of(skin, family)] if skin else []
