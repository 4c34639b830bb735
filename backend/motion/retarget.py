"""From any moving skeleton to the clip's 22 joints, and how far the limbs point from where they pointed.

Global rotations are mapped, G_ours(t) = W . G_source(t) . C, and made local by G_parent^-1 . G.
W turns the file's up to y; C is constant a joint (see `importers.calibration`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..protocol import InvalidInput
from .importers.axes import WorldAxes, find_axes
from .importers.calibration import STANDING, Calibration, body_of, calibrate, hinge_normals, oddness, snap
from .importers.mapping import Mapping
from .importers.refine import refine
from .importers.source import Source
from .kinematics import (
    Array,
    axis_angle_from_matrix,
    forward_kinematics,
    global_to_local,
    rotation_between,
    slerp,
    unit,
)
from .skeleton import INDEX, JOINT_NAMES, LEG_LENGTH, OFFSETS, PARENTS

CHUNK = 4096
"""Frames at a time: bounds the memory of long files."""
SAMPLES = 240

LIMB_BONES = tuple(
    (f"{side}_{a}", f"{side}_{b}")
    for a, b in (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist"))
    for side in ("left", "right")
)
"""The bones whose directions must be kept: the report's `limb_error_deg` is the mean over these eight."""
OTHER_BONES = (
    ("left_ankle", "left_foot"),
    ("right_ankle", "right_foot"),
    ("left_collar", "left_shoulder"),
    ("right_collar", "right_shoulder"),
    ("neck", "head"),
)

UNITS = (
    ("metres", 1.0), ("centimetres", 0.01), ("millimetres", 0.001), ("inches", 0.0254), ("decimetres", 0.1),
    ("feet", 0.3048), ("CMU's unit (inches / 0.45)", 0.0254 / 0.45),
)  # fmt: skip
HUMAN_LEG = 0.82
"""Metres from hip to ankle of an average adult: tells the file's unit."""


@dataclass(frozen=True)
class Retargeted:
    """What came out."""

    poses: Array
    """(frames, 22, 3) axis-angle."""
    trans: Array
    """(frames, 3) pelvis, metres for `LEG_LENGTH`; y up, the floor where the source had it."""
    report: dict[str, Any]


def _sample(source: Source) -> Source:
    return source.cut(slice(None, None, max(1, len(source) // SAMPLES)))


def _leg_length(places: Array, mapping: Mapping) -> float:
    """Hip to knee to ankle in the file's unit, the median over frames and sides."""
    bones = [(f"{s}_{a}", f"{s}_{b}") for s in ("left", "right") for a, b in (("hip", "knee"), ("knee", "ankle"))]
    lengths = [
        np.median(np.linalg.norm(places[:, mapping.joints[a]] - places[:, mapping.joints[b]], axis=1))
        for a, b in bones
    ]
    if min(lengths) <= 0:
        raise InvalidInput("The legs of the skeleton have no length.", "Export the file with its bones' offsets.")
    return float(sum(lengths) / 2)


def _reference(source: Source, mapping: Mapping, axes: WorldAxes, pose: tuple[Array, Array]) -> Calibration:
    """C from the rest pose where that is a standing human, else from the most neutral frame."""
    rest = source.rest()
    identity = np.broadcast_to(np.eye(3), (len(source.names), 3, 3))
    body = body_of(rest, mapping)
    if oddness(body, unit(body.torso)) <= STANDING:
        return calibrate(identity, rest, mapping, snap(body.torso), "rest")
    rotations, places = pose
    best = int(oddness(body_of(places, mapping), axes.up).argmin())
    normals = hinge_normals(rotations, places, mapping)
    fit = calibrate(rotations[best], places[best], mapping, axes.up, f"frame {best}", normals)
    return refine(fit, rotations, places, mapping, axes.up)


def _spine(rotations: dict[str, Array], chain: list[Array]) -> None:
    """Spread the source's spine joints, however many, over our three, in place."""
    pelvis, count = rotations["pelvis"], len(chain)
    if count >= 3:
        picks = [max(round(count / 3), 1) - 1, round(2 * count / 3) - 1, count - 1]
        rotations |= {f"spine{i + 1}": chain[pick] for i, pick in enumerate(picks)}
    elif count == 2:
        rotations |= {"spine1": chain[0], "spine2": slerp(chain[0], chain[1], 0.5), "spine3": chain[1]}
    else:
        chest = chain[0] if chain else pelvis
        for i in (1, 2, 3):
            rotations[f"spine{i}"] = slerp(pelvis, chest, i / 3)


def _fill(rotations: dict[str, Array], missing: dict[str, str]) -> Array:
    """All 22 global rotations; joints without a source follow their neighbours."""
    if "head" not in rotations:
        rotations["head"] = rotations.get("neck", rotations["spine3"])
        missing["head"] = "follows the neck" if "neck" in rotations else "follows the chest"
    if "neck" not in rotations:
        rotations["neck"] = slerp(rotations["spine3"], rotations["head"], 0.5)
        missing["neck"] = "half-way between chest and head"
    for side in ("left", "right"):
        for name, leader in (
            ("collar", "spine3"),
            ("wrist", f"{side}_elbow"),
            ("ankle", f"{side}_knee"),
            ("foot", f"{side}_ankle"),
        ):
            if f"{side}_{name}" not in rotations:
                rotations[f"{side}_{name}"] = rotations[leader]
                missing[f"{side}_{name}"] = f"follows {leader}"
    return np.stack([rotations[name] for name in JOINT_NAMES], axis=1)


def _straighten(rotations: dict[str, Array], directions: dict[str, Array]) -> None:
    """Swing each limb bone onto the source's own direction: joints between two mapped ones may bend too."""
    for joint, child in LIMB_BONES:
        ours = rotations[joint] @ OFFSETS[INDEX[child]]
        length = np.linalg.norm(directions[child], axis=-1, keepdims=True)
        wanted = np.where(length > 1e-9, directions[child], ours)
        rotations[joint] = rotation_between(ours, wanted) @ rotations[joint]


def _chunk(
    source: Source, mapping: Mapping, axes: WorldAxes, fit: Calibration, missing: dict[str, str]
) -> tuple[Array, Array, Array]:
    """Global rotations (f, 22, 3, 3) of ours, mid-hip positions (f, 3) and joint positions (f, joints, 3), y up."""
    turned, places = source.pose()
    places = places @ axes.world.T
    driven: dict[str, Array] = {
        name: axes.world @ turned[:, mapping.joints[name]] @ c for name, c in fit.constant.items()
    }
    _spine(driven, [axes.world @ turned[:, j] @ fit.spine[i] for i, j in enumerate(mapping.spine)])
    directions: dict[str, Array] = {
        child: places[:, mapping.joints[child]] - places[:, mapping.joints[joint]] for joint, child in LIMB_BONES
    }
    _straighten(driven, directions)
    hips = (places[:, mapping.joints["left_hip"]] + places[:, mapping.joints["right_hip"]]) / 2
    return _fill(driven, missing), hips, places


def _bone_errors(poses: Array, trans: Array, places: Array, mapping: Mapping) -> dict[str, Array]:
    """Child joint -> (frames,) degrees between the source's bone and ours."""
    _, ours = forward_kinematics(poses, trans)
    out = {}
    for joint, child in LIMB_BONES + OTHER_BONES + (("spine", "spine"),):
        if joint == "spine":
            top = "neck" if "neck" in mapping.joints else None
            if top is None:
                continue
            hips = (places[:, mapping.joints["left_hip"]] + places[:, mapping.joints["right_hip"]]) / 2
            theirs = places[:, mapping.joints[top]] - hips
            mine = ours[:, INDEX["neck"]] - (ours[:, INDEX["left_hip"]] + ours[:, INDEX["right_hip"]]) / 2
        elif joint in mapping.joints and child in mapping.joints:
            theirs = places[:, mapping.joints[child]] - places[:, mapping.joints[joint]]
            mine = ours[:, INDEX[child]] - ours[:, INDEX[joint]]
        else:
            continue
        u, v = unit(theirs), unit(mine)
        out[child] = np.degrees(np.arctan2(np.linalg.norm(np.cross(u, v), axis=1), (u * v).sum(1)))
    return out


def _unit_of(leg: float) -> dict[str, Any]:
    """The file's unit of length, from how long a leg is in it."""
    name, metres = min(UNITS, key=lambda entry: abs(np.log(leg * entry[1] / HUMAN_LEG)))
    return {"name": name, "metres": metres, "leg": round(leg, 4)}


def retarget(source: Source, mapping: Mapping) -> Retargeted:
    """Move our skeleton as the source moves.

    Args:
        source: a skeleton with its motion; ends of bones as joints (`importers.mapping.with_ends`).
        mapping: which joint is which.

    Returns:
        the motion at the source's rate, and the report: `limb_error_deg` (mean over the eight limb bones and all
        frames), `joint_error_deg` per bone named by its lower joint, `units`, `up_axis`, `facing`, `reference`,
        `missing`, `flags`.

    Raises:
        InvalidInput: the legs have no length.
    """
    sample = _sample(source)
    pose = sample.pose()
    leg = _leg_length(pose[1], mapping)
    axes = find_axes(source.rest(), pose[1], mapping)
    fit = _reference(sample, mapping, axes, pose)
    scale = LEG_LENGTH / leg
    middle = (OFFSETS[INDEX["left_hip"]] + OFFSETS[INDEX["right_hip"]]) / 2
    missing: dict[str, str] = {}
    poses, trans = np.empty((len(source), 22, 3)), np.empty((len(source), 3))
    errors: dict[str, list[Array]] = {}
    for start in range(0, len(source), CHUNK):
        part = slice(start, start + CHUNK)
        turned, hips, places = _chunk(source.cut(part), mapping, axes, fit, missing)
        poses[part] = axis_angle_from_matrix(global_to_local(turned, PARENTS))
        # The hip joints, not the pelvis, are laid on the source's: pelvis joints sit at different heights.
        trans[part] = hips * scale - turned[:, 0] @ middle
        for bone, values in _bone_errors(poses[part], trans[part], places, mapping).items():
            errors.setdefault(bone, []).append(values)
    per_joint = {bone: float(np.concatenate(values).mean()) for bone, values in errors.items()}
    report = {
        "limb_error_deg": round(float(np.mean([per_joint[child] for _, child in LIMB_BONES])), 4),
        "joint_error_deg": {bone: round(value, 3) for bone, value in per_joint.items()},
        "units": _unit_of(leg),
        "up_axis": axes.up_name,
        "facing": axes.facing,
        "reference": fit.reference,
        "missing": _missing(mapping, missing),
        "flags": list(axes.flags),
    }
    return Retargeted(poses, trans, report)


def _missing(mapping: Mapping, filled: dict[str, str]) -> dict[str, str]:
    """Our joints without a source, and what was done."""
    notes = dict(filled)
    count = len(mapping.spine)
    if count < 3:
        for i in {0: (1, 2, 3), 1: (1, 2), 2: (2,)}[count]:
            notes[f"spine{i}"] = "a share of the turn between its neighbours"
    return notes
