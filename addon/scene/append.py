"""A motion after the one that is there: a new action of old keys and new ones, the old action kept."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from mathutils import Euler, Matrix, Quaternion

from ...backend.protocol import InvalidInput
from .actions import LINEAR, Curves, bone_quaternions, root_locations, scene_rate, store_contacts
from .actor_data import BodyData, MotionData
from .handles import require_editable, skin_of
from .provenance import tag
from .read_motion import action_frames
from .sampling import bone_path, channels_of, keys_in, multiply
from .shape import fit_root, stamp
from .shape_arrays import betas_of
from .skeleton import Skeleton, global_rotations, skeleton_of

Values = np.ndarray
"""(N, components) of a property."""


def append_motion(
    rig: bpy.types.Object, body: BodyData, motion: MotionData, name: str, record: dict[str, Any]
) -> bpy.types.Action:
    """Let a motion follow the rig's action. It starts one frame after the last one of that action.

    The old keys stay as they are; where a bone's curve ends before the seam, its last value is held until there. The
    old action is kept with a fake user, so that it can be chosen again. The seam gets a pose marker. Where strips
    play and no action, the new action begins after them and leaves the time before to them.

    Args:
        body: the body that the motion was made for; its betas may differ from the actor's.
        motion: relative to the rig, as `read_motion` gave the motion before it.
        name: of the new action and of the marker.
        record: provenance of the new part.

    Raises:
        InvalidInput: the actor is linked from another file or has no mesh.
    """
    require_editable(rig)
    skin = skin_of(rig)
    if skin is None:
        raise InvalidInput(f"{rig.name} has no mesh with shape keys.", "Press Act to make the actor anew.")
    skeleton, scene = skeleton_of(rig), bpy.context.scene
    seam = int(action_frames(rig, scene)[-1])
    old = rig.animation_data.action if rig.animation_data else None
    after_strips = old is None and _has_strips(rig)
    action = _copy(rig, old, name)
    if after_strips:
        _begin_after_strips(rig)
    frames = seam + (1 + np.arange(len(motion), dtype=np.float64)) * scene_rate(scene) / motion.fps
    root_offset = _root_bone(rig, seam)
    quaternions = bone_quaternions(rig, body, motion.poses)
    locations = root_locations(rig, body, motion.trans)
    if root_offset is not None:
        quaternions, locations = _under_root(rig, skeleton, root_offset, quaternions, locations)
    made_for = betas_of(skin)
    if body.betas.shape == made_for.shape and np.abs(body.betas - made_for).max(initial=0) > 1e-4:
        locations = _refit(rig, skin, body, motion, made_for, locations)
    curves = Curves(rig, action)
    for j, bone_name in enumerate(skeleton.names):
        bone = rig.pose.bones[bone_name]
        keyed = [("location", locations)] if j == skeleton.root else []
        for path, values in (*keyed, _in_mode(bone, quaternions[:, j])):
            full = bone_path(bone_name, path)
            if after_strips:
                curves.write(full, bone_name, frames, values)
            else:
                _extend(rig, curves, full, bone_name, getattr(bone, path), seam, frames, values)
    store_contacts(action, frames, motion)
    marker = action.pose_markers.new(name)
    marker.frame = seam + 1
    stamp(action, made_for)
    tag(action, record)
    scene.frame_end = max(scene.frame_end, int(np.ceil(frames[-1])))
    return action


def _has_strips(rig: bpy.types.Object) -> bool:
    """Whether the rig's motion so far is, or may be, in strips of its NLA."""
    tracks = rig.animation_data.nla_tracks if rig.animation_data else ()
    return any(not strip.mute for track in tracks if not track.mute for strip in track.strips)


def _begin_after_strips(rig: bpy.types.Object) -> None:
    """Let the action play over the strips from its first key on; by Blender's default it hides them before it too."""
    animation = rig.animation_data
    animation.action_extrapolation = "HOLD_FORWARD"
    animation.action_blend_type, animation.action_influence = "REPLACE", 1.0


def _copy(rig: bpy.types.Object, old: bpy.types.Action | None, name: str) -> bpy.types.Action:
    """A copy of the rig's action, assigned to it; a new one where it has none."""
    slot = getattr(rig.animation_data, "action_slot", None) if rig.animation_data else None
    identifier = slot.identifier if slot else ""
    if old is None:
        action = bpy.data.actions.new(name)
    else:
        old.use_fake_user = old.use_fake_user or old.library is None
        action = old.copy()
        action.name = name
    action.use_fake_user = True
    (rig.animation_data or rig.animation_data_create()).action = action
    if identifier:
        rig.animation_data.action_slot = action.slots[identifier]
    return action


def _root_bone(rig: bpy.types.Object, frame: int) -> np.ndarray | None:
    """(4, 4) how the bone over the root joint stands at the seam, where anybody moved it."""
    parent = next((b for b in rig.pose.bones if b.parent is None), None)
    if parent is None:
        return None
    scene, before = bpy.context.scene, bpy.context.scene.frame_current
    scene.frame_set(frame)
    moved = np.array(parent.matrix) @ np.linalg.inv(np.array(parent.bone.matrix_local))
    scene.frame_set(before)
    return None if np.abs(moved - np.eye(4)).max() < 1e-5 else moved


def _under_root(
    rig: bpy.types.Object, skeleton: Skeleton, moved: np.ndarray, quaternions: Values, locations: Values
) -> tuple[Values, Values]:
    """The root joint's keys under a root bone that is not at rest: it holds its place after the seam."""
    root = skeleton.root
    axes, head = skeleton.axes[root], np.array(rig.data.bones[skeleton.names[root]].head_local)
    back = np.linalg.inv(moved)
    place = (head + locations @ axes.T) @ back[:3, :3].T + back[:3, 3]
    turn = np.array(Matrix((axes.T @ back[:3, :3] @ axes).tolist()).to_quaternion())
    quaternions = quaternions.copy()
    quaternions[:, root] = multiply(turn[None], quaternions[:, root])
    return quaternions, (place - head) @ axes


def _refit(
    rig: bpy.types.Object,
    skin: bpy.types.Object,
    body: BodyData,
    motion: MotionData,
    betas: np.ndarray,
    locations: Values,
) -> Values:
    """Locations for the actor's present shape, where it was changed since the motion was ordered."""
    skeleton = skeleton_of(rig)
    root = skeleton.root
    axes, head = skeleton.axes[root], np.array(rig.data.bones[skeleton.names[root]].head_local)
    rotations = global_rotations(skeleton, bone_quaternions(rig, body, motion.poses))
    path = fit_root(skeleton, skin, rotations, head + locations @ axes.T, body.betas, betas)
    return (path - head) @ axes


def _in_mode(bone: bpy.types.PoseBone, quaternions: Values) -> tuple[str, Values]:
    """The property that turns a bone in its rotation mode, and its values."""
    if bone.rotation_mode == "QUATERNION":
        return "rotation_quaternion", quaternions
    turns = [Quaternion(q) for q in quaternions]
    if bone.rotation_mode == "AXIS_ANGLE":
        pairs = [q.to_axis_angle() for q in turns]
        return "rotation_axis_angle", np.array([[angle, *axis] for axis, angle in pairs])
    out, last = [], Euler(bone.rotation_euler, bone.rotation_mode)
    for q in turns:
        last = q.to_euler(bone.rotation_mode, last)
        out.append(tuple(last))
    return "rotation_euler", np.array(out)


def _extend(
    rig: bpy.types.Object,
    curves: Curves,
    path: str,
    group: str,
    still: Any,
    seam: float,
    frames: np.ndarray,
    values: Values,
) -> None:
    """Add keys to each component of a property, holding its last value until the seam."""
    channels = channels_of(rig)
    last = np.array(
        [channels[path, c].evaluate(seam) if (path, c) in channels else still[c] for c in range(values.shape[1])]
    )
    if path.endswith("rotation_quaternion") and last @ values[0] < 0:
        # q and -q are the same rotation; the nearer one does not turn the long way round at the seam.
        values = -values
    moves = np.abs(values - last).max() > 1e-6
    for c in range(values.shape[1]):
        curve = channels.get((path, c))
        if curve is None and not moves:
            continue
        curve = curve or curves.new(path, c, group)
        if not moves and len(curve.keyframe_points) == 1:
            continue
        ends = keys_in(curve)[-1, 0] if len(curve.keyframe_points) else None
        hold = [] if ends is not None and abs(ends - seam) < 1e-3 else [(seam, last[c])]
        add_keys(curve, np.array([*hold, *zip(frames, values[:, c], strict=True)]))


def add_keys(curve: bpy.types.FCurve, keys: np.ndarray) -> None:
    """Add (K, 2) linear keys after the last one of a curve."""
    first = len(curve.keyframe_points)
    if first:
        last = curve.keyframe_points[first - 1]
        last.interpolation = "LINEAR"
    curve.keyframe_points.add(len(keys))
    for name in ("co", "handle_left", "handle_right"):
        all_keys = np.empty((first + len(keys)) * 2, np.float32)
        curve.keyframe_points.foreach_get(name, all_keys)
        all_keys[first * 2 :] = keys.astype(np.float32).ravel()
        curve.keyframe_points.foreach_set(name, all_keys)
    kinds = np.empty(first + len(keys), np.int32)
    curve.keyframe_points.foreach_get("interpolation", kinds)
    kinds[first:] = LINEAR
    curve.keyframe_points.foreach_set("interpolation", kinds)
    curve.update()
