"""SMPL-X's 55 joints on MakeHuman's rig: where each joint lies, and which of MakeHuman's weights it takes over."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from .makehuman import BaseMesh
from .source import Source

FINGERS = {"thumb": 1, "index": 2, "middle": 3, "ring": 4, "pinky": 5}
"""MakeHuman's number of each finger."""


def _joint_names() -> tuple[str, ...]:
    middle = ("pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2", "left_ankle")
    middle += ("right_ankle", "spine3", "left_foot", "right_foot", "neck", "left_collar", "right_collar", "head")
    arms = tuple(f"{side}_{joint}" for joint in ("shoulder", "elbow", "wrist") for side in ("left", "right"))
    body = (*middle, *arms, "jaw", "left_eye_smplhf", "right_eye_smplhf")
    order = ("index", "middle", "pinky", "ring", "thumb")
    hands = [f"{s}_{f}{i}" for s in ("left", "right") for f in order for i in (1, 2, 3)]
    return (*body, *hands)


def _parents() -> np.ndarray:
    parents = [-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 15, 15, 15]
    for wrist in (20, 21):
        for _ in range(5):
            first = len(parents)
            parents += [wrist, first, first + 1]
    return np.array(parents)


JOINTS = _joint_names()
"""The 55 names, in SMPL-X's order."""
PARENTS = _parents()
INDEX = {name: i for i, name in enumerate(JOINTS)}
MIRROR = np.array([INDEX[n.replace("left", "#").replace("right", "left").replace("#", "right")] for n in JOINTS])


def descendants() -> np.ndarray:
    """(55, 55) bool: [j, k] is true where k is j or hangs below it."""
    below = np.eye(len(JOINTS), dtype=bool)
    for k in range(1, len(JOINTS)):
        below[:, k] |= below[:, PARENTS[k]]
    return below


@dataclass
class Rig:
    """MakeHuman's default rig as this build needs it."""

    joints: np.ndarray
    """(55, N) rows that average the joint's helper vertices; rows sum to 1."""
    tips: dict[tuple[str, str], np.ndarray]
    """(side, finger) -> vertices at the fingertip."""
    bone_weights: dict[str, np.ndarray]
    """MakeHuman bone -> (N,) weights."""


def _sources() -> dict[str, tuple[str, ...]]:
    """SMPL-X joint -> the MakeHuman bones whose heads it averages."""
    table: dict[str, tuple[str, ...]] = {
        "pelvis": ("spine05",), "spine1": ("spine04", "spine03"), "spine2": ("spine02",),
        "spine3": ("spine01",), "neck": ("neck01",), "head": ("head",), "jaw": ("jaw",),
    }  # fmt: skip
    for side, letter in (("left", "L"), ("right", "R")):
        for joint, bones in (
            ("hip", ("upperleg01", "upperleg02")), ("knee", ("lowerleg01",)), ("ankle", ("foot",)),
            ("collar", ("clavicle",)), ("shoulder", ("upperarm01",)), ("elbow", ("lowerarm01",)),
            ("wrist", ("wrist",)), ("eye_smplhf", ("eye",)),
        ):  # fmt: skip
            table[f"{side}_{joint}"] = tuple(f"{b}.{letter}" for b in bones)
        for finger, number in FINGERS.items():
            for i in (1, 2, 3):
                table[f"{side}_{finger}{i}"] = (f"finger{number}-{i}.{letter}",)
    return table


def load_rig(source: Source, mesh: BaseMesh) -> Rig:
    """Joints, fingertips and skin weights of `rig.default.json`."""
    bones = source.json("mpfb2/rigs/standard/rig.default.json")
    bones = bones.get("bones", bones)

    def points(bone: str, end: str = "head") -> np.ndarray:
        spec = bones[bone][end]
        if spec["strategy"] == "CUBE":
            return mesh.groups[spec["cube_name"]]
        return np.atleast_1d(spec["vertex_index"] if spec["strategy"] == "VERTEX" else spec["vertex_indices"])

    joints = np.zeros((len(JOINTS), mesh.size))
    for name, heads in _sources().items():
        for bone in heads:
            at = points(bone)
            joints[INDEX[name], at] += 1 / len(heads) / len(at)
    for side in ("left", "right"):
        at = mesh.groups[f"joint-{side[0]}-foot-1"]
        joints[INDEX[f"{side}_foot"], at] = 1 / len(at)
    if not np.allclose(joints.sum(1), 1):
        raise ValueError("a joint has no source in the rig")

    bone_weights = {}
    for bone, rows in source.json("mpfb2/rigs/standard/weights.default.json")["weights"].items():
        column = np.zeros(mesh.size)
        for vertex, weight in rows:
            column[vertex] += weight
        bone_weights[bone] = column
    sides = (("left", "L"), ("right", "R"))
    return Rig(
        joints=joints,
        tips={(s, f): points(f"finger{n}-3.{L}", "tail") for s, L in sides for f, n in FINGERS.items()},
        bone_weights=bone_weights,
    )


_FIXED = {
    "root": "pelvis", "pelvis": "pelvis", "spine05": "pelvis", "spine03": "spine1", "spine02": "spine2",
    "spine01": "spine3", "neck01": "neck", "neck02": "neck", "jaw": "jaw", "special04": "jaw", "oris01": "jaw",
    "oris02": "jaw",
}  # fmt: skip
_SHARED = {
    "spine04": (("pelvis", 0.5), ("spine1", 0.5)),
    "breast": (("spine3", 0.6), ("spine2", 0.4)),
    "neck03": (("neck", 0.6), ("head", 0.4)),
}
_SIDED = {
    "eye": "eye_smplhf", "upperleg": "hip", "lowerleg": "knee", "foot": "ankle", "toe": "foot",
    "clavicle": "collar", "shoulder01": "collar", "upperarm": "shoulder", "lowerarm": "elbow", "wrist": "wrist",
    "metacarpal": "wrist",
}  # fmt: skip


def owners(bone: str) -> tuple[tuple[str, float], ...]:
    """SMPL-X joints that take over a MakeHuman bone's weight, with their shares."""
    stem, _, letter = bone.partition(".")
    side = {"L": "left", "R": "right"}.get(letter)
    if stem in _FIXED:
        return ((_FIXED[stem], 1.0),)
    if stem in _SHARED:
        return _SHARED[stem]
    if stem.startswith("tongue") or (side and stem in ("oris06", "oris07")):
        return (("jaw", 1.0),)
    finger = re.match(r"finger(\d)-(\d)", stem)
    if finger:
        name = {n: f for f, n in FINGERS.items()}[int(finger[1])]
        return ((f"{side}_{name}{finger[2]}", 1.0),)
    for start, joint in _SIDED.items():
        if side and stem.startswith(start):
            return ((f"{side}_{joint}", 1.0),)
    return (("head", 1.0),)


def place_joints(pose: np.ndarray, rest: np.ndarray, parents: np.ndarray = PARENTS) -> tuple[np.ndarray, np.ndarray]:
    """World rotations (55, 3, 3) and places (55, 3) of the joints, from local rotations and where they rest."""
    world, place = pose.copy(), rest.copy()
    for i in range(1, len(rest)):
        p = parents[i]
        world[i] = world[p] @ pose[i]
        place[i] = place[p] + world[p] @ (rest[i] - rest[p])
    return world, place


def hold_eyes(weights: np.ndarray, mesh: BaseMesh) -> None:
    """Change weights (K, B) in place: an eyeball follows its own joint, nothing else does, what is free the head."""
    eyes = [INDEX["left_eye_smplhf"], INDEX["right_eye_smplhf"]]
    weights[:, INDEX["head"]] += weights[:, eyes].sum(1)
    weights[:, eyes] = 0
    for side, joint in zip(("left", "right"), eyes, strict=True):
        weights[mesh.eye(side)] = 0
        weights[mesh.eye(side), joint] = 1
    weights[weights.sum(1) < 1e-6, INDEX["head"]] = 1


def merge_weights(rig: Rig, mesh: BaseMesh) -> np.ndarray:
    """(K, 55) skin weights, symmetric, rows sum to 1; each eyeball follows its own joint and nothing else does."""
    weights = np.zeros((mesh.size, len(JOINTS)))
    for bone, column in rig.bone_weights.items():
        for joint, share in owners(bone):
            weights[:, INDEX[joint]] += share * column
    weights = weights[mesh.kept]
    hold_eyes(weights, mesh)
    weights /= weights.sum(1, keepdims=True)
    return (weights + weights[mesh.mirror][:, MIRROR]) / 2
