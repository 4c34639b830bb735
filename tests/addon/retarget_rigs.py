"""Armatures with the bone names of the wild, made of our joints: other poses, rolls, sizes, axes and chains."""

from __future__ import annotations

import bpy
import numpy as np
from impromptu.backend.motion.skeleton import JOINT_NAMES, OFFSETS, PARENTS
from mathutils import Matrix, Vector

SIDES = (("left", "L", "l", "Left"), ("right", "R", "r", "Right"))


def sided(table):
    """{joint: pattern} for both sides; patterns hold {S}, {s}, {side} or {Side}."""
    return {
        f"{side}_{joint}": name.format(S=S, s=s, side=side, Side=Side)
        for side, S, s, Side in SIDES
        for joint, name in table.items()
    }


def fingers(pattern, **names):
    """Three joints of each finger, from a pattern of {finger} and {k}."""
    return {
        f"{f}{k}": pattern.replace("{finger}", names.get(f, f)).replace("{k}", str(k))
        for f in ("thumb", "index", "middle", "ring", "pinky")
        for k in (1, 2, 3)
    }


MIXAMO = {"pelvis": "Hips", "spine": ["Spine", "Spine1", "Spine2"], "neck": ["Neck"], "head": "Head"} | sided(
    {"hip": "{Side}UpLeg", "knee": "{Side}Leg", "ankle": "{Side}Foot", "foot": "{Side}ToeBase"}
    | {"collar": "{Side}Shoulder", "shoulder": "{Side}Arm", "elbow": "{Side}ForeArm", "wrist": "{Side}Hand"}
)
for _side, _word in (("left", "LeftHand"), ("right", "RightHand")):
    MIXAMO |= {
        f"{_side}_{f}{k}": f"{_word}{f.title()}{k}"
        for f in ("thumb", "index", "pinky", "middle", "ring")
        for k in (1, 2, 3)
    }
UNREAL4 = {
    "pelvis": "pelvis",
    "spine": ["spine_01", "spine_02", "spine_03"],
    "neck": ["neck_01"],
    "head": "head",
} | sided(
    {"hip": "thigh_{s}", "knee": "calf_{s}", "ankle": "foot_{s}", "foot": "ball_{s}", "collar": "clavicle_{s}"}
    | {"shoulder": "upperarm_{s}", "elbow": "lowerarm_{s}", "wrist": "hand_{s}"}
    | fingers("{finger}_0{k}_{{s}}".replace("{{s}}", "{s}"))
)
UNREAL5 = UNREAL4 | {"spine": [f"spine_0{k}" for k in range(1, 6)], "neck": ["neck_01", "neck_02"]}
VROID = {"pelvis": "J_Bip_C_Hips", "spine": ["J_Bip_C_Spine", "J_Bip_C_Chest", "J_Bip_C_UpperChest"]} | {
    "neck": ["J_Bip_C_Neck"], "head": "J_Bip_C_Head"} | sided(
    {"hip": "J_Bip_{S}_UpperLeg", "knee": "J_Bip_{S}_LowerLeg", "ankle": "J_Bip_{S}_Foot"}
    | {"foot": "J_Bip_{S}_ToeBase"}
    | {"collar": "J_Bip_{S}_Shoulder", "shoulder": "J_Bip_{S}_UpperArm", "elbow": "J_Bip_{S}_LowerArm"}
    | {"wrist": "J_Bip_{S}_Hand", "thumb1": "J_Bip_{S}_Thumb1", "index1": "J_Bip_{S}_Index1"}
    | {"middle1": "J_Bip_{S}_Middle1", "pinky1": "J_Bip_{S}_Little1"}
)  # fmt: skip
VRM = {"pelvis": "hips", "spine": ["spine", "chest"], "neck": ["neck"], "head": "head"} | sided(
    {"hip": "{side}UpperLeg", "knee": "{side}LowerLeg", "ankle": "{side}Foot", "shoulder": "{side}UpperArm"}
    | {"elbow": "{side}LowerArm", "wrist": "{side}Hand"}
)
MAKEHUMAN = {"pelvis": "root", "spine": ["spine05", "spine04", "spine03", "spine02", "spine01"]} | {
    "neck": ["neck01", "neck02", "neck03"], "head": "head"} | sided(
    {"hip": "upperleg01.{S}", "knee": "lowerleg01.{S}", "ankle": "foot.{S}", "foot": "toe2-1.{S}"}
    | {"collar": "clavicle.{S}", "shoulder": "upperarm01.{S}", "elbow": "lowerarm01.{S}", "wrist": "wrist.{S}"}
    | {"thumb1": "finger1-1.{S}", "index1": "finger2-1.{S}", "middle1": "finger3-1.{S}", "pinky1": "finger5-1.{S}"}
)  # fmt: skip
METARIG = {"pelvis": "spine", "spine": ["spine.001", "spine.002", "spine.003"]} | {
    "neck": ["spine.004", "spine.005"], "head": "spine.006"} | sided(
    {"hip": "thigh.{S}", "knee": "shin.{S}", "ankle": "foot.{S}", "foot": "toe.{S}", "collar": "shoulder.{S}"}
    | {"shoulder": "upper_arm.{S}", "elbow": "forearm.{S}", "wrist": "hand.{S}"}
)  # fmt: skip
SMPL = {"pelvis": "Pelvis", "spine": ["Spine1", "Spine2", "Spine3"], "neck": ["Neck"], "head": "Head"} | sided(
    {"hip": "{S}_Hip", "knee": "{S}_Knee", "ankle": "{S}_Ankle", "foot": "{S}_Foot", "collar": "{S}_Collar"}
    | {"shoulder": "{S}_Shoulder", "elbow": "{S}_Elbow", "wrist": "{S}_Wrist"}
)
CHILD = {"hip": "knee", "knee": "ankle", "ankle": "foot", "collar": "shoulder", "shoulder": "elbow", "elbow": "wrist"}
REACH = {
    "thumb": (0.03, -0.03, -0.01),
    "index": (0.09, -0.02, 0),
    "middle": (0.095, 0, 0),
    "ring": (0.09, 0.015, 0),
    "pinky": (0.08, 0.03, 0),
}


def turned(axis, degrees):
    return np.array(Matrix.Rotation(np.radians(degrees), 3, Vector(axis)))


def places(names, arms=0.0, legs=1.0, shin=1.0, width=1.0):
    """Joint -> head in metres, Blender's axes, soles on the floor; `arms` degrees below a T-pose."""
    world = np.zeros((22, 3))
    blender = np.stack([OFFSETS[:, 0], -OFFSETS[:, 2], OFFSETS[:, 1]], 1)
    for j, p in enumerate(PARENTS):
        name, offset = JOINT_NAMES[j], blender[j].copy()
        side = 1 if name.startswith("left") else -1
        if name.endswith(("elbow", "wrist")):
            offset = turned((0, 1, 0), side * arms) @ offset
        if name.endswith(("knee", "ankle")):
            offset *= legs * (shin if name.endswith("ankle") else 1)
        if name.endswith("hip"):
            offset[0] *= width
        world[j] = offset + (world[p] if p >= 0 else 0)
    world[:, 2] += 0.02 - world[[10, 11], 2].min()
    out = dict(zip(JOINT_NAMES, world, strict=True))
    for side, sign in (("left", 1), ("right", -1)):
        for finger, reach in REACH.items():
            for k in (1, 2, 3):
                along = np.array([sign, 1, 1]) * (np.array(reach) + np.array([0.025 * (k - 1), 0, 0]))
                out[f"{side}_{finger}{k}"] = out[f"{side}_wrist"] + turned((0, 1, 0), sign * arms) @ along
    chain = np.linspace(0, 1, len(names["spine"]) + 2)[1:]
    out["spine"] = [out["pelvis"] + s * (out["neck"] - out["pelvis"]) for s in chain[:-1]]
    steps = np.linspace(0, 1, len(names["neck"]) + 1)[:-1]
    out["neck"] = [out["neck"] + s * (out["head"] - out["neck"]) for s in steps]
    return out


def make_rig(names, prefix="", size=1.0, y_up=False, rolls=0, name="Target", mode="QUATERNION", above="", **shape):
    """An armature object with these bones.

    Args:
        prefix: of every name.
        size: scale of the object; its data are 1/size as big.
        y_up: data with y up, the object turned to stand: as FBX files come in.
        rolls: seed of random rolls; 0 for none.
        above: name of a bone on the floor over all of them.
    """
    at = places(names, **shape)
    rng = np.random.default_rng(rolls)
    data = bpy.data.armatures.new(name)
    rig = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(rig)
    turn = Matrix.Rotation(np.pi / 2, 4, "X") if y_up else Matrix.Identity(4)
    rig.matrix_world = turn @ Matrix.Scale(size, 4)
    bpy.context.view_layer.update()
    back = np.array(rig.matrix_world.inverted())
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")

    def bone(label, head, tail, parent):
        made = data.edit_bones.new(prefix + label)
        made.head, made.tail = (back @ [*head, 1])[:3], (back @ [*tail, 1])[:3]
        made.roll = rng.uniform(-3, 3) if rolls else 0.0
        made.parent = parent
        return made

    top = bone(above, (0, 0, 0), (0, 0.2, 0), None) if above else None
    spine = [bone(names["pelvis"], at["pelvis"], at["pelvis"] + [0, 0, 0.1], top)]
    for label, head in zip(names["spine"], at["spine"], strict=True):
        spine.append(bone(label, head, head + np.array([0, 0.01, 0.08]), spine[-1]))
    last = spine[-1]
    for label, head in zip(names["neck"], at["neck"], strict=True):
        last = bone(label, head, head + np.array([0, -0.01, 0.05]), last)
    if "head" in names:
        bone(names["head"], at["head"], at["head"] + [0, 0, 0.2], last)
    for side in ("left", "right"):
        made = {}
        for part in ("hip", "knee", "ankle", "foot", "collar", "shoulder", "elbow", "wrist", *fingers("{finger}{k}")):
            joint = f"{side}_{part}"
            if joint not in names:
                continue
            parent = next((made[p] for p, c in CHILD.items() if c == part and p in made), None)
            if part[:-1] in REACH:
                parent = made.get(f"{part[:-1]}{int(part[-1]) - 1}", made["wrist"])
            parent = parent or (spine[0] if part == "hip" else spine[-1])
            tail = at.get(f"{side}_{CHILD.get(part, '')}", at[joint] + [0.03 if side == "left" else -0.03, -0.03, 0])
            made[part] = bone(names[joint], at[joint], tail, parent)
    bpy.ops.object.mode_set(mode="OBJECT")
    for pose_bone in rig.pose.bones:
        pose_bone.rotation_mode = mode
    return rig
