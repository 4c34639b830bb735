"""Recordings that hold the same motion as a held-out one: conversions of one recording go by many names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from .features import JOINTS, ROTATIONS, mirrored

PROBE = (0, 6, 12, 18, 24)
"""Frames that a passage of a second is compared by."""
EVERY = 12
"""Frames between the passages of a held-out clip that are looked for."""
ALIKE = 0.045
"""Root mean square difference of the local rotations' columns below which two passages are one recording."""
STILL = 0.05
"""Root mean square change within a passage below which it says nothing: everybody stands alike."""
DIRECTIONS = 12
"""In which passages are first compared."""
_CHUNK = 8192


def _passages(features: NDArray[np.floating], every: int) -> NDArray[np.float32]:
    """(n, 5 * 126) of the local rotations, every so many frames."""
    local = np.asarray(features[:, 6:ROTATIONS], np.float32)
    starts = np.arange(0, len(local) - PROBE[-1], every)
    if not len(starts):
        return np.empty((0, len(PROBE) * 6 * (JOINTS - 1)), np.float32)
    return np.concatenate([local[starts + p] for p in PROBE], 1)


def find_leaks(features: Sequence[NDArray[np.floating]], splits: Sequence[str]) -> set[int]:
    """Indices of the clips that hold a passage of a clip that is more withheld (test before valid before train).

    A passage seen in a mirror is the same one, since training mirrors.
    """
    rank = {"train": 0, "valid": 1, "test": 2}
    leaks: set[int] = set()
    for split in ("test", "valid"):
        held = [i for i, s in enumerate(splits) if s == split]
        others = [i for i, s in enumerate(splits) if rank[s] < rank[split] and i not in leaks]
        if held and others:
            leaks |= _holders(
                [p for i in held for p in (features[i], mirrored(features[i]))], {i: features[i] for i in others}
            )
    return leaks


def _holders(held: Sequence[NDArray[np.floating]], others: dict[int, NDArray[np.floating]]) -> set[int]:
    """The others that hold a passage of the held ones.

    Passages that are alike are alike in a few directions, in which a tree finds them; those found are compared whole.
    """
    probes = np.concatenate([_passages(f, EVERY) for f in held])
    parts = probes.reshape(len(probes), len(PROBE), -1)
    probes = probes[np.sqrt(((parts - parts.mean(1, keepdims=True)) ** 2).mean((1, 2))) > STILL]
    if not len(probes):
        return set()
    lots = np.random.default_rng(0)
    some = probes[lots.choice(len(probes), min(len(probes), 4000), replace=False)]
    _, directions = np.linalg.eigh(np.cov(some.T))
    few = np.ascontiguousarray(directions[:, -DIRECTIONS:], np.float32)
    tree = KDTree(probes @ few)
    reach = ALIKE * probes.shape[1] ** 0.5
    return {i for i, clip in others.items() if _holds(clip, probes, tree, few, reach)}


def _holds(clip: NDArray[np.floating], probes: NDArray[np.float32], tree: KDTree, few: Any, reach: float) -> bool:
    for start in range(0, len(clip), _CHUNK):
        passages = _passages(clip[start : start + _CHUNK + PROBE[-1]], 2)
        if not len(passages):
            continue
        for passage, near in zip(passages, tree.query_ball_point(passages @ few, reach), strict=True):
            if near and np.linalg.norm(probes[near] - passage, axis=1).min() < reach:
                return True
    return False
