"""A real Rigify rig, generated here: its controls move its deforming bones as the actor moves."""

import bpy
import numpy as np
import pytest
from impromptu.addon.scene.retarget import retarget
from impromptu.addon.scene.retarget_math import angle_between

LIMBS = (
    ("thigh", "shin", "hip", "knee"),
    ("shin", "foot", "knee", "ankle"),
    ("upper_arm", "forearm", "shoulder", "elbow"),
    ("forearm", "hand", "elbow", "wrist"),
)


@pytest.fixture
def rigify(actor):
    """The human metarig and its rig, faces left out: generating takes seconds otherwise."""
    if "rigify" not in bpy.context.preferences.addons:
        bpy.ops.preferences.addon_enable(module="rigify")
    bpy.ops.object.armature_basic_human_metarig_add()
    meta = bpy.context.object
    bpy.ops.pose.rigify_generate()
    yield meta, bpy.context.object
    bpy.ops.preferences.addon_disable(module="rigify")


def test_controls_and_metarig_follow(actor, rigify):
    meta, rig = rigify
    for target, prefix, preset in ((rig, "DEF-", "rigify"), (meta, "", "rigify_meta")):
        report = retarget(actor.rig, target)
        assert report["preset"] == preset
        for frame in (1, 7, 12):
            bpy.context.scene.frame_set(frame)
            for side, letter in (("left", "L"), ("right", "R")):
                for upper, lower, a, b in LIMBS:
                    at = actor.rig.pose.bones
                    theirs = np.array(at[f"{side}_{b}"].head - at[f"{side}_{a}"].head)
                    ours = (
                        target.pose.bones[f"{prefix}{lower}.{letter}"].head
                        - target.pose.bones[f"{prefix}{upper}.{letter}"].head
                    )
                    assert angle_between(np.array(ours), theirs) < 0.5
        assert not report["missing"]
    paths = [f"{b}.{s}" for b in ("upper_arm_parent", "thigh_parent") for s in "LR"]
    assert all(rig.pose.bones[p]["IK_FK"] == 1.0 for p in paths)
