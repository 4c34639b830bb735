"""The joint regressor: each joint as a weighted sum of vertices near it."""

from __future__ import annotations

import numpy as np

from .makehuman import BaseMesh
from .skeleton import INDEX, JOINTS, MIRROR, PARENTS

CANDIDATES = 360
"""Vertices a joint is read from, spread evenly by distance."""
RIDGE = 4e-6
"""Square metres: how much the weights are kept small and even. MakeHuman moves some joints (the upper spine
above all) otherwise than the skin around them, so weights may be negative; even weights keep them steady."""


def _candidates(joint: str, vertices: np.ndarray, at: np.ndarray, weights: np.ndarray, mesh: BaseMesh) -> np.ndarray:
    j = INDEX[joint]
    if "eye" in joint:
        return np.unique(mesh.eye(joint.split("_")[0]))
    family = [j, max(PARENTS[j], 0), *np.flatnonzero(np.equal(PARENTS, j))]
    near = weights[:, family].sum(1) > 0.05
    near &= weights[:, [INDEX["left_eye_smplhf"], INDEX["right_eye_smplhf"]]].sum(1) < 0.5
    if joint != "jaw":
        near &= weights[:, INDEX["jaw"]] < 0.3
    distance = np.where(near, np.linalg.norm(vertices - at, axis=1), np.inf)
    count = max(3 * CANDIDATES, int((distance < 0.12).sum()))
    ranked = np.argsort(distance, kind="stable")[: min(count, int(near.sum()))]
    return ranked[np.linspace(0, len(ranked) - 1, min(CANDIDATES, len(ranked))).astype(int)]


def fit_row(bodies: np.ndarray, joint: np.ndarray, importance: np.ndarray) -> np.ndarray:
    """(C,) weights that sum to 1 and read a joint from C vertices, by ridge regression under that constraint.

    Args:
        bodies: (n, C, 3) those vertices in n bodies.
        joint: (n, 3) where the joint lies in them.
        importance: (n,) weight of each body.
    """
    root = np.sqrt(importance / importance.sum())
    arms = (bodies - joint[:, None]) * root[:, None, None]
    a = arms.transpose(0, 2, 1).reshape(-1, bodies.shape[1])
    found = np.linalg.solve(a.T @ a + RIDGE * np.eye(bodies.shape[1]), np.ones(bodies.shape[1]))
    return found / found.sum()


def fit_regressor(
    bodies: np.ndarray, joints: np.ndarray, importance: np.ndarray, weights: np.ndarray, mesh: BaseMesh
) -> np.ndarray:
    """(55, K) rows that sum to 1, by ridge regression under that constraint, symmetric.

    Args:
        bodies: (n, K, 3) symmetric bodies in the T-pose; the first is the mean body.
        joints: (n, 55, 3) of the same bodies.
        importance: (n,) weight of each body.
        weights: (K, 55) skin weights.
    """
    regressor = np.zeros((len(JOINTS), bodies.shape[1]))
    for j, joint in enumerate(JOINTS):
        if joint.startswith("right_"):
            continue
        chosen = _candidates(joint, bodies[0], joints[0, j], weights, mesh)
        regressor[j, chosen] = fit_row(bodies[:, chosen], joints[:, j], importance)
    for j, joint in enumerate(JOINTS):
        if joint.startswith("right_"):
            regressor[j] = regressor[MIRROR[j]][mesh.mirror]
        elif MIRROR[j] == j:
            regressor[j] = (regressor[j] + regressor[j][mesh.mirror]) / 2
    return regressor


def regressor_errors(regressor: np.ndarray, bodies: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """(n, 55) distance of each regressed joint from the true one, metres."""
    return np.linalg.norm(np.einsum("jv,nvd->njd", regressor, bodies) - joints, axis=2)
