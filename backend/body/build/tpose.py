"""From MakeHuman's A-pose to SMPL-X's T-pose: joint rotations, joints, the inverse of linear blend skinning."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .skeleton import FINGERS, INDEX, JOINTS, PARENTS, Rig

COLLAR = np.deg2rad(8)
"""How far the collar bones rise from the A-pose to the T-pose."""
LEG = np.deg2rad(2.5)
"""How far the legs stand apart in the T-pose."""
STRAIGHT = 0.75
"""Share of the fingers' resting curl that the T-pose takes out."""
PELVIS = np.array([0, -0.35, 0.012])
"""Where the pelvis lies at the origin's frame, about as in SMPL-X."""


def axis_angle(axis: np.ndarray, angle: float) -> np.ndarray:
    """(3, 3) rotation by Rodrigues' formula."""
    x, y, z = np.asarray(axis, float) / np.linalg.norm(axis)
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k @ k


def rotation_between(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """(3, 3) the smallest rotation that turns u's direction into v's."""
    u, v = u / np.linalg.norm(u), v / np.linalg.norm(v)
    x, y, z = np.cross(u, v)
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + k + k @ k / (1 + u @ v)


@dataclass
class TPose:
    """How one body gets from the A-pose to the T-pose."""

    rotations: np.ndarray
    """(55, 3, 3) world rotation of each joint, from A to T."""
    joints_a: np.ndarray
    """(55, 3) in the A-pose."""
    joints_t: np.ndarray
    """(55, 3) in the T-pose, before the shift to SMPL-X's origin."""

    @property
    def shift(self) -> np.ndarray:
        """(3,) what moves the pelvis to its place."""
        return PELVIS - self.joints_t[0]

    def local(self) -> np.ndarray:
        """(55, 3, 3) the pose that puts the T-pose body back into the A-pose, relative to the parents."""
        world = self.rotations.transpose(0, 2, 1)
        out = world.copy()
        out[1:] = np.einsum("jba,jbc->jac", world[PARENTS[1:]], world[1:])
        return out

    def unskin(self, vertices: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """(K, 3) T-pose vertices that linear blend skinning takes to `vertices` (K, 3) in the A-pose."""
        back = self.rotations.transpose(0, 2, 1)
        linear = np.einsum("vj,jkl->vkl", weights, back)
        offset = weights @ (self.joints_a - np.einsum("jkl,jl->jk", back, self.joints_t))
        return np.linalg.solve(linear, (vertices - offset)[..., None])[..., 0] + self.shift


def find_tpose(rig: Rig, vertices: np.ndarray) -> TPose:
    """The rotations to the T-pose for a mesh (N, 3) in the A-pose.

    Arms: upper arm and forearm along x with the elbow's hinge upright, palms down, fingers nearly straight. Legs:
    straight in the frontal plane, feet flat. Torso and head stay as they are.
    """
    joints = rig.joints @ vertices
    tips = {key: vertices[at].mean(0) for key, at in rig.tips.items()}
    rotations = np.repeat(np.eye(3)[None], len(JOINTS), 0)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        _leg(rotations, joints, side, sign)
        _arm(rotations, joints, side, sign)
        _fingers(rotations, joints, tips, side)
    joints_t = joints.copy()
    for i in range(1, len(JOINTS)):
        p = PARENTS[i]
        joints_t[i] = joints_t[p] + rotations[p] @ (joints[i] - joints[p])
    return TPose(rotations, joints, joints_t)


def _leg(rotations: np.ndarray, joints: np.ndarray, side: str, sign: float) -> None:
    hip, ankle = joints[INDEX[f"{side}_hip"]], joints[INDEX[f"{side}_ankle"]]
    down = np.array([sign * np.sin(LEG), -np.cos(LEG), 0])
    turn = rotation_between((ankle - hip) * (1, 1, 0), down)
    rotations[INDEX[f"{side}_hip"]] = rotations[INDEX[f"{side}_knee"]] = turn


def _arm(rotations: np.ndarray, joints: np.ndarray, side: str, sign: float) -> None:
    def at(name: str) -> np.ndarray:
        return joints[INDEX[f"{side}_{name}"]]

    outward = np.array([sign, 0, 0])
    collar = axis_angle(np.array([0, 0, 1.0]), sign * COLLAR)
    upper, fore = at("elbow") - at("shoulder"), at("wrist") - at("elbow")
    shoulder = rotation_between(collar @ upper, outward) @ collar
    hinge = shoulder @ np.cross(upper, fore)
    shoulder = axis_angle(outward, _angle_about(outward, hinge, np.array([0, -sign, 0]))) @ shoulder
    elbow = rotation_between(shoulder @ fore, outward) @ shoulder
    hand = rotation_between(elbow @ (at("middle1") - at("wrist")), outward) @ elbow
    palm = -np.cross(at("index1") - at("wrist"), at("pinky1") - at("wrist")) * sign
    twist = _angle_about(outward, hand @ palm, np.array([0, -1.0, 0]))
    rotations[INDEX[f"{side}_collar"]] = collar
    rotations[INDEX[f"{side}_shoulder"]] = shoulder
    rotations[INDEX[f"{side}_elbow"]] = axis_angle(outward, twist / 2) @ elbow
    rotations[INDEX[f"{side}_wrist"]] = axis_angle(outward, twist) @ hand


def _angle_about(axis: np.ndarray, start: np.ndarray, end: np.ndarray) -> float:
    """Angle that turns `start`, seen along `axis`, towards `end` (perpendicular to the axis)."""
    start = start - (start @ axis) * axis
    start = start / np.linalg.norm(start)
    return float(np.arctan2(np.cross(start, end) @ axis, start @ end))


def _fingers(rotations: np.ndarray, joints: np.ndarray, tips: dict, side: str) -> None:
    hand = rotations[INDEX[f"{side}_wrist"]]
    for finger in FINGERS:
        chain = [joints[INDEX[f"{side}_{finger}{i}"]] for i in (1, 2, 3)] + [tips[side, finger]]
        previous = hand
        for i in range(3):
            if finger != "thumb":
                bone = previous @ (chain[i + 1] - chain[i])
                previous = rotation_between(bone, bone * (1, 1 - STRAIGHT, 1)) @ previous
            rotations[INDEX[f"{side}_{finger}{i + 1}"]] = previous
