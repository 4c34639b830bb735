"""Walks and recordings again: other steps, speeds and bearings; what is recorded keeps its way over the floor."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...clip import Clip, Label
from ...ground import moved
from ...kinematics import axis_angle_from_matrix, matrix_from_axis_angle
from ...resample import derive, sample
from ...skeleton import INDEX
from ..derived import GAITS, Walk, cycles
from ..gait import Gait, change_gait
from ..limbs import rx, ry, rz

Clips = dict[str, Clip]

_PLAIN = Gait()
WALKS: dict[str, Walk] = {w.name: w for w in GAITS} | {
    w.name: w
    for w in (
        Walk("walk", "another walk", (), _PLAIN, seconds=3.0),
        Walk("walk_long", "another walk", (), _PLAIN, seconds=6.0),
        Walk("walk_slow", "another slow walk", (), _PLAIN, seconds=3.5, base="walk_slow"),
        Walk("walk_backward", "another walk backwards", (), _PLAIN, seconds=5.0, backward=True),
        Walk("run", "another run", (), _PLAIN, seconds=2.5, base="run"),
        Walk("run_long", "another run", (), _PLAIN, seconds=4.0, base="run"),
        Walk("run_backward", "another run backwards", (), _PLAIN, seconds=3.0, base="run", backward=True),
    )
}
"""What can be walked or run anew, by the clip's name."""
STEADY = ("dance_", "kick_", "punch", "jump_", "walk_")
"""Recordings on the feet: their legs can be solved for another height of the hips."""
FLOOR = ("cartwheel", "forward_roll", "backward_roll", "crawl", "get_up", "lie_down", "backflip", "front_flip")
"""Recordings whose hands meet the floor or that fly: their arms are left almost as they are."""


def walk_again(walk: Walk, clips: Clips, rng: np.random.Generator, seconds: float | None = None) -> Clip:
    """Another take of a walk or run, from another moment of the recorded cycle on.

    Args:
        walk: the style.
        clips: recordings by name.
        rng: draws.
        seconds: duration; drawn if not given.
    """
    long = seconds or walk.seconds * float(rng.uniform(0.7, 1.15))
    speed = walk.speed * float(np.exp(np.clip(rng.normal(0, 0.12), -0.22, 0.2)))
    base = walk.base
    if base == "walk" and walk.speed < 1.05 and rng.random() < 0.35:
        base = "walk_slow"
        speed *= 1.1
    frames = round(long * speed * clips[base].fps) + 2
    late = int(rng.integers(0, 34))
    clip = cycles(clips, base, (frames + late) / clips[base].fps)
    clip = straight(clip.cut(late, late + frames))
    clip = replace(walk, change=vary_gait(walk.change, rng), speed=speed).of(clip)
    return carried(clip, rng, 0.7)


def straight(clip: Clip) -> Clip:
    """A walk from the origin whose path, not the hips' heading at some moment, is the z axis.

    What is beside the axis would be scaled with the distance of the feet.
    """
    t = np.arange(len(clip))
    dx, dz = (np.polyfit(t, clip.trans[:, axis].astype(float), 1)[0] for axis in (0, 2))
    clip = moved(clip, -float(np.arctan2(dx, dz)), (0, 0, 0))
    middle = float(clip.trans[:, 0].mean())
    return clip.with_(trans=clip.trans - np.array([middle, 0, clip.trans[0, 2]]))


def vary_gait(gait: Gait, rng: np.random.Generator) -> Gait:
    """A gait of the same kind: more or less of its style, and a person's own habits."""
    style = float(rng.uniform(0.75, 1.2))

    def scale(value: float, sigma: float) -> float:
        return (1 + (value - 1) * style) * float(np.exp(np.clip(rng.normal(0, sigma), -2 * sigma, 2 * sigma)))

    def add(value: float, sigma: float) -> float:
        return value * style + float(np.clip(rng.normal(0, sigma), -2 * sigma, 2 * sigma))

    in_place = gait.stride == 0
    veer = 0.0 if gait.weave or gait.width < 0.5 else float(np.clip(rng.normal(0, 1.2), -2, 2))
    arms = {name: add(value, 4.0) for name, value in gait.arms.items()}
    arms |= {
        name: add(0.0, sigma) for name, sigma in (("flex", 4.0), ("abd", 3.0), ("elbow", 7.0)) if name not in arms
    }
    return Gait(
        stride=0.0 if in_place else float(np.clip(scale(gait.stride, 0.09), 0.3, 1.25)),
        lift=scale(gait.lift, 0.12),
        width=max(0.1, scale(gait.width, 0.15)),
        drop=float(np.clip(gait.drop * style + abs(rng.normal(0, 0.012)), 0, 0.27)),
        bounce=max(0.3, scale(gait.bounce, 0.15)),
        curve=gait.curve * float(rng.uniform(0.8, 1.2)) if gait.curve or in_place else veer,
        weave=gait.weave * float(rng.uniform(0.75, 1.15)),
        bend=float(np.clip(add(gait.bend, 3.0), -14, 46)),
        side=add(gait.side, 1.0),
        nod=float(np.clip(add(gait.nod, 4.0), -26, 38)),
        swing=max(0.1, scale(gait.swing, 0.16)),
        arms=arms,
        limp=float(np.clip(gait.limp * style, 0, 1.1)),
        tiptoe=float(np.clip(gait.tiptoe * style, 0, 36)),
        look=gait.look * float(rng.uniform(0.75, 1.15)),
    )


def recorded_again(clip: Clip, rng: np.random.Generator) -> Clip:
    """Another take of a recording, or of what was derived from one."""
    floor = clip.name.startswith(FLOOR)
    pace = float(np.exp(rng.uniform(np.log(0.8), np.log(1.25))))
    if clip.name.startswith(STEADY) and clip.name != "dance_spin":
        trans = clip.trans - clip.trans[0] * (1, 0, 1)
        habits = Gait(
            stride=float(rng.uniform(0.88, 1.12)),
            lift=1.0 if clip.name.startswith("jump_") else float(rng.uniform(0.9, 1.15)),
            drop=float(abs(rng.normal(0, 0.015))), bend=float(rng.normal(0, 2.5)), nod=float(rng.normal(0, 3)),
            swing=float(rng.uniform(0.85, 1.15)), arms={"abd": float(rng.normal(0, 3))},
        )  # fmt: skip
        clip = change_gait(clip.with_(trans=trans), habits, "another bearing")
    clip = warped(clip, rng, pace, 0.05 if floor else 0.12)
    return carried(clip, rng, 0.3 if floor else 1.0)


def warped(clip: Clip, rng: np.random.Generator, pace: float, uneven: float) -> Clip:
    """The clip `pace` times as fast, here a little faster and there a little slower."""
    last = len(clip) - 1
    frames = max(2, round(last / pace) + 1)
    u = np.linspace(0, 1, frames)
    speed = np.ones(frames)
    for k in (1, 2, 3):
        speed += uneven * rng.normal() / k * np.sin(2 * np.pi * (k * u + rng.random()))
    speed = np.clip(speed, 0.7, 1.3)
    times = np.concatenate([[0], np.cumsum((speed[1:] + speed[:-1]) / 2)])
    times *= last / times[-1]
    at = np.interp(np.arange(len(clip) + 1), times, np.arange(frames), right=frames)
    labels = tuple(
        Label(l.text, round(at[l.start]), max(round(at[l.start]) + 1, round(at[l.end]))) for l in clip.labels
    )
    return derive(sample(clip, times), f"in another time, x{pace:.2f}", labels=labels)


def carried(clip: Clip, rng: np.random.Generator, size: float) -> Clip:
    """Trunk, head and arms borne otherwise: a constant difference and a slow drift of a few degrees."""
    t = np.arange(len(clip)) / clip.fps

    def drift(degrees: float) -> np.ndarray:
        wave = np.sin(2 * np.pi * (t / rng.uniform(1.4, 4.0) + rng.random()))
        return size * degrees * (float(np.clip(rng.normal(), -2, 2)) + 0.4 * rng.normal() * wave)

    local = matrix_from_axis_angle(clip.poses)
    for name, degrees in (("spine1", 1.2), ("spine2", 1.2), ("spine3", 1.2), ("neck", 2.0), ("head", 2.0)):
        j = INDEX[name]
        local[:, j] = ry(drift(degrees)) @ rx(drift(degrees)) @ rz(drift(0.6 * degrees)) @ local[:, j]
    for side, sign in (("left", 1.0), ("right", -1.0)):
        shoulder, elbow, wrist = (INDEX[f"{side}_{j}"] for j in ("shoulder", "elbow", "wrist"))
        swing = rx(drift(4.0)) @ ry(sign * drift(2.0)) @ rz(sign * np.maximum(drift(3.5), -3.0))
        local[:, shoulder] = swing @ local[:, shoulder]
        local[:, elbow] = local[:, elbow] @ ry(-sign * np.maximum(drift(5.0), -1.0))
        local[:, wrist] = local[:, wrist] @ rz(-sign * drift(5.0)) @ rx(drift(4.0))
    return clip.with_(poses=axis_angle_from_matrix(local))
