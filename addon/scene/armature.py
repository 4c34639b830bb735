"""The rig: one bone a joint, under a `root` bone on the floor.

Bones lie along their chain: each points at its chief child, leaves at the end of the skin that they move.
Their z axis faces forward (up, for fingers and for bones that themselves point forward), so that x is the axis
that elbows, knees, spine and fingers bend about. SMPL's rotations are about the axes of the world; a bone
turns about its own. With M the bone's rest rotation and C the change of frame, the two are conjugate:

    bone = (M^T C) R (M^T C)^-1

which is exact, and for a quaternion only turns its vector part: `pose_axes` returns M^T C.
"""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from .actor_data import BodyData
from .axes import TO_BLENDER, to_blender
from .skeleton import store_skeleton

ROOT = "root"
FORWARD = np.array([0.0, -1.0, 0.0])
UP = np.array([0.0, 0.0, 1.0])
CHIEF_CHILD = {
    "pelvis": "spine1",
    "spine3": "neck",
    "neck": "head",
    "left_wrist": "left_middle1",
    "right_wrist": "right_middle1",
}
LEAF_DIRECTION = {
    "head": UP,
    "jaw": FORWARD,
    "left_eye_smplhf": FORWARD,
    "right_eye_smplhf": FORWARD,
    "left_foot": FORWARD,
    "right_foot": FORWARD,
}
FINGERS = ("index", "middle", "pinky", "ring", "thumb")
COLLECTIONS = {"Hands": FINGERS, "Face": ("jaw", "eye")}


def rest_joints(body: BodyData) -> np.ndarray:
    """(J, 3) joints in the armature's frame: Blender's axes, the soles at z = 0."""
    return to_blender(body.joints - [0.0, body.floor, 0.0])


def bone_tails(body: BodyData) -> np.ndarray:
    """(J, 3) where each bone ends, in the armature's frame."""
    heads = rest_joints(body)
    skin = to_blender(body.rest - [0.0, body.floor, 0.0])
    owner = body.weights.argmax(1)
    index = {name: j for j, name in enumerate(body.joint_names)}
    tails = heads.copy()
    for j, name in enumerate(body.joint_names):
        children = np.flatnonzero(body.parents == j)
        chief = index.get(CHIEF_CHILD.get(name, ""), -1)
        if name not in LEAF_DIRECTION and len(children):
            tails[j] = heads[chief if chief in children else children[0]]
        if name not in LEAF_DIRECTION and np.linalg.norm(tails[j] - heads[j]) > 1e-3:
            continue
        p = body.parents[j]
        along = LEAF_DIRECTION.get(name, heads[j] - heads[p] if p >= 0 else UP)
        along = along / max(float(np.linalg.norm(along)), 1e-6)
        reach = (skin[owner == j] - heads[j]) @ along
        tails[j] = heads[j] + along * max(0.02, float(reach.max(initial=0.02)))
    return tails


def create_armature(body: BodyData, name: str) -> bpy.types.Object:
    """Make the armature object and link it to the scene's collection.

    Args:
        name: of the object and its data.

    Returns:
        the armature object, with pose bones in quaternion mode.
    """
    data = bpy.data.armatures.new(name)
    rig = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    try:
        _add_bones(data, body)
    finally:
        bpy.ops.object.mode_set(mode="OBJECT")
    data.display_type = "OCTAHEDRAL"
    rig.show_in_front = True
    for bone in rig.pose.bones:
        bone.rotation_mode = "QUATERNION"
    _sort_into_collections(data)
    store_skeleton(rig, body)
    return rig


def _add_bones(data: Any, body: BodyData) -> None:
    """Fill an armature that is in edit mode."""
    heads, tails = rest_joints(body), bone_tails(body)
    root = data.edit_bones.new(ROOT)
    root.head, root.tail = (0.0, 0.0, 0.0), (0.0, -0.25, 0.0)
    root.use_deform = False
    bones = []
    for j, name in enumerate(body.joint_names):
        bone = data.edit_bones.new(name)
        bone.head, bone.tail = heads[j], tails[j]
        along = (tails[j] - heads[j]) / np.linalg.norm(tails[j] - heads[j])
        finger = any(f in name for f in FINGERS)
        bone.align_roll(UP if finger or abs(along @ FORWARD) > 0.9 else FORWARD)
        p = int(body.parents[j])
        bone.parent = root if p < 0 else bones[p]
        bones.append(bone)


def _sort_into_collections(data: Any) -> None:
    """Body, hands and face as bone collections, where this Blender has them (4.0 and later)."""
    if not hasattr(data, "collections"):
        return
    body = data.collections.new("Body")
    groups = {name: data.collections.new(name) for name in COLLECTIONS}
    for bone in data.bones:
        home = next((groups[g] for g, words in COLLECTIONS.items() if any(w in bone.name for w in words)), body)
        home.assign(bone)


def pose_axes(rig: bpy.types.Object, joint_names: tuple[str, ...]) -> np.ndarray:
    """(J, 3, 3) M^T C for each bone: takes a vector of SMPL's frame to the bone's own axes."""
    rest = np.array([np.array(rig.data.bones[name].matrix_local.to_3x3()) for name in joint_names])
    return np.swapaxes(rest, 1, 2) @ TO_BLENDER
