"""Where a result goes: in place of an actor, or beside those that are there."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import bpy
import numpy as np

from .actions import FIRST_FRAME, scene_rate, set_scene_range, write_motion
from .actor import Actor, build_body, record_of
from .actor_data import BodyData, MotionData
from .axes import quaternion_from_axis_angle, rotate_axes, to_blender
from .handles import UID, actors, require_editable, skin_of, why_not_reshaped
from .means import files_for
from .outfit import recolour
from .provenance import read, tag
from .read_motion import action_frames
from .sampling import channels_of, sample_root, sample_rotations
from .shape import set_values, stamp
from .shape_arrays import betas_of, keys_of, shape_arrays
from .skeleton import Skeleton, global_rotations, has_skeleton, joint_positions, skeleton_of
from .slider_state import words_of
from .sliders import follow_motion, make_words

MARGIN = 0.3
"""Metres between the skins of two actors that stand beside each other."""
SKIN = 0.12
"""Metres that a body reaches beyond its joints."""
SAMPLES = 40
"""Frames of an action that are looked at to know how wide it is."""
NO_COLOURS: Mapping[str, str] = MappingProxyType({})


def land_motion(
    target: bpy.types.Object | None,
    placement: str,
    body: BodyData,
    motion: MotionData,
    name: str,
    record: dict[str, Any],
    colours: Mapping[str, str] = NO_COLOURS,
    kept: bool = False,
) -> Actor:
    """Put a job's result into the scene.

    Args:
        target: the rig of the actor that the job was for; none: a new actor.
        placement: `REPLACE` gives it to the target, `BESIDE` makes a new actor beside all others.
        name: of the action, and of a new actor.
        record: provenance.
        colours: of a new actor's outfit; of the target's, the garments that are named here alone.
        kept: the result is for the target's own shape, which stays as it is now.

    Raises:
        InvalidInput: the target is linked from another file.
    """
    if placement == "BESIDE" or target is None:
        made = place_beside(body, motion, name, record, colours)
    else:
        require_editable(target)
        if same_body(target, body):
            made = replace_action(target, body, motion, name, record, colours, kept)
        else:
            made = replace_actor(target, body, motion, name, record, colours)
    activate(made.rig)
    return made


def activate(rig: bpy.types.Object) -> None:
    """Select an actor alone and make it active, unless the person is at work in another mode."""
    layer = bpy.context.view_layer
    if rig.name not in layer.objects or (layer.objects.active and layer.objects.active.mode != "OBJECT"):
        return
    for obj in layer.objects:
        obj.select_set(obj == rig)
    layer.objects.active = rig


def same_body(rig: bpy.types.Object, body: BodyData) -> bool:
    """Whether an actor was built from this body: the same joints and the same mean; betas may differ."""
    skin = skin_of(rig)
    if skin is None or not has_skeleton(rig) or len(skin.data.vertices) != len(body.v_template):
        return False
    skeleton = skeleton_of(rig)
    if skeleton.names != tuple(body.joint_names) or len(keys_of(skin)) != len(body.betas):
        return False
    mean = to_blender(body.v_template - [0.0, skeleton.floor, 0.0])
    return bool(np.abs(shape_arrays(skin).basis - mean).max() < 1e-4)


def replace_action(
    rig: bpy.types.Object,
    body: BodyData,
    motion: MotionData,
    name: str,
    record: dict[str, Any],
    colours: Mapping[str, str] = NO_COLOURS,
    kept: bool = False,
) -> Actor:
    """Give an actor another action and the result's betas. The action before is kept with a fake user.

    Args:
        colours: of the garments to repaint.
        kept: the result's betas are the actor's when it was ordered: where a slider was moved since, it stays there.
    """
    old = rig.animation_data.action if rig.animation_data else None
    start = float(action_frames(rig, bpy.context.scene)[0]) if old else FIRST_FRAME
    if old is not None and old.library is None:
        old.use_fake_user = True
    _detach(rig)
    own, now = not why_not_reshaped(rig), {}
    if own:
        now = {k.name: float(k.value) for k in keys_of(skin_of(rig))}
        set_values(rig, dict(zip(now, map(float, body.betas), strict=True)))
    action = _write(rig, body, motion, name, start)
    # The motion is for the body's betas; an overridden actor keeps its own.
    stamp(action, body.betas)
    if kept and now and np.abs(np.array([*now.values()]) - body.betas).max() > 1e-4:
        set_values(rig, now)
    if own:
        follow_motion(rig, old)
        recolour(skin_of(rig), body, colours)
    tag(action, record_of(body, record))
    # Another motion leaves the looks on.
    looks = read(rig).get("styles")
    tag(rig, {**record_of(body, record), **({"styles": looks} if looks else {})})
    return Actor.of(rig)


def _detach(rig: bpy.types.Object) -> None:
    """Take the action off the rig, with the pose of bones that the next one may leave alone."""
    if rig.animation_data:
        rig.animation_data.action = None
    for bone in rig.pose.bones:
        bone.location, bone.rotation_quaternion = (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0)
        bone.rotation_mode = "QUATERNION"


def _write(rig: bpy.types.Object, body: BodyData, motion: MotionData, name: str, start: float) -> bpy.types.Action:
    """Key the rig at the scene's rate where other actors play in it, else set the scene's rate to the motion's."""
    scene = bpy.context.scene
    others = [o for o in actors(scene) if o != rig and o.animation_data and o.animation_data.action]
    if not others and start == FIRST_FRAME:
        action = write_motion(rig, body, motion, name, start)
        set_scene_range(scene, motion, int(start))
        return action
    step = scene_rate(scene) / motion.fps
    action = write_motion(rig, body, motion, name, start, step)
    scene.frame_start = min(scene.frame_start, int(start))
    scene.frame_end = max(scene.frame_end, int(np.ceil(start + step * (len(motion) - 1))))
    return action


def replace_actor(
    rig: bpy.types.Object,
    body: BodyData,
    motion: MotionData,
    name: str,
    record: dict[str, Any],
    colours: Mapping[str, str] = NO_COLOURS,
) -> Actor:
    """A new actor in the place of another, with its name, transform, parent, collections, followers and uid.

    Its actions are kept; where it had word sliders the new one has its own, with the keys of words that both have.
    """
    skin = skin_of(rig)
    names = rig.name, skin.name if skin else ""
    start = float(action_frames(rig, bpy.context.scene)[0]) if rig.animation_data else FIRST_FRAME
    if rig.animation_data and rig.animation_data.action and rig.animation_data.action.library is None:
        rig.animation_data.action.use_fake_user = True
    worded, before = bool(words_of(rig)), rig.animation_data.action if rig.animation_data else None
    made = build_body(body, name, record, colours)
    for new, old in ((made.rig, rig), (made.skin, skin)):
        if old is None:
            continue
        for collection in new.users_collection:
            collection.objects.unlink(new)
        for collection in old.users_collection:
            collection.objects.link(new)
        if UID in old:
            new[UID] = old[UID]
    _take_place(made.rig, rig)
    for new, old in ((made.skin, skin), (made.rig, rig)):
        if old is not None:
            # Clothes, props and cameras that follow the old one by a modifier, a constraint or as its child.
            old.user_remap(new)
            _remove(old)
    made.rig.name, made.rig.data.name = names[0], names[0]
    made.skin.name = names[1] or made.skin.name
    action = _write(made.rig, body, motion, name, start)
    stamp(action, body.betas)
    tag(action, record_of(body, record))
    if worded and files_for(made.rig):
        make_words(made.rig)
        follow_motion(made.rig, before)
    return Actor.of(made.rig)


def _take_place(new: bpy.types.Object, old: bpy.types.Object) -> None:
    new.parent, new.parent_type, new.parent_bone = old.parent, old.parent_type, old.parent_bone
    new.matrix_parent_inverse = old.matrix_parent_inverse
    new.rotation_mode = old.rotation_mode
    new.location, new.scale = old.location, old.scale
    new.rotation_euler, new.rotation_quaternion = old.rotation_euler, old.rotation_quaternion
    new.rotation_axis_angle = old.rotation_axis_angle


def _remove(obj: bpy.types.Object) -> None:
    data: Any = obj.data
    bpy.data.objects.remove(obj)
    if data.users == 0:
        (bpy.data.meshes if isinstance(data, bpy.types.Mesh) else bpy.data.armatures).remove(data)


def reach(skeleton: Skeleton, betas: np.ndarray, rotations: np.ndarray, root: np.ndarray) -> tuple[float, float]:
    """Least and greatest x of the joints over all frames, in the armature's frame, with the skin around them."""
    x = joint_positions(skeleton, skeleton.heads(betas), rotations, root)[..., 0]
    return float(x.min()) - SKIN, float(x.max()) + SKIN


def rig_reach(rig: bpy.types.Object) -> tuple[float, float]:
    """Least and greatest world x that an actor in the scene comes to."""
    place = np.array(rig.matrix_world)
    skin = skin_of(rig)
    if not has_skeleton(rig) or skin is None:
        corners = np.array(rig.bound_box) @ place[:3, :3].T + place[:3, 3]
        return float(corners[:, 0].min()), float(corners[:, 0].max())
    skeleton, betas = skeleton_of(rig), betas_of(skin)
    frames = action_frames(rig, bpy.context.scene)
    frames = frames[np.linspace(0, len(frames) - 1, min(SAMPLES, len(frames))).astype(int)]
    channels = channels_of(rig)
    rotations = global_rotations(skeleton, sample_rotations(rig, skeleton, channels, frames))
    axes = skeleton.axes[skeleton.root]
    root = skeleton.heads(betas)[skeleton.root] + sample_root(rig, skeleton, channels, frames) @ axes.T
    points = joint_positions(skeleton, skeleton.heads(betas), rotations, root)
    x = points @ place[0, :3] + place[0, 3]
    pad = SKIN * rig.matrix_world.median_scale
    return float(x.min()) - pad, float(x.max()) + pad


def place_beside(
    body: BodyData, motion: MotionData, name: str, record: dict[str, Any], colours: Mapping[str, str] = NO_COLOURS
) -> Actor:
    """A new actor on the left of all others, as far as their motions and its own need, facing as they do.

    The first one stands at the origin; so variants stand in a row.
    """
    scene = bpy.context.scene
    bpy.context.view_layer.update()
    there = [rig_reach(rig)[1] for rig in actors(scene)]
    made = build_body(body, name, record, colours)
    action = _write(made.rig, body, motion, name, float(scene.frame_start) if there else FIRST_FRAME)
    stamp(action, body.betas)
    tag(action, record_of(body, record))
    if there:
        skeleton = skeleton_of(made.rig)
        q = rotate_axes(quaternion_from_axis_angle(motion.poses), skeleton.smpl_axes())
        own = reach(
            skeleton, body.betas, global_rotations(skeleton, q), to_blender(body.joints[skeleton.root] + motion.trans)
        )
        unit = made.rig.scale[0]
        made.rig.location.x = max(there) + (MARGIN - own[0]) * unit
    bpy.context.view_layer.update()
    return Actor.of(made.rig)
