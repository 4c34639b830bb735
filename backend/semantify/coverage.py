"""How much of a mesh sliders reach, and how far they share it (Semantify, section 5.1, Table 1)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np

THRESHOLD = 0.3
"""Of a slider's greatest deformation, from which a vertex counts as covered."""
Vertices = Callable[[np.ndarray], np.ndarray]
"""(n, k) coefficients -> (n, V, 3) metres."""


def deformation(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """(d, V) metres that each vertex moves from a slider's low end to its high end.

    Args:
        low, high: (d, V, 3) metres.
    """
    return np.linalg.norm(high - low, axis=2)


def covered(moved: np.ndarray, threshold: float = THRESHOLD) -> np.ndarray:
    """(d, V) whether a vertex moves by more than a share of what the slider moves any vertex.

    Args:
        moved: (d, V) of `deformation`.
        threshold: the share, 0 to 1.
    """
    most = moved.max(1, keepdims=True)
    return (moved > threshold * most) & (most > 0)


def coverage_and_overlap(cover: np.ndarray) -> tuple[float, float]:
    """The share of vertices that any slider covers, and the mean intersection over union of all pairs of sliders.

    Args:
        cover: (d, V) of `covered`. One slider overlaps with none: 0.
    """
    shares = []
    for a, b in combinations(cover, 2):
        union = int((a | b).sum())
        shares.append(int((a & b).sum()) / union if union else 0.0)
    return float(cover.any(0).mean()), float(np.mean(shares)) if shares else 0.0


def of_ends(vertices: Vertices, low: np.ndarray, high: np.ndarray) -> tuple[float, float]:
    """Coverage and overlap of sliders.

    Args:
        vertices: makes meshes.
        low, high: (d, k) coefficients at each slider's ends, with all others at their defaults.
    """
    return coverage_and_overlap(covered(deformation(vertices(low), vertices(high))))
