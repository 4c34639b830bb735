"""Action writing, ours against Blender's `keyframe_insert`: run under bpy, prints one line of JSON.

`python -m impromptu.rendering.bench_actions`, or this file as a script, prints
{"ours_s", "keyframe_insert_s", "bones", "frames"}: seconds for one action, the median of a few.
"""

from __future__ import annotations

if not __package__:
    # As a script: make the package importable, then start again as a module of it.
    import runpy
    from pathlib import Path

    runpy.run_path(str(Path(__file__).with_name("bootstrap.py")))
    runpy.run_module("impromptu.rendering.bench_actions", run_name="__main__")

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import bpy
import numpy as np

from ..addon.scene.actions import FIRST_FRAME, bone_quaternions, root_locations, write_motion
from ..addon.scene.actor_data import BodyData, MotionData
from ..addon.scene.armature import create_armature

BONES, FRAMES = 55, 300


def keyframe_insert_motion(rig: bpy.types.Object, body: BodyData, motion: MotionData, name: str) -> None:
    """The way that Blender's manual shows: set the property, insert a key, bone by bone and frame by frame."""
    rig.animation_data_create().action = bpy.data.actions.new(name)
    quaternions = bone_quaternions(rig, body, motion.poses)
    locations = root_locations(rig, body, motion.trans)
    for i in range(len(motion)):
        for j, bone_name in enumerate(body.joint_names):
            bone = rig.pose.bones[bone_name]
            if body.parents[j] < 0:
                bone.location = locations[i]
                bone.keyframe_insert("location", frame=FIRST_FRAME + i, group=bone_name)
            bone.rotation_quaternion = quaternions[i, j]
            bone.keyframe_insert("rotation_quaternion", frame=FIRST_FRAME + i, group=bone_name)


def chain_body(bones: int) -> BodyData:
    """A body of nothing but a chain of joints."""
    joints = np.c_[np.zeros(bones), 0.03 * np.arange(bones), np.zeros(bones)]
    return BodyData(
        v_template=joints, shapedirs=np.zeros((bones, 3, 0)), exprdirs=np.zeros((bones, 3, 0)), betas=np.zeros(0),
        expression=np.zeros(0), joints=joints, weights=np.eye(bones), parents=np.arange(bones) - 1,
        joint_names=tuple(f"joint{j}" for j in range(bones)), faces=np.zeros((0, 3), int), beta_names=(),
        expression_names=(), header={},
    )  # fmt: skip


def measure(write: Callable[..., Any], *args: Any, repeats: int) -> float:
    """Median seconds of one call."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        write(*args)
        times.append(time.perf_counter() - start)
        for action in list(bpy.data.actions):
            bpy.data.actions.remove(action)
    return statistics.median(times)


def main() -> None:
    """Measure and print."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    body = chain_body(BONES)
    rig = create_armature(body, "Chain")
    rng = np.random.default_rng(0)
    motion = MotionData(rng.normal(0, 0.4, (FRAMES, BONES, 3)), rng.normal(0, 0.4, (FRAMES, 3)), 30.0)
    ours = measure(write_motion, rig, body, motion, "ours", repeats=7)
    peer = measure(keyframe_insert_motion, rig, body, motion, "peer", repeats=3)
    print(json.dumps({"ours_s": ours, "keyframe_insert_s": peer, "bones": BONES, "frames": FRAMES}))


if __name__ == "__main__":
    main()
    # Blender as a module can hang in its own clean-up.
    sys.stdout.flush()
    os._exit(0)
