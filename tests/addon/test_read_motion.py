"""Any rig's motion as SMPL: the inverse of writing it, whatever moves the bones; and the files made of it."""

import bpy
import numpy as np
import pytest
from impromptu.addon.scene.actor import Actor
from impromptu.addon.scene.export import export_actor
from impromptu.addon.scene.motion_files import matrices
from impromptu.addon.scene.read_motion import axis_angle, read_motion


def same_rotations(a, b):
    return np.abs(matrices(a) - matrices(b)).max()


def test_inverse_of_write_motion(actor, motion, body):
    read, betas = read_motion(actor.rig)
    assert same_rotations(read.poses, motion.poses) < 5e-5
    assert np.abs(read.trans - motion.trans).max() < 1e-5
    assert read.fps == pytest.approx(motion.fps)
    assert betas == pytest.approx(body.betas)


def test_axis_angle_at_half_turns_and_at_rest():
    rng = np.random.default_rng(0)
    axes = rng.normal(size=(50, 3))
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    for angle in (0.0, 1e-7, 1.0, np.pi - 1e-6, np.pi):
        assert same_rotations(axis_angle(matrices(axes * angle)), axes * angle) < 1e-6


def test_time_and_mesh_are_left_as_they_were(scene, actor):
    scene.frame_set(7)
    read_motion(actor.rig)
    assert scene.frame_current == 7
    assert not actor.skin.hide_viewport


@pytest.mark.parametrize("mode", ["XYZ", "ZXY", "AXIS_ANGLE"])
def test_any_rotation_mode(scene, actor, motion, mode):
    rig = actor.rig
    bone = rig.pose.bones["left_elbow"]
    wanted = read_motion(rig)[0]
    keys = []
    for frame in range(1, 13):
        scene.frame_set(frame)
        keys.append(bone.matrix_basis.to_quaternion())
    bone.rotation_mode = mode
    for frame, q in enumerate(keys, 1):
        if mode == "AXIS_ANGLE":
            axis, angle = q.to_axis_angle()
            bone.rotation_axis_angle = (angle, *axis)
            bone.keyframe_insert("rotation_axis_angle", frame=frame)
        else:
            bone.rotation_euler = q.to_euler(mode)
            bone.keyframe_insert("rotation_euler", frame=frame)
    assert same_rotations(read_motion(rig)[0].poses, wanted.poses) < 1e-4


def test_constraints_count(actor, motion, body):
    bone = actor.rig.pose.bones["left_elbow"]
    limit = bone.constraints.new("LIMIT_ROTATION")
    limit.use_limit_x = limit.use_limit_y = limit.use_limit_z = True
    limit.owner_space = "LOCAL"
    read, _ = read_motion(actor.rig)
    assert np.abs(read.poses[:, body.joint_names.index("left_elbow")]).max() < 1e-5


def test_nla_counts(actor, motion):
    animation = actor.rig.animation_data
    action = animation.action
    animation.action = None
    strip = animation.nla_tracks.new().strips.new("Strip", 41, action)
    assert round(strip.frame_start) == 41
    read, _ = read_motion(actor.rig)
    assert len(read) == len(motion)
    assert same_rotations(read.poses, motion.poses) < 5e-5


def test_root_bone_and_object_place(actor, motion, body):
    actor.rig.location = (3.0, 0.0, 0.5)
    actor.rig.rotation_euler = (0.0, 0.0, np.pi / 2)
    actor.rig.pose.bones["root"].location = (0.0, -1.0, 0.0)
    actor.rig.pose.bones["root"].keyframe_insert("location", frame=1)
    bpy.context.view_layer.update()
    local, _ = read_motion(actor.rig)
    # The root bone lies along -y of Blender, SMPL's z.
    moved = local.trans - motion.trans
    assert np.abs(moved - moved[0]).max() < 1e-5
    assert np.linalg.norm(moved[0]) == pytest.approx(1.0)
    world, _ = read_motion(actor.rig, world=True)
    pelvis = world.trans + body.joints[0]
    bone = actor.rig.pose.bones["pelvis"]
    bpy.context.scene.frame_set(5)
    place = actor.rig.matrix_world @ bone.head
    assert np.abs(pelvis[4] - [place.x, place.z, -place.y]).max() < 1e-5


def test_unit_scale_gives_metres(scene, body, motion):
    from impromptu.addon.scene.actor import build_actor

    scene.unit_settings.scale_length = 0.01
    actor = build_actor(body, motion, "Centimetres", {})
    bpy.context.view_layer.update()
    assert actor.rig.scale[0] == pytest.approx(100.0)
    world, _ = read_motion(actor.rig, world=True)
    assert np.abs(world.trans - motion.trans).max() < 1e-4


def test_amass_archive(actor, motion, body, tmp_path):
    export_actor(Actor.of(actor.rig), tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as data:
        assert data["poses"].shape == (12, 165)
        assert float(data["mocap_frame_rate"]) == pytest.approx(25.0)
        assert data["betas"] == pytest.approx(body.betas)
        up = data["trans"] + body.joints[0]
        pelvis = motion.trans + body.joints[0]
        assert np.abs(up - np.stack([pelvis[:, 0], -pelvis[:, 2], pelvis[:, 1]], 1)).max() < 1e-5
        assert same_rotations(data["poses"].reshape(12, 55, 3)[:, 1:22], motion.poses[:, 1:22]) < 1e-4


def test_bvh_is_what_blender_reads_back(actor, body, reference, tmp_path):
    expected = reference(8)[1]
    export_actor(Actor.of(actor.rig), tmp_path / "a.bvh")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.import_anim.bvh(filepath=str(tmp_path / "a.bvh"), global_scale=0.01, frame_start=1)
    rig = bpy.context.view_layer.objects.active
    bpy.context.scene.frame_set(9)
    heads = np.array([(rig.matrix_world @ rig.pose.bones[n].matrix).translation for n in body.joint_names])
    assert np.abs(heads - expected).max() < 1e-3


def test_alembic_is_what_blender_reads_back(actor, reference, tmp_path):
    expected = np.sort(reference(8)[0], axis=0)
    bpy.context.view_layer.objects.active = actor.rig
    bpy.ops.object.mode_set(mode="POSE")
    export_actor(Actor.of(actor.rig), tmp_path / "a.abc")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.render.fps = 25
    bpy.ops.wm.alembic_import(filepath=str(tmp_path / "a.abc"), as_background_job=False)
    skin = next(o for o in bpy.context.scene.objects if o.type == "MESH")
    bpy.context.scene.frame_set(9)
    seen = skin.evaluated_get(bpy.context.evaluated_depsgraph_get())
    points = np.array([seen.matrix_world @ v.co for v in seen.data.vertices])
    assert np.abs(np.sort(points, axis=0)[[0, -1]] - expected[[0, -1]]).max() < 1e-3
