"""A motion after a motion: old keys stay, the seam is where it was said to be."""

import bpy
import numpy as np
import pytest
from impromptu.addon.scene.append import append_motion
from impromptu.addon.scene.read_motion import read_motion
from impromptu.addon.scene.sampling import channels_of, keys_in
from impromptu.addon.scene.shape import set_values
from impromptu.backend.protocol import InvalidInput


@pytest.fixture
def more(motion):
    """A second motion, in which the neck moves and the knee does not."""
    import dataclasses

    poses = motion.poses[::-1].copy()
    poses[:, 4] = poses[:1, 4]
    poses[:, 12] = np.linspace(0, 0.6, len(poses))[:, None]
    contacts = np.ones((len(poses), 4), bool)
    return dataclasses.replace(motion, poses=poses, trans=motion.trans + np.array([0, 0, 1.0]), contacts=contacts)


def same_rotations(a, b):
    from impromptu.addon.scene.motion_files import matrices

    return np.abs(matrices(a) - matrices(b)).max()


def test_old_part_and_new_part_are_both_as_they_were(scene, actor, body, motion, more):
    old = actor.rig.animation_data.action
    keys = {k: keys_in(c) for k, c in channels_of(actor.rig).items()}
    action = append_motion(actor.rig, body, more, "wave", {"prompt": "waving"})
    assert actor.rig.animation_data.action == action != old
    assert old.use_fake_user
    assert all(np.array_equal(keys_in(c), keys[k]) for k, c in channels_of(actor.rig, old).items())
    for k, c in channels_of(actor.rig).items():
        assert np.array_equal(keys_in(c)[: len(keys[k])], keys[k])
    read, _ = read_motion(actor.rig)
    assert len(read) == len(motion) + len(more)
    assert same_rotations(read.poses[:12], motion.poses) < 5e-5
    assert same_rotations(read.poses[12:], more.poses) < 5e-5
    assert np.abs(read.trans - np.r_[motion.trans, more.trans]).max() < 1e-5
    assert scene.frame_end == 24


def test_seam_is_marked_and_contacts_follow(actor, body, more):
    action = append_motion(actor.rig, body, more, "wave", {"prompt": "waving"})
    assert [(m.name, m.frame) for m in action.pose_markers] == [("wave", 13)]
    assert list(action["impromptu_contacts"]) == list(range(13, 25))
    assert action["impromptu_prompt"] == "waving"


def test_no_bone_turns_the_long_way_round_at_the_seam(scene, actor, body, more):
    append_motion(actor.rig, body, more, "wave", {})
    for path, c in channels_of(actor.rig):
        if c == 0 and path.endswith("quaternion"):
            q = np.array([[channels_of(actor.rig)[path, k].evaluate(f) for k in range(4)] for f in (12, 13)])
            assert q[0] @ q[1] >= -1e-6, path


def test_other_rate_and_rotation_mode(scene, actor, body, more):
    import dataclasses

    bone = actor.rig.pose.bones["left_elbow"]
    bone.rotation_mode = "YXZ"
    bone.keyframe_insert("rotation_euler", frame=1)
    append_motion(actor.rig, body, dataclasses.replace(more, fps=50.0), "fast", {})
    read, _ = read_motion(actor.rig, np.array([13, 14, 18]))
    assert same_rotations(read.poses, more.poses[[1, 3, 11]]) < 1e-4
    assert scene.frame_end == 18


def test_root_bone_that_was_moved_does_not_move_the_new_part(actor, body, more):
    root = actor.rig.pose.bones["root"]
    root.location, root.rotation_quaternion = (0.3, 0.2, 0.1), (0.8, 0.0, 0.6, 0.0)
    bpy.context.view_layer.update()
    append_motion(actor.rig, body, more, "wave", {})
    read, _ = read_motion(actor.rig, np.arange(13, 25))
    assert np.abs(read.trans - more.trans).max() < 1e-4
    assert same_rotations(read.poses, more.poses) < 1e-4


def test_actor_reshaped_meanwhile_keeps_its_shape(actor, body, more):
    set_values(actor.rig, {"Shape000": 2.0})
    append_motion(actor.rig, body, more, "wave", {})
    read, betas = read_motion(actor.rig, np.arange(13, 25))
    assert betas[0] == pytest.approx(2.0)
    assert same_rotations(read.poses, more.poses) < 1e-4


def test_actor_without_action_gets_one(scene, actor, body, more):
    actor.rig.animation_data_clear()
    append_motion(actor.rig, body, more, "first", {})
    assert actor.rig.animation_data.action.name == "first"


def test_strips_before_the_seam_play_as_they_did(scene, actor, body, motion, more):
    animation = actor.rig.animation_data
    old = animation.action
    animation.nla_tracks.new().strips.new("Walk", 1, old)
    animation.action = None
    # Where the scene stands when Append lands says nothing about the seam.
    scene.frame_set(4)
    before = read_motion(actor.rig, np.arange(1, 13))[0]
    assert same_rotations(before.poses, motion.poses) < 5e-5
    for count in (1, 2):
        append_motion(actor.rig, body, more, "wave", {})
        read, _ = read_motion(actor.rig, np.arange(1, 13 + 12 * count))
        wanted = np.concatenate([motion.poses, *[more.poses] * count])
        assert same_rotations(read.poses, wanted) < 5e-5
        assert np.abs(read.trans - np.r_[motion.trans, np.tile(more.trans, (count, 1))]).max() < 1e-5
    assert [m.frame for m in animation.action.pose_markers] == [13, 25]


def test_appending_twice(actor, body, more):
    first = append_motion(actor.rig, body, more, "wave", {})
    second = append_motion(actor.rig, body, more, "wave", {})
    assert first.name != second.name
    assert [m.frame for m in second.pose_markers] == [13, 25]
    assert len(read_motion(actor.rig)[0]) == 36


def test_overridden_actor_goes_on_though_its_body_is_in_another_file(actor, body, more, link_rig):
    linked = link_rig()
    linked.override_hierarchy_create(bpy.context.scene, bpy.context.view_layer)
    rig = next(o for o in bpy.data.objects if o.type == "ARMATURE" and o.override_library)
    end = rig.animation_data.action.frame_range[1]
    action = append_motion(rig, body, more, "More", {})
    assert action.library is None
    assert rig.animation_data.action == action
    assert action.frame_range[1] > end


def test_actor_without_mesh_is_told_before_anything_is_made(actor, body, more):
    bpy.data.objects.remove(actor.skin)
    actions = len(bpy.data.actions)
    with pytest.raises(InvalidInput, match="no mesh"):
        append_motion(actor.rig, body, more, "More", {})
    assert len(bpy.data.actions) == actions
