"""Skeletons as they are met in the wild: more namings, bones between joints, legs without feet, single frames."""

import re

import numpy as np
import pytest
from impromptu.backend.motion.importers import import_file
from impromptu.backend.motion.joint_names import convention_of
from impromptu.backend.motion.kinematics import local_to_global, matrix_from_axis_angle
from impromptu.backend.protocol import InvalidInput
from scipy.spatial.transform import Rotation

CENTRE = "Hips Spine Spine1 Spine2 Neck Head"

# The centre's six joints; then collar to wrist and hip to toes, @ for the side; left and right.
NAMINGS = {
    "Valve": (
        "ValveBiped.Bip01_Pelvis ValveBiped.Bip01_Spine ValveBiped.Bip01_Spine1 ValveBiped.Bip01_Spine4"
        " ValveBiped.Bip01_Neck1 ValveBiped.Bip01_Head1",
        "ValveBiped.Bip01_@_Clavicle ValveBiped.Bip01_@_UpperArm ValveBiped.Bip01_@_Forearm ValveBiped.Bip01_@_Hand"
        " ValveBiped.Bip01_@_Thigh ValveBiped.Bip01_@_Calf ValveBiped.Bip01_@_Foot ValveBiped.Bip01_@_Toe0",
        "L R",
    ),
    "Second Life": (
        "mPelvis mTorso - mChest mNeck mHead",
        "mCollar@ mShoulder@ mElbow@ mWrist@ mHip@ mKnee@ mAnkle@ mFoot@",
        "Left Right",
    ),
    "Auto-Rig Pro": (
        "root.x spine_01.x spine_02.x spine_03.x neck.x head.x",
        "shoulder.@ arm_stretch.@ forearm_stretch.@ hand.@ thigh_stretch.@ leg_stretch.@ foot.@ toes_01.@",
        "l r",
    ),
    "AdvancedSkeleton": (
        "Root_M Spine1_M Spine2_M Chest_M Neck_M Head_M",
        "Scapula_@ Shoulder_@ Elbow_@ Wrist_@ Hip_@ Knee_@ Ankle_@ Toes_@",
        "L R",
    ),
    "OpenSim": (
        "pelvis lumbar - torso - head",
        "scapula_@ humerus_@ ulna_@ hand_@ femur_@ tibia_@ talus_@ toes_@",
        "l r",
    ),
    "HAnim": (
        "humanoid_root vl5 vt10 vt1 vc4 skullbase",
        "@_sternoclavicular @_shoulder @_elbow @_wrist @_hip @_knee @_ankle @_metatarsal",
        "l r",
    ),
    "gesture sets": (CENTRE, "@Shoulder @Arm @Arm1 @Hand @UpLeg @Leg @Foot @ToeBase", "L R"),
    "shanks": (
        "pelvis abdomen - torso neck head",
        "- @_uarm @_larm @_hand @_thigh @_shank @_foot @_toes",
        "l r",
    ),
    "numbered": (
        CENTRE,
        "10_@Shoulder 11_@Arm 12_@ForeArm 13_@Hand 20_@UpLeg 21_@Leg 22_@Foot 23_@Toe",
        "Left Right",
    ),
    "no capitals": (CENTRE, "@shoulder @arm @forearm @hand @upleg @leg @foot @toebase", "left right"),
    "arm1, arm2": (CENTRE, "shoulder_@ arm1_@ arm2_@ hand_@ leg1_@ leg2_@ foot_@ toe_@", "l r"),
    "German": (
        "Becken Wirbel1 Wirbel2 Brust Hals Kopf",
        "Schulter_@ Oberarm_@ Unterarm_@ Hand_@ Oberschenkel_@ Unterschenkel_@ Fuss_@ Zehen_@",
        "L R",
    ),
}


def line_of(centre: str, limbs: str, sides: str) -> str:
    """The names in the order in which the skeletons are written."""
    words, (left, right) = limbs.split(), sides.split()
    parts = [(words[:4], left), (words[:4], right), (words[4:], left), (words[4:], right)]
    return " ".join([centre, *(name.replace("@", side) for names, side in parts for name in names)])


def with_twists(path, names) -> None:
    """Split the bone that leads to each named joint in two, by a joint that does not turn."""
    out, depths, depth = [], [], 0
    lines = path.read_text().split("\n")
    last = lines.index("MOTION")
    for i, line in enumerate(lines[:last]):
        if line.startswith("JOINT") and line.split()[1] in names:
            half = "OFFSET " + " ".join(f"{float(v) / 2:.7g}" for v in lines[i + 2].split()[1:])
            lines[i + 2] = half
            out += [f"JOINT extra_{i}", "{", half, "CHANNELS 0"]
            depths.append(depth)
        depth += line == "{"
        out.append(line)
        if line == "}":
            depth -= 1
            if depths and depths[-1] == depth:
                out.append("}")
                depths.pop()
    path.write_text("\n".join(out + lines[last:]))


@pytest.mark.parametrize("naming", NAMINGS)
def test_more_namings(skeletons, tmp_path, naming):
    line = line_of(*NAMINGS[naming])
    written = skeletons.write(tmp_path / "walk.bvh", line)
    (result,) = import_file(written.path)
    wanted = {ours: name for ours, name in zip(skeletons.order, line.split(), strict=True) if name != "-"}
    found = {ours: result.report["matched"].get(ours) for ours in wanted}
    assert found == wanted
    assert skeletons.compare(result.clip, written.poses).limbs < 0.5


@pytest.mark.parametrize("naming", ["Mixamo", "nonsense"])
def test_twist_bones_inside_limbs(skeletons, tmp_path, naming):
    """A joint that never bends is no elbow and no knee, whatever the bones' proportions are."""
    names = dict(zip(skeletons.order, skeletons.namings[naming].split(), strict=True))
    written = skeletons.write(tmp_path / "walk.bvh", skeletons.namings[naming])
    with_twists(written.path, {name for ours, name in names.items() if re.search("knee|ankle|elbow|wrist", ours)})
    (result,) = import_file(written.path)
    limbs = {f"{side}_{bone}" for side in ("left", "right") for bone in ("hip", "knee", "shoulder", "elbow")}
    assert {ours: result.report["matched"][ours] for ours in limbs} == {ours: names[ours] for ours in limbs}
    assert skeletons.compare(result.clip, written.poses).limbs < 0.5


@pytest.mark.parametrize("ends", [True, False])
def test_legs_without_feet_and_arms_without_hands(skeletons, tmp_path, ends):
    """The limbs of a skeleton of unknown names may stop at ankles and wrists."""
    line = " ".join(
        "-" if ours.endswith(("_foot", "_collar")) else name
        for ours, name in zip(skeletons.order, skeletons.namings["nonsense"].split(), strict=True)
    )
    written = skeletons.write(tmp_path / "walk.bvh", line, ends=ends)
    (result,) = import_file(written.path)
    matched = result.report["matched"]
    names = dict(zip(skeletons.order, line.split(), strict=True))
    middle = ("left_knee", "right_knee", "left_elbow", "right_elbow")
    assert {matched[ours] for ours in middle} == {names[ours] for ours in middle}
    assert np.isfinite(result.clip.poses).all()


def test_collar_bones_without_length(skeletons, tmp_path):
    """Both collar bones start at the chest: the elbows, not they, tell left from right."""
    names = dict(zip(skeletons.order, skeletons.namings["nonsense"].split(), strict=True))
    written = skeletons.write(tmp_path / "walk.bvh", skeletons.namings["nonsense"])
    lines = written.path.read_text().split("\n")
    for side in ("left", "right"):
        collar, arm = (lines.index(f"JOINT {names[f'{side}_{bone}']}") + 2 for bone in ("collar", "shoulder"))
        whole = np.sum([[float(v) for v in lines[at].split()[1:]] for at in (collar, arm)], axis=0)
        lines[collar], lines[arm] = "OFFSET 0 0 0", "OFFSET " + " ".join(f"{v:.7g}" for v in whole)
    written.path.write_text("\n".join(lines))
    with_twists(written.path, {names[f"{s}_{b}"] for s in ("left", "right") for b in ("knee", "elbow", "wrist")})
    matched = import_file(written.path)[0].report["matched"]
    assert {ours: matched[ours] for ours in ("left_elbow", "right_elbow")} == {
        ours: names[ours] for ours in ("left_elbow", "right_elbow")
    }


@pytest.mark.parametrize("naming", ["nonsense", "Mixamo"])
def test_shins_that_only_an_end_site_closes(skeletons, tmp_path, naming):
    line = " ".join(
        "-" if ours.endswith(("_foot", "_ankle")) else name
        for ours, name in zip(skeletons.order, skeletons.namings[naming].split(), strict=True)
    )
    written = skeletons.write(tmp_path / "walk.bvh", line)
    written.path.write_text(written.path.read_text().replace("OFFSET 0 -10 0", "OFFSET 0 -40 0"))
    (result,) = import_file(written.path)
    assert result.report["missing"]["left_ankle"] == "follows left_knee"
    assert skeletons.compare(result.clip, written.poses).limbs < 2


def test_a_single_frame_on_tiptoe(skeletons, tmp_path):
    """The lowest points of the soles are then far apart, and no level is near."""
    poses, trans = np.zeros((1, 22, 3)), np.array([[0.0, 1.0, 0.0]])
    poses[:, 7:9, 0] = 1.3
    poses[:, 2, 0], poses[:, 5, 0] = -0.9, 0.9
    written = skeletons.write(tmp_path / "pose.bvh", skeletons.namings["Mixamo"], motion=(poses, trans))
    (result,) = import_file(written.path)
    assert len(result.clip) == 1
    assert np.isfinite(result.clip.trans).all()


def on_all_fours(frames):
    """(frames, 22, 3) axis-angle: the torso level, thighs and arms down."""
    poses = np.zeros((frames, 22, 3))
    poses[:, 0, 0] = 1.5
    poses[:, 1:3, 0] = -1.5
    for joint, degrees in ((16, -90), (17, 90)):
        down = Rotation.from_euler("x", -90, degrees=True) * Rotation.from_euler("z", degrees, degrees=True)
        poses[:, joint] = down.as_rotvec()
    return poses


def test_who_rests_on_four_legs_is_refused_and_who_crawls_is_not(skeletons, tmp_path):
    """The names are a human's in both files, and neither has a tail."""
    motion = (on_all_fours(30), np.tile([0.0, 0.5, 0.0], (30, 1)))
    rest = local_to_global(matrix_from_axis_angle(on_all_fours(1)))[0]
    names = skeletons.namings["Mixamo"]
    dog = skeletons.write(tmp_path / "dog.bvh", names, motion=motion, rest=rest)
    with pytest.raises(InvalidInput, match="four legs"):
        import_file(dog.path)
    for how in ({}, *({"twisted": seed} for seed in range(1, 6))):
        crawl = skeletons.write(tmp_path / "crawl.bvh", names, motion=motion, **how)
        assert len(import_file(crawl.path)) == 1


def test_conventions_are_named():
    assert convention_of(["Hips", "LeftUpperLeg", "LeftLowerLeg", "LeftUpperArm"]) == "Unity"
    assert convention_of(["PELVIS", "SPINE_NAVAL", "HIP_LEFT"]) == "Azure Kinect"
    assert convention_of(["root.x", "thigh_stretch.l", "leg_stretch.l"]) == "Auto-Rig Pro"
