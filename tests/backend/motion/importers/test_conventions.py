"""The known motion comes back from skeletons of every naming, rest pose, axis, unit and channel order."""

from pathlib import Path

import numpy as np
import pytest
from impromptu.backend.motion.importers import import_file
from impromptu.backend.protocol import InvalidInput
from scipy.spatial.transform import Rotation

DATA = Path(__file__).parents[4] / "../shared/data/bvh"
LIMB_DEGREES = 0.5
FREE = ("left_foot", "right_foot", "left_ankle", "right_ankle")
"""Joints that the floor may bend after retargeting, or that a rest pose leaves open."""

NAMINGS = (
    "CMU MotionBuilder", "CMU Daz", "DAZ Genesis", "Bandai Namco", "Mixamo", "Unreal", "Biped", "Xsens", "Rigify",
    "MakeHuman", "SMPL", "100STYLE", "VRM", "Rokoko", "Motive", "Acclaim", "an actor's", "Character Creator",
    "Kinect", "nonsense",
)  # fmt: skip


def imported(skeletons, path, naming="Mixamo", **how):
    written = skeletons.write(path / "wave_hands.bvh", skeletons.namings[naming], **how)
    (result,) = import_file(written.path)
    return result, written


@pytest.mark.parametrize("naming", NAMINGS)
def test_every_joint_of_a_naming_is_matched(skeletons, tmp_path, naming):
    result, written = imported(skeletons, tmp_path, naming)
    by_ours = dict(zip(skeletons.order, skeletons.namings[naming].split(), strict=True))
    wanted = {ours: theirs for ours, theirs in by_ours.items() if theirs != "-"}
    assert {ours: result.report["matched"].get(ours) for ours in wanted} == wanted
    assert result.report["unmatched"] == []
    compared = skeletons.compare(result.clip, written.poses)
    assert compared.limbs < LIMB_DEGREES
    assert max(v for k, v in compared.turns.items() if k not in FREE) < 3
    assert result.report["limb_error_deg"] < LIMB_DEGREES


@pytest.mark.parametrize("naming", ["Mixamo", "CMU Daz", "nonsense"])
@pytest.mark.parametrize(
    ("how", "up", "unit"),
    [
        ({"rest": "a"}, "y", "centimetres"),
        ({"rest": "n"}, "y", "centimetres"),
        ({"rest": "a", "world": "z", "unit": 1.0}, "z", "metres"),
        ({"orders": "XYZ,ZYX,YZX,ZXY,XZY,YXZ"}, "y", "centimetres"),
        ({"extra_root": True, "unit": 0.0254}, "y", "inches"),
        ({"world": "x"}, "y", "centimetres"),
        ({"ends": False}, "y", "centimetres"),
        ({"unit": 0.001}, "y", "millimetres"),
    ],
)
def test_rest_poses_axes_units_and_orders(skeletons, tmp_path, naming, how, up, unit):
    rests = {"a": skeletons.a_pose(), "n": skeletons.a_pose(88)}
    worlds = {"z": skeletons.z_up, "x": Rotation.from_euler("y", 90, degrees=True).as_matrix()}
    how = {**how}
    if "rest" in how:
        how["rest"] = rests[how["rest"]]
    if "world" in how:
        how["world"] = worlds[how["world"]]
    result, written = imported(skeletons, tmp_path, naming, **how)
    compared = skeletons.compare(result.clip, written.poses)
    assert compared.limbs < LIMB_DEGREES
    # Twists come back too, not only directions; the facing is that of the rest pose, +z.
    assert max(v for k, v in compared.turns.items() if k not in FREE) < 4
    assert (result.report["up_axis"], result.report["units"]["name"]) == (up, unit)
    assert result.report["reference"] == "rest"


@pytest.mark.parametrize("world", ["y", "z"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_joints_with_frames_of_their_own(skeletons, tmp_path, seed, world):
    """Where zero rotations are no human pose, the motion itself calibrates."""
    axes = skeletons.z_up if world == "z" else None
    result, written = imported(skeletons, tmp_path, "nonsense", twisted=seed, world=axes)
    compared = skeletons.compare(result.clip, written.poses)
    assert compared.limbs < LIMB_DEGREES
    assert np.mean(list(compared.turns.values())) < 8
    assert result.report["reference"].startswith("frame")
    assert result.report["up_axis"] == world


def test_the_rest_pose_at_the_start_is_skipped(skeletons, tmp_path):
    result, written = imported(skeletons, tmp_path, rest=skeletons.a_pose(), rest_frame=3)
    assert len(result.clip) == written.frames - 3
    assert "skipped_3_frames" in result.clip.flags
    whole, _ = imported(skeletons, tmp_path, rest=skeletons.a_pose())
    assert len(whole.clip) == written.frames - 3


def test_a_rate_that_does_not_divide_is_resampled(skeletons, tmp_path):
    result, written = imported(skeletons, tmp_path, fps=50)
    assert result.clip.fps == 30
    assert len(result.clip) == int((written.frames - 1) * 30 / 50) + 1
    thinned, _ = imported(skeletons, tmp_path, fps=120)
    assert len(thinned.clip) == -(-written.frames // 4)
    assert skeletons.compare(thinned.clip, written.poses[::4]).limbs < LIMB_DEGREES


def test_the_clip_stands_on_the_floor_and_is_labelled(skeletons, tmp_path):
    from impromptu.backend.motion.kinematics import forward_kinematics

    result, _ = imported(skeletons, tmp_path, unit=1.0, world=skeletons.z_up)
    _, joints = forward_kinematics(result.clip.poses, result.clip.trans)
    assert abs(joints[..., 1].min()) < 0.06
    assert [label.text for label in result.clip.labels] == ["wave hands"]


def test_a_hand_is_refused_with_what_lacks(tmp_path):
    fingers = "".join(
        f"JOINT {name}\n{{\nOFFSET {i} 1 0\nCHANNELS 3 Zrotation Xrotation Yrotation\n"
        "End Site\n{\nOFFSET 0 3 0\n}\n}\n"
        for i, name in enumerate(("LeftThumb", "LeftIndex", "LeftMiddle", "LeftRing"))
    )
    path = tmp_path / "hand.bvh"
    path.write_text(
        "HIERARCHY\nROOT LeftHand\n{\nOFFSET 0 0 0\nCHANNELS 3 Zrotation Xrotation Yrotation\n" + fingers
        + "}\nMOTION\nFrames: 1\nFrame Time: 0.03\n" + "0 " * 15 + "\n"
    )  # fmt: skip
    with pytest.raises(InvalidInput, match=r"5 joints.*lacks left hip"):
        import_file(path)


def test_a_dog_is_refused(skeletons, tmp_path):
    """The known skeleton on all fours, with a tail."""
    names = skeletons.namings["Mixamo"]
    poses, trans = skeletons.motion()
    poses[:] = 0
    poses[:, 0, 0] = np.pi / 2
    poses[:, [1, 2], 0] = -np.pi / 2
    poses[:, 16, 1], poses[:, 17, 1] = -np.pi / 2, np.pi / 2
    written = skeletons.write(tmp_path / "dog.bvh", names, motion=(poses, trans), twisted=1)
    text = written.path.read_text()
    tail = "JOINT Tail\n{\nOFFSET 0 0 -20\nCHANNELS 0\n}\n"
    start = text.index("JOINT")
    written.path.write_text(text[:start] + tail + text[start:])
    with pytest.raises(InvalidInput, match="four legs"):
        import_file(written.path)


@pytest.mark.skipif(not DATA.is_dir(), reason="the sample BVH files are not on this machine")
def test_real_files_keep_their_limb_directions():
    reports = [result.report for path in sorted(DATA.glob("*.bvh")) for result in import_file(path)]
    assert len(reports) == 7
    assert all(report["limb_error_deg"] < 3 and report["matched_joints"] >= 19 for report in reports)
    assert {report["convention"] for report in reports} == {"CMU for Daz", "Bandai Namco"}
    daz = [report for report in reports if report["convention"] == "CMU for Daz"]
    assert all(report["skipped_frames"] == 10 for report in daz)
