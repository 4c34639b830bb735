"""Ten named expressions, mixed from the CC0 face units."""

from __future__ import annotations

import numpy as np

from .makehuman import BaseMesh
from .source import Source

FULL = 3.0
"""Coefficient at which an expression is fully on; 1 is a hint of it."""

EXPRESSIONS: dict[str, dict[str, float]] = {
    "smile": {"mouthSmile": 1.0, "cheekSquint": 0.5, "mouthDimple": 0.3},
    "frown": {"mouthFrown": 1.0, "mouthShrugLower": 0.5, "mouthStretch": 0.3},
    "pucker": {"mouthPucker": 1.0, "mouthFunnel": 0.35},
    "lips_part": {"mouthLowerDown": 0.8, "mouthUpperUp": 0.8},
    "mouth_left": {"mouthLeft!": 1.0},
    "brows_raise": {"browInnerUp": 1.0, "browOuterUp": 1.0, "eyeWide": 0.3},
    "brows_lower": {"browDown": 1.0, "eyeSquint": 0.4},
    "eyes_close": {"eyeBlink": 1.0},
    "cheeks_puff": {"cheekPuff": 1.0, "mouthPress": 0.3},
    "nose_wrinkle": {"noseSneer": 1.0, "mouthUpperUp": 0.25, "browDown": 0.3},
}
"""Column -> share of each face unit, both sides; a name with ! is that one file alone."""


def build_expressions(source: Source, mesh: BaseMesh) -> np.ndarray:
    """(K, 3, 10) displacement of each expression for a coefficient of 1, metres."""
    columns = []
    for shares in EXPRESSIONS.values():
        units = [share * unit(source, mesh.size, name)[mesh.kept] for name, share in shares.items()]
        columns.append(np.sum(units, 0) / FULL)
    return np.stack(columns, -1)


def unit(source: Source, size: int, name: str) -> np.ndarray:
    """(size, 3) displacement of a face unit, both sides of it where it has two; with a ! that one file alone."""
    folder = "faceunits01/targets/faceunits/"
    single = name.endswith("!") or f"{folder}{name}.target" in source
    files = [name.rstrip("!")] if single else [f"{name}Left", f"{name}Right"]
    return np.sum([source.target(f"{folder}{f}.target", size) for f in files], 0)
