"""Differentiable rendering of a fine body: ours against PyTorch3D, in one process of its environment."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys

from ..blender import ROOT
from ..protocol import RuntimeMissing
from .table import Row

LEVELS, VIEWS, SIZE, REPEATS = 1, 15, 224, 4
PYTHON = ROOT / ".venv-pytorch3d" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
ABSENT = "The rendering rows are left out: they need PyTorch3D, which `make pytorch3d` installs (5.2 GB)."
PATIENCE_S = 3600
"""PyTorch3D needs several minutes on a processor, for it looks at every face for every pixel."""


def run() -> list[Row]:
    """Three rows: the compiled path, torch alone, and the compiled path with antialiased silhouettes.

    The peer is the same in all: one face a pixel and no blur, the least that PyTorch3D can do.
    """
    if not PYTHON.exists():
        print(ABSENT, file=sys.stderr)
        return []
    command = [str(PYTHON), "-m", __name__]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith('{"')]
    if done.returncode or not lines:
        raise RuntimeMissing("PyTorch3D could not be timed.", done.stderr.strip()[-300:])
    found = json.loads(lines[-1])
    what = f"render, {found['vertices'] / 1000:.0f}k vertices x {VIEWS} views"
    peer_name = f"PyTorch3D {found['version']}"
    return [
        Row.of_seconds(f"{what}{kind}", found["ours"][name], found["peer"], peer_name)
        for name, kind in (("numba", ""), ("torch", ", torch alone"), ("antialias", ", antialiased"))
    ]


def measure() -> dict[str, object]:
    """Seconds of a step forward and backward; ours several times on both sides of the peer's one, the median."""
    import pytorch3d  # pyright: ignore[reportMissingImports]

    from ..render.renderer import RenderOptions, open_renderer
    from .render_work import body_work, seconds, step

    work = body_work(LEVELS, VIEWS, SIZE)
    own, peer = open_renderer("own"), open_renderer("pytorch3d")
    hard = RenderOptions(antialias=False)
    variants = {
        "numba": RenderOptions(antialias=False, method="numba"),
        "torch": RenderOptions(antialias=False, method="torch"),
        "antialias": RenderOptions(antialias=True, method="numba"),
    }
    for options in variants.values():
        step(own, work, options)
    times: dict[str, list[float]] = {name: [] for name in variants}

    def ours() -> None:
        for _ in range(REPEATS):
            for name, options in variants.items():
                times[name].append(seconds(lambda o=options: step(own, work, o), "cpu"))

    ours()
    theirs = seconds(lambda: step(peer, work, hard), "cpu")
    ours()
    return {
        "vertices": len(work.mesh.vertices),
        "version": pytorch3d.__version__,
        "ours": {name: statistics.median(values) for name, values in times.items()},
        "peer": theirs,
    }


if __name__ == "__main__":
    print(json.dumps(measure()))
