"""Channels to joint rotations: the trunk by angles, the arms by angles or hands, the legs by where the feet stand."""

from __future__ import annotations

import hashlib

import numpy as np

from ..clip import Clip, Label
from ..ground import envelope
from ..kinematics import (
    Array,
    axis_angle_from_matrix,
    global_to_local,
    matrix_from_axis_angle,
    slerp,
    unit,
)
from ..resample import gaussian
from ..skeleton import INDEX, OFFSETS, PARENTS
from . import limbs
from .language import FPS, Action, curves
from .limbs import FLIP, apply, rx, ry, rz

STANDING = 0.9332
"""Height of the pelvis over flat soles at rest, metres."""
SIDE = np.array([-1.0, 1.0, 1.0])
_REST = np.zeros((22, 3))
for _j in range(22):
    _REST[_j] = OFFSETS[_j] + (_REST[PARENTS[_j]] if _j else (0, STANDING, 0))
_BONE = {"chest": "spine3", "head": "head", "pelvis": "pelvis", "world": ""}
# Share of the body's mass and where it lies between two joints (after Winter, rounded).
_MASSES = ((0, 6, 0.5, 0.28), (6, 12, 0.6, 0.22), (12, 15, 1.3, 0.08), (16, 18, 0.45, 0.027), (17, 19, 0.45,
0.027),
           (18, 20, 0.7, 0.022), (19, 21, 0.7, 0.022), (1, 4, 0.43, 0.10), (2, 5, 0.43, 0.10), (4, 7, 0.5,
           0.061),
           (5, 8, 0.5, 0.061))  # fmt: skip


def solve(action: Action) -> Clip:
    """The clip of an action: 30 fps, on the floor, feet exactly where they stand."""
    c = curves(action)
    _live(action, c)
    frames = len(c["px"])
    feet = [_foot(c, s) for s in "lr"]
    support = _support(action, c)
    level = np.stack([c["px"], np.zeros(frames), c["pz"]], -1) + support
    height = STANDING - 0.006 + c["py"] + np.minimum(c["lf_y"], c["rf_y"]) * (0 if action.free else 1)
    height = gaussian(np.pad(height, 9, mode="edge"), 2.0)[9:-9]
    trunk = _trunk(c)
    root = ry(c["pyaw"]) @ rx(c["ppitch"]) @ rz(-c["proll"])
    shift = np.zeros((frames, 3))
    for _ in range(4):
        place = level + shift
        place[:, 1] = _held_down(action, height, place, root, feet)
        local, positions = _assemble(action, c, place, root, trunk, feet)
        if action.balance == 0:
            break
        away = (level - _centre_of_mass(positions)) * (1, 0, 1) * action.balance
        away = gaussian(np.pad(away, ((15, 15), (0, 0)), mode="edge"), 3.0)[15:-15]
        shift = shift + away
    return _clip(action, local, place)


def _foot(c: dict[str, Array], s: str) -> tuple[Array, Array, Array]:
    return limbs.foot(*(c[f"{s}f_{k}"] for k in ("x", "y", "z", "yaw", "heel", "toe", "pitch")))


def _live(action: Action, c: dict[str, Array]) -> None:
    """Breathing, drifting weight and small differences between the sides; whole periods where the clip loops."""
    if not action.life:
        return
    seed = int.from_bytes(hashlib.sha256(action.name.encode()).digest()[:4], "little")
    rng = np.random.default_rng(seed)
    t = np.arange(len(c["px"])) / FPS
    whole = action.seconds

    def wave(period: float, size: float) -> Array:
        turns = whole / period
        turns = max(1.0, round(turns)) if action.loops else turns
        return action.life * size * np.sin(2 * np.pi * (turns * t / whole + rng.random()))

    breath = wave(3.4, 1.0)
    c["bend"] = c["bend"] - 0.7 * breath + wave(2.3, 0.25)
    for s in "lr":
        c[f"{s}_shrug"] = c[f"{s}_shrug"] + 0.9 * breath
        c[f"{s}_flex"] = c[f"{s}_flex"] + wave(2.9, 0.9) + action.life * rng.normal(0, 1.0)
        c[f"{s}_abd"] = c[f"{s}_abd"] + wave(3.7, 0.6)
        c[f"{s}_elbow"] = c[f"{s}_elbow"] + wave(3.1, 0.9) + action.life * abs(rng.normal(0, 1.5))
    if action.balance:
        c["px"] = c["px"] + wave(4.3, 0.006)
        c["pz"] = c["pz"] + wave(2.7, 0.003)
        c["proll"] = c["proll"] + wave(4.3, 0.35)
    c["turn"], c["nod"] = c["turn"] + wave(3.3, 0.9), c["nod"] + wave(2.1, 0.6)
    c["twist"] = c["twist"] + wave(5.1, 0.6)


def _support(action: Action, c: dict[str, Array]) -> Array:
    """(frames, 3) level point over the feet: between them, over the standing one while the other is in the air."""
    if action.balance == 0:
        return np.zeros((len(c["px"]), 3))
    points = [np.stack([c[f"{s}f_x"], 0 * c["px"], c[f"{s}f_z"]], -1) + apply(ry(c[f"{s}f_yaw"]), (0, 0,
    0.045))
              for s in "lr"]  # fmt: skip
    up = np.stack([c["lf_y"], c["rf_y"]], -1)
    up = up - up.min(1, keepdims=True)
    weight = 1 - 0.85 * np.minimum(up / 0.04, 1)
    weight /= weight.sum(1, keepdims=True)
    point = points[0] * weight[:, :1] + points[1] * weight[:, 1:]
    return gaussian(np.pad(point, ((20, 20), (0, 0)), mode="edge"), 5.0)[20:-20]


def _trunk(c: dict[str, Array]) -> dict[str, Array]:
    """Local rotations of spine, neck and head."""
    out = {}
    for joint, share in (("spine1", 0.30), ("spine2", 0.35), ("spine3", 0.35)):
        out[joint] = ry(share * c["twist"]) @ rx(share * c["bend"]) @ rz(-share * c["side"])
    for joint, share in (("neck", 0.4), ("head", 0.6)):
        out[joint] = ry(share * c["turn"]) @ rx(share * c["nod"]) @ rz(-share * c["tilt"])
    return out


def _held_down(action: Action, height: Array, place: Array, root: Array, feet: list) -> Array:
    """The pelvis's height, lowered smoothly where a leg would not reach its foot."""
    if action.free:
        return height
    limit = np.full(len(height), np.inf)
    for side, joint in (("l", 1), ("r", 2)):
        hip = place * (1, 0, 1) + apply(root, OFFSETS[joint])
        most = limbs.leg_limit(feet[side == "r"][0], hip) - apply(root, OFFSETS[joint])[:, 1]
        limit = np.minimum(limit, most)
    over = np.maximum(height - limit, 0)
    return height - envelope(over, 2.0)


def _assemble(action: Action, c: dict[str, Array], place: Array, root: Array, trunk: dict[str, Array],
              feet: list) -> tuple[Array, Array]:  # fmt: skip
    """Global rotations of all joints; local ones and positions are returned."""
    frames = len(place)
    g = np.tile(np.eye(3), (frames, 22, 1, 1))
    p = np.zeros((frames, 22, 3))

    def put(joint: int, rotation: Array) -> None:
        g[:, joint] = rotation
        p[:, joint] = p[:, PARENTS[joint]] + apply(g[:, PARENTS[joint]], OFFSETS[joint]) if joint else place

    put(0, root)
    for name in ("spine1", "spine2", "spine3", "neck", "head"):
        put(INDEX[name], g[:, PARENTS[INDEX[name]]] @ trunk[name])
    for s, side, flip in (("l", "left", False), ("r", "right", True)):
        ankle, turned, toes = feet[flip]
        hip = p[:, 0] + apply(root, OFFSETS[1 + flip])
        yaw = (c[f"{s}f_yaw"] - c["pyaw"]) * (-1 if flip else 1)
        hip, pelvis, goal = (_mirror(x, flip) for x in (hip, root, ankle))
        legs = limbs.leg(hip, pelvis, goal, c[f"{s}f_knee"], yaw)
        for joint, r in zip(("hip", "knee"), legs, strict=True):
            put(INDEX[f"{side}_{joint}"], _mirror(r, flip))
        put(INDEX[f"{side}_ankle"], turned)
        put(INDEX[f"{side}_foot"], toes)
        collar, rotations = _arm(action, c, s, g, p, flip)
        put(INDEX[f"{side}_collar"], collar)
        for joint, r in zip(("shoulder", "elbow", "wrist"), rotations, strict=True):
            put(INDEX[f"{side}_{joint}"], r)
    return global_to_local(g), p


def _mirror(x: Array, flip: bool) -> Array:
    """Rotations (..., 3, 3) or vectors (..., 3) seen in a mirror at x = 0, if `flip`."""
    return x if not flip else x * FLIP if x.shape[-2:] == (3, 3) else x * SIDE


def _arm(action: Action, c: dict[str, Array], s: str, g: Array, p: Array, flip: bool) -> tuple[Array, list[Array]]:
    """Global rotations of the collar and of shoulder, elbow and wrist, solved as a left arm."""
    spine = INDEX["spine3"]
    chest, origin = _mirror(g[:, spine], flip), _mirror(p[:, spine], flip)
    v = {k: c[f"{s}_{k}"] for k in ("flex", "abd", "twist", "elbow", "pron", "wflex", "wdev", "shrug", "reach", "ik")}
    target, palm, fingers, pole = (_target(action, c, s, k, g, p, flip) for k in ("h", "a", "f", "e"))
    direction = apply(limbs.arm_rotation(v["flex"], v["abd"], v["twist"]), (1.0, 0, 0))
    wanted = apply(np.swapaxes(chest, 1, 2), target - origin) - (0.18, 0.11, 0.05)
    wanted = unit(wanted) * np.clip(np.linalg.norm(wanted, axis=-1, keepdims=True) / 0.55, 0, 1)
    direction = direction + (wanted - direction) * v["ik"][:, None]
    rise = v["shrug"] + 26 * np.clip(direction[:, 1] + 0.35, 0, None)
    reach = v["reach"] + 16 * direction[:, 2] - 8 * np.clip(direction[:, 0], None, 0)
    collar = chest @ ry(-reach) @ rz(rise)
    shoulder = origin + apply(chest, OFFSETS[13]) + apply(collar, OFFSETS[16])
    upper = chest @ limbs.arm_rotation(v["flex"], v["abd"], v["twist"])
    fore = upper @ ry(-v["elbow"])
    wrist = fore @ rx(v["pron"]) @ rz(-v["wflex"]) @ ry(-v["wdev"])
    if v["ik"].max() > 0:
        frame = limbs.hand_frame(palm, fingers)
        end = target - apply(frame, limbs.PALM)
        up2, bend = limbs.two_bone(limbs.UPPER_ARM, limbs.FOREARM, 1, -1.0, np.array([0, 0, -1.0]),
                                   end - shoulder, pole)  # fmt: skip
        fore2 = up2 @ ry(bend)
        weight = v["ik"]
        upper, fore_local = slerp(upper, up2, weight), slerp(ry(-v["elbow"]), ry(bend), weight)
        hand_local = slerp(np.swapaxes(fore, 1, 2) @ wrist, _within_reach(np.swapaxes(fore2, 1, 2) @ frame), weight)
        fore = upper @ fore_local
        wrist = fore @ hand_local
    # Half of the forearm's turn is taken by the elbow joint, so that the wrist's skin does not wring.
    turn = np.unwrap(limbs.twist_about_x(np.swapaxes(fore, 1, 2) @ wrist))
    fore = fore @ rx(np.degrees(0.5 * turn))
    return _mirror(collar, flip), [_mirror(x, flip) for x in (upper, fore, wrist)]


def _target(action: Action, c: dict[str, Array], s: str, kind: str, g: Array, p: Array, flip: bool) -> Array:
    """A hand's target or direction in the world of a left arm, carried by its bone."""
    v = np.stack([c[f"{s}_{kind}{axis}"] for axis in "xyz"], -1)
    on = action.on.get(s, "chest")
    if on == "world" and kind != "e":
        return v
    bone = INDEX[_BONE["chest" if on == "world" else on]]
    rotation = _mirror(g[:, bone], flip)
    if kind != "h":
        return apply(rotation, v)
    return _mirror(p[:, bone], flip) + apply(rotation, v - _REST[bone] * (0, 1, 1))


def _within_reach(hand: Array) -> Array:
    """Hand rotations relative to the forearm, bent by 88 degrees and turned by 100 at most."""
    turn = np.unwrap(limbs.twist_about_x(hand))
    turn = turn - 2 * np.pi * np.round(turn.mean() / (2 * np.pi))
    swing = axis_angle_from_matrix(hand @ rx(np.degrees(-turn)))
    angle = np.linalg.norm(swing, axis=-1, keepdims=True)
    swing = swing * np.minimum(1, np.radians(88) / np.maximum(angle, 1e-9))
    return matrix_from_axis_angle(swing) @ rx(np.degrees(np.clip(turn, -1.75, 1.75)))


def _centre_of_mass(p: Array) -> Array:
    """(frames, 3) from joint positions (frames, 22, 3)."""
    total = sum(m for *_, m in _MASSES)
    parts = [m / total * (p[:, a] + (p[:, b] - p[:, a]) * f) for a, b, f, m in _MASSES]
    return np.sum(parts, 0)


def _clip(action: Action, local: Array, place: Array) -> Clip:
    frames = len(place)
    labels = [Label(t, 0, frames) for t in action.texts]
    labels += [Label(t, round(a * FPS), min(round(b * FPS), frames)) for t, a, b in action.parts]
    return Clip(
        name=action.name, poses=axis_angle_from_matrix(local), trans=place, fps=FPS, labels=tuple(labels),
        source="Impromptu, key poses", licence="CC0-1.0", kind="keyed",
        flags=("loops",) if action.loops else (), meta={"keys": len(action.keys),
        "method": "key poses and inverse kinematics"},
    )  # fmt: skip
