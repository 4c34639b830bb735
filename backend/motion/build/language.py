"""The key-pose language: an action is a few poses in anatomical terms, with times, steps and oscillations.

A channel is one number over time. Angles are degrees, lengths metres, in the frame of a character that faces +z
with its left at +x. What is keyed:

- pelvis: `px pz` shift, `py` height above standing (negative: lower), `pyaw` left, `ppitch` forward, `proll` left
- trunk: `bend` forward, `side` left, `twist` left; head: `nod` down, `turn` left, `tilt` left
- each arm (`l_`, `r_`; numbers are the same on both sides): `flex` forward, `abd` to its side, `twist` inwards,
  `elbow` bend, `pron` palm inwards and back, `wflex` wrist to the palm, `wdev` wrist to the thumb, `shrug` up,
  `reach` forward
- each arm by its hand (`hand()`): `ik` 0..1, `hx hy hz` the palm, `ax ay az` where the palm faces, `fx fy fz` where
  the fingers point, `ex ey ez` where the elbow points. x counts to the hand's own side
- each foot (`lf_`, `rf_`): `x y z yaw heel toe pitch knee`, see `limbs.foot`; x and yaw in world directions
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.interpolate import PchipInterpolator

from ..kinematics import Array
from ..resample import gaussian
from ..skeleton import OFFSETS

FPS = 30
STANCE = float(OFFSETS[1][0] + OFFSETS[4][0] + OFFSETS[7][0]) - 0.035
"""Half the distance of the feet in a relaxed stand, metres."""
ARM = ("flex", "abd", "twist", "elbow", "pron", "wflex", "wdev", "shrug", "reach", "ik",
       "hx", "hy", "hz", "ax", "ay", "az", "fx", "fy", "fz", "ex", "ey", "ez")  # fmt: skip
FOOT = ("x", "y", "z", "yaw", "heel", "toe", "pitch", "knee")
REST: dict[str, float] = {
    **dict.fromkeys(
        ("px", "py", "pz", "pyaw", "ppitch", "proll", "bend", "side", "twist", "nod", "turn", "tilt"), 0.0
    ),
    **{f"{s}_{c}": 0.0 for s in "lr" for c in ARM},
    **{f"{s}f_{c}": 0.0 for s in "lr" for c in FOOT},
}
"""The anatomical zero: standing at attention."""
for _s, _sign in (("l", 1), ("r", -1)):
    REST |= {f"{_s}_flex": 4, f"{_s}_abd": 9, f"{_s}_elbow": 14, f"{_s}_pron": 12, f"{_s}_wflex": 6}
    REST |= {f"{_s}_hx": 0.25, f"{_s}_hy": 0.85, f"{_s}_hz": 0.05, f"{_s}_ax": -1, f"{_s}_fy": -1}
    REST |= {f"{_s}_ex": 0.5, f"{_s}_ey": -0.5, f"{_s}_ez": -0.6}
    REST |= {f"{_s}f_x": _sign * STANCE, f"{_s}f_yaw": _sign * 8}
LAG = {"pelvis": -0.05, "trunk": -0.02, "head": -0.04, "shrug": -0.03, "flex": 0.0, "elbow": 0.03, "wrist": 0.06}
"""Seconds by which parts of the body run behind the keys: hips lead, hands follow."""
_GROUPS = {"px": "pelvis", "py": "pelvis", "pz": "pelvis", "bend": "trunk", "side": "trunk", "twist": "trunk",
           "nod": "head", "turn": "head", "tilt": "head", "shrug": "shrug", "reach": "shrug",
           "elbow": "elbow",
           "pron": "elbow", "wflex": "wrist", "wdev": "wrist"}  # fmt: skip

_HAND = frozenset(kind + axis for kind in "hafe" for axis in "xyz")

Pose = dict[str, float]
Key = tuple[float, Pose]


@dataclass(frozen=True)
class Step:
    """One foot ('l' or 'r') goes to x, z, yaw between two times, `lift` metres high at most."""

    foot: str
    start: float
    end: float
    x: float
    z: float
    yaw: float = 0.0
    lift: float = 0.09
    y: float = 0.0
    """Height of the floor where it lands: a stair's."""
    roll: float = 22.0
    """Degrees: the heel rises first and the toes land last; negative for steps backwards."""


@dataclass(frozen=True)
class Swing:
    """`amplitude` times a sine of `period` seconds on a channel from `start` to `end`, fading in and out."""

    channel: str
    amplitude: float
    period: float
    start: float
    end: float
    phase: float = 0.0
    """Of a turn."""
    fade: float = 0.35
    """Seconds."""


@dataclass(frozen=True)
class Action:
    """A key-posed clip before it is solved."""

    name: str
    texts: tuple[str, ...]
    """What is seen, in several people's words."""
    keys: tuple[Key, ...]
    """Time and channels that change; the others keep their value."""
    layers: tuple[tuple[Key, ...], ...] = ()
    """More keys, each layer for channels of its own, so that parts move independently."""
    steps: tuple[Step, ...] = ()
    swings: tuple[Swing, ...] = ()
    parts: tuple[tuple[str, float, float], ...] = ()
    """Further labels for a range of seconds."""
    on: Mapping[str, str] = field(default_factory=dict)
    """Which bone carries a hand's target, by 'l' and 'r': chest (the default), head, pelvis or world."""
    balance: float = 1.0
    """How much of the centre of mass is brought over the feet; 0: the pelvis goes where it is keyed."""
    life: float = 1.0
    """Breathing and shifting weight."""
    lag: float = 1.0
    """How much of LAG applies; 0 where hands must meet what they reach for."""
    loops: bool = False
    free: bool = False
    """The pelvis is not held down by the length of planted legs (jumps)."""
    smooth: float = 0.05
    """Seconds of low-pass on the keys' curve; less for sharp actions."""

    @property
    def seconds(self) -> float:
        """Duration."""
        return max(t for layer in (self.keys, *self.layers) for t, _ in layer)


def key(time: float, *poses: Pose, **channels: float) -> Key:
    """A pose at a time, from whole poses and single channels, the later ones first."""
    out: Pose = {}
    for pose in poses:
        out |= pose
    out |= channels
    unknown = set(out) - set(REST)
    if unknown:
        raise KeyError(f"no such channels: {sorted(unknown)}")
    return (time, out)


def arm(side: str, **angles: float) -> Pose:
    """An arm by its joints; `side` is 'l', 'r' or 'lr'."""
    return {f"{s}_{c}": v for s in side for c, v in {"ik": 0.0, **angles}.items()}


def hand(side: str, at: tuple[float, float, float], palm: tuple[float, float, float],
         fingers: tuple[float, float, float], elbow: tuple[float, float, float] | None = None,
         **more: float) -> Pose:  # fmt: skip
    """An arm by its palm: `at` in the coordinates of the standing body, floor at 0, x to the hand's own side."""
    out: Pose = {}
    for s in side:
        out |= dict(zip((f"{s}_hx", f"{s}_hy", f"{s}_hz"), at, strict=True))
        out |= dict(zip((f"{s}_ax", f"{s}_ay", f"{s}_az"), palm, strict=True))
        out |= dict(zip((f"{s}_fx", f"{s}_fy", f"{s}_fz"), fingers, strict=True))
        if elbow is not None:
            out |= dict(zip((f"{s}_ex", f"{s}_ey", f"{s}_ez"), elbow, strict=True))
        out[f"{s}_ik"] = 1.0
        out |= {f"{s}_{c}": v for c, v in more.items()}
    return out


def feet(x: float = STANCE, z: float = 0.0, yaw: float = 8.0, **more: float) -> Pose:
    """Both feet, mirrored: half their distance, how far forward, how far turned out."""
    out = {"lf_x": x, "rf_x": -x, "lf_z": z, "rf_z": z, "lf_yaw": yaw, "rf_yaw": -yaw}
    return out | {f"{s}f_{c}": v for s in "lr" for c, v in more.items()}


STAND = {c: v for c, v in REST.items() if "f_" not in c}
"""Everything but the feet back to the relaxed stand."""


def minimum_jerk(u: Array) -> Array:
    """Flash & Hogan's 10 u^3 - 15 u^4 + 6 u^5, clipped to [0, 1]."""
    u = np.clip(u, 0, 1)
    return u**3 * (10 - 15 * u + 6 * u**2)


def curves(action: Action) -> dict[str, Array]:
    """Every channel over time: (frames,) each."""
    times = np.arange(round(action.seconds * FPS) + 1) / FPS
    out = {c: np.full(len(times), float(v)) for c, v in REST.items()}
    for layer in (action.keys, *action.layers):
        channels = {c for _, pose in layer for c in pose}
        for c in channels:
            lag = 0.0 if c[1:3] == "f_" else action.lag * LAG.get(_GROUPS.get(c.split("_")[-1], ""), 0.0)
            out[c] = _curve(layer, c, times - lag, action.smooth)
    for swing in action.swings:
        on = minimum_jerk((times - swing.start) / swing.fade) * minimum_jerk((swing.end - times) / swing.fade)
        if action.loops and swing.start <= 0 and swing.end >= action.seconds:
            on = 1.0
        wave = np.sin(2 * np.pi * ((times - swing.start) / swing.period + swing.phase))
        out[swing.channel] = out[swing.channel] + swing.amplitude * on * wave
    for step in sorted(action.steps, key=lambda s: s.start):
        _take(step, out, times)
    return out


def _curve(layer: tuple[Key, ...], channel: str, times: Array, smooth: float) -> Array:
    """One channel through its keys: feet rest at each key, the rest of the body passes through."""
    value, points, values = REST[channel], [], []
    # Where a hand goes counts only while it is led there: it does not come from or return to any such place.
    led = channel[:2] + "ik" if channel[2:] in _HAND else ""
    on = REST.get(led, 1.0)
    for t, pose in sorted(layer, key=lambda k: k[0]):
        value, on = pose.get(channel, value), pose.get(led, on)
        if on > 0:
            if points and t - points[-1] < 1e-6:  # two keys at a time: the later one counts
                del points[-1], values[-1]
            points.append(t)
            values.append(value)
    if not points:
        return np.full(len(times), value)
    if len(points) == 1 or len(set(values)) == 1:
        return np.full(len(times), float(values[0]))
    if channel[1:3] == "f_":
        index = np.clip(np.searchsorted(points, times, "right") - 1, 0, len(points) - 2)
        a, b = np.array(points)[index], np.array(points)[index + 1]
        low, high = np.array(values)[index], np.array(values)[index + 1]
        return low + (high - low) * minimum_jerk((times - a) / (b - a))
    # A key more on each side makes the curve start and end at rest.
    points, values = [points[0] - 0.5, *points, points[-1] + 0.5], [values[0], *values, values[-1]]
    through = PchipInterpolator(points, values)(np.clip(times, points[0], points[-1]))
    return gaussian(np.pad(through, 12, mode="edge"), smooth * FPS)[12:-12]


def _take(step: Step, out: dict[str, Array], times: Array) -> None:
    """Write a step into the foot's channels."""
    u = (times - step.start) / (step.end - step.start)
    s, f = minimum_jerk(u), step.foot + "f_"
    frame = int(np.clip(np.searchsorted(times, step.start), 0, len(times) - 1))
    rise = step.y - out[f + "y"][frame]
    for c, v in (("x", step.x), ("z", step.z), ("yaw", step.yaw)):
        before = out[f + c][frame]
        out[f + c] = np.where(u <= 0, out[f + c], before + (v - before) * s)
    inside = np.clip(u, 0, 1)
    up = minimum_jerk(inside * 1.6) if rise > 0 else minimum_jerk((inside - 0.375) * 1.6) if rise < 0 else inside
    arc = step.lift * np.sin(np.pi * inside) ** 1.5
    out[f + "y"] = np.where(u <= 0, out[f + "y"], out[f + "y"][frame] + rise * up + arc)
    out[f + "pitch"] = out[f + "pitch"] + step.roll * np.sin(2 * np.pi * inside) * np.sin(np.pi * inside) * 0.9
