"""Two rest poses laid on one another: for each joint, the rotation A that takes the target's rest to the source's.

Then the target's bone follows by  G_target(t) = D(t) . A . R_target,  where D(t) is how far the source's joint has
turned from its rest. Limbs get A by the smallest swing from the bone above, so that an A-pose and a T-pose agree on
where every limb points, and twist comes along as a body would carry it. Trunk, head and feet stand alike in any
rest pose: their A only faces the target the way the source faces.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ...backend.protocol import InvalidInput
from .retarget_map import SIDES
from .retarget_math import Array, swing, turn, twist_about, unit

Places = dict[str, Array]
CHAINS = (("hip", "knee", "ankle"), ("shoulder", "elbow", "wrist"))
SNAP = float(np.cos(np.radians(20)))
FOREARM_SHARE = 0.5
"""How much of the palms' difference in rest the forearm takes, so that the wrist alone does not wring."""


def leg_length(places: Places) -> float:
    """Hip to knee to ankle, mean of both sides.

    Raises:
        InvalidInput: the legs have no length.
    """
    total = 0.0
    for side in SIDES:
        hip, knee, ankle = (places[f"{side}_{j}"] for j in CHAINS[0])
        total += float(np.linalg.norm(knee - hip) + np.linalg.norm(ankle - knee)) / 2
    if total < 1e-6:
        raise InvalidInput(
            "The legs of the armature have no length.", "Choose an armature that stands in its rest pose."
        )
    return total


def middle(places: Places) -> Array:
    """(..., 3) half-way between the hips: bones called pelvis sit at many heights, hips do not."""
    return (places["left_hip"] + places["right_hip"]) / 2


def facing(places: Places, axes: Array) -> Array:
    """(3, 3) columns left, up, forward of a body at rest.

    Args:
        axes: (3, 3) columns: the armature's axes. A trunk that leans by less than 20 degrees from one stands upright.
    """
    torso = unit((places["left_shoulder"] + places["right_shoulder"]) / 2 - middle(places))
    dots = axes.T @ torso
    nearest = int(np.abs(dots).argmax())
    up = axes[:, nearest] * np.sign(dots[nearest]) if abs(dots[nearest]) > SNAP else torso
    left = places["left_hip"] - places["right_hip"]
    left = unit(left - up * (left @ up))
    return np.stack([left, up, np.cross(left, up)], 1)


def align(source: Places, target: Places, source_axes: Array, target_axes: Array) -> dict[str, Array]:
    """A for every joint that both have, and `base` for trunk, neck and head; (3, 3) each.

    Args:
        source, target: rest places in the world.
        source_axes, target_axes: the armatures' axes in the world, as columns.
    """
    ours, theirs = facing(source, source_axes), facing(target, target_axes)
    base = ours @ theirs.T
    out = {"base": base}
    for side in SIDES:
        for chain in CHAINS:
            above = base
            for joint, child in pairwise(chain):
                a, b = f"{side}_{joint}", f"{side}_{child}"
                above = swing(above @ (target[b] - target[a]), source[b] - source[a]) @ above
                out[a] = above
        out[f"{side}_ankle"] = out[f"{side}_foot"] = _foot(source, target, ours, base, out, side)
        out |= _hand(source, target, out[f"{side}_elbow"], side)
    return out


def _foot(source: Places, target: Places, ours: Array, base: Array, out: dict[str, Array], side: str) -> Array:
    """The foot's A. Both stand flat at rest, whatever the height of their ankles: only the toes' yaw is matched."""
    ankle, toe = f"{side}_ankle", f"{side}_foot"
    if toe not in source or toe not in target:
        return base
    a, b = base @ (target[toe] - target[ankle]), source[toe] - source[ankle]
    (ax, ay, az), (bx, by, bz) = ours.T @ unit(a), ours.T @ unit(b)
    if min(az, bz) > 0.3 and min(ay, by) > -0.95 and max(ay, by) < 0.25:
        return turn(ours[:, 1], float(np.arctan2(bx, bz) - np.arctan2(ax, az))) @ base
    above = out[f"{side}_knee"]
    return swing(above @ (target[toe] - target[ankle]), b) @ above


def _hand(source: Places, target: Places, above: Array, side: str) -> dict[str, Array]:
    """A of forearm, hand and fingers. The knuckles, where both have them, tell how the palm lies."""
    wrist, knuckles = f"{side}_wrist", [f"{side}_{f}1" for f in ("middle", "index", "pinky")]
    hand = above
    if all(j in source and j in target for j in knuckles):
        frames = []
        for places in (source, target):
            along = unit(places[knuckles[0]] - places[wrist])
            across = places[knuckles[2]] - places[knuckles[1]]
            across = unit(across - along * (across @ along))
            frames.append(np.stack([along, across, np.cross(along, across)], 1))
        hand = frames[0] @ frames[1].T
    limb = unit(source[wrist] - source[f"{side}_elbow"])
    wring = twist_about(hand @ above.T, limb)
    out = {f"{side}_elbow": turn(limb, wring * FOREARM_SHARE) @ above, wrist: hand}
    for finger in ("thumb", "index", "middle", "ring", "pinky"):
        bent = hand
        for k in (1, 2, 3):
            a, b = f"{side}_{finger}{k}", f"{side}_{finger}{k + 1}"
            if b in source and b in target and a in source and a in target:
                bent = swing(bent @ (target[b] - target[a]), source[b] - source[a]) @ bent
            out[a] = bent
    return out
