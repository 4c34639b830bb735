"""An actor's action onto another armature of the scene."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ...backend.protocol import InvalidInput
from . import provenance, retarget_report
from .retarget_fit import align
from .retarget_follow import Goal, follow
from .retarget_keys import write_action
from .retarget_map import BoneMap, apply_preset, detect
from .retarget_math import orthonormal
from .retarget_pose import Solution, Task, solve
from .retarget_source import Motion, action_of, sample
from .retarget_stage import Stage, rest, stage

AUTO = "AUTO"


def bone_map(rig: Any, preset: str = AUTO) -> BoneMap:
    """The armature's bones by a preset, or by the one that fits best.

    Raises:
        InvalidInput: no armature, or bones that the preset (or any, for AUTO) does not know.
    """
    if rig is None or rig.type != "ARMATURE":
        raise InvalidInput("No armature is chosen.", "Choose the armature that shall move.")
    names = [b.name for b in rig.data.bones]
    if preset != AUTO:
        return apply_preset(preset, names).check(rig.name)
    found = detect(names)
    if found is None:
        raise InvalidInput(f"No preset knows the bones of {rig.name}.", "Match it by its shape, or choose a preset.")
    return found


def write_skeleton(rig: Any, path: str | Path) -> None:
    """The armature at rest as JSON for the matcher: names, parents, heads and tails in metres, y up."""
    bones = list(rig.data.bones)
    index, world = {b.name: i for i, b in enumerate(bones)}, np.array(rig.matrix_world)

    def y_up(point: Any) -> list[float]:
        x, y, z = (world @ [*point, 1.0])[:3]
        return [float(x), float(z), float(-y)]

    skeleton = {
        "names": [b.name for b in bones],
        "parents": [index[b.parent.name] if b.parent else -1 for b in bones],
        "heads": [y_up(b.head_local) for b in bones],
        "tails": [y_up(b.tail_local) for b in bones],
    }
    Path(path).write_text(json.dumps(skeleton), encoding="utf-8")


def _check(source: Any, target: Any) -> None:
    if source is target:
        raise InvalidInput("Source and target are the same armature.", "Choose another target.")
    if source is None or source.type != "ARMATURE":
        raise InvalidInput("No actor is chosen.", "Select the actor whose motion shall be carried over.")
    action_of(source)
    if not target.is_editable if hasattr(target, "is_editable") else target.library is not None:
        raise InvalidInput(f"{target.name} is linked from another file.", "Make a library override or a local copy.")
    scale = np.linalg.det(np.array(target.matrix_world)[:3, :3])
    if scale <= 0:
        raise InvalidInput(f"{target.name} is mirrored or has no size.", "Apply its scale (Ctrl+A) and try again.")


def _task(target: Any, goal: Goal) -> Task:
    """The goal in the target's own space."""
    back = np.linalg.inv(np.array(target.matrix_world))
    names = tuple(b.name for b in target.data.bones if b.name in goal.rotations)
    wanted = orthonormal(back[:3, :3]) @ np.stack([goal.rotations[n] for n in names], 1)
    return Task(names, wanted, goal.root, goal.place @ back[:3, :3].T + back[:3, 3])


def _perform(
    scene: Stage, source: Any, target: Any, ours: BoneMap, theirs: BoneMap, travel: bool
) -> tuple[Motion, Goal, Solution]:
    """Read the source, aim the target, and solve for its bones."""
    world = np.array(target.matrix_world)
    resting = rest(target, theirs.used(), world)
    motion = sample(scene, source, ours)
    fit = align(
        motion.rest,
        {j: resting[b][1] for j, b in theirs.joints.items()},
        orthonormal(np.array(source.matrix_world)[:3, :3]),
        orthonormal(world[:3, :3]),
    )
    goal = follow(motion, theirs, resting, fit, world[:3, 3], travel)
    return motion, goal, solve(scene, target, _task(target, goal))


def retarget(
    source: Any,
    target: Any,
    preset: str = AUTO,
    travel: bool = True,
    bones: BoneMap | None = None,
) -> dict[str, Any]:
    """Give the target a new action that moves it as the source's action moves the source.

    The source is left as it is; the target's action before is kept in the file.

    Args:
        source: armature object with an action whose bones a preset knows: an actor, or another.
        target: armature object.
        preset: a name of `retarget_map.presets()`, or AUTO.
        travel: whether the target goes along or stays at its place.
        bones: of the target, in place of a preset: what the matcher found.

    Returns:
        the report, also kept on the target: `preset`, `action`, `frames`, `scale`, `matched`, `missing`, `extra`,
        `skipped`, `notes`, `limb_error_deg` {mean, max, bones}, `passes`.

    Raises:
        InvalidInput: nothing to carry over, bones unknown, or a target that cannot be edited.
    """
    theirs = bones.check(target.name) if bones is not None else bone_map(target, preset)
    _check(source, target)
    ours = bone_map(source)
    before = _release(target)
    try:
        switches = _switch(target, theirs)
        with stage(source, target) as scene:
            motion, goal, solution = _perform(scene, source, target, ours, theirs, travel)
            name = f"{action_of(source).name} on {target.name}"
            action = write_action(target, name, motion.frames, solution, switches)
            error = retarget_report.measure(scene, target, motion, theirs)
    except BaseException:
        _put_back(target, before)
        raise
    provenance.tag(action, {**provenance.read(action_of(source)), "retargeted_from": source.name})
    report = {
        "source": source.name,
        "target": target.name,
        "action": action.name,
        "frames": [int(motion.frames[0]), int(motion.frames[-1])],
        "scale": round(goal.scale, 4),
        "limb_error_deg": error,
        "passes": solution.passes,
        **_matching(target, theirs, solution),
    }
    retarget_report.keep(target, report)
    bpy.context.scene.frame_set(bpy.context.scene.frame_current)
    return report


def _switch(target: Any, bones: BoneMap) -> dict[str, dict[str, float]]:
    """Set the switches that the rig has, and return them."""
    found = {b: {k: v for k, v in s.items() if k in target.pose.bones[b]} for b, s in bones.switches.items()}
    for bone, values in found.items():
        for key, value in values.items():
            target.pose.bones[bone][key] = value
    target.update_tag()
    return found


def _matching(target: Any, bones: BoneMap, solution: Solution) -> dict[str, Any]:
    """What was matched, and what was not."""
    chains = {f"{part} {i + 1}": b for part in ("spine", "neck") for i, b in enumerate(getattr(bones, part))}
    return {
        "preset": bones.preset,
        "matched": {**bones.joints, **chains},
        "missing": retarget_report.missing(bones),
        "skipped": retarget_report.skipped(target, bones, solution),
        "extra": retarget_report.extra(target, bones),
        "notes": _notes(target),
    }


def _notes(target: Any) -> list[str]:
    """What else plays a part in the target's motion."""
    out = []
    if target.animation_data and any(not t.mute for t in target.animation_data.nla_tracks):
        out.append("NLA tracks of the target play along: mute them to see the new action alone.")
    if target.constraints or target.parent:
        out.append("The target hangs on a parent or constraints: its place is that of the current frame.")
    return out


def _release(target: Any) -> tuple[Any, Any, dict[str, Any]]:
    """Take the target's action off it; what `_put_back` needs to undo that."""
    data = target.animation_data or target.animation_data_create()
    pose = {b.name: b.matrix_basis.copy() for b in target.pose.bones}
    action, slot = data.action, getattr(data, "action_slot", None)
    if action is not None:
        action.use_fake_user = True
        data.action = None
    return action, slot, pose


def _put_back(target: Any, before: tuple[Any, Any, dict[str, Any]]) -> None:
    action, slot, pose = before
    target.animation_data.action = action
    if slot is not None:
        target.animation_data.action_slot = slot
    for name, matrix in pose.items():
        target.pose.bones[name].matrix_basis = matrix
