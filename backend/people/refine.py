"""A body's mesh with its long edges halved: cloth needs vertices where its hems, stripes and lapels run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..body.layout import BodyArrays

LONGEST_EDGE = 0.018
"""Metres: what a dressed body's mesh is refined to. A finer one is slower and shows no more in small pictures."""

Ints = NDArray[np.integer]


def refine(arrays: BodyArrays, longest: float) -> BodyArrays:
    """The body with every edge that is longer than `longest` cut in its middle, once.

    All that a body knows of a vertex is linear, so a new vertex takes the mean of its two neighbours: shape axes,
    pose correctives and weights too. The old vertices keep their indices.

    Args:
        longest: metres, on the mean shape.
    """
    edges, of_face = _edges(arrays.faces)
    cut = _long(arrays, edges, longest)
    ends = edges[cut]
    middle = np.full(len(edges), -1)
    middle[cut] = len(arrays.v_template) + np.arange(len(ends))

    def grown(values: np.ndarray) -> np.ndarray:
        return np.concatenate((values, (values[ends[:, 0]] + values[ends[:, 1]]) / 2))

    extras = {k: v for k, v in arrays.extras.items() if k in ("hands_meanl", "hands_meanr", "region_names")}
    if "regions" in arrays.extras:
        regions = arrays.extras["regions"]
        extras["regions"] = np.concatenate((regions, regions[ends[:, 0]]))
    regressor = np.pad(arrays.J_regressor, ((0, 0), (0, len(ends))))
    return replace(
        arrays,
        v_template=grown(arrays.v_template),
        faces=_split(arrays.faces, middle[of_face]).astype(np.int32),
        shapedirs=grown(arrays.shapedirs),
        exprdirs=grown(arrays.exprdirs),
        posedirs=None if arrays.posedirs is None else grown(arrays.posedirs),
        weights=grown(arrays.weights),
        J_regressor=regressor,
        extras=extras,
    )


def middles(arrays: BodyArrays, longest: float) -> Ints:
    """(M, 2) the two neighbours of every vertex that `refine` adds, in their order."""
    edges, _ = _edges(arrays.faces)
    return edges[_long(arrays, edges, longest)]


def _long(arrays: BodyArrays, edges: Ints, longest: float) -> NDArray[np.bool_]:
    v = arrays.v_template
    return np.linalg.norm(v[edges[:, 0]] - v[edges[:, 1]], axis=1) > longest


def _edges(faces: Ints) -> tuple[Ints, Ints]:
    """(E, 2) edges, and (F, 3) which edge is opposite corner 2, 0 and 1 of every face."""
    sides = np.sort(np.stack((faces, np.roll(faces, -1, 1)), 2).reshape(-1, 2), 1)
    edges, which = np.unique(sides, axis=0, return_inverse=True)
    return edges, which.reshape(-1, 3)


def _split(faces: Ints, middle: Ints) -> Ints:
    """Faces cut along the middles of their sides.

    Args:
        faces: (F, 3).
        middle: (F, 3) vertex in the middle of the sides 01, 12 and 20, or -1.
    """
    cuts = (middle >= 0).sum(1)
    # Turned so that a single cut lies on side 01, and a single whole side is 20.
    turn = np.where(cuts == 1, np.argmax(middle >= 0, 1), np.where(cuts == 2, (np.argmin(middle, 1) + 1) % 3, 0))
    order = (np.arange(3) + turn[:, None]) % 3
    f, m = np.take_along_axis(faces, order, 1), np.take_along_axis(middle, order, 1)
    (a, b, c), (p, q, r) = f.T, m.T
    parts = {
        0: ((a, b, c),),
        1: ((a, p, c), (p, b, c)),
        2: ((p, b, q), (a, p, c), (p, q, c)),
        3: ((a, p, r), (p, b, q), (r, q, c), (p, q, r)),
    }
    return np.concatenate([np.stack(t, 1)[cuts == n] for n, triangles in parts.items() for t in triangles])
