"""A key-posed action as somebody else would do it: tempo, size, posture, timing of the parts, side."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from ..language import REST, Action, Key, Pose
from .footing import stand_otherwise
from .nature import Nature, nature
from .tempo import apart, at_own_tempo, repeated

Layer = tuple[Key, ...]
TRUNK = frozenset(("bend", "side", "twist"))
HEAD = frozenset(("nod", "turn", "tilt"))
PELVIS = frozenset(("px", "py", "pz", "pyaw", "ppitch", "proll"))
JOINTS = frozenset(("flex", "abd", "twist", "elbow", "pron", "wflex", "wdev", "shrug", "reach"))
LIMITS = {
    "flex": (-55, 172), "abd": (-18, 165), "elbow": (2, 142), "wflex": (-65, 65), "shrug": (-8, 28),
    "nod": (-42, 44), "turn": (-70, 70), "tilt": (-32, 32), "bend": (-18, 64), "side": (-36, 36),
    "twist": (-90, 60), "ppitch": (-30, 52), "py": (-0.56, 0.1),
}  # fmt: skip
"""What a take does not go beyond, unless its action does: degrees, metres."""
_POSTURE = {
    "flex": 5.0, "abd": 3.5, "elbow": 8.0, "twist": 5.0, "pron": 10.0, "wflex": 6.0, "shrug": 3.0, "bend": 4.0,
    "side": 1.5, "nod": 5.0, "turn": 4.0, "tilt": 3.0, "ppitch": 1.5, "pyaw": 3.0,
}  # fmt: skip
"""Standard deviations of a person's bearing, degrees: added to a channel from beginning to end."""


def act_again(action: Action, rng: np.random.Generator) -> Action:
    """Another performance of an action; what touches keeps touching."""
    kind = nature(action)
    again = _in_own_time(action, kind, rng)
    again = _channels(again, kind, rng)
    again = stand_otherwise(again, kind, rng)
    again = _swings(again, kind, rng)
    again = _parts_apart(again, kind, rng)
    crisp = kind.airborne or kind.lying
    return replace(
        again,
        lag=action.lag * rng.uniform(0.4, 1.7),
        smooth=action.smooth * (1.0 if crisp else rng.uniform(0.8, 1.6)),
        life=action.life * rng.uniform(0.5, 1.2 if kind.lying else 2.0),
    )


def _in_own_time(action: Action, kind: Nature, rng: np.random.Generator) -> Action:
    """More or fewer repetitions, another tempo, longer or shorter holds."""
    more = int(rng.choice((-1, 0, 1), p=(0.3, 0.4, 0.3)))
    action = repeated(action, more) if more else action
    tempo = float(np.exp(rng.uniform(np.log(0.75), np.log(1.35))))
    if action.loops:
        return at_own_tempo(action, rng, tempo, 0.0)
    uneven = 0.03 if kind.timed else 0.16
    height = float(rng.uniform(0.75, 1.25)) if kind.airborne else 1.0
    if kind.airborne:
        tempo = float(np.clip(tempo, 0.88, 1.25))
    if not kind.timed:
        action = _held_longer(action, float(rng.uniform(0.55, 1.7)))
    return at_own_tempo(action, rng, tempo, uneven, height)


def _held_longer(action: Action, factor: float) -> Action:
    """The longest stretch in which nothing is keyed to change, or a swing goes on, so many times as long."""
    if action.layers:
        return action
    times = [t for t, _ in action.keys]
    holds = [
        (b - a, i)
        for i, (a, b) in enumerate(itertools.pairwise(times))
        if b - a > 0.5
        and (len(action.keys[i + 1][1]) <= 3 or any(s.start <= a and s.end >= b for s in action.swings))
    ]
    if not holds:
        return action
    length, at = max(holds)
    more = max(length * factor, 0.3) - length
    edge = times[at + 1]

    def later(time: float) -> float:
        if time >= edge - 1e-6:
            return time + more
        return times[at] + (time - times[at]) * (1 + more / length) if time > times[at] else time

    swings = tuple(
        replace(s, start=later(s.start), end=max(later(s.end), later(s.start) + 0.3)) for s in action.swings
    )
    parts = tuple((text, later(a), later(b)) for text, a, b in action.parts)
    return replace(action, keys=tuple((later(t), p) for t, p in action.keys), swings=swings, parts=parts)


def _channels(action: Action, kind: Nature, rng: np.random.Generator) -> Action:
    """Keyed values: larger or smaller, another bearing, not the same twice."""
    size, offset = _sizes(action, kind, rng), _bearing(action, kind, rng)
    reach, uneven = _reach(kind, rng), 0.0 if kind.lying else 0.09
    first = dict(action.keys[0][1])
    most = _extremes(action)

    def changed(pose: Pose) -> Pose:
        out = {}
        for c, v in pose.items():
            if c[1:3] == "f_" or (c[1] == "_" and c[2:] not in JOINTS):
                out[c] = v
            else:
                home = first.get(c, REST[c]) if kind.lying else REST[c]
                away = (v - home) * size[c] * (1 + rng.normal(0, uneven))
                out[c] = _limited(c, home + away + offset[c], most.get(c, (0.0, 0.0)))
        for side in "lr":
            if pose.get(f"{side}_ik", 0) > 0 or any(f"{side}_h{a}" in pose for a in "xyz"):
                _hand(out, side, reach, action.on.get(side, "chest"))
            _raised(out, side)
        return out

    keys, layers = (
        tuple((t, changed(p)) for t, p in action.keys),
        tuple(tuple((t, changed(p)) for t, p in layer) for layer in action.layers),
    )
    named = {c for layer in (keys, *layers) for _, pose in layer for c in pose}
    rest = {c: REST[c] + offset[c] for c in offset if c not in named and abs(offset[c]) > 1e-9}
    return replace(action, keys=keys, layers=(*layers, ((0.0, rest),)) if rest else layers)


def _sizes(action: Action, kind: Nature, rng: np.random.Generator) -> dict[str, float]:
    """How much of each channel's way a take goes."""

    def around(sigma: float, low: float, high: float) -> float:
        return float(np.clip(np.exp(rng.normal(0, sigma)), low, high))

    whole = around(0.14, 0.75, 1.2)
    if kind.lying:
        whole = float(rng.uniform(0.78, 1.04))
        return dict.fromkeys(REST, whole)
    groups = {c: whole * around(0.12, 0.8, 1.2) for c in ("trunk", "head", "pelvis", "l", "r")}
    if kind.world:
        groups |= {"trunk": around(0.04, 0.94, 1.06), "pelvis": around(0.02, 0.96, 1.03)}
    if kind.held:
        groups["pelvis"] = 1.0
    deep = min((v for layer in (action.keys, *action.layers) for _, p in layer if (v := p.get("py")) is not None),
               default=0.0)  # fmt: skip
    if deep < -0.15 or kind.airborne:
        groups["trunk"] = groups["pelvis"] = float(np.clip(groups["pelvis"], 0.8, 1.1))
    if kind.linked:
        groups["l"] = groups["r"] = 1.0
    out = {}
    for c in REST:
        name = "head" if c in HEAD else "pelvis" if c in PELVIS else "trunk" if c in TRUNK else c[0]
        out[c] = float(np.clip(groups[name], 0.75, 1.25))
    if action.steps or _turns(action):
        out["pyaw"] = 1.0
    return out


def _turns(action: Action) -> bool:
    return any(abs(p.get("pyaw", 0)) > 40 for _, p in action.keys)


def _bearing(action: Action, kind: Nature, rng: np.random.Generator) -> dict[str, float]:
    """What is added to each channel for the whole of a take."""
    out: dict[str, float] = {}
    share = 0.25 if kind.lying else 1.0
    for c in REST:
        name = c[2:] if c[1] == "_" else c
        if c[1:3] == "f_" or name not in _POSTURE:
            out[c] = 0.0
            continue
        out[c] = share * _POSTURE[name] * float(np.clip(rng.normal(), -2, 2))
    common = {name: _POSTURE[name] * float(np.clip(rng.normal(), -1.5, 1.5)) for name in ("flex", "abd", "elbow")}
    for side in "lr":
        for name, value in common.items():
            out[f"{side}_{name}"] = share * (0.6 * value + 0.6 * out[f"{side}_{name}"])
    if kind.held or action.steps or kind.lying:
        out |= {"ppitch": 0.0, "pyaw": 0.0}
    if kind.lying:
        out |= {c: 0.0 for c in ("bend", "side", "twist", "l_flex", "r_flex", "l_shrug", "r_shrug")}
    if kind.world:
        out |= {"bend": 0.5 * out["bend"], "ppitch": 0.0}
    if kind.linked:
        out |= {"side": 0.5 * out["side"]}
    if not (kind.held or kind.airborne):
        out["py"] = -abs(float(rng.normal(0, 0.014)))
    if not (kind.held or kind.airborne or kind.stepping or kind.world):
        # The weight rests on one leg more than on the other.
        rest = float(np.clip(rng.normal(0, 0.02), -0.04, 0.04))
        out |= {"px": rest, "proll": 60 * rest, "side": out["side"] - 60 * rest}
    return out


def _reach(kind: Nature, rng: np.random.Generator) -> dict[str, dict[str, float]]:
    """Standard normal draws that move each hand's goal; hands that work together move together."""
    out: dict[str, dict[str, float]] = {}
    for side in "lr":
        out[side] = {c: float(np.clip(rng.normal(), -1.8, 1.8)) for c in ("hx", "hy", "hz", "ex", "ey", "ez")}
    if kind.linked:
        out["r"] |= {"hy": out["l"]["hy"], "hz": out["l"]["hz"], "hx": -out["l"]["hx"]}
    if kind.lying:
        out = {s: dict.fromkeys(v, 0.0) for s, v in out.items()}
    return out


def _hand(out: Pose, side: str, reach: dict[str, dict[str, float]], on: str) -> None:
    """Move where a hand is led to, in place: freely in the air, little where it touches."""
    x, y, z = (out.get(f"{side}_h{a}") for a in "xyz")
    far = float(np.hypot(x, z)) if x is not None and z is not None else 0.0
    floor = y is not None and y < 0.25
    sigma = 0.0 if floor else 0.005 if on in ("head", "pelvis") else 0.008 if on == "world" else 0.007
    if on == "chest" and far > 0.33:
        sigma = 0.022
    for a in "xyz":
        if f"{side}_h{a}" in out:
            out[f"{side}_h{a}"] += sigma * reach[side][f"h{a}"]
        if f"{side}_e{a}" in out:
            out[f"{side}_e{a}"] += 0.12 * reach[side][f"e{a}"]


def _raised(out: Pose, side: str) -> None:
    """Keep the swing of an arm, which is one rotation by flexion and abduction, below a half turn."""
    flex, abd = out.get(f"{side}_flex"), out.get(f"{side}_abd")
    if flex is not None and abd is not None and (way := float(np.hypot(flex, abd))) > 170:
        out[f"{side}_flex"], out[f"{side}_abd"] = flex * 170 / way, abd * 170 / way


def _extremes(action: Action) -> dict[str, tuple[float, float]]:
    """Least and greatest keyed value of each channel."""
    out: dict[str, tuple[float, float]] = {}
    for layer in (action.keys, *action.layers):
        for _, pose in layer:
            for c, v in pose.items():
                low, high = out.get(c, (v, v))
                out[c] = (min(low, v), max(high, v))
    return out


def _limited(channel: str, value: float, extremes: tuple[float, float]) -> float:
    name = channel[2:] if channel[1] == "_" else channel
    if name not in LIMITS:
        return value
    low, high = LIMITS[name]
    return float(np.clip(value, min(low, extremes[0]), max(high, extremes[1])))


def _swings(action: Action, kind: Nature, rng: np.random.Generator) -> Action:
    """Oscillations stronger or weaker, quicker or slower, begun at another moment."""
    if not action.swings:
        return action
    quick = 1.0 if kind.timed else float(np.exp(np.clip(rng.normal(0, 0.12), -0.25, 0.25)))
    late = 0.0 if kind.timed else float(rng.uniform(-0.5, 0.5))
    all_of_it = float(np.exp(rng.normal(0, 0.15)))
    groups: dict[str, float] = {}
    longest = max(s.period for s in action.swings)
    swings = []
    for s in action.swings:
        group = s.channel[0] if s.channel[1] == "_" and not kind.linked else s.channel[2:]
        if group not in groups:
            groups[group] = float(np.clip(all_of_it * np.exp(rng.normal(0, 0.12)), 0.65, 1.3))
        # One delay in seconds for all of them, so that they stay in step with each other.
        phase = s.phase + late * longest / s.period
        swings.append(replace(s, amplitude=s.amplitude * groups[group], period=s.period * quick, phase=phase))
    return replace(action, swings=tuple(swings))


def _parts_apart(action: Action, kind: Nature, rng: np.random.Generator) -> Action:
    """Head and arms sooner or later than the rest."""
    if kind.lying or action.loops:
        return action
    sigma = 0.02 if kind.timed or kind.linked else 0.06
    late: dict[str, float] = {}

    def put(channels: Iterable[str]) -> None:
        shift = float(np.clip(rng.normal(0, sigma), -2 * sigma, 2 * sigma))
        late.update(dict.fromkeys(channels, shift))

    put(HEAD)
    if not kind.linked and not kind.held:
        for side in "lr":
            put(c for c in REST if c[0] == side and c[1] == "_")
    end = action.seconds
    keys = apart(action.keys, late, end)
    layers = [part for layer in action.layers for part in apart(layer, late, end)]
    return replace(action, keys=keys[0], layers=(*keys[1:], *layers))
