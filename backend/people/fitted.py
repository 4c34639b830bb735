"""Pieces with a shape of their own that sit on the body: hats, hair that hangs, a long beard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.spatial import KDTree

from ..raster import vertex_normals
from .atlas import Atlas
from .inks import Paint
from .pieces import GRIDS, Piece, grid_faces
from .sheets import anchored

NEAREST = 24
"""Vertices that carry one point of a piece: enough for it to keep its shape on any body."""


def fitted(
    atlas: Atlas,
    name: str,
    places: np.ndarray,
    carried: np.ndarray,
    weights: Mapping[str, np.ndarray],
    paints: Sequence[Paint] = (),
) -> Piece:
    """A piece that sits on some part of the body.

    Args:
        name: of `pieces.GRIDS`.
        places: (P, 3) on the mean body.
        carried: (V,) bool, the part of the body that it moves with when the shape changes.
        weights: joint -> (P,) its share of the skinning; the shares of a point sum to 1.
        paints: details over the pattern.
    """
    rows, columns = GRIDS[name]
    index = np.flatnonzero(carried)
    _, near = KDTree(atlas.v[index]).query(places, k=NEAREST)
    anchors = anchored(index[near], len(atlas.v))
    skinning = np.zeros((1, len(places), len(atlas.arrays.joint_names)), np.float32)
    for joint, share in weights.items():
        skinning[0, :, atlas.arrays.joint_names.index(joint)] = share
    flow = places.reshape(rows, columns, 3)
    down = np.linalg.norm(np.diff(flow, axis=0, prepend=flow[:1]), axis=2).cumsum(0)
    across = np.linalg.norm(np.diff(flow, axis=1, prepend=flow[:, :1]), axis=2).cumsum(1)
    return Piece(
        name,
        anchors,
        places - anchors @ atlas.v,
        skinning,
        vertex_normals(places, grid_faces(rows, columns)),
        run=-down.ravel(),
        round=across.ravel(),
        places=places,
        paints=tuple(paints),
    )
