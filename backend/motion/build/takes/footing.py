"""Where feet and hands stand: wider, turned, one ahead, steps longer or higher, seats lower, legs spread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..language import REST, STANCE, Action, Pose
from .nature import Nature

SEAT = -0.375
"""Height of the pelvis on a chair, as `everyday.SEATED` has it."""


def stand_otherwise(action: Action, kind: Nature, rng: np.random.Generator) -> Action:
    """The action on other feet."""
    if kind.lying:
        return _lying(action, rng)
    if kind.seated:
        return _seated(action, rng)
    if kind.held:
        return action
    turning = any(abs(s.yaw) > 20 for s in action.steps)
    add = dict.fromkeys(_stance(0.0, 0.0), 0.0) if turning else _shifts(kind, rng)
    first = _first(action)
    long = 1.0 if turning else float(rng.uniform(0.85, 1.15))
    if any(s.y for s in action.steps):  # stairs are as deep as they are
        long = float(rng.uniform(0.97, 1.05))
    lift = float(rng.uniform(0.8, 1.3))
    high = 1.0 if kind.airborne else float(rng.uniform(0.78, 1.08))
    along = 1.0 if kind.airborne else min(long, 1.06)

    def placed(channel: str, value: float) -> float:
        if channel.endswith("f_y") and not action.steps:
            return value * high
        if channel.endswith("f_z") and kind.stepping:
            start = first.get(channel, 0.0)
            value = start + (value - start) * (long if action.steps else along)
        return value + add.get(channel, 0.0)

    steps = []
    for s in action.steps:
        home = STANCE if s.foot == "l" else -STANCE
        x = home + (s.x - home) * long + add[f"{s.foot}f_x"]
        z, yaw = s.z * long + add[f"{s.foot}f_z"], s.yaw + add[f"{s.foot}f_yaw"]
        steps.append(replace(s, x=x, z=z, yaw=yaw, lift=s.lift * lift, roll=s.roll * min(lift, 1.1)))
    action = replace(_mapped(action, lambda pose: {c: placed(c, v) for c, v in pose.items()}), steps=tuple(steps))
    return _from_the_start(action, {c: REST[c] + v for c, v in add.items() if c not in first})


def _stance(wide: float, ahead: float) -> dict[str, float]:
    return {"lf_x": wide, "rf_x": -wide, "lf_z": ahead, "rf_z": -ahead, "lf_yaw": 0.0, "rf_yaw": 0.0}


def _shifts(kind: Nature, rng: np.random.Generator) -> dict[str, float]:
    """What is added to both feet's places; little where they move to places that are keyed."""
    calm = 0.4 if kind.stepping or kind.airborne else 1.0
    wide = float(np.clip(rng.normal(0.012, 0.03 * calm), -0.025, 0.08))
    ahead = float(np.clip(rng.normal(0, 0.035 * calm), -0.09, 0.09))
    turned = {f"{s}f_yaw": float(np.clip(rng.normal(0, 5 * calm), -9, 9)) for s in "lr"}
    return _stance(wide, ahead) | turned


def _first(action: Action) -> Pose:
    """The earliest keyed value of every channel."""
    out: Pose = {}
    for _, pose in sorted((k for layer in (action.keys, *action.layers) for k in layer), key=lambda k: k[0]):
        out = {**pose, **out}
    return out


def _mapped(action: Action, change: Callable[[Pose], Pose]) -> Action:
    layers = [tuple((t, change(p)) for t, p in layer) for layer in (action.keys, *action.layers)]
    return replace(action, keys=layers[0], layers=tuple(layers[1:]))


def _from_the_start(action: Action, pose: Pose) -> Action:
    """With channels that no key names held from the beginning."""
    return replace(action, layers=(*action.layers, ((0.0, pose),))) if pose else action


def _seated(action: Action, rng: np.random.Generator) -> Action:
    """On a lower or higher chair, feet elsewhere; hands in the lap come along."""
    share = float(rng.uniform(0.88, 1.05))
    lower = SEAT * (share - 1)
    stays = all(p.get("py", SEAT) < -0.3 for _, p in action.keys)
    ahead = float(rng.uniform(-0.05, 0.09)) if stays else float(rng.uniform(-0.02, 0.03))
    wide = float(rng.uniform(-0.04, 0.06))
    add = _stance(wide, 0.0) | {"lf_z": ahead, "rf_z": ahead}
    if stays:
        add["lf_z"] += float(rng.normal(0, 0.025))
    add |= {f"{s}f_yaw": float(rng.normal(0, 5)) for s in "lr"}

    def change(pose: Pose) -> Pose:
        out = {c: v + add.get(c, 0.0) for c, v in pose.items()}
        if "py" in out:
            out["py"] = pose["py"] * share
        for side in "lr":
            if f"{side}_hy" in out:
                out[f"{side}_hy"] += lower
        return out

    first = _first(action)
    return _from_the_start(_mapped(action, change), {c: REST[c] + v for c, v in add.items() if c not in first})


def _lying(action: Action, rng: np.random.Generator) -> Action:
    """Legs and arms spread otherwise, a knee drawn up where legs lie idle; the head turned."""
    first = _first(action)
    wide = float(rng.uniform(-0.04, 0.09))
    add = _stance(wide, 0.0) | {f"{s}f_yaw": sign * float(rng.uniform(-2, 10)) for s, sign in (("l", 1), ("r", -1))}
    supine = first["py"] < -0.7
    idle = first.get("lf_toe", 0) > 30
    if not supine:
        add["lf_yaw"] = add["rf_yaw"] = 0.0
    elif not idle:
        add["lf_z"] = add["rf_z"] = float(rng.uniform(-0.04, 0.04))
    apart, along = float(rng.uniform(-0.04, 0.07)), float(rng.uniform(-0.02, 0.02))
    turn, nod = float(rng.normal(0, 8)) if idle else float(rng.normal(0, 3)), float(rng.normal(0, 4))
    drawn = {s: rng.random() < 0.3 for s in "lr"} if idle else {}
    knees = {s: float(rng.uniform(0.5, 0.68)) for s in "lr"}
    arms = {s: float(rng.uniform(-8, 40)) for s in "lr"}

    def change(pose: Pose) -> Pose:
        out = {c: v + add.get(c, 0.0) for c, v in pose.items()}
        for s in "lr":
            if drawn.get(s) and f"{s}f_z" in out:
                out |= {f"{s}f_z": knees[s], f"{s}f_toe": 0.0}
            if pose.get(f"{s}_hy", 1.0) < 0.05:
                out |= {f"{s}_hx": out[f"{s}_hx"] + apart, f"{s}_hz": out[f"{s}_hz"] + along}
            if idle and f"{s}_abd" in out:
                out[f"{s}_abd"] += arms[s]
        for c, v in (("turn", turn), ("nod", nod)):
            if c in out:
                out[c] += v
        return out

    return _mapped(action, change)
