"""What came of it: what was matched and what was not, and how far the limbs are off on the evaluated pose."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import bpy
import numpy as np

from .retarget_fit import CHAINS
from .retarget_map import NEEDED, OPTIONAL, SIDES, BoneMap
from .retarget_math import Array, angle_between
from .retarget_pose import Solution, is_active
from .retarget_source import Motion
from .retarget_stage import Stage

KEY = "impromptu_retarget"
"""Custom property of the target that holds the report as JSON."""
OFF = 1.0
"""Degrees from which a bone counts as not following."""
SAMPLES = 24
LIMB_BONES = tuple((f"{s}_{a}", f"{s}_{b}") for s in SIDES for c in CHAINS for a, b in pairwise(c))
DONE_FOR = {
    "head": "nothing turns with the head",
    "collar": "shoulders hang on the chest",
    "foot": "toes stay with the foot",
}


def measure(stage: Stage, rig: Any, motion: Motion, bones: BoneMap) -> dict[str, Any]:
    """Degrees between each limb of source and target, on evaluated frames of the target's own action."""
    shown = {**bones.joints, **bones.measure}
    names = sorted({shown[j] for pair in LIMB_BONES for j in pair})
    index = {name: i for i, name in enumerate(names)}
    some = np.unique(np.linspace(0, len(motion.frames) - 1, SAMPLES).astype(int))
    heads = np.empty((len(some), len(names), 3))
    for n, frame in enumerate(some):
        stage.at(motion.frames[frame])
        heads[n] = (stage.world(rig) @ stage.bones(rig, names))[:, :3, 3]
    per_bone: dict[str, Array] = {}
    for a, b in LIMB_BONES:
        theirs = motion.places[b][some] - motion.places[a][some]
        per_bone[b] = angle_between(heads[:, index[shown[b]]] - heads[:, index[shown[a]]], theirs)
    return {
        "mean": round(float(np.mean(list(per_bone.values()))), 4),
        "max": round(float(np.max(list(per_bone.values()))), 4),
        "bones": {b: round(float(v.max()), 4) for b, v in per_bone.items()},
    }


def missing(bones: BoneMap) -> dict[str, str]:
    """Joints of the body that no bone follows, and what that means."""
    out = {j: DONE_FOR.get(j.split("_")[-1], "") for j in (*NEEDED, *OPTIONAL) if j not in bones.joints}
    if not bones.spine:
        out["spine"] = "the trunk moves in one piece"
    if not bones.neck:
        out["neck"] = "the head turns alone"
    return out


def skipped(rig: Any, bones: BoneMap, solution: Solution) -> dict[str, str]:
    """Bones that do not follow as they should, or that the person had locked, and why."""
    out = {}
    for name, off in solution.off.items():
        bone = rig.pose.bones[name]
        held = [c.name for c in bone.constraints if is_active(c)]
        if off > OFF:
            why = f"held by {', '.join(held)}" if held else "held by its parent's constraints or drivers"
            out[name] = f"{off:.0f} degrees off, {why}"
        elif any(bone.lock_rotation) and bone.name not in bones.also:
            out[name] = "its rotation was locked; keyed all the same"
        if name == solution.root and (any(bone.lock_location) or bone.bone.use_connect):
            kind = "connected to its parent" if bone.bone.use_connect else "locked"
            out[name] = f"its location is {kind}"
    return out


def extra(rig: Any, bones: BoneMap) -> list[str]:
    """Bones without a counterpart: they keep their pose on their parents."""
    used = bones.used() | set(bones.measure.values())
    return [b.name for b in rig.data.bones if b.name not in used and not b.name.startswith(bones.helpers or ("\0",))]


def keep(rig: Any, report: dict[str, Any]) -> None:
    """Write a report on the target."""
    rig[KEY] = json.dumps(report, ensure_ascii=False)


def read(rig: Any) -> dict[str, Any]:
    """The report of the last retargeting onto a rig; empty where there was none."""
    return json.loads(rig.get(KEY, "{}"))


def as_text(report: dict[str, Any]) -> str:
    """The report in words, one fact a line."""
    error = report["limb_error_deg"]
    lines = [
        f"{report['action']}: {report['source']} -> {report['target']} ({report['preset']})",
        f"Frames {report['frames'][0]} to {report['frames'][1]}, scale {report['scale']}",
        f"Limb directions off by {error['mean']} degrees in the mean, {error['max']} at most",
    ]
    for title, table in (
        ("Matched", report["matched"]),
        ("Missing", report["missing"]),
        ("Skipped", report["skipped"]),
    ):
        lines += ["", f"{title} ({len(table)})", *(f"  {a}: {b}" for a, b in table.items())]
    lines += ["", f"Extra ({len(report['extra'])})", *(f"  {name}" for name in report["extra"])]
    return "\n".join([*lines, "", *report["notes"]]).rstrip() + "\n"


def to_text_block(rig: Any) -> Any:
    """The report as a text data-block, made or filled anew."""
    name = f"Retarget {rig.name}"
    block = bpy.data.texts.get(name) or bpy.data.texts.new(name)
    block.clear()
    block.write(as_text(read(rig)))
    return block
