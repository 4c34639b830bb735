"""The head's expressions: the body's ten, and what a closer view asks for."""

from __future__ import annotations

import numpy as np

from ..expressions import EXPRESSIONS as BODY_EXPRESSIONS
from ..expressions import FULL, unit
from ..source import Source
from .cut import HeadMesh

EXPRESSIONS: dict[str, dict[str, float]] = {
    **BODY_EXPRESSIONS,
    "mouth_open": {"jawOpen": 1.0},
    "brows_sad": {"browInnerUp": 1.0},
    "eyes_wide": {"eyeWide": 1.0},
    "eyes_squint": {"eyeSquint": 1.0, "cheekSquint": 0.5},
    "lips_press": {"mouthPress": 1.0, "mouthRollLower": 0.4, "mouthRollUpper": 0.4},
    "mouth_stretch": {"mouthStretch": 1.0},
    "funnel": {"mouthFunnel": 1.0},
    "teeth_show": {"mouthUpperUp": 1.0, "mouthLowerDown": 1.0, "mouthStretch": 0.4},
    "smile_left": {"mouthSmileLeft!": 1.0, "cheekSquintLeft!": 0.5},
    "smile_right": {"mouthSmileRight!": 1.0, "cheekSquintRight!": 0.5},
    "wink_left": {"eyeBlinkLeft!": 1.0, "cheekSquintLeft!": 0.4},
    "wink_right": {"eyeBlinkRight!": 1.0, "cheekSquintRight!": 0.4},
    "brow_left": {"browOuterUpLeft!": 1.0},
    "brow_right": {"browOuterUpRight!": 1.0},
    "jaw_left": {"jawLeft!": 1.0},
    "jaw_right": {"jawRight!": 1.0},
    "jaw_forward": {"jawForward!": 1.0},
    "tongue_out": {"tongueOut!": 1.0, "jawOpen": 0.45},
}
"""Column -> share of each face unit; the first ten are the body's, column for column."""
SIDES = ("_left", "_right")


def head_expressions(source: Source, mesh: HeadMesh, size: int) -> np.ndarray:
    """(V, 3, E) displacement of each expression for a coefficient of 1, metres; 3 is full.

    Those without a side in their name are symmetric.

    Args:
        size: number of vertices of MakeHuman's mesh.
    """
    columns = []
    for name, shares in EXPRESSIONS.items():
        whole = np.sum([share * unit(source, size, one) for one, share in shares.items()], 0) / FULL
        column = whole[mesh.source_vertex]
        columns.append(column if name.endswith(SIDES) else mesh.symmetric(column))
    return np.stack(columns, -1)
