"""Retargeting: every preset's true names, in other rest poses, rolls, sizes and axes, evaluated by Blender."""

import importlib.util
import json
from pathlib import Path

import bpy
import numpy as np
import pytest
from impromptu.addon.scene import retarget_report
from impromptu.addon.scene.actor import build_actor
from impromptu.addon.scene.actor_data import MotionData
from impromptu.addon.scene.retarget import bone_map, retarget, write_skeleton
from impromptu.addon.scene.retarget_map import FINGERS, apply_preset, detect, from_mapping, presets
from impromptu.addon.scene.retarget_math import angle_between
from impromptu.backend.protocol import InvalidInput

_spec = importlib.util.spec_from_file_location("retarget_rigs", Path(__file__).with_name("retarget_rigs.py"))
rigs = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(rigs)

FBX = {"names": rigs.MIXAMO, "prefix": "mixamorig:", "size": 0.01, "y_up": True, "rolls": 1}
UE4 = {"names": rigs.UNREAL4, "arms": 50, "rolls": 3, "size": 0.01, "above": "root", "legs": 1.2}
CASES = {
    "mixamo as FBX brings it": ("mixamo", FBX),
    "mixamo, numbered, Euler": ("mixamo", {"names": rigs.MIXAMO, "prefix": "mixamorig7:", "rolls": 2, "mode": "XYZ"}),
    "mixamo, bare, axis-angle": ("mixamo", {"names": rigs.MIXAMO, "arms": 20, "mode": "AXIS_ANGLE"}),
    "unreal 4": ("unreal", UE4),
    "unreal 5": ("unreal", {"names": rigs.UNREAL5, "arms": 45, "rolls": 4, "shin": 1.2, "width": 1.2, "mode": "ZYX"}),
    "vroid, a child": ("vroid", {"names": rigs.VROID, "rolls": 5, "legs": 0.6}),
    "vrm without toes": ("vrm", {"names": rigs.VRM, "rolls": 6, "y_up": True}),
    "makehuman": ("makehuman", {"names": rigs.MAKEHUMAN, "arms": 45, "rolls": 7, "size": 0.1}),
    "rigify's metarig": ("rigify_meta", {"names": rigs.METARIG, "arms": 15}),
    "rigify's deforming bones": ("rigify_meta", {"names": rigs.METARIG, "prefix": "DEF-", "rolls": 9}),
    "smpl": ("smpl", {"names": rigs.SMPL, "rolls": 8}),
}  # fmt: skip
LIMBS = [
    (f"{s}_{a}", f"{s}_{b}")
    for s in ("left", "right")
    for a, b in (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist"))
]


def heads(rig, table, frame):
    """Joint -> (3,) of the evaluated bones, in the world, by a table of joint -> bone."""
    bpy.context.scene.frame_set(frame)
    world = np.array(rig.matrix_world)
    return {j: world[:3, :3] @ np.array(rig.pose.bones[b].head) + world[:3, 3] for j, b in table.items()}


def own(actor):
    return {b.name: b.name for b in actor.rig.data.bones}


def table_of(case):
    return {j: case.get("prefix", "") + b for j, b in case["names"].items() if isinstance(b, str)}


@pytest.mark.parametrize("title", CASES)
def test_limbs_point_where_the_actors_point(actor, title):
    preset, case = CASES[title]
    rig = rigs.make_rig(**case)
    report = retarget(actor.rig, rig)
    assert report["preset"] == preset
    for frame in (1, 6, 12):
        theirs, ours = heads(actor.rig, own(actor), frame), heads(rig, table_of(case), frame)
        off = [angle_between(ours[b] - ours[a], theirs[b] - theirs[a]) for a, b in LIMBS]
        assert max(off) < 0.1
        up = angle_between(ours["head"] - ours["pelvis"], theirs["head"] - theirs["pelvis"])
        assert up < 20, "the trunk leans with the actor's"
    assert report["limb_error_deg"]["max"] < 0.1


@pytest.mark.parametrize("title", ["mixamo as FBX brings it", "mixamo, numbered, Euler", "mixamo, bare, axis-angle"])
def test_between_keys_nothing_spins(actor, title):
    rig = rigs.make_rig(**CASES[title][1])
    retarget(actor.rig, rig)
    table = table_of(CASES[title][1])
    for frame in range(1, 12):
        a, b = heads(rig, table, frame), heads(rig, table, frame + 1)
        bpy.context.scene.frame_set(frame, subframe=0.5)
        elbow, wrist = (
            np.array(rig.matrix_world @ rig.pose.bones[table[j]].head) for j in ("left_elbow", "left_wrist")
        )
        middle = angle_between(wrist - elbow, a["left_wrist"] - a["left_elbow"])
        whole = angle_between(b["left_wrist"] - b["left_elbow"], a["left_wrist"] - a["left_elbow"])
        assert middle < whole + 6


def walk(body, frames=40):
    """Two steps ahead in SMPL's frame: knees bend, one foot at a time stands."""
    t = np.linspace(0, 4 * np.pi, frames)
    poses = np.zeros((frames, len(body.parents), 3))
    index = body.joint_names.index
    for side, sign in (("left", 1), ("right", -1)):
        poses[:, index(f"{side}_hip"), 0] = -0.4 * sign * np.sin(t)
        poses[:, index(f"{side}_knee"), 0] = 0.5 * np.maximum(0, sign * np.cos(t))
        poses[:, index(f"{side}_shoulder"), 2] = -1.2 * sign
        poses[:, index(f"{side}_elbow"), 1] = -0.4 * sign
    return MotionData(poses=poses, trans=np.c_[0 * t, 0 * t - body.floor, 0.08 * t], fps=30.0)


@pytest.fixture
def walker(scene, body):
    return build_actor(body, walk(body), "Walker", {"prompt": "a walk"})


@pytest.mark.parametrize("title", ["unreal 4", "unreal 5", "vroid, a child", "makehuman"])
def test_feet_keep_their_clearance_and_their_path(walker, title):
    case = CASES[title][1]
    rig = rigs.make_rig(**case)
    scale = retarget(walker.rig, rig)["scale"]
    ours, theirs = table_of(case), own(walker)
    resting = {j: (rig.matrix_world @ rig.data.bones[ours[j]].head_local).z for j in ("left_ankle", "right_ankle")}
    low = {j: walker.rig.data.bones[j].head_local.z for j in resting}
    for frame in range(1, 41, 3):
        a, b = heads(walker.rig, theirs, frame), heads(rig, ours, frame)
        standing = min(resting, key=lambda j: a[j][2] - low[j])
        assert abs((b[standing][2] - resting[standing]) - scale * (a[standing][2] - low[standing])) < 0.02
    steps = []
    for frame in range(1, 40):
        a0, a1 = heads(walker.rig, theirs, frame), heads(walker.rig, theirs, frame + 1)
        b0, b1 = heads(rig, ours, frame), heads(rig, ours, frame + 1)
        foot = min(resting, key=lambda j: a0[j][2] - low[j])
        steps.append(np.linalg.norm((b1[foot] - b0[foot]) - scale * (a1[foot] - a0[foot])))
    assert np.mean(steps) < 0.006, "the foot that stands moves as the actor's does"


def test_it_goes_as_far_as_its_legs_are_long_and_not_at_all_without_travel(walker):
    for travel in (True, False):
        rig = rigs.make_rig(rigs.VROID, legs=0.5, rolls=3)
        scale = retarget(walker.rig, rig, travel=travel)["scale"]
        a0, a1 = (heads(walker.rig, own(walker), f)["pelvis"] for f in (1, 40))
        b0, b1 = (heads(rig, {"pelvis": "J_Bip_C_Hips"}, f)["pelvis"] for f in (1, 40))
        assert (b1 - b0)[1] == pytest.approx(scale * (a1 - a0)[1] if travel else 0, abs=0.03)
        assert scale < 0.7


def test_left_stays_left_even_where_the_target_looks_the_other_way(walker):
    rig = rigs.make_rig(rigs.UNREAL4, arms=45, rolls=2)
    rig.rotation_euler.z = 2.5
    bpy.context.view_layer.update()
    retarget(walker.rig, rig)
    at = heads(rig, table_of({"names": rigs.UNREAL4}), 10)
    assert at["left_wrist"][0] > at["right_wrist"][0] + 0.2
    assert at["left_hip"][0] > at["right_hip"][0] + 0.05


def test_palms_and_toes_agree(walker):
    rig = rigs.make_rig(rigs.MIXAMO, arms=45, rolls=4)
    retarget(walker.rig, rig)
    at, theirs = heads(rig, table_of({"names": rigs.MIXAMO}), 12), heads(walker.rig, own(walker), 12)
    for side in ("left", "right"):
        toes = [p[f"{side}_foot"] - p[f"{side}_ankle"] for p in (at, theirs)]
        assert angle_between(*toes) < 12


def test_a_parent_that_does_not_pass_on_its_turn_and_constraints_between(actor):
    rig = rigs.make_rig(rigs.MIXAMO, rolls=5)
    rig.data.bones["LeftForeArm"].use_inherit_rotation = False
    limit = rig.pose.bones["RightForeArm"].constraints.new("LIMIT_ROTATION")
    limit.use_limit_x = limit.use_limit_y = limit.use_limit_z = True
    limit.owner_space = "LOCAL"
    copy = rig.pose.bones["LeftShoulder"].constraints.new("COPY_ROTATION")
    copy.target, copy.subtarget, copy.mix_mode, copy.influence = rig, "Head", "AFTER", 0.5
    copy.owner_space = copy.target_space = "LOCAL"
    report = retarget(actor.rig, rig)
    assert report["limb_error_deg"]["bones"]["left_wrist"] < 0.5
    assert report["limb_error_deg"]["bones"]["left_elbow"] < 0.5
    assert "Limit Rotation" in report["skipped"]["RightForeArm"]
    assert report["limb_error_deg"]["bones"]["right_wrist"] > 5


def test_the_source_and_the_action_before_stay(actor):
    rig = rigs.make_rig(rigs.SMPL)
    before = bpy.data.actions.new("Before")
    rig.animation_data_create().action = before
    was, curves = actor.rig.animation_data.action, len(bpy.data.actions)
    report = retarget(actor.rig, rig)
    assert actor.rig.animation_data.action == was
    assert before.use_fake_user
    assert len(bpy.data.actions) == curves + 1
    assert rig.animation_data.action.name == report["action"]
    assert len(bpy.data.scenes) == 1


def test_failure_leaves_the_target_as_it_was(scene, actor):
    rig = rigs.make_rig(rigs.SMPL)
    before = rig.animation_data_create().action = bpy.data.actions.new("Before")
    actor.rig.animation_data.action = None
    with pytest.raises(InvalidInput, match="no action"):
        retarget(actor.rig, rig)
    assert rig.animation_data.action == before
    with pytest.raises(InvalidInput, match="same armature"):
        retarget(actor.rig, actor.rig)
    plain = bpy.data.objects.new("Plain", bpy.data.armatures.new("Plain"))
    with pytest.raises(InvalidInput, match="No preset knows"):
        bone_map(plain)
    rig.scale.x = -1
    actor.rig.animation_data.action = actor.action
    bpy.context.view_layer.update()
    with pytest.raises(InvalidInput, match="mirrored"):
        retarget(actor.rig, rig)


def test_report_names_what_is_missing_and_extra(actor):
    rig = rigs.make_rig(rigs.VRM, above="Armature root")
    report = retarget(actor.rig, rig)
    assert report["missing"]["left_foot"] == "toes stay with the foot"
    assert report["extra"] == ["Armature root"]
    assert retarget_report.read(rig) == json.loads(json.dumps(report))
    text = retarget_report.to_text_block(rig).as_string()
    assert all(words in text for words in ("Missing (4)", "leftUpperLeg", "Armature root"))


def test_a_mapping_takes_the_place_of_a_preset(actor, tmp_path):
    names = {k: f"b_{k}" for k in rigs.SMPL} | {"spine": ["s0", "s1", "s2"], "neck": ["n"]}
    rig = rigs.make_rig(names)
    assert detect(b.name for b in rig.data.bones) is None
    write_skeleton(rig, tmp_path / "skeleton.json")
    skeleton = json.loads((tmp_path / "skeleton.json").read_text())
    head, hip = (skeleton["heads"][skeleton["names"].index(n)] for n in ("b_head", "b_left_hip"))
    assert head[1] > 1.2
    assert 0.05 < hip[0] < 0.2
    assert skeleton["parents"][skeleton["names"].index("s0")] == skeleton["names"].index("b_pelvis")
    bones = {j: f"b_{j}" for j in rigs.SMPL if j not in ("spine", "neck")}
    found = {"bones": {**bones, "spine1": "s0", "spine3": "s2", "neck": "n"}, "convention": "odd"}
    mapping = from_mapping(found, skeleton["names"])
    assert retarget(actor.rig, rig, bones=mapping)["limb_error_deg"]["max"] < 0.1
    with pytest.raises(InvalidInput, match="has no bones for"):
        from_mapping({"bones": {"pelvis": "b_pelvis"}}, skeleton["names"]).check("Rig")


def test_presets_name_all_that_is_needed_and_only_joints_that_exist():
    for name, table in presets().items():
        parts = set(table["sided"])
        assert {"hip", "knee", "ankle", "foot", "collar", "shoulder", "elbow", "wrist"} <= parts
        assert parts <= {"hip", "knee", "ankle", "foot", "collar", "shoulder", "elbow", "wrist", *FINGERS}
        assert apply_preset(name, []).missing


def test_fingers_of_mixamo_are_known():
    names = [f"mixamorig:{n}" for v in rigs.MIXAMO.values() for n in (v if isinstance(v, list) else [v])]
    found = detect(names)
    assert len(found.joints) == 2 + 2 * 8 + 2 * 15
    assert found.joints["right_pinky3"] == "mixamorig:RightHandPinky3"
