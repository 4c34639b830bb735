"""The dog's 35 joints, in the order in which SMAL arranges an animal's, on MuJoCo's 57 bones."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import dijkstra

from ..bodies import quantised
from ..simulate import even_smoothing, neighbours
from .skin import Skin

LEGS = {
    "front": ("shoulder", "elbow", "wrist", "front_toes"),
    "hind": ("hip", "knee", "hock", "hind_toes"),
}
_BONES = {
    "front": ("upper_arm", "lower_arm", "hand", "finger"),
    "hind": ("upper_leg", "lower_leg", "foot", "toe"),
}
SIDES = (("left", "L", 1.0), ("right", "R", -1.0))
TAIL = 7


def _tree() -> tuple[tuple[str, ...], np.ndarray]:
    names, parents = ["root"], [-1]

    def add(name: str, parent: str) -> None:
        parents.append(names.index(parent))
        names.append(name)

    for i, name in enumerate(("spine1", "spine2", "spine3", "spine4", "spine5", "neck1")):
        add(name, "root" if i == 0 else names[-1])
    for kind, at in (("front", "spine5"), ("neck", "neck1"), ("hind", "root")):
        if kind == "neck":
            add("neck2", at)
            add("head", "neck2")
            continue
        for side, _, _ in SIDES:
            for i, joint in enumerate(LEGS[kind]):
                add(f"{side}_{joint}", at if i == 0 else names[-1])
    for i in range(TAIL):
        add(f"tail{i + 1}", "root" if i == 0 else names[-1])
    for name in ("jaw", "left_ear", "right_ear"):
        add(name, "head")
    return tuple(names), np.array(parents)


JOINTS, PARENTS = _tree()
INDEX = {name: i for i, name in enumerate(JOINTS)}
MIRROR = np.array([INDEX[n.replace("left", "#").replace("right", "left").replace("#", "right")] for n in JOINTS])
PLACES = {
    "root": "pelvis", "spine1": "L_6", "spine2": "L_3", "spine3": "L_1", "neck1": "C_7", "neck2": "C_3",
    **{f"tail{i + 1}": f"Ca_{1 + 3 * i}" for i in range(TAIL)},
    **{f"{s}_{j}": f"{b}_{c}" for s, c, _ in SIDES for k in LEGS for j, b in zip(LEGS[k], _BONES[k], strict=True)},
}  # fmt: skip
"""Joint -> the bone whose frame lies where it turns."""
ATLAS = np.array([0.0, 0.0, -0.0625])
"""Where the skull turns on the neck, from its bone; metres, ours."""
HINGE = np.array([0.0, 0.05, -0.043])
"""Where the jaw turns, from its bone."""
BACK = 0.500
"""Height of the spine in the rib cage, which is one bone; metres."""
RIBS = {"spine4": 0.020, "spine5": 0.110}
"""How far forward the two joints lie that divide it."""
BLEND = 0.09
"""Metres over which the rib cage's skin goes from one joint to the next."""
EAR = 0.115
"""Metres over the skin from an ear's tip to its base."""
EAR_BLEND = 0.03
EAR_BASE = np.array([0.058, 0.712, 0.285])
"""Where the left ear turns."""


@dataclass
class Rig:
    """Joints and skin weights of V vertices."""

    joints: np.ndarray
    """(35, 3)."""
    weights: np.ndarray
    """(V, 35), rows sum to 1."""
    ears: dict[str, np.ndarray]
    """Side -> (V,) how much each vertex belongs to that ear, 0..1."""


def build_rig(skin: Skin) -> Rig:
    """Joints where MuJoCo's bones turn, and weights that take its bones' over, smoothed and symmetric."""
    joints = np.zeros((len(JOINTS), 3))
    for name, bone in PLACES.items():
        joints[INDEX[name]] = skin.bones[bone]
    for name, z in RIBS.items():
        joints[INDEX[name]] = (0, BACK, z)
    joints[INDEX["head"]] = skin.bones["skull"] + ATLAS
    joints[INDEX["jaw"]] = skin.bones["jaw"] + HINGE
    for side, _, sign in SIDES:
        joints[INDEX[f"{side}_ear"]] = EAR_BASE * (sign, 1, 1)
    joints = (joints + joints[MIRROR] * (-1, 1, 1)) / 2
    ears = find_ears(skin)
    weights = _merged(skin, ears)
    weights = _smoothed(weights, skin)
    weights = (weights + weights[skin.mirror][:, MIRROR]) / 2
    return Rig(joints, quantised(weights), ears)


def geodesic(skin: Skin, start: int) -> np.ndarray:
    """(V,) metres over the mesh's edges from a vertex."""
    edges, _ = neighbours(skin.faces, len(skin.vertices))
    length = np.linalg.norm(skin.vertices[edges[:, 0]] - skin.vertices[edges[:, 1]], axis=1)
    size = (len(skin.vertices),) * 2
    return dijkstra(sparse.csr_matrix((length, (edges[:, 0], edges[:, 1])), shape=size), indices=start)


def find_ears(skin: Skin) -> dict[str, np.ndarray]:
    """Side -> (V,) 1 at the tip, 0 where the head begins."""
    out = {}
    for side, _, sign in SIDES:
        tip = int(np.where(sign * skin.vertices[:, 0] > 0, skin.vertices[:, 1], -np.inf).argmax())
        out[side] = smooth_step((EAR - geodesic(skin, tip)) / EAR_BLEND)
    return out


def smooth_step(t: np.ndarray) -> np.ndarray:
    """0 below 0, 1 above 1, smooth between."""
    t = np.clip(t, 0, 1)
    return t * t * (3 - 2 * t)


def _owners(bone: str) -> tuple[tuple[str, float], ...]:
    """Joints that take over a bone's weight, with their shares; the rib cage and the skull are divided by place."""
    stem, _, letter = bone.rpartition("_")
    sides = {"L": "left", "R": "right"}
    if letter in sides and stem == "scapula":
        return (("spine5", 0.65), (f"{sides[letter]}_shoulder", 0.35))
    if letter in sides and stem:
        kind = "front" if stem in _BONES["front"] else "hind"
        return ((f"{sides[letter]}_{LEGS[kind][_BONES[kind].index(stem)]}", 1.0),)
    number = int(m[2]) if (m := re.match(r"(L|C|Ca)_(\d+)$", bone)) else 0
    if bone.startswith("L_"):
        return (("spine3" if number <= 2 else "spine2" if number <= 4 else "spine1", 1.0),)
    if bone.startswith("Ca_"):
        return ((f"tail{(number - 1) // 3 + 1}", 1.0),)
    if bone.startswith("C_"):
        shares = {7: (("spine5", 0.5), ("neck1", 0.5)), 3: (("neck1", 0.5), ("neck2", 0.5))}
        return shares.get(number, (("neck1" if number > 3 else "neck2", 1.0),))
    return (({"pelvis": "root", "skull": "head"}.get(bone, bone), 1.0),)


def _merged(skin: Skin, ears: dict[str, np.ndarray]) -> np.ndarray:
    weights = np.zeros((len(skin.vertices), len(JOINTS)))
    for bone, column in skin.weights.items():
        if bone == "torso":
            z = skin.vertices[:, 2]
            front, middle = (smooth_step((z - RIBS[n]) / BLEND + 0.5) for n in ("spine5", "spine4"))
            weights[:, INDEX["spine5"]] += column * front
            weights[:, INDEX["spine4"]] += column * (middle - front).clip(0)
            weights[:, INDEX["spine3"]] += column * (1 - np.maximum(middle, front))
            continue
        for joint, share in _owners(bone):
            weights[:, INDEX[joint]] += share * column
    weights /= weights.sum(1, keepdims=True)
    for side, ear in ears.items():
        weights *= 1 - ear[:, None]
        weights[:, INDEX[f"{side}_ear"]] += ear
    return weights


def _smoothed(weights: np.ndarray, skin: Skin, rounds: int = 8) -> np.ndarray:
    """Weights spread over the skin; not at the head, where the lips of both jaws touch."""
    fine = weights[:, [INDEX[n] for n in ("head", "jaw", "left_ear", "right_ear")]].sum(1)
    even = even_smoothing(skin.faces, len(skin.vertices))
    for _ in range(rounds):
        weights = fine[:, None] * weights + (1 - fine[:, None]) * (even @ weights)
    return weights / weights.sum(1, keepdims=True)
