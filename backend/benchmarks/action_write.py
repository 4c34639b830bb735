"""Writing an Action of 55 bones by 300 frames in Blender: ours against Blender's own keyframe_insert."""

from __future__ import annotations

from .inside import measured, script_command
from .table import Row


def run() -> list[Row]:
    """One row, measured inside one Blender process."""
    times = measured(script_command("bench_actions.py"), "actions")
    name = "action write, 55 bones x 300 frames"
    return [Row.of_seconds(name, times["ours_s"], times["keyframe_insert_s"], "bpy keyframe_insert")]
