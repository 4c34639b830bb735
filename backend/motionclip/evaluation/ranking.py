"""Ranks, and what guessing would reach: shared by retrieval and recognition."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln


def ranks(scores: ArrayLike, right: ArrayLike) -> NDArray[np.int64]:
    """The rank, from 1, of the best right candidate of each query; ties go against it.

    Args:
        scores: (queries, candidates), higher is better.
        right: the same of bool; a query has at least one.
    """
    scores, right = np.asarray(scores, float), np.asarray(right, bool)
    best = np.where(right, scores, -np.inf).max(1, keepdims=True)
    return 1 + ((scores >= best) & ~right).sum(1)


def chance_within(k: int, candidates: int, right: ArrayLike) -> NDArray[np.float64]:
    """The odds that a random order has a right candidate among its first k: 1 - C(N - m, k) / C(N, k).

    Args:
        candidates: N.
        right: (queries,) m, how many are right for each query.
    """
    m = np.asarray(right, float)
    k = min(k, candidates)
    none = np.zeros_like(m)
    can = candidates - m >= k
    left = candidates - m[can]
    none[can] = np.exp(
        gammaln(left + 1) - gammaln(left - k + 1) - gammaln(candidates + 1) + gammaln(candidates - k + 1)
    )
    return 1 - none


def recall(found: ArrayLike, ks: Sequence[int] = (1, 3, 10)) -> dict[str, float]:
    """Shares of ranks up to each k, and the median rank."""
    found = np.asarray(found)
    return {**{f"R@{k}": float((found <= k).mean()) for k in ks}, "median_rank": float(np.median(found))}


def chance(right: ArrayLike, ks: Sequence[int] = (1, 3, 10)) -> dict[str, float]:
    """What `recall` is of random orders: expected shares, and the least rank that half of all draws reach."""
    right = np.asarray(right, bool)
    candidates, m = right.shape[1], right.sum(1)
    out = {f"R@{k}": float(chance_within(k, candidates, m).mean()) for k in ks}
    half = next(k for k in range(1, candidates + 1) if chance_within(k, candidates, m).mean() >= 0.5)
    return {**out, "median_rank": float(half)}
