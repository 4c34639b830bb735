"""Regions of the space of samples: K-means, with the number of regions by the silhouette (Semantify, section 3.3)."""

from __future__ import annotations

import numpy as np
from scipy.cluster.vq import kmeans2
from scipy.spatial.distance import cdist

MOST = 10
"""Regions, at most."""
RESTARTS = 4
LOOKED_AT = 1200
"""Samples that the silhouette is taken of, drawn once: it needs all their distances."""


def silhouette(distances: np.ndarray, labels: np.ndarray) -> float:
    """Mean over samples of (b - a) / max(a, b): a to its own region's others, b to the nearest other region's.

    Args:
        distances: (n, n); labels: (n,) of two regions at least. A sample alone in its region counts 0.
    """
    names = np.unique(labels)
    member = (labels[:, None] == names).astype(np.float64)
    sizes = member.sum(0)
    sums = distances @ member
    own = member.astype(bool)
    a = sums[own] / np.maximum(sizes[None].repeat(len(labels), 0)[own] - 1, 1)
    b = np.where(own, np.inf, sums / sizes).min(1)
    alone = sizes[None].repeat(len(labels), 0)[own] == 1
    widths = (b - a) / np.maximum(np.maximum(a, b), 1e-12)
    return float(np.where(alone, 0.0, widths).mean())


def clusters(points: np.ndarray, seed: int, most: int = MOST) -> tuple[np.ndarray, dict[int, float]]:
    """Regions of points, as many as have the best silhouette.

    Args:
        points: (n, dim), n at least 3.
        seed: decides where regions begin.
        most: regions that are tried.

    Returns:
        (n,) labels from 0, and the silhouette of each number that was tried.
    """
    lots = np.random.default_rng([seed, 7])
    points = np.asarray(points, np.float64)
    some = np.sort(lots.permutation(len(points))[:LOOKED_AT])
    distances = cdist(points[some], points[some])
    found: dict[int, tuple[float, np.ndarray]] = {}
    for count in range(2, min(most, len(points) - 1) + 1):
        labels = _best_of(points, count, lots)
        if len(np.unique(labels[some])) > 1:
            found[count] = silhouette(distances, labels[some]), labels
    if not found:
        return np.zeros(len(points), int), {}
    best = max(found, key=lambda count: found[count][0])
    return np.unique(found[best][1], return_inverse=True)[1], {count: width for count, (width, _) in found.items()}


def _best_of(points: np.ndarray, count: int, lots: np.random.Generator) -> np.ndarray:
    """(n,) labels of the tightest of a few runs."""
    best, tightest = np.zeros(len(points), int), np.inf
    for _ in range(RESTARTS):
        centres, labels = kmeans2(points, count, minit="++", seed=lots)  # pyright: ignore[reportCallIssue]
        # SciPy 1.11 knows it by no other name.
        spread = float(((points - centres[labels]) ** 2).sum())
        if spread < tightest:
            best, tightest = labels, spread
    return best
