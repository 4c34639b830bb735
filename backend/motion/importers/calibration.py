"""The constant rotation between each source joint's frame and ours: G_ours(t) = W . G_source(t) . C.

C is read off one reference pose: the rest pose where it looks like a standing human, else the most
neutral frame of the motion. There each of our bones is laid along the source's by the smallest swing
from its parent, so that limb directions are kept and the rest pose's own bends are not straightened.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..kinematics import Array, matrix_from_axis_angle, rotation_between, slerp, unit
from ..skeleton import INDEX, JOINT_NAMES, OFFSETS
from .mapping import Mapping

SIDES = ("left", "right")
CHAINS = (("hip", "knee", "ankle"), ("shoulder", "elbow", "wrist"))
STANDING = 1.1
"""`oddness` up to which a rest pose is taken for a standing human."""
SNAP = np.cos(np.radians(20))


def snap(direction: Array) -> Array:
    """The nearest coordinate axis where it is within 20 degrees, else the direction itself."""
    axis = np.zeros(3)
    axis[np.abs(direction).argmax()] = np.sign(direction[np.abs(direction).argmax()])
    return axis if direction @ axis > SNAP else direction


def basis(left: Array, up: Array) -> Array:
    """(3, 3) columns: left made square to up, up, forward: our axes in the source's."""
    up = unit(up)
    left = unit(left - up * (left @ up))
    return np.stack([left, up, np.cross(left, up)], axis=1)


@dataclass(frozen=True)
class Body:
    """The main directions of a posed source skeleton; arrays are (..., 3)."""

    left: Array
    shoulders: Array
    torso: Array
    thighs: tuple[Array, Array]
    shins: tuple[Array, Array]
    upper_arms: tuple[Array, Array]
    forearms: tuple[Array, Array]


def body_of(places: Array, mapping: Mapping) -> Body:
    """Directions from joint positions (..., joints, 3)."""

    def at(name: str) -> Array:
        return places[..., mapping.joints[name], :]

    def pair(a: str, b: str) -> tuple[Array, Array]:
        left, right = (unit(at(f"{side}_{b}") - at(f"{side}_{a}")) for side in SIDES)
        return left, right

    hips = (at("left_hip") + at("right_hip")) / 2
    # A shrug moves the shoulders; the neck's foot moves less.
    top = at("neck") if "neck" in mapping.joints else (at("left_shoulder") + at("right_shoulder")) / 2
    return Body(
        unit(at("left_hip") - at("right_hip")),
        unit(at("left_shoulder") - at("right_shoulder")),
        unit(top - hips),
        pair("hip", "knee"),
        pair("knee", "ankle"),
        pair("shoulder", "elbow"),
        pair("elbow", "wrist"),
    )


def _dot(a: Array, b: Array) -> Array:
    return (a * b).sum(-1)


def oddness(body: Body, up: Array) -> Array:
    """How far poses are from standing upright with straight limbs: 0 is a doll, above 1 is not usable as rest."""
    worst = [np.arccos(np.clip(_dot(body.torso, up), -1, 1)) / np.radians(35)]
    worst += [np.arccos(np.clip(-_dot(thigh, body.torso), -1, 1)) / np.radians(50) for thigh in body.thighs]
    pairs = list(zip(body.thighs, body.shins, strict=True))
    worst += [np.arccos(np.clip(_dot(a, b), -1, 1)) / np.radians(45) for a, b in pairs]
    pairs = list(zip(body.upper_arms, body.forearms, strict=True))
    worst += [np.arccos(np.clip(_dot(a, b), -1, 1)) / np.radians(60) for a, b in pairs]
    arms = (_dot(body.upper_arms[0], body.left), -_dot(body.upper_arms[1], body.left))
    worst += [np.where(arm > -0.25, 0.0, 2.0) for arm in arms]
    worst += [np.abs(arms[0] - arms[1]) / 0.6, np.abs(_dot(body.left, body.torso)) / 0.4]
    worst += [np.arccos(np.clip(_dot(body.left, body.shoulders), -1, 1)) / np.radians(35)]
    worst += [np.where(_dot(arm, up) > 0.5, 2.0, 0.0) for arm in body.upper_arms]
    return np.max(np.stack(np.broadcast_arrays(*worst)), axis=0) + 0.05 * np.mean(
        np.stack(np.broadcast_arrays(*worst)), axis=0
    )


@dataclass(frozen=True)
class Calibration:
    """C of each driven joint, and what it was read off."""

    constant: dict[str, Array]
    """Our joint -> (3, 3)."""
    spine: tuple[Array, ...]
    """(3, 3) for each of the source's spine joints."""
    reference: str
    """`rest` or `frame N`."""
    basis: Array
    """(3, 3) our axes in the source's, in the reference pose."""


def _swing(parent: Array, bone: str, direction: Array) -> Array:
    """Our bone's global rotation: from the parent's by the smallest swing that lays it along `direction`."""
    return parent @ rotation_between(OFFSETS[INDEX[bone]], parent.T @ direction)


def _foot(frame: Array, knee: Array, direction: Array | None, bone: str) -> Array:
    """The ankle's global rotation. A foot that points forward and slightly down is one that stands flat."""
    if direction is None:
        return frame
    x, y, z = frame.T @ direction
    if z > 0.3 and -0.9 < y < 0.25:
        yaw = np.arctan2(x, z) - np.arctan2(OFFSETS[INDEX[bone]][0], OFFSETS[INDEX[bone]][2])
        return frame @ matrix_from_axis_angle([0, yaw, 0])
    return _swing(knee, bone, direction)


def _hinge_twist(rotation: Array, chain: tuple[str, str], normal: Array | None) -> Array:
    """Turn a thigh or an upper arm about its own length until its joint bends about `normal`."""
    if normal is None:
        return rotation
    along = unit(OFFSETS[INDEX[chain[1]]])
    # Knees bend about +x; the left elbow about -y, the right one about +y.
    axis = {"hip": (1, 0, 0), "shoulder": (0, -1, 0)}[chain[0].split("_")[1]]
    want = np.array(axis, float) * (-1 if chain[0] == "right_shoulder" else 1)
    have = rotation.T @ normal
    want, have = (unit(v - along * (v @ along)) for v in (want, have))
    angle = np.arctan2(np.cross(want, have) @ along, want @ have)
    return rotation @ matrix_from_axis_angle(along * angle)


def hinge_normals(rotations: Array, places: Array, mapping: Mapping) -> dict[str, Array]:
    """The axis about which each knee and elbow bends, in the frame of the joint above, where the motion shows it."""
    out = {}
    for a, b, c in ((f"{side}_{x}", f"{side}_{y}", f"{side}_{z}") for side in SIDES for x, y, z in CHAINS):
        i, j, k = (mapping.joints[name] for name in (a, b, c))
        cross = np.cross(unit(places[:, j] - places[:, i]), unit(places[:, k] - places[:, j]))
        local = (np.swapaxes(rotations[:, i], 1, 2) @ cross[..., None])[..., 0]
        bend = np.linalg.norm(local, axis=1)
        strong = bend > max(0.25, np.quantile(bend, 0.7))
        if strong.sum() >= 3:
            mean = local[strong].sum(0)
            if np.linalg.norm(mean) > 0.85 * bend[strong].sum():
                out[a] = unit(mean)
    return out


def calibrate(
    rotations: Array,
    places: Array,
    mapping: Mapping,
    up: Array,
    reference: str,
    normals: dict[str, Array] | None = None,
) -> Calibration:
    """C for every driven joint from one reference pose.

    Args:
        rotations: (joints, 3, 3) the source's global rotations in that pose.
        places: (joints, 3) its positions.
        up: (3,) the source's up.
        reference: what the pose is, for the report.
        normals: hinge axes from `hinge_normals`, where the pose's twists cannot be trusted.
    """
    body = body_of(places, mapping)
    if reference == "rest":
        hips = chest = basis(snap(body.left), snap(body.torso))
    else:
        hips, chest = basis(body.left, body.torso), basis(body.shoulders, body.torso)
    ours: dict[str, Array] = {"pelvis": hips}
    ours |= {name: chest for name in JOINT_NAMES if name.endswith(("collar", "neck", "head"))}
    for side in SIDES:
        for (a, b, c), root in zip(CHAINS, (hips, chest), strict=True):
            upper, lower, end = f"{side}_{a}", f"{side}_{b}", f"{side}_{c}"
            i, j, k = (mapping.joints[name] for name in (upper, lower, end))
            normal = (normals or {}).get(upper)
            swung = _swing(root, lower, places[j] - places[i])
            ours[upper] = _hinge_twist(swung, (upper, lower), None if normal is None else rotations[i] @ normal)
            ours[lower] = _swing(ours[upper], end, places[k] - places[j])
        ours[f"{side}_wrist"] = ours[f"{side}_elbow"]
        toe = mapping.joints.get(f"{side}_foot")
        pointing = None if toe is None else unit(places[toe] - places[mapping.joints[f"{side}_ankle"]])
        upright = basis(hips[:, 0], up) if hips[:, 1] @ up > 0.5 else hips
        ours[f"{side}_ankle"] = _foot(upright, ours[f"{side}_knee"], pointing, f"{side}_foot")
        ours[f"{side}_foot"] = ours[f"{side}_ankle"]
    constant = {
        name: rotations[index].T @ rotation
        for name, rotation in ours.items()
        if (index := mapping.turning(name)) is not None
    }
    count = max(len(mapping.spine), 1)
    spine = tuple(rotations[j].T @ slerp(hips, chest, (i + 1) / count) for i, j in enumerate(mapping.spine))
    return Calibration(constant, spine, reference, hips)
