"""A mesh cut into patches of vertices that the same few joints move."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SMALLEST = 800
"""Vertices a patch at least, else it is merged. Measured on the default body: smaller ones make single bodies slower
by the number of calls, larger ones make batches slower by the joints that they blend in vain."""

MOST_CLASSES = 1000
"""Combinations of joints that are merged pair by pair, which takes the square of their number."""


@dataclass(frozen=True)
class Patch:
    """n vertices, K joints, P pose features."""

    vertices: np.ndarray
    """(n,) int64 indices into the mesh."""
    joints: np.ndarray
    """(K,) int64 joints with a weight here; one alone means that the patch is rigid."""
    weights: np.ndarray
    """(K, n) float32."""
    features: np.ndarray
    """(P,) int64 columns of the flattened R - I that move these vertices."""
    posedirs: np.ndarray
    """(P, 3n) float32, all x, then all y, then all z."""


def _patch(vertices: np.ndarray, weights: np.ndarray, posedirs: np.ndarray | None) -> Patch:
    w = weights[vertices]
    joints = np.flatnonzero(w.any(0))
    features, basis = np.zeros(0, np.int64), np.zeros((0, 3 * len(vertices)), np.float32)
    if posedirs is not None:
        local = posedirs[vertices]
        features = np.flatnonzero(local.any((0, 1)))
        basis = np.ascontiguousarray(local[:, :, features].transpose(2, 1, 0)).reshape(
            len(features), 3 * len(vertices)
        )
    return Patch(vertices, joints, np.ascontiguousarray(w[:, joints].T), features, basis)


def _classes(touched: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(G, 2 J) what touches each class of vertices, and (V,) the class of each vertex.

    One class for every combination of joints; where those are too many to merge in pairs, as in learned weights,
    one for every heaviest joint.
    """
    kinds, which = np.unique(np.packbits(touched, axis=1), axis=0, return_inverse=True)
    if len(kinds) > MOST_CLASSES:
        rigid = (weights != 0).sum(1) == 1
        _, which = np.unique(weights.argmax(1) * 2 + rigid, return_inverse=True)
    which = which.reshape(-1)
    sets = np.zeros((which.max() + 1, touched.shape[1]), bool)
    np.logical_or.at(sets, which, touched)
    return sets, which


def cut(weights: np.ndarray, posedirs: np.ndarray | None, smallest: int = SMALLEST) -> list[Patch]:
    """Patches that together hold every vertex once, in ascending order within each.

    Vertices with equal joint sets go together; the smallest set is then merged into the patch that grows least by it,
    until every patch is large enough.

    Args:
        weights: (V, J) skinning weights.
        posedirs: (V, 3, (J - 1) * 9) or none.
        smallest: least number of vertices in a patch.
    """
    joints = len(weights[0])
    moved = weights != 0
    corrected = np.zeros((len(weights), joints), bool)
    if posedirs is not None:
        corrected[:, 1:] = posedirs.reshape(len(weights), 3, joints - 1, 9).any((1, 3))
    sets, which = _classes(np.hstack((moved, corrected)), weights)
    sizes = np.bincount(which)
    members = [[i] for i in range(len(sets))]
    while len(sets) > 1 and sizes.min() < smallest:
        least = int(sizes.argmin())
        have, size, few = sets[least], sizes[least], members.pop(least)
        sets, sizes = np.delete(sets, least, 0), np.delete(sizes, least)
        # what the merged patch would cost more than the one it joins: joints x vertices
        cost = (sets | have).sum(1) * (sizes + size) - sets.sum(1) * sizes
        best = int(cost.argmin())
        sets[best] |= have
        sizes[best] += size
        members[best] += few
    return [_patch(np.flatnonzero(np.isin(which, group)), weights, posedirs) for group in members]
