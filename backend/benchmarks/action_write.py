"""Writing an Action of 55 bones by 300 frames in Blender: ours against Blender's own keyframe_insert."""

from __future__ import annotations

import json
import subprocess

from ..blender import ROOT, find_blender
from ..protocol import RuntimeMissing
from .table import Row


def run() -> list[Row]:
    """One row, measured inside one Blender process."""
    command = [*find_blender(), str(ROOT / "rendering" / "bench_actions.py")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        raise RuntimeMissing("Blender could not time actions.", done.stderr.strip()[-300:])
    times = json.loads(lines[-1])
    name = "action write, 55 bones x 300 frames"
    return [Row.of_seconds(name, times["ours_s"], times["keyframe_insert_s"], "bpy keyframe_insert")]
