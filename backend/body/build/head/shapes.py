"""Heads from MakeHuman's parameters: along the axes, and at random to measure how well the axes hold them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..phenotype import Phenotype, Phenotypes, sample
from ..shape_space import CENTRES, build_axes
from .axes import AXES
from .cut import JOINTS, HeadMesh

SPREAD = 0.3
"""Standard deviation of the strength of each detail target."""
FOLDERS = ("head", "forehead", "eyebrows", "eyes", "nose", "mouth", "ears", "chin", "cheek", "neck")
ENDS = (("incr", "decr"), ("up", "down"), ("out", "in"), ("forward", "backward"), ("convex", "concave"))
SKIPPED = ("head-trans", "neck-trans", "head-angle", "mouth-trans-in", "mouth-trans-out", "nose-trans-in")
"""Targets that move or tilt the whole, or push it to one side."""


def detail_pairs(names: list[str]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Detail targets of the head that undo each other, both sides of each together.

    Args:
        names: of all target files.
    """
    stems = {n.removeprefix("mpfb2/targets/").removesuffix(".target.gz") for n in names}
    stems = {n for n in stems if n.split("/")[0] in FOLDERS and not any(s in n for s in SKIPPED)}
    pairs = []
    for one in sorted(stems):
        for up, down in ENDS:
            other = one.removesuffix(up) + down
            if one.endswith(f"-{up}") and other in stems and "/r-" not in one:
                both = [(n, n.replace("/l-", "/r-")) if "/l-" in n else (n,) for n in (one, other)]
                pairs.append((both[0], both[1]))
    return pairs


class Shapes:
    """Heads of phenotypes, the root joint at the origin.

    Args:
        phenotypes: makes MakeHuman's meshes.
        joints: (5, N) rows that average each joint's helper vertices.
        mesh: the head.
    """

    def __init__(self, phenotypes: Phenotypes, joints: np.ndarray, mesh: HeadMesh) -> None:
        self.phenotypes = phenotypes
        self.joints = joints
        self.mesh = mesh

    def head(self, person: Phenotype) -> np.ndarray:
        """(V + 5, 3) vertices, then joints."""
        whole = self.phenotypes.mesh(person)
        joints = self.joints @ whole
        return np.r_[whole[self.mesh.source_vertex], joints] - joints[0]

    def axes(self) -> tuple[np.ndarray, np.ndarray]:
        """(V, 3, S) displacement a unit, symmetric, and (5, 3, S) what the joints do."""
        found = build_axes(CENTRES, self.head, AXES)
        vertices, joints = found[: self.mesh.size], found[self.mesh.size :]
        out = np.stack([self.mesh.symmetric(self._tongue(vertices[:, :, k])) for k in range(len(AXES))], -1)
        return out, joints

    def random(self, count: int, seed: int) -> np.ndarray:
        """(count, V + 5, 3) heads of random adults with every detail of the head at random."""
        rng = np.random.default_rng(seed)
        pairs = detail_pairs(self.phenotypes.source.names("mpfb2/targets/"))
        out = []
        for _ in range(count):
            extra = {}
            for pair in pairs:
                strength = rng.normal() * SPREAD
                extra |= dict.fromkeys(pair[strength < 0], abs(strength))
            out.append(self.head(replace(sample(rng), extra=extra)))
        return np.array(out)

    def _tongue(self, displacement: np.ndarray) -> np.ndarray:
        """The tongue moved with the lower teeth as one: targets of the chin stretch it."""
        out = displacement.copy()
        out[self.mesh.inside["tongue"]] = displacement[self.mesh.inside["lower_teeth"]].mean(0)
        return out


def explained(axes: np.ndarray, regressor: np.ndarray, heads: np.ndarray) -> dict:
    """What the axes leave of held-out heads, and how far the regressed joints lie from the rig's.

    Args:
        axes: (V, 3, S).
        regressor: (5, V).
        heads: (n, V + 5, 3).
    """
    count = len(axes)
    offset = heads[:, :count] - heads[:, :count].mean(0)
    basis = axes.reshape(-1, axes.shape[2])
    flat = offset.reshape(len(heads), -1)
    left = []
    for used in (10, axes.shape[2]):
        coefficients = np.linalg.lstsq(basis[:, :used], flat.T, rcond=None)[0]
        left.append(flat - (basis[:, :used] @ coefficients).T)
    distance = 1000 * np.linalg.norm(left[1].reshape(offset.shape), axis=2)
    moved = np.einsum("jv,nvd->njd", regressor, offset)
    true = heads[:, count:] - heads[:, count:].mean(0)
    errors = 1000 * np.linalg.norm(moved - true, axis=2).mean(0)
    whole = (flat**2).sum()
    return {
        "explained_by_10": round(float(1 - (left[0] ** 2).sum() / whole), 3),
        "explained_by_all": round(float(1 - (left[1] ** 2).sum() / whole), 3),
        "reconstruction_mean_mm": round(float(distance.mean()), 2),
        "reconstruction_p95_mm": round(float(np.percentile(distance, 95)), 2),
        "beta_sd_median": round(float(np.median(coefficients.std(1))), 2),
        "joints_mm": {name: round(float(e), 2) for name, e in zip(JOINTS, errors, strict=True)},
    }
