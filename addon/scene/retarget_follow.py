"""Where every bone of the target must point, and where its hips must be, frame by frame, in the world."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .retarget_fit import CHAINS, Places, leg_length, middle
from .retarget_map import SIDES, BoneMap
from .retarget_math import Array
from .retarget_source import Motion

NEAR_FLOOR = 0.02
"""Metres of the source's clearance over which a foot stops being the one stood upon."""
FLOOR_REACH = 0.2
"""Share of the leg's length that the sole may lie from the armature's origin, for the origin to be its floor."""


@dataclass(frozen=True)
class Goal:
    """What the target should do, in the world."""

    rotations: dict[str, Array]
    """Bone -> (N, 3, 3)."""
    root: str
    """Bone that is moved."""
    place: Array
    """(N, 3) of its head."""
    scale: float
    """Target's leg for one of the source's."""


def _turns(motion: Motion, bones: BoneMap, fit: dict[str, Array]) -> dict[str, Array]:
    """Bone -> (N, 3, 3) D(t) A."""
    base, pelvis = fit["base"], motion.turned["pelvis"]
    out = {bones.root: pelvis @ base} if bones.root else {}
    out[bones.joints["pelvis"]] = pelvis @ base
    for i, bone in enumerate(bones.spine):
        out[bone] = motion.spine_at((i + 1) / len(bones.spine)) @ base
    for i, bone in enumerate(bones.neck):
        out[bone] = motion.neck_at((i + 1) / (len(bones.neck) + 1)) @ base
    for joint, bone in [*bones.joints.items(), *((j, b) for b, j in bones.also.items())]:
        if joint != "pelvis" and joint in motion.turned:
            out[bone] = motion.turned[joint] @ fit.get(joint, base)
    if "head" in bones.joints:
        out[bones.joints["head"]] = motion.neck_at(1.0) @ base
    return out


def _feet(turns: dict[str, Array], bones: BoneMap, rest: Places) -> Places:
    """Ankles and toes, (N, 3), as they come out relative to the mid hips."""
    pelvis, out = turns[bones.joints["pelvis"]], {}
    for side in SIDES:
        at = pelvis @ (rest[f"{side}_hip"] - middle(rest))
        for a, b in pairwise(CHAINS[0]):
            at = at + turns[bones.joints[f"{side}_{a}"]] @ (rest[f"{side}_{b}"] - rest[f"{side}_{a}"])
        out[f"{side}_ankle"] = at
        if f"{side}_foot" in rest:
            bone = bones.joints[f"{side}_ankle"]
            turned = turns.get(bone, turns[bones.joints[f"{side}_knee"]])
            out[f"{side}_foot"] = at + turned @ (rest[f"{side}_foot"] - rest[f"{side}_ankle"])
    return out


def floor_of(rest: Places, origin: Array, ankle: float) -> float:
    """Height that the target stands on at rest: its origin, or where an ankle `ankle` metres high puts the sole."""
    sole = min(rest[f"{side}_ankle"][2] for side in SIDES) - ankle
    return float(origin[2]) if abs(origin[2] - sole) < FLOOR_REACH * leg_length(rest) else float(sole)


def follow(
    motion: Motion,
    bones: BoneMap,
    resting: dict[str, tuple[Array, Array]],
    fit: dict[str, Array],
    origin: Array,
    travel: bool = True,
) -> Goal:
    """The target's goal.

    Feet keep the source's clearance of the floor, scaled by the legs, each from its own height at rest; the foot
    that stands also keeps the source's path, so that legs of other proportions do not slide.

    Args:
        resting: bone -> rest rotation and head of the target, in the world.
        fit: from `retarget_fit.align`.
        origin: (3,) where the target stands.
        travel: whether it goes along; if not its hips stay at its place and only rise and sink.
    """
    rest = {j: resting[b][1] for j, b in bones.joints.items()}
    turns = _turns(motion, bones, fit)
    scale = leg_length(rest) / leg_length(motion.rest)
    path = (middle(motion.places) - motion.origin) * scale
    ankle = min(motion.rest[f"{side}_ankle"][2] for side in SIDES) - motion.origin[2]
    floor = floor_of(rest, origin, ankle * scale)
    # With the source's stance the target's feet may be wider apart: hips are. That width turns with the pelvis,
    # or it would push the body to one side.
    feet, pelvis = _feet(turns, bones, rest), turns[bones.joints["pelvis"]]
    stance = _feet({b: fit.get(j, fit["base"]) for j, b in bones.joints.items()}, bones, rest)
    clear, wanted, shift = [], [], []
    for joint in (f"{side}_{part}" for side in SIDES for part in ("ankle", "foot")):
        if joint in feet and joint in motion.places:
            theirs = motion.places[joint] - motion.origin
            height = motion.rest[joint][2] - motion.origin[2]
            clear.append(theirs[:, 2] - height)
            wanted.append((theirs[:, 2] - height) * scale - (path + feet[joint])[:, 2] + rest[joint][2] - floor)
            gap = stance[joint] - (motion.rest[joint] - middle(motion.rest)) * scale
            shift.append(theirs * scale + motion.turned["pelvis"] @ gap - path - feet[joint])
    path = path + _hold(np.array(clear), np.array(wanted), np.array(shift))
    if not travel:
        path[:, :2] = 0.0
    middles = path + np.array([origin[0], origin[1], floor])
    root = bones.root or bones.joints["pelvis"]
    return Goal(
        rotations={bone: turned @ resting[bone][0] for bone, turned in turns.items()},
        root=root,
        place=middles + pelvis @ (resting[root][1] - middle(rest)),
        scale=scale,
    )


def _hold(clear: Array, wanted: Array, shift: Array) -> Array:
    """(N, 3) correction of the path. Points are ankles and toes, (P, N).

    Args:
        clear: the source's clearance of each point.
        wanted: vertical correction that gives each point its clearance.
        shift: (P, N, 3) correction that puts each point where the source's is.
    """
    weight = np.exp(-(clear - clear.min(0)) / NEAR_FLOOR)
    weight /= weight.sum(0)
    out = np.einsum("pn,pnk->nk", weight, shift)
    out[:, 2] = (weight * wanted).sum(0)
    return out
