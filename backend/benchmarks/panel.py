"""The panel's main job in Blender, beside the same job whose keys `keyframe_insert` writes while Blender waits."""

from __future__ import annotations

import os
import shlex
import shutil
import sys

from ..blender import ROOT
from .inside import measured, script_command
from .table import Row

SCRIPT = ROOT / "rendering" / "bench_panel.py"
NO_WINDOW = (
    "The worst window gap is left out: it needs a Blender with a window and a virtual screen "
    "(apt-get install --no-install-recommends blender xvfb xauth python3-numpy)."
)
PEER = "blocking keyframe_insert"


def window_command() -> list[str]:
    """A Blender with a window on a virtual screen; empty without one."""
    blender = shlex.split(os.environ.get("BLENDER_WINDOW") or "blender")
    if not (shutil.which("xvfb-run") and shutil.which("xauth") and shutil.which(blender[0])):
        return []
    screen = ["xvfb-run", "-a", "-s", "-screen 0 1280x800x24"]
    return [*screen, *blender, "--factory-startup", "-p", "0", "0", "1280", "800", "--python", str(SCRIPT)]


def run() -> list[Row]:
    """Three rows measured in background mode, and the gap where there is a window."""
    environment = {"IMPROMPTU_PYTHON": sys.executable, "LIBGL_ALWAYS_SOFTWARE": "1"}
    times = measured(script_command(SCRIPT.name), "the panel", **environment)
    ours, peer = times["ours"], times["peer"]
    rows = [
        # Whoever blocks shows nothing before the end.
        Row.of_seconds("click to first progress, warm host", ours["progress_s"], peer["keyframes_s"], PEER),
        Row.of_seconds("click to keyframes, 10 s clip, warm host", ours["keyframes_s"], peer["keyframes_s"], PEER),
        Row.of_seconds("scene write, 55 bones x 300 frames, landed", ours["write_s"], peer["write_s"], PEER),
    ]
    window = window_command()
    if not window:
        print(NO_WINDOW, file=sys.stderr)
        return rows
    gaps = measured(window, "the panel's window", **environment)
    return [*rows, Row.of_seconds("worst window gap, 10 s clip", gaps["ours"]["gap_s"], gaps["peer"]["gap_s"], PEER)]
