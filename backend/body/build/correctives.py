"""Pose correctives: a linear function of the joints' rotations that brings skinning to the target shapes.

The model is SMPL's (Loper et al. 2015, Eq. 9), v = LBS(t + P vec(R - I)). The template t is not free: the A-pose that
MakeHuman's artists made stays exact, t = LBS_A^-1(a) - P vec(R_A - I).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .simulate import Simulator
from .skeleton import INDEX, JOINTS, MIRROR, PARENTS, descendants, place_joints
from .tpose import TPose

TOUCHED = 0.012
"""Share of blending from which on a joint's rotation counts as bending the skin at a vertex."""
RIDGE = 0.6
"""Weight of the penalty on the correctives."""
CORRECTED = [i for i in range(1, len(JOINTS)) if JOINTS[i] not in ("jaw", "left_eye_smplhf", "right_eye_smplhf")]
"""Joints whose rotation drives correctives."""


def features(pose: np.ndarray) -> np.ndarray:
    """(..., J - 1, 9) the entries of R - I of every joint but the root, from (..., J, 3, 3)."""
    return (pose[..., 1:, :, :] - np.eye(3)).reshape(*pose.shape[:-3], pose.shape[-3] - 1, 9)


def skinning(
    joints: np.ndarray, weights: np.ndarray, pose: np.ndarray, parents: np.ndarray = PARENTS
) -> tuple[np.ndarray, np.ndarray]:
    """What blend skinning applies to T-pose vertices in a pose.

    Args:
        joints: (55, 3) in the T-pose.
        weights: (K, 55).
        pose: (55, 3, 3) local rotations.
        parents: (55,) of each joint.

    Returns:
        linear part (K, 3, 3) and offset (K, 3).
    """
    world, place = place_joints(pose, joints, parents)
    offset = place - np.einsum("jab,jb->ja", world, joints)
    return (weights @ world.reshape(-1, 9)).reshape(-1, 3, 3), weights @ offset


def driving_joints(simulator: Simulator) -> np.ndarray:
    """(K, 55) bool: whose local rotations deform (not merely move) the skin at each vertex."""
    below = descendants()
    smooth = simulator.spread()
    blended = smooth[:, : len(JOINTS)].copy()
    for i, helper in enumerate(simulator.helpers, start=len(JOINTS)):
        blended[:, INDEX[helper.pivot]] += smooth[:, i]
    moved = blended @ below.T
    touched = (moved > TOUCHED) & (moved < 1 - TOUCHED)
    for i, helper in enumerate(simulator.helpers, start=len(JOINTS)):
        touched[:, INDEX[helper.joint]] |= smooth[:, i] > TOUCHED
    out = np.zeros_like(touched)
    out[:, CORRECTED] = touched[:, CORRECTED]
    return out


@dataclass
class Correctives:
    """Pose correctives of one body, for all bodies."""

    directions: np.ndarray
    """(K, 3, 54, 9) metres per unit of R - I."""

    def offsets(self, pose: np.ndarray) -> np.ndarray:
        """(K, 3) in the T-pose's frame, for a pose (55, 3, 3)."""
        return self.directions.reshape(len(self.directions), 3, -1) @ features(pose).ravel()

    def template(self, tpose: TPose, weights: np.ndarray, vertices: np.ndarray) -> np.ndarray:
        """(K, 3) T-pose body that the model takes exactly to `vertices` (K, 3) in the A-pose."""
        return tpose.unskin(vertices, weights) - self.offsets(tpose.local())


class Subject:
    """A body that correctives are fitted on: its targets, and its rest shape before correction."""

    def __init__(self, simulator: Simulator, weights: np.ndarray) -> None:
        self.simulator, self.tpose, self.weights = simulator, simulator.tpose, weights
        self.rest = self.tpose.unskin(simulator.vertices, weights) - self.tpose.shift
        self.features = features(self.tpose.local())

    def posed(self, fitted: Correctives, pose: np.ndarray) -> np.ndarray:
        """(K, 3) what the fitted model gives in a pose."""
        m, b = skinning(self.tpose.joints_t, self.weights, pose)
        change = fitted.offsets(pose) - fitted.offsets(self.tpose.local())
        return np.einsum("vab,vb->va", m, self.rest + change) + b


@dataclass
class Sample:
    """One target shape."""

    subject: Subject
    pose: np.ndarray
    """(55, 3, 3) local rotations."""
    importance: float = 1.0
    """Weight in the fit; samples above 1 are also kept free of folds by `polish`."""
    target: np.ndarray = field(init=False)
    """(K, 3) float32; the subject's simulated shape unless `polish` has changed it."""

    def __post_init__(self) -> None:
        self.target = self.subject.simulator.posed(self.pose).astype(np.float32)


class CorrectiveFit:
    """Least squares over samples, vertex by vertex, on the left half of the body; the right half mirrors it."""

    def __init__(self, samples: list[Sample], mirror: np.ndarray) -> None:
        self.samples, self.mirror = samples, mirror
        self.features = np.stack([features(s.pose) - s.subject.features for s in samples])
        first = samples[0].subject.simulator
        self.driven = driving_joints(first)
        self.half = np.nonzero(first.vertices[:, 0] > -1e-4)[0]
        self.directions = np.zeros((len(mirror), 3, len(JOINTS) - 1, 9))
        self.solve(self.half, np.array([s.importance for s in samples]))

    def solve(self, vertices: np.ndarray, importance: np.ndarray) -> None:
        """Fit the correctives of some vertices of the left half to the targets, then mirror them."""
        linear = np.empty((len(self.samples), len(vertices), 3, 3))
        wanted = np.empty((len(self.samples), len(vertices), 3))
        for n, sample in enumerate(self.samples):
            m, b = skinning(sample.subject.tpose.joints_t, sample.subject.weights[vertices], sample.pose)
            rest = sample.subject.rest[vertices]
            linear[n] = m
            wanted[n] = sample.target[vertices] - b - np.einsum("vab,vb->va", m, rest)
        root = np.sqrt(importance)
        linear *= root[:, None, None, None]
        wanted *= root[:, None, None]
        keys, group = np.unique(self.driven[vertices], axis=0, return_inverse=True)
        for g, key in enumerate(keys):
            joints = np.nonzero(key)[0] - 1
            if not len(joints):
                continue
            at = np.nonzero(group.ravel() == g)[0]
            f = self.features[:, joints].reshape(len(self.samples), -1)
            found = _solve(linear[:, at], wanted[:, at], f).reshape(len(at), 3, len(joints), 9)
            self.directions[vertices[at][:, None], :, joints] = found.transpose(0, 2, 1, 3)
        self.directions = _mirrored(self.directions, self.mirror, self.half)

    def polish(self, rounds: int = 6) -> None:
        """Refit where the model still turns faces over: its own shape there, unfolded, becomes the target."""
        importance = np.array([s.importance for s in self.samples])
        important = np.nonzero(importance > 1)[0]
        for _ in range(rounds):
            touched = np.zeros(len(self.mirror), bool)
            fitted = Correctives(self.directions)
            for n in important:
                sample = self.samples[n]
                shape = sample.subject.posed(fitted, sample.pose)
                relaxed = sample.subject.simulator.unfold(shape)
                moved = np.linalg.norm(relaxed - shape, axis=1) > 1e-6
                sample.target[moved] = relaxed[moved]
                touched |= moved
            if not touched.any():
                break
            touched |= touched[self.mirror]
            importance[important] *= 1.6
            self.solve(np.intersect1d(self.half, np.nonzero(touched)[0]), importance)


def _solve(linear: np.ndarray, wanted: np.ndarray, f: np.ndarray) -> np.ndarray:
    """(v, 3, q) minimises sum over poses of |M P f - wanted|^2 + ridge |P|^2."""
    poses, count = wanted.shape[:2]
    q = f.shape[1]
    gram = np.einsum("nvca,nvcb->vabn", linear, linear).reshape(count * 9, poses)
    outer = (f[:, :, None] * f[:, None, :]).reshape(poses, q * q)
    normal = (gram @ outer).reshape(count, 3, 3, q, q).transpose(0, 1, 3, 2, 4).reshape(count, 3 * q, 3 * q)
    normal[:, np.arange(3 * q), np.arange(3 * q)] += RIDGE
    back = np.einsum("nvca,nvc->van", linear, wanted).reshape(count * 3, poses)
    right = (back @ f).reshape(count, 3 * q, 1)
    return np.linalg.solve(normal, right).reshape(count, 3, q)


def _mirrored(directions: np.ndarray, mirror: np.ndarray, half: np.ndarray) -> np.ndarray:
    """The same correctives on the other side; on the middle line, the mean of both."""
    flip = np.array([-1.0, 1.0, 1.0])
    sign = (flip[:, None] * flip[None, :]).reshape(9)
    joint_order = MIRROR[1:] - 1
    reflected = directions[mirror][:, :, joint_order] * flip[:, None, None] * sign
    middle = mirror == np.arange(len(mirror))
    left = np.zeros(len(mirror), bool)
    left[half] = True
    out = np.where(left[:, None, None, None], directions, reflected)
    out[middle] = (directions[middle] + reflected[middle]) / 2
    return out
