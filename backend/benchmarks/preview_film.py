"""A preview's film: drawn from Blender's evaluated meshes, beside Cycles with four samples a pixel."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

from ..blender import ROOT, find_blender
from ..protocol import ActRequest, RuntimeMissing
from ..takes import make_takes, write_job
from .table import Row


def run() -> list[Row]:
    """One row, measured inside one Blender process."""
    with tempfile.TemporaryDirectory(prefix="impromptu-") as name:
        made = make_takes(ActRequest(prompt="walk", motion="retrieve"))
        write_job(Path(name), made.body, made.betas, made.takes[0].performance)
        command = [*find_blender(), str(ROOT / "rendering" / "bench_film.py"), name]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    lines = [line for line in done.stdout.splitlines() if line.startswith('{"')]
    if done.returncode or not lines:
        raise RuntimeMissing("Blender could not time a film.", done.stderr.strip()[-300:])
    times = json.loads(lines[-1])
    name = f"preview film, {times['frames']} frames of 480 px"
    return [Row.of_seconds(name, times["ours_s"], times["cycles_s"], "Cycles, 4 samples")]
