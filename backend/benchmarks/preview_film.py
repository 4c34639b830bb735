"""A preview's film: drawn from Blender's evaluated meshes, beside Cycles with four samples a pixel."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

from ..blender import ROOT, clean_environment, find_blender, job_command
from ..protocol import ActRequest, RuntimeMissing
from ..takes import make_takes, write_job
from .table import Row


def run() -> list[Row]:
    """One row, measured inside one Blender process."""
    with tempfile.TemporaryDirectory(prefix="impromptu-") as folder:
        made = make_takes(ActRequest(prompt="walk", motion="retrieve"))
        write_job(Path(folder), made.body, made.betas, made.takes[0].performance)
        command = job_command(find_blender(), ROOT / "rendering" / "bench_film.py", Path(folder))
        environment = clean_environment()
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, env=environment, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith('{"')]
    if done.returncode or not lines:
        raise RuntimeMissing("Blender could not time a film.", done.stderr.strip()[-300:])
    times = json.loads(lines[-1])
    name = f"preview film, {times['frames']} frames of 480 px"
    return [Row.of_seconds(name, times["ours_s"], times["cycles_s"], "Cycles, 4 samples")]
