"""What the body's own surface cannot be: skirts, capes, brims, long hair. Each is a grid that hangs on the skin.

All bodies have all pieces, so that all people share one mesh; one that is not worn is gathered in a point.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from .inks import Paint

GRIDS: dict[str, tuple[int, int]] = {
    "skirt": (22, 41),
    "cape": (16, 33),
    "hat": (16, 33),
    "hair": (14, 25),
    "tail": (10, 13),
    "beard": (7, 9),
}
"""Piece -> rows, from the top down, and columns, from left to right as seen from outside."""


@dataclass(frozen=True)
class Piece:
    """One shape of a grid: P = rows * columns points, and one or two places for each."""

    name: str
    """Of `GRIDS`."""
    anchors: sp.csr_matrix
    """(H * P, V): each place in rest is this mean of the body's vertices plus `offset`. H is 2 where the piece hangs
    around both halves of the body (see `skinning.skin_sheet`), else 1."""
    offset: np.ndarray
    """(H * P, 3) metres."""
    weights: np.ndarray
    """(H, P, J) of skinning."""
    outward: np.ndarray
    """(P, 3) unit vectors, away from the body."""
    run: np.ndarray
    """(P,) metres along the cloth."""
    round: np.ndarray
    """(P,) metres around it."""
    places: np.ndarray
    """(P, 3) on the mean body."""
    paints: tuple[Paint, ...] = ()
    """Details over the pattern, each (P,)."""


def grid_faces(rows: int, columns: int) -> np.ndarray:
    """(F, 3) triangles of a grid, counter-clockwise as seen from outside."""
    a = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    b, c, d = a + 1, a + columns, a + columns + 1
    return np.concatenate((np.stack((a, c, d), 1), np.stack((a, d, b), 1)))


def layout(first: int) -> tuple[dict[str, slice], np.ndarray]:
    """Which vertices each piece has, and (F, 3) the faces of all.

    Args:
        first: index of the first vertex.
    """
    slices, faces = {}, []
    for name, (rows, columns) in GRIDS.items():
        slices[name] = slice(first, first + rows * columns)
        faces.append(grid_faces(rows, columns) + first)
        first += rows * columns
    return slices, np.concatenate(faces)
