"""A preview's film: drawn from Blender's evaluated meshes, beside Cycles with four samples a pixel."""

from __future__ import annotations

import tempfile
from pathlib import Path

from ..protocol import ActRequest
from ..takes import make_takes, write_job
from .inside import measured, script_command
from .table import Row


def run() -> list[Row]:
    """One row, measured inside one Blender process."""
    with tempfile.TemporaryDirectory(prefix="impromptu-") as folder:
        made = make_takes(ActRequest(prompt="walk", motion="retrieve"))
        write_job(Path(folder), made.body, made.betas, made.takes[0].performance)
        times = measured(script_command("bench_film.py", folder), "a film")
    name = f"preview film, {times['frames']} frames of 480 px"
    return [Row.of_seconds(name, times["ours_s"], times["cycles_s"], "Cycles, 4 samples")]
