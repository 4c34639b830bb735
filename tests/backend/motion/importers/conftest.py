"""A known motion, expressed on skeletons of other names, rest poses, axes, units and channel orders, as BVH."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from impromptu.backend.motion.kinematics import forward_kinematics, local_to_global, matrix_from_axis_angle
from impromptu.backend.motion.skeleton import INDEX, JOINT_NAMES, OFFSETS, PARENTS
from scipy.spatial.transform import Rotation

ORDER = [
    "pelvis",
    "spine1",
    "spine2",
    "spine3",
    "neck",
    "head",
    "left_collar",
    "left_shoulder",
    "left_elbow",
    "left_wrist",
    "right_collar",
    "right_shoulder",
    "right_elbow",
    "right_wrist",
    "left_hip",
    "left_knee",
    "left_ankle",
    "left_foot",
    "right_hip",
    "right_knee",
    "right_ankle",
    "right_foot",
]

# One name for each joint of ORDER; "-" where the convention has none.
NAMINGS = {
    "CMU MotionBuilder": "Hips LowerBack Spine Spine1 Neck Head LeftShoulder LeftArm LeftForeArm LeftHand"
    " RightShoulder RightArm RightForeArm RightHand"
    " LeftUpLeg LeftLeg LeftFoot LeftToeBase RightUpLeg RightLeg RightFoot RightToeBase",
    "CMU Daz": "hip abdomen - chest neck head lCollar lShldr lForeArm lHand rCollar rShldr rForeArm rHand lThigh"
    " lShin"
    " lFoot - rThigh rShin rFoot -",
    "DAZ Genesis": "pelvis abdomenLower abdomenUpper chestLower neckLower head lCollar lShldrBend lForearmBend lHand"
    " rCollar"
    " rShldrBend rForearmBend rHand lThighBend lShin lFoot lToe rThighBend rShin rFoot rToe",
    "Bandai Namco": "Hips Spine - Chest Neck Head Shoulder_L UpperArm_L LowerArm_L Hand_L Shoulder_R UpperArm_R"
    " LowerArm_R"
    " Hand_R UpperLeg_L LowerLeg_L Foot_L Toes_L UpperLeg_R LowerLeg_R Foot_R Toes_R",
    "Mixamo": "mixamorig:Hips mixamorig:Spine mixamorig:Spine1 mixamorig:Spine2 mixamorig:Neck mixamorig:Head"
    " mixamorig:LeftShoulder mixamorig:LeftArm mixamorig:LeftForeArm mixamorig:LeftHand mixamorig:RightShoulder"
    " mixamorig:RightArm mixamorig:RightForeArm mixamorig:RightHand mixamorig:LeftUpLeg mixamorig:LeftLeg"
    " mixamorig:LeftFoot mixamorig:LeftToeBase mixamorig:RightUpLeg mixamorig:RightLeg mixamorig:RightFoot"
    " mixamorig:RightToeBase",
    "Unreal": "pelvis spine_01 spine_02 spine_03 neck_01 head clavicle_l upperarm_l lowerarm_l hand_l"
    " clavicle_r upperarm_r"
    " lowerarm_r hand_r thigh_l calf_l foot_l ball_l thigh_r calf_r foot_r ball_r",
    "Biped": "Bip01_Pelvis Bip01_Spine Bip01_Spine1 Bip01_Spine2 Bip01_Neck Bip01_Head Bip01_L_Clavicle"
    " Bip01_L_UpperArm"
    " Bip01_L_Forearm Bip01_L_Hand Bip01_R_Clavicle Bip01_R_UpperArm Bip01_R_Forearm Bip01_R_Hand Bip01_L_Thigh"
    " Bip01_L_Calf Bip01_L_Foot Bip01_L_Toe0 Bip01_R_Thigh Bip01_R_Calf Bip01_R_Foot Bip01_R_Toe0",
    "Xsens": "Pelvis L5 T12 T8 Neck Head LeftShoulder LeftUpperArm LeftForeArm LeftHand RightShoulder RightUpperArm"
    "  RightForeArm RightHand LeftUpperLeg LeftLowerLeg LeftFoot LeftToe RightUpperLeg RightLowerLeg"
    " RightFoot RightToe",
    "Rigify": "spine spine.001 spine.002 spine.003 spine.004 spine.006 shoulder.L upper_arm.L forearm.L hand.L"
    " shoulder.R"
    " upper_arm.R forearm.R hand.R thigh.L shin.L foot.L toe.L thigh.R shin.R foot.R toe.R",
    "MakeHuman": "root spine05 spine03 spine01 neck01 head clavicle.L upperarm01.L lowerarm01.L wrist.L clavicle.R"
    " upperarm01.R lowerarm01.R wrist.R upperleg01.L lowerleg01.L foot.L toe1-1.L upperleg01.R lowerleg01.R foot.R"
    " toe1-1.R",
    "SMPL": "Pelvis Spine1 Spine2 Spine3 Neck Head L_Collar L_Shoulder L_Elbow L_Wrist R_Collar R_Shoulder"
    " R_Elbow R_Wrist"
    " L_Hip L_Knee L_Ankle L_Foot R_Hip R_Knee R_Ankle R_Foot",
    "100STYLE": "Hips Chest Chest2 Chest4 Neck Head LeftCollar LeftShoulder LeftElbow LeftWrist RightCollar"
    " RightShoulder"
    " RightElbow RightWrist LeftHip LeftKnee LeftAnkle LeftToe RightHip RightKnee RightAnkle RightToe",
    "VRM": "J_Bip_C_Hips J_Bip_C_Spine J_Bip_C_Chest J_Bip_C_UpperChest J_Bip_C_Neck J_Bip_C_Head J_Bip_L_Shoulder"
    " J_Bip_L_UpperArm J_Bip_L_LowerArm J_Bip_L_Hand J_Bip_R_Shoulder J_Bip_R_UpperArm J_Bip_R_LowerArm J_Bip_R_Hand"
    " J_Bip_L_UpperLeg J_Bip_L_LowerLeg J_Bip_L_Foot J_Bip_L_ToeBase J_Bip_R_UpperLeg J_Bip_R_LowerLeg J_Bip_R_Foot"
    " J_Bip_R_ToeBase",
    "Rokoko": "Hips Spine1 Spine2 Spine3 Neck Head LeftShoulder LeftArm LeftForeArm LeftHand RightShoulder RightArm"
    " RightForeArm RightHand LeftThigh LeftShin LeftFoot LeftToe RightThigh RightShin RightFoot RightToe",
    "Motive": "Hip Ab - Chest Neck Head LShoulder LUArm LFArm LHand RShoulder RUArm RFArm RHand LThigh LShin"
    " LFoot LToe"
    " RThigh RShin RFoot RToe",
    "Acclaim": "root lowerback upperback thorax lowerneck head lclavicle lhumerus lradius lwrist rclavicle"
    " rhumerus rradius"
    " rwrist lfemur ltibia lfoot ltoes rfemur rtibia rfoot rtoes",
    "an actor's": "Bob_Hips Bob_Spine Bob_Spine1 Bob_Spine2 Bob_Neck Bob_Head Bob_LeftShoulder Bob_LeftArm"
    " Bob_LeftForeArm"
    "  Bob_LeftHand Bob_RightShoulder Bob_RightArm Bob_RightForeArm Bob_RightHand Bob_LeftUpLeg"
    " Bob_LeftLeg Bob_LeftFoot"
    " Bob_LeftToeBase Bob_RightUpLeg Bob_RightLeg Bob_RightFoot Bob_RightToeBase",
    "Character Creator": "CC_Base_Hip CC_Base_Waist CC_Base_Spine01 CC_Base_Spine02 CC_Base_NeckTwist01 CC_Base_Head"
    " CC_Base_L_Clavicle CC_Base_L_Upperarm CC_Base_L_Forearm CC_Base_L_Hand CC_Base_R_Clavicle CC_Base_R_Upperarm"
    "  CC_Base_R_Forearm CC_Base_R_Hand CC_Base_L_Thigh CC_Base_L_Calf CC_Base_L_Foot"
    " CC_Base_L_ToeBase CC_Base_R_Thigh"
    " CC_Base_R_Calf CC_Base_R_Foot CC_Base_R_ToeBase",
    "Kinect": "SpineBase SpineMid - SpineShoulder Neck Head - ShoulderLeft ElbowLeft WristLeft - ShoulderRight"
    " ElbowRight"
    " WristRight HipLeft KneeLeft AnkleLeft FootLeft HipRight KneeRight AnkleRight FootRight",
    "nonsense": " ".join(f"joint_{i * 7 % 22}" for i in range(22)),
}  # fmt: skip


def known_motion(frames: int = 90) -> tuple[np.ndarray, np.ndarray]:
    """(frames, 22, 3) axis-angle and (frames, 3) of a lively walk: every limb turns, bends and twists a little."""
    t = np.linspace(0, 4 * np.pi, frames)
    pose = np.zeros((frames, 22, 3))
    for side, sign, phase in (("left", 1, 0.0), ("right", -1, np.pi)):
        swing = np.sin(t + phase)
        pose[:, INDEX[f"{side}_hip"]] = np.stack([-0.5 * swing, 0.1 * sign * swing, 0.05 * sign + 0 * t], 1)
        pose[:, INDEX[f"{side}_knee"], 0] = 0.5 + 0.45 * np.sin(t + phase - 1.2)
        pose[:, INDEX[f"{side}_ankle"], 0] = 0.2 * np.sin(t + phase + 0.5)
        down = Rotation.from_rotvec([0, 0, -sign * 1.2])
        forward = Rotation.from_rotvec(np.stack([0.5 * swing, 0 * t, 0 * t], 1))
        pose[:, INDEX[f"{side}_shoulder"]] = (forward * down).as_rotvec()
        pose[:, INDEX[f"{side}_elbow"], 1] = -sign * (0.6 + 0.4 * np.sin(t + phase + 0.3))
        pose[:, INDEX[f"{side}_collar"], 2] = 0.05 * swing
    pose[:, INDEX["spine1"], 0] = 0.08
    pose[:, INDEX["spine3"], 1] = 0.12 * np.sin(t)
    pose[:, INDEX["head"], 1] = 0.2 * np.sin(0.5 * t)
    pose[:, 0, 1] = 0.4 + 0.1 * np.sin(t)
    trans = np.stack([0.25 * t / 3, 0.93 + 0.02 * np.cos(2 * t), 0.6 * t / 3], 1)
    return pose, trans


def a_pose(degrees: float = 45.0) -> np.ndarray:
    """(22, 3, 3) global rotations of a rest pose with hanging arms, spread legs and slightly bent elbows."""
    local = np.zeros((1, 22, 3))
    for side, sign in (("left", 1), ("right", -1)):
        local[0, INDEX[f"{side}_shoulder"], 2] = -sign * np.radians(degrees)
        local[0, INDEX[f"{side}_elbow"], 1] = -sign * np.radians(10)
        local[0, INDEX[f"{side}_hip"], 2] = sign * np.radians(6)
    return local_to_global(matrix_from_axis_angle(local))[0]


Z_UP = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])


def write_skeleton(
    path,
    names: str,
    motion=None,
    rest: np.ndarray | None = None,
    world: np.ndarray | None = None,
    twisted: int | None = None,
    unit: float = 0.01,
    orders: str = "ZXY",
    fps: float = 30.0,
    extra_root: bool = False,
    rest_frame: int = 0,
    ends: bool = True,
) -> SimpleNamespace:
    """Write the known motion as BVH on another skeleton.

    Args:
        names: one a joint of ORDER, "-" where there is none.
        rest: (22, 3, 3) global rotations of the pose in which the file's rotations are zero.
        world: (3, 3) from y up to the file's axes.
        twisted: seed of a random rotation of every joint's own frame: the rest pose is then no human.
        unit: metres a unit of the file.
        orders: rotation order, or several joined by commas, taken in turn.
        rest_frame: how many frames of the rest pose come first.
        ends: write End Sites.
    """
    poses, trans = known_motion() if motion is None else motion
    if rest_frame:
        still = Rotation.from_matrix(local_rotations(rest)).as_rotvec()
        poses = np.concatenate([np.tile(still, (rest_frame, 1, 1)), poses])
        trans = np.concatenate([np.tile(trans[:1], (rest_frame, 1)), trans])
    named = dict(zip(ORDER, names.split(), strict=True))
    kept = [name for name in ORDER if named[name] != "-"]
    turned, places = forward_kinematics(poses, trans)
    world = np.eye(3) if world is None else world
    rest = np.broadcast_to(np.eye(3), (22, 3, 3)) if rest is None else rest
    frames = np.swapaxes(rest, 1, 2) @ world.T
    if twisted is not None:
        frames = frames @ Rotation.random(22, random_state=twisted).as_matrix()
    theirs = world @ turned @ frames
    lines, table = ["HIERARCHY"], []
    cycle = orders.split(",")
    parent_of = {}
    for name in kept:
        parent = PARENTS[INDEX[name]]
        while parent >= 0 and JOINT_NAMES[parent] not in kept:
            parent = PARENTS[parent]
        parent_of[name] = JOINT_NAMES[parent] if parent >= 0 else None

    def rest_offset(name: str) -> np.ndarray:
        """Through joints that the file leaves out, which keep their rest rotation."""
        joint, parent, offset = INDEX[name], parent_of[name], np.zeros(3)
        while joint >= 0 and JOINT_NAMES[joint] != parent:
            above = PARENTS[joint]
            offset = offset + (rest[above] @ OFFSETS[joint] if above >= 0 else 0)
            joint = above
        if parent is None:
            return np.zeros(3)
        return frames[INDEX[parent]].T @ rest[INDEX[parent]].T @ offset / unit

    def write(name: str, depth: int) -> None:
        order = cycle[len(table) % len(cycle)]
        j = INDEX[name]
        parent = parent_of[name]
        local = theirs[:, j] if parent is None else np.swapaxes(theirs[:, INDEX[parent]], 1, 2) @ theirs[:, j]
        lines.append(("ROOT " if parent is None and not extra_root else "JOINT ") + named[name])
        lines.append("{")
        lines.append("OFFSET " + " ".join(f"{v:.7g}" for v in rest_offset(name)))
        channels = " ".join(f"{axis}rotation" for axis in order)
        if parent is None:
            table.append(places[:, 0] @ world.T / unit)
            lines.append(f"CHANNELS 6 Xposition Yposition Zposition {channels}")
        else:
            lines.append(f"CHANNELS 3 {channels}")
        table.append(Rotation.from_matrix(local).as_euler(order, degrees=True))
        children = [n for n in kept if parent_of[n] == name]
        for child in children:
            write(child, depth + 1)
        if not children and ends:
            tip = 0.1 * np.array([0, -0.4, 1.0] if "ankle" in name else np.sign(np.round(OFFSETS[j], 1)))
            tip = tip if np.any(tip) else np.array([0, 0.1, 0])
            tip = frames[j].T @ tip / unit
            lines.extend(["End Site", "{", "OFFSET " + " ".join(f"{v:.7g}" for v in tip), "}"])
        lines.append("}")

    if extra_root:
        lines.extend(["ROOT World_Root", "{", "OFFSET 0 0 0", "CHANNELS 3 Xrotation Yrotation Zrotation"])
        table.append(np.zeros((len(poses), 3)))
    write("pelvis", 0)
    if extra_root:
        lines.append("}")
    values = np.concatenate(table, axis=1)
    lines += ["MOTION", f"Frames: {len(values)}", f"Frame Time: {1 / fps:.6f}"]
    lines += [" ".join(f"{v:.6f}" for v in row) for row in values]
    path.write_text("\n".join(lines) + "\n")
    return SimpleNamespace(path=path, poses=poses, trans=trans, frames=len(values), kept=kept)


def local_rotations(rest):
    """(22, 3, 3) local rotations of a rest pose given by global ones."""
    rest = np.broadcast_to(np.eye(3), (22, 3, 3)) if rest is None else rest
    return np.stack([rest[j] if p < 0 else rest[p].T @ rest[j] for j, p in enumerate(PARENTS)])


LIMBS = [
    (f"{side}_{a}", f"{side}_{b}")
    for side in ("left", "right")
    for a, b in (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist"))
]


def compare(clip, poses) -> SimpleNamespace:
    """Degrees between a clip and the motion it was made from, up to a turn about the vertical at the first frame.

    Returns:
        limbs: mean angle between limb directions; turns: joint -> mean angle between global rotations.
    """
    mine, mine_at = forward_kinematics(clip.poses, clip.trans)
    want, want_at = forward_kinematics(poses, np.zeros((len(poses), 3)))
    limbs = []
    for a, b in LIMBS:
        u = mine_at[:, INDEX[b]] - mine_at[:, INDEX[a]]
        v = want_at[:, INDEX[b]] - want_at[:, INDEX[a]]
        u, v = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (u, v))
        limbs.append(np.degrees(np.arctan2(np.linalg.norm(np.cross(u, v), axis=1), (u * v).sum(1))).mean())
    trace = np.einsum("fjab,fjab->fj", mine, want)
    angle = np.degrees(np.arccos(np.clip((trace - 1) / 2, -1, 1))).mean(0)
    return SimpleNamespace(limbs=float(np.mean(limbs)), turns=dict(zip(JOINT_NAMES, angle, strict=True)))


@pytest.fixture
def skeletons() -> SimpleNamespace:
    """What this file makes skeletons with."""
    return SimpleNamespace(
        write=write_skeleton, compare=compare, namings=NAMINGS, a_pose=a_pose, z_up=Z_UP, motion=known_motion,
        order=ORDER,
    )  # fmt: skip
