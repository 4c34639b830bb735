"""Pictures of a dressed body by Blender: one scene that stays, against a script that builds it anew for each."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from ..pictures.requests import FramesRequest
from ..pictures.taking import plan_of
from .inside import measured, script_command
from .table import Row

COUNT = 12
PEER = "a scene built for each"


def measure() -> dict[str, Any]:
    """What `rendering/bench_pictures.py` prints, for frames of the default library at 224 x 224.

    Raises:
        RuntimeMissing: it does not come to its end, as without a graphics driver for Workbench.
    """
    plan = plan_of(FramesRequest(count=COUNT))
    with tempfile.TemporaryDirectory(prefix="impromptu-") as name:
        path = Path(name) / "scenes.npz"
        plan.scenes(plan.rows(range(COUNT))).save(path)
        return measured(script_command("bench_pictures.py", path), "pictures")


def run() -> list[Row]:
    """Pictures a second of Cycles (16 samples) and Workbench, and how much of Cycles' time traces rays."""
    found = measure()
    rows = []
    for engine, name in (("cycles", "Cycles"), ("workbench", "Workbench")):
        ours, peer = (1 / found[engine][who]["seconds"] for who in ("ours", "peer"))
        rows.append(Row(f"{name}, 224 x 224", "1/s", round(ours, 3), round(peer, 3), PEER, round(ours / peer, 3)))
    ours, peer = (100 * found["cycles"][who]["trace_s"] / found["cycles"][who]["seconds"] for who in ("ours", "peer"))
    name = "Cycles, share of the time that traces rays"
    return [*rows, Row(name, "%", round(ours, 1), round(peer, 1), PEER, round(ours / peer, 3))]
