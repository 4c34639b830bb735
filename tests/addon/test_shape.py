"""A slider moves mesh, joints and path together, and what Blender shows stays what SMPL's equations give."""

import dataclasses

import bpy
import numpy as np
import pytest
from impromptu.addon.scene import shape
from impromptu.addon.scene.actor import build_actor
from impromptu.addon.scene.joints import edit_bones
from impromptu.addon.scene.probes import probes_of, read_weights
from impromptu.addon.scene.read_motion import read_motion
from impromptu.addon.scene.sampling import channels_of, keys_in
from impromptu.addon.scene.skeleton import global_rotations, joint_positions, skeleton_of
from impromptu.backend.protocol import InvalidInput

NEW = {"Shape000": 2.5, "Shape001": -1.5}


def by_hand(body, rig, frame):
    """Vertices of one frame by numpy alone, from the motion that Blender plays."""
    import importlib.util
    from pathlib import Path

    spec = importlib.util.spec_from_file_location("addon_conftest", Path(__file__).with_name("conftest.py"))
    tools = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tools)
    motion, betas = read_motion(rig, np.array([frame]))
    joints = body.joints + skeleton_of(rig).dirs @ (betas - body.betas)
    shaped = dataclasses.replace(body, betas=betas, joints=joints)
    return tools.in_blender(tools.skin(shaped, motion.poses[0], motion.trans[0])[0])


def root_keys(rig):
    return np.array([keys_in(c)[:, 1] for (p, _), c in sorted(channels_of(rig).items()) if p.endswith("location")])


@pytest.mark.parametrize("frame", [1, 12])
def test_reshaped_mesh_is_linear_blend_skinning_with_moved_joints(scene, actor, body, evaluated, frame):
    shape.set_values(actor.rig, NEW)
    scene.frame_set(frame)
    assert np.abs(evaluated(actor.skin) - by_hand(body, actor.rig, frame)).max() < 2e-4


def test_reshaped_pose_is_the_same_pose(actor):
    before, _ = read_motion(actor.rig)
    shape.set_values(actor.rig, NEW)
    after, betas = read_motion(actor.rig)
    assert betas == pytest.approx([2.5, -1.5])
    assert np.abs(before.poses - after.poses).max() < 1e-4


def test_joints_stand_where_the_betas_want_them(actor, body):
    shape.set_values(actor.rig, NEW)
    skeleton = skeleton_of(actor.rig)
    heads = np.array([actor.rig.data.bones[n].head_local for n in skeleton.names])
    assert np.abs(heads - skeleton.heads([2.5, -1.5])).max() < 1e-6
    moved = np.abs(skeleton.heads([2.5, -1.5]) - skeleton.heads(body.betas)).max()
    assert moved > 1e-3


def test_bones_keep_their_axes_however_often_the_slider_moves(actor):
    rest = [np.array(b.matrix_local.to_3x3()) for b in actor.rig.data.bones]
    for value in np.linspace(-3, 3, 30):
        shape.set_values(actor.rig, {"Shape000": float(value)})
    now = [np.array(b.matrix_local.to_3x3()) for b in actor.rig.data.bones]
    assert np.abs(np.array(rest) - np.array(now)).max() < 1e-4


def test_there_and_back_is_the_same_path(actor, body):
    before = root_keys(actor.rig)
    for value in (1.0, 2.0, -3.0, 0.5):
        shape.set_values(actor.rig, {"Shape000": value})
    assert np.abs(root_keys(actor.rig) - before).max() > 1e-4
    shape.set_values(actor.rig, {"Shape000": float(body.betas[0])})
    assert np.abs(root_keys(actor.rig) - before).max() < 1e-5


def test_edited_keys_become_the_new_reference(actor, body):
    shape.set_values(actor.rig, {"Shape000": 2.0})
    for (path, _), curve in channels_of(actor.rig).items():
        if path.endswith("location"):
            for key in curve.keyframe_points:
                key.co[1] += 0.25
    edited = root_keys(actor.rig)
    shape.set_values(actor.rig, {"Shape000": -1.0})
    shape.set_values(actor.rig, {"Shape000": 2.0})
    assert np.abs(root_keys(actor.rig) - edited).max() < 1e-4


def tall(body):
    """A body whose first axis makes it a fifth larger, and a motion that stands still."""
    grown = np.stack([0.2 * body.v_template, 0 * body.v_template], -1)
    joints = body.v_template.reshape(len(body.parents), 8, 3).mean(1)
    return dataclasses.replace(
        body, shapedirs=grown, betas=np.zeros(2), joints=joints, posedirs=None, expression=np.zeros(1)
    )


def test_longer_legs_neither_sink_nor_float_nor_slide(scene, body, motion, evaluated):
    giant = tall(body)
    walk = np.zeros_like(motion.poses)
    walk[:, body.joint_names.index("left_hip"), 0] = np.linspace(-0.4, 0.4, len(walk))
    walk[:, body.joint_names.index("right_hip"), 0] = np.linspace(0.4, -0.4, len(walk))
    moves = dataclasses.replace(motion, poses=walk)
    actor = build_actor(giant, moves, "Giant", {})
    lows = []
    for value in (0.0, 1.0):
        shape.set_values(actor.rig, {"Shape000": value})
        heights = []
        for frame in range(1, 13):
            scene.frame_set(frame)
            heights.append(evaluated(actor.skin)[:, 2].min())
        lows.append(np.array(heights))
    # As high over the floor as before, grown with the body; never below.
    assert np.abs(lows[1] - np.where(lows[0] > 0, 1.2, 1.0) * lows[0]).max() < 1e-3
    start = read_motion(actor.rig)[0].trans
    assert np.ptp(start[:, 2]) == pytest.approx(1.2 * np.ptp(motion.trans[:, 2]), rel=0.05)


def test_standing_foot_slides_less_than_without_the_fit(actor):
    skeleton = skeleton_of(actor.rig)
    probes, weights = probes_of(actor.skin, skeleton)
    assert weights.sum(1) == pytest.approx(np.ones(len(probes)))
    frames = 30
    quaternions = np.tile([1.0, 0, 0, 0], (frames, len(skeleton.names), 1))
    swing = np.linspace(-0.4, 0.4, frames)
    hip = skeleton.index("left_hip")
    turn = np.stack([np.cos(swing / 2), np.sin(swing / 2), 0 * swing, 0 * swing], 1)
    quaternions[:, hip] = turn
    quaternions[:, skeleton.index("right_hip")] = turn
    rotations = global_rotations(skeleton, quaternions)
    before, after = np.zeros(2), np.array([9.0, 9.0])
    heads = skeleton.heads(before)
    foot = skeleton.index("left_foot")
    still = joint_positions(skeleton, heads, rotations, np.zeros((frames, 3)))[:, foot]
    # The root goes where it has to go for the foot to stay.
    root = heads[foot] - still
    path = shape.fit_root(skeleton, actor.skin, rotations, root, before, after)
    plain = root[:1] + (root - root[:1]) * skeleton.leg_length(after) / skeleton.leg_length(before)
    slides = [
        np.ptp(joint_positions(skeleton, skeleton.heads(after), rotations, r)[:, foot, :2], axis=0).max()
        for r in (path, plain)
    ]
    assert slides[0] < 0.7 * slides[1]


def test_body_without_action_stands_where_it_stood(scene, body, evaluated):
    from impromptu.addon.scene.actor import build_body

    actor = build_body(tall(body), "Still", {})
    low = evaluated(actor.skin)[:, 2].min()
    shape.set_values(actor.rig, {"Shape000": 1.0})
    bpy.context.view_layer.update()
    assert evaluated(actor.skin)[:, 2].min() == pytest.approx(low, abs=2e-3)


@pytest.mark.parametrize("how", ["hidden", "excluded", "unselectable", "pose mode", "other active", "other scene"])
def test_nothing_that_the_person_sees_changes(scene, actor, how):
    rig, layer = actor.rig, bpy.context.view_layer
    if how == "hidden":
        rig.hide_set(True)
        rig.hide_viewport = True
    elif how == "excluded":
        home = bpy.data.collections.new("Home")
        scene.collection.children.link(home)
        home.objects.link(rig)
        scene.collection.objects.unlink(rig)
        layer.layer_collection.children["Home"].exclude = True
    elif how == "unselectable":
        rig.hide_select = True
    elif how == "pose mode":
        layer.objects.active = rig
        bpy.ops.object.mode_set(mode="POSE")
    elif how == "other active":
        cube = bpy.data.objects.new("Cube", bpy.data.meshes.new("Cube"))
        scene.collection.objects.link(cube)
        layer.objects.active = cube
        bpy.ops.object.mode_set(mode="EDIT")
    else:
        bpy.context.window.scene = bpy.data.scenes.new("Elsewhere")
    layer = bpy.context.view_layer

    def state():
        mode = getattr(layer.objects.active, "mode", "")
        selected = sorted(o.name for o in layer.objects if o.select_get())
        counts = len(bpy.data.objects), len(bpy.data.scenes)
        return layer.objects.active, mode, rig.mode, rig.hide_viewport, selected, counts, bpy.context.scene.name

    before = state()
    shape.set_values(rig, NEW)
    assert state() == before
    assert np.abs(np.array(rig.data["joint_betas"]) - [2.5, -1.5]).max() < 1e-6


def test_joints_move_while_the_armature_is_being_edited(actor):
    bpy.context.view_layer.objects.active = actor.rig
    bpy.ops.object.mode_set(mode="EDIT")
    shape.set_values(actor.rig, NEW)
    assert actor.rig.mode == "EDIT"
    bpy.ops.object.mode_set(mode="OBJECT")
    skeleton = skeleton_of(actor.rig)
    heads = np.array([actor.rig.data.bones[n].head_local for n in skeleton.names])
    assert np.abs(heads - skeleton.heads([2.5, -1.5])).max() < 1e-6


def test_a_failed_edit_leaves_no_stand_in(actor):
    counts = len(bpy.data.objects), len(bpy.data.scenes)
    with pytest.raises(KeyError), edit_bones(actor.rig.data) as bones:
        bones["no such bone"]
    assert (len(bpy.data.objects), len(bpy.data.scenes)) == counts
    assert not actor.rig.data.is_editmode


def test_hand_set_shape_key_needs_update_joints(actor):
    actor.skin.data.shape_keys.key_blocks["Shape000"].value = 3.0
    assert shape.update_joints(actor.rig)
    assert not shape.update_joints(actor.rig)


def test_earlier_action_is_fitted_when_it_is_played_again(actor, body):
    old = actor.rig.animation_data.action
    before = root_keys(actor.rig)
    new = old.copy()
    actor.rig.animation_data.action = new
    shape.set_values(actor.rig, {"Shape000": 2.0})
    fitted = root_keys(actor.rig)
    actor.rig.animation_data.action = old
    assert np.abs(root_keys(actor.rig) - before).max() < 1e-6
    shape.update_joints(actor.rig)
    assert np.abs(root_keys(actor.rig) - fitted).max() < 1e-5


def test_action_shared_with_another_actor_is_not_touched(actor, body, motion):
    other = build_actor(body, motion, "Other", {})
    other.rig.animation_data.action = actor.rig.animation_data.action
    before = root_keys(other.rig)
    shape.set_values(actor.rig, NEW)
    assert actor.rig.animation_data.action != other.rig.animation_data.action
    assert np.abs(root_keys(other.rig) - before).max() < 1e-7


def test_values_are_bounded_and_unknown_keys_refused(actor):
    shape.set_values(actor.rig, {"Shape000": 99.0})
    assert actor.skin.data.shape_keys.key_blocks["Shape000"].value == 10.0
    with pytest.raises(InvalidInput, match="Shape777"):
        shape.set_values(actor.rig, {"Shape777": 1.0})


def test_probes_are_read_off_old_meshes_too(actor, body):
    skeleton = skeleton_of(actor.rig)
    stored = probes_of(actor.skin, skeleton)
    assert np.abs(read_weights(actor.skin, skeleton.names) - body.weights).max() < 1e-5
    del actor.skin.data["probe_weights"]
    vertices, weights = probes_of(actor.skin, skeleton)
    assert weights.shape == (len(vertices), len(skeleton.names))
    assert len(set(stored[0]) & set(vertices)) > 0.7 * len(stored[0])
