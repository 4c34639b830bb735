"""Reading a BVH file into numbers: ours against the package `bvh`, on the same file."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from ..motion.importers.bvh import read_bvh
from ..protocol import Incompatible, RuntimeMissing
from .table import Row, seconds_of

FRAMES, JOINTS = 1000, 30


def make_text(frames: int = FRAMES, joints: int = JOINTS) -> str:
    """A chain of joints with three rotations each and random numbers, in the usual format."""
    lines = ["HIERARCHY"]
    for j in range(joints):
        pad = "  " * j
        channels = (
            "6 Xposition Yposition Zposition Zrotation Xrotation Yrotation"
            if j == 0
            else "3 Zrotation Xrotation Yrotation"
        )
        lines += [
            f"{pad}{'JOINT' if j else 'ROOT'} j{j}",
            f"{pad}{{",
            f"{pad}  OFFSET 0.0 10.0 0.0",
            f"{pad}  CHANNELS {channels}",
        ]
    lines += ["  " * joints + "End Site", "  " * joints + "{", "  " * joints + "  OFFSET 0.0 5.0 0.0"]
    lines += ["  " * j + "}" for j in range(joints, -1, -1)]
    values = np.random.default_rng(0).uniform(-180, 180, (frames, 3 + 3 * joints))
    lines += ["MOTION", f"Frames: {frames}", "Frame Time: 0.0333333"]
    lines += [" ".join(f"{v:.6f}" for v in row) for row in values]
    return "\n".join(lines) + "\n"


def run() -> list[Row]:
    """One row: 1,000 frames of 30 joints, file to an array of all channel values."""
    try:
        from bvh import Bvh
    except ImportError as error:
        raise RuntimeMissing("The package bvh, the peer, is not installed.", "pip install 'bvh>=0.3,<0.4'") from error
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chain.bvh"
        path.write_text(make_text(), encoding="ascii")

        def theirs() -> np.ndarray:
            return np.array(Bvh(path.read_text(encoding="ascii")).frames, dtype=np.float64)

        def ours() -> np.ndarray:
            return read_bvh(path).frames

        if not np.allclose(ours(), theirs()):
            raise Incompatible("The two parsers disagree.", "Their times cannot be compared.")
        fast, slow = seconds_of(ours, theirs)
    return [Row.of_seconds(f"BVH read, {FRAMES} frames x {JOINTS} joints", fast, slow, "bvh 0.3 from PyPI")]
