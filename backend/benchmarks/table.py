"""What a benchmark returns, and how a set of them is timed, written and shown."""

from __future__ import annotations

import importlib
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from ..files import read_json, write_json

MODULES = (
    "body_forward", "action_write", "query_time", "bvh_parse", "panel", "render_bodies", "pictures", "encoders",
    "style_step", "motion_windows", "preview_film",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One hot path beside its peer."""

    name: str
    unit: str
    ours: float
    peer: float
    peer_name: str
    ratio: float
    """Above 1 where ours is ahead, whatever the unit."""

    @classmethod
    def of_seconds(cls, name: str, ours: float, peer: float, peer_name: str) -> Row:
        """A row of two durations in seconds, shown in milliseconds."""
        return cls(name, "ms", round(ours * 1e3, 4), round(peer * 1e3, 4), peer_name, round(peer / ours, 3))


def seconds_of(*calls: Callable[[], object], repeats: int = 7, warm_up: int = 1) -> list[float]:
    """Median duration of each call, the calls taking turns so that a busy machine slows all alike."""
    for call in calls * warm_up:
        call()
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(repeats):
        for call, durations in zip(calls, times, strict=True):
            start = time.perf_counter()
            call()
            durations.append(time.perf_counter() - start)
    return [statistics.median(durations) for durations in times]


def measure(output: Path, only: str = "") -> list[Row]:
    """Run the benchmarks, keep the rows of those not run from an earlier file, write and return all.

    Args:
        output: .json file, a list of rows.
        only: run only modules whose name contains this.
    """
    rows: list[Row] = []
    for module in MODULES:
        if only in module:
            rows += importlib.import_module(f".{module}", __package__).run()
    fresh = {row.name for row in rows}
    if only and output.is_file():
        rows = [Row(**old) for old in read_json(output) if old["name"] not in fresh] + rows
    write_json(output, [asdict(row) for row in rows])
    return rows


def show(rows: list[Row]) -> str:
    """The rows as a text table."""
    lines = [f"{'benchmark':44} {'ours':>11} {'peer':>11} {'unit':5} {'ratio':>7}  peer"]
    for row in rows:
        lines.append(
            f"{row.name:44} {row.ours:11.3f} {row.peer:11.3f} {row.unit:5} {row.ratio:7.2f}  {row.peer_name}"
        )
    return "\n".join(lines)
