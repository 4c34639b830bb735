"""Keyframes: what is written is what `keyframe_insert` would write, faster."""

import numpy as np
from impromptu.addon.scene.actions import Curves, bone_quaternions
from impromptu.addon.scene.axes import continuous
from impromptu.rendering.bench_actions import keyframe_insert_motion


def curves_of(owner):
    found = Curves(owner, owner.animation_data.action)
    return {(c.data_path, c.array_index): c for c in found}


def test_every_frame_is_keyed_linearly(actor, motion):
    curve = curves_of(actor.rig)['pose.bones["left_knee"].rotation_quaternion', 0]
    assert [p.co[0] for p in curve.keyframe_points] == list(range(1, len(motion) + 1))
    assert {p.interpolation for p in curve.keyframe_points} == {"LINEAR"}
    assert curve.group.name == "left_knee"


def test_still_bones_get_one_key(actor):
    curves = curves_of(actor.rig)
    assert len(curves['pose.bones["neck"].rotation_quaternion', 0].keyframe_points) == 1
    assert len(curves['pose.bones["pelvis"].location', 2].keyframe_points) == 12


def test_only_the_root_joint_is_moved(actor):
    assert {path for path, _ in curves_of(actor.rig) if path.endswith("location")} == {
        'pose.bones["pelvis"].location'
    }


def test_same_keys_as_keyframe_insert(actor, body, motion):
    ours = {k: [tuple(p.co) for p in c.keyframe_points] for k, c in curves_of(actor.rig).items()}
    keyframe_insert_motion(actor.rig, body, motion, "peer")
    peer = {k: [tuple(p.co) for p in c.keyframe_points] for k, c in curves_of(actor.rig).items()}
    assert ours.keys() == peer.keys()
    for key, points in ours.items():
        assert np.allclose(points, peer[key][: len(points)], atol=1e-6), key


def test_quaternions_never_jump(actor, body, motion):
    q = bone_quaternions(actor.rig, body, motion.poses)
    assert (q[1:] * q[:-1]).sum(-1).min() > 0
    assert np.allclose(np.linalg.norm(q, axis=-1), 1, atol=1e-5)


def test_continuous_flips_back_and_forth():
    q = np.array([[1.0, 0, 0, 0], [-1, 0, 0, 0], [-1, 0, 0, 0], [1, 0, 0, 0]])
    assert np.array_equal(continuous(q), np.tile([1.0, 0, 0, 0], (4, 1)))


def test_writing_again_replaces_the_action(actor, body, motion):
    from impromptu.addon.scene.actions import write_motion

    again = write_motion(actor.rig, body, motion, "second")
    assert actor.rig.animation_data.action == again
    assert len(curves_of(actor.rig)) == 4 * len(body.parents) + 3
