"""The local rotations that put a rig's bones where they must point, whatever lies between the bones.

Constraints, drivers, switches and parents that do not pass on their rotation make a bone's frame depend on others in
ways that no reading of the parents tells. So each driven bone is turned once and what follows it is seen (`probe`);
the solution that this gives is then evaluated, and where it is not met, solved again from the evaluated frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .retarget_math import Array, orthonormal, rotation_angle, transposed, turn, unit
from .retarget_stage import Stage, set_pose

PROBE = turn(unit(np.array([1.0, 2.0, 3.0])), 0.6)
FOLLOWS = 0.05
"""Degrees within which a bone counts as following another rigidly."""
TURNED = 1.0
"""Degrees that a probed bone must turn for what follows it to be seen."""
MET = 0.05
"""Degrees within which a pose is what was asked for."""
PASSES = 8
SAMPLES = 24


@dataclass(frozen=True)
class Solution:
    """Local transforms of the driven bones. N frames, B bones."""

    names: tuple[str, ...]
    rotations: Array
    """(N, B, 3, 3)."""
    root: str
    location: Array
    """(N, 3) of the root's bone, along its own axes."""
    off: dict[str, float]
    """Bone -> greatest angle in degrees between what was asked and what Blender evaluates."""
    passes: int
    """How often every frame was evaluated; 0 where the first solution was exact."""


@dataclass(frozen=True)
class Task:
    """What is asked of a rig, in its armature's space."""

    names: tuple[str, ...]
    wanted: Array
    """(N, B, 3, 3)."""
    root: str
    place: Array
    """(N, 3) of the root's head."""


@dataclass(frozen=True)
class Probe:
    """How a rig's driven bones depend on one another."""

    rest: Array
    """(B, 3, 3) with every driven bone at its own rest."""
    leader: tuple[int, ...]
    """The driven bone that each follows rigidly, the nearest of them; -1 for none."""
    head: Array
    """(3,) of the root."""
    reach: Array
    """(3, 3) how its head moves by its location."""


def is_active(constraint: Any) -> bool:
    """Whether a constraint plays a part."""
    return not constraint.mute and constraint.influence > 0


def _state(stage: Stage, rig: Any, names: Sequence[str]) -> tuple[Array, Array]:
    matrices = stage.bones(rig, names)
    return orthonormal(matrices[:, :3, :3]), matrices[:, :3, 3]


def probe(stage: Stage, rig: Any, names: Sequence[str], root: str) -> Probe:
    """Turn and move each driven bone once, and see what follows."""
    count, at = len(names), names.index(root)
    still = np.broadcast_to(np.eye(3), (count, 3, 3))
    set_pose(rig, names, still)
    stage.update()
    rest, heads = _state(stage, rig, names)
    follows = np.zeros((count, count), bool)
    for i in range(count):
        turned = still.copy()
        turned[i] = PROBE
        set_pose(rig, names, turned)
        stage.update()
        now, _ = _state(stage, rig, names)
        moved = now @ transposed(rest)
        # A bone that cannot turn leads nothing, though all that stays with it seems to follow.
        if rotation_angle(moved[i]) > TURNED:
            follows[:, i] = rotation_angle(transposed(moved[i]) @ moved) < FOLLOWS
        follows[i, i] = False
    depth = follows.sum(1)
    leader = tuple(int(max(np.flatnonzero(row), key=lambda i: depth[i])) if row.any() else -1 for row in follows)
    reach, step = np.zeros((3, 3)), max(float(np.ptp(heads, axis=0).max()), 1e-3)
    for k in range(3):
        set_pose(rig, names, still, (root, np.eye(3)[k] * step))
        stage.update()
        reach[:, k] = (_state(stage, rig, names)[1][at] - heads[at]) / step
    return Probe(rest, leader, heads[at], reach)


def _first(task: Task, found: Probe) -> Array:
    """(N, B, 3, 3) local rotations, if every bone hangs rigidly on its leader."""
    out = np.empty_like(task.wanted)
    for j, i in enumerate(found.leader):
        frame = found.rest[j] if i < 0 else task.wanted[:, i] @ found.rest[i].T @ found.rest[j]
        out[:, j] = transposed(frame) @ task.wanted[:, j]
    return out


def _walk(
    stage: Stage, rig: Any, task: Task, rotations: Array, location: Array, chosen: Array, found: Probe, correct: bool
) -> Array:
    """Evaluate the chosen frames; (chosen, B) degrees off. With `correct`, mend both solutions in place."""
    at, off = task.names.index(task.root), np.empty((len(chosen), len(task.names)))
    back = np.linalg.pinv(found.reach)
    # A bone with constraints of its own may never arrive; chasing it would unsettle all that hangs on it.
    free = np.array([not any(is_active(c) for c in rig.pose.bones[name].constraints) for name in task.names])
    for n, frame in enumerate(chosen):
        set_pose(rig, task.names, rotations[frame], (task.root, location[frame]))
        stage.update()
        now, heads = _state(stage, rig, task.names)
        off[n] = rotation_angle(transposed(now) @ task.wanted[frame])
        if correct:
            frames = now @ transposed(rotations[frame])
            mended = orthonormal(transposed(frames) @ task.wanted[frame])
            rotations[frame] = np.where(free[:, None, None], mended, rotations[frame])
            location[frame] += back @ (task.place[frame] - heads[at])
    return off


def solve(stage: Stage, rig: Any, task: Task) -> Solution:
    """Local transforms that give the rig the wanted pose in every frame, as far as its constraints let them."""
    found = probe(stage, rig, task.names, task.root)
    rotations = _first(task, found)
    location = (task.place - found.head) @ np.linalg.pinv(found.reach).T
    count = len(task.wanted)
    some, every = np.unique(np.linspace(0, count - 1, SAMPLES).astype(int)), np.arange(count)
    off, passes = _walk(stage, rig, task, rotations, location, some, found, False), 0
    while off.max() > MET and passes < PASSES:
        before = off.max(0)
        _walk(stage, rig, task, rotations, location, every, found, True)
        passes += 1
        off = _walk(stage, rig, task, rotations, location, some, found, False)
        if passes > 1 and np.allclose(off.max(0), before, atol=MET / 2):
            break
    worst = {name: float(v) for name, v in zip(task.names, off.max(0), strict=True)}
    return Solution(task.names, rotations, task.root, location, worst, passes)
