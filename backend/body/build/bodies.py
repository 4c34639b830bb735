"""From a phenotype to a body in the T-pose: mesh, rig, weights and correctives brought together once."""

from __future__ import annotations

import numpy as np

from .correctives import CorrectiveFit, Correctives, Sample, Subject
from .makehuman import BaseMesh, load_base_mesh
from .phenotype import Phenotype, Phenotypes, with_gender
from .poses import NAMED, local_rotations, sample_pose
from .simulate import Simulator
from .skeleton import JOINTS, MIRROR, Rig, load_rig, merge_weights
from .source import Source
from .tpose import find_tpose

FLIP = np.array([-1.0, 1.0, 1.0])
DETAILED = ("index", "middle", "ring", "pinky", "thumb", "wrist", "foot", "head", "jaw", "eye")
"""Joints whose skin is too fine for the full smoothing of delta mush."""
WEIGHT_STEP = 4096
"""Skin weights are multiples of one over this: they compress to a fraction and still sum to exactly 1."""


class Bodies:
    """Makes bodies in the T-pose.

    Args:
        source: MakeHuman's data.
        people: phenotypes whose mean is the neutral body; as men and as women, the male and the female one.
        poses: how many random poses the correctives are fitted to.
    """

    def __init__(self, source: Source, people: list[Phenotype], poses: int = 230) -> None:
        self.source = source
        self.mesh: BaseMesh = load_base_mesh(source)
        self.rig: Rig = load_rig(source, self.mesh)
        self.phenotypes = Phenotypes(source, self.mesh.all_vertices)
        raw = merge_weights(self.rig, self.mesh)
        self.means = {"neutral": self._mean(people)}
        for name, gender in (("male", 0.0), ("female", 1.0)):
            self.means[name] = self._mean([with_gender(p, gender) for p in people[::4]])
        simulators = [self._simulator(mean, raw) for mean in self.means.values()]
        self.weights = quantised(self.symmetric_weights(simulators[0].soften(raw, rounds=6)))
        self.subjects = [Subject(s, self.weights) for s in simulators]
        self.correctives: Correctives = self._fit(poses)

    def _mean(self, people: list[Phenotype]) -> np.ndarray:
        return self.symmetric_all(np.mean([self.phenotypes.mesh(p) for p in people], axis=0))

    def _simulator(self, mean: np.ndarray, weights: np.ndarray) -> Simulator:
        tpose = find_tpose(self.rig, mean)
        return Simulator(self.mesh, self.rig, mean[self.mesh.kept], tpose, softness(weights))

    def _fit(self, count: int) -> Correctives:
        rng = np.random.default_rng(9)
        neutral = self.subjects[0]
        samples = [Sample(neutral, sample_pose(rng)) for _ in range(count)]
        samples += [Sample(s, pose, 3.0) for s in self.subjects for pose in NAMED.values()]
        bends = single_bends()
        samples += [Sample(neutral, pose, 3.0) for pose in bends]
        samples += [Sample(s, pose, 3.0) for s in self.subjects[1:] for pose in bends[::2]]
        fit = CorrectiveFit(samples, self.mesh.mirror)
        fit.polish()
        return Correctives(fit.directions)

    def symmetric_all(self, vertices: np.ndarray) -> np.ndarray:
        """All vertices with the kept ones made symmetric."""
        out = vertices.copy()
        kept = vertices[self.mesh.kept]
        out[self.mesh.kept] = (kept + kept[self.mesh.mirror] * FLIP) / 2
        return out

    def symmetric_weights(self, weights: np.ndarray) -> np.ndarray:
        return (weights + weights[self.mesh.mirror][:, MIRROR]) / 2

    def body(self, person: Phenotype) -> tuple[np.ndarray, np.ndarray]:
        """Vertices (K, 3) and joints (55, 3) of a person in the T-pose, symmetric."""
        return self.body_of(self.phenotypes.mesh(person))

    def body_of(self, mesh_a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The same for a MakeHuman mesh (N, 3) in the A-pose."""
        tpose = find_tpose(self.rig, mesh_a)
        x = self.correctives.template(tpose, self.weights, mesh_a[self.mesh.kept])
        j = tpose.joints_t + tpose.shift
        return (x + x[self.mesh.mirror] * FLIP) / 2, (j + j[MIRROR] * FLIP) / 2

    def vertices(self, person: Phenotype) -> np.ndarray:
        return self.body(person)[0]


def softness(weights: np.ndarray) -> np.ndarray:
    """(K,) share of the smoothing that each vertex takes: little at hands, feet and head."""
    fine = [i for i, name in enumerate(JOINTS) if any(part in name for part in DETAILED)]
    return np.clip(1 - 0.85 * weights[:, fine].sum(1), 0.15, 1)


def quantised(weights: np.ndarray) -> np.ndarray:
    """Weights in steps of 1 / WEIGHT_STEP, below .3 % dropped, rows summing to exactly 1."""
    kept = np.where(weights < 0.003, 0, weights)
    steps = np.round(kept / kept.sum(1, keepdims=True) * WEIGHT_STEP)
    steps[np.arange(len(steps)), steps.argmax(1)] += WEIGHT_STEP - steps.sum(1)
    return steps / WEIGHT_STEP


def single_bends() -> list[np.ndarray]:
    """Single bends through their range: where linear correctives are strained most."""
    out = []
    for i, angle in enumerate((35, 60, 80, 95, 105, 115, 125, 133, 140, 147)):
        arms = ((0, 0, 0), (0, -20, -50), (0, -70, 0))[i % 3]
        legs = ((0, 0, 0), (-angle / 2, 0, 0), (10, 0, 0))[(i + 1) % 3]
        for shoulder, hip in (((0, 0, 0), (0, 0, 0)), (arms, legs)):
            out.append(
                local_rotations(
                    {
                        "both_elbow": (0, -angle, 0), "both_shoulder": shoulder,
                        "both_knee": (angle, 0, 0), "both_hip": hip,
                    }
                )
            )  # fmt: skip
    for angle in (30, 45, 60, 80, 97, 110, 120):
        out.append(local_rotations({"both_hip": (-angle, 0, 0), "both_shoulder": (0, 0, angle - 90)}))
    return out
