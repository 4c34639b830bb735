"""How differentiable rendering grows with views, faces and size, on a processor or a GPU."""

from __future__ import annotations

import importlib.util
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from ..files import write_json
from ..protocol import InvalidInput
from ..render.renderer import RenderOptions, open_renderer
from .render_work import Work, body_work, nvdiffrast_step, seconds, soft_step, step

BASE = {"views": 15, "levels": 0, "size": 224}
SWEEPS = {"views": (1, 5, 15, 60), "levels": (0, 1, 2), "size": (64, 224, 512)}
"""One of the three varies, the others stay as in `BASE`. A level of subdivision has four times the faces."""
NAMES = {"views": "views", "levels": "faces", "size": "size"}


def steps(work: Work, device: str) -> dict[str, Callable[[], None]]:
    """What is measured, each forward and backward; nvdiffrast where it is installed and the device is a GPU."""
    own = open_renderer("own")
    found: dict[str, Callable[[], None]] = {
        "hard": lambda: step(own, work, RenderOptions(antialias=False)),
        "antialias": lambda: step(own, work, RenderOptions()),
        "soft": lambda: soft_step(work),
    }
    if device != "cpu" and importlib.util.find_spec("nvdiffrast") is not None:
        found["nvdiffrast"] = nvdiffrast_step(work)
    return found


def measure(device: str = "cpu", repeats: int = 3) -> Iterator[dict[str, Any]]:
    """Milliseconds of a step, one row at a time; on a GPU also the most memory that a step holds, MB.

    Args:
        device: as torch names it.

    Raises:
        InvalidInput: torch has no such device.
    """
    if device != "cpu" and not (device.startswith("cuda") and torch.cuda.is_available()):
        raise InvalidInput(f"There is no device {device!r} here.", "Give cpu, or cuda with a CUDA build of torch.")
    for sweep, values in SWEEPS.items():
        for value in values:
            setting = {**BASE, sweep: value}
            work = body_work(setting["levels"], setting["views"], setting["size"], device)
            row: dict[str, Any] = {
                "sweep": NAMES[sweep],
                "views": setting["views"],
                "faces": len(work.mesh.faces),
                "size": setting["size"],
            }
            for name, call in steps(work, device).items():
                seconds(call, device)
                if device != "cpu":
                    torch.cuda.reset_peak_memory_stats()
                times = [seconds(call, device) for _ in range(repeats)]
                row[f"{name}_ms"] = round(statistics.median(times) * 1e3, 2)
                if device != "cpu":
                    row[f"{name}_mb"] = round(torch.cuda.max_memory_allocated() / 1e6)
            yield row


def run(output: Path, device: str, repeats: int) -> None:
    """Measure all, print each row as it comes, write them with the device's name."""
    rows: list[dict[str, Any]] = []
    for row in measure(device, repeats):
        if not rows:
            print("  ".join(f"{name:>13}" for name in row))
        rows.append(row)
        print("  ".join(f"{value:>13}" for value in row.values()), flush=True)
    name = torch.cuda.get_device_name(device) if device != "cpu" else f"cpu, {torch.get_num_threads()} threads"
    write_json(output, {"device": name, "torch": torch.__version__, "rows": rows})
