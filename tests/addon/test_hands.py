"""Hands: which way fingers bend, and that a pose holds through an action."""

import dataclasses

import bpy
import numpy as np
import pytest
from impromptu.addon.scene.actor import build_actor
from impromptu.addon.scene.hands import finger_joints, hand_pose, set_hands
from impromptu.addon.scene.read_motion import read_motion
from impromptu.addon.scene.sampling import channels_of
from impromptu.backend.protocol import InvalidInput

FINGER = "left_middle1"


def test_fist_bends_towards_the_palm(scene, actor):
    actor.rig.animation_data_clear()
    for bone in actor.rig.pose.bones:
        bone.matrix_basis.identity()
    set_hands(actor.rig, "FIST")
    bpy.context.view_layer.update()
    bone = actor.rig.pose.bones[FINGER]
    # In T-pose the palm looks down.
    assert bone.tail.z < bone.head.z - 0.5 * bone.length


def test_pose_holds_through_the_action(actor, body, motion):
    before, _ = read_motion(actor.rig)
    set_hands(actor.rig, "FIST")
    after, _ = read_motion(actor.rig)
    j = body.joint_names.index(FINGER)
    assert np.abs(after.poses[:, j] - after.poses[0, j]).max() < 1e-5
    assert np.linalg.norm(after.poses[0, j]) == pytest.approx(np.radians(72), abs=1e-3)
    others = [k for k in range(len(body.parents)) if k != j]
    assert np.abs(before.poses[:, others] - after.poses[:, others]).max() < 1e-4


def test_flat_is_rest(actor, body):
    set_hands(actor.rig, "FLAT")
    assert np.abs(read_motion(actor.rig)[0].poses[:, body.joint_names.index(FINGER)]).max() < 1e-5
    assert len([c for p, c in channels_of(actor.rig) if FINGER in p]) == 4


def test_relaxed_is_the_bodys_own(scene, body, motion):
    relaxed = np.zeros((len(body.parents), 3))
    relaxed[-1] = (0.1, -0.2, 0.3)
    actor = build_actor(dataclasses.replace(body, relaxed_pose=relaxed), motion, "Relaxed", {})
    set_hands(actor.rig, "RELAXED")
    assert np.abs(read_motion(actor.rig)[0].poses[:, -1] - relaxed[-1]).max() < 1e-4


def test_one_side_only_and_a_body_without_fingers(actor, body):
    assert finger_joints(body.joint_names, "left") == [FINGER]
    with pytest.raises(InvalidInput, match="finger"):
        hand_pose(actor.rig, "FIST", "right")
