"""Poses a built file with numpy alone, and measures what it gives: folds, volume, girth."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np

from ...files import load_npz
from .correctives import features, skinning
from .simulate import even_smoothing, fold_cosines


class BuiltBody:
    """The arrays of a body file with SMPL-X's forward function in float64 (Loper et al. 2015, Eq. 2-10).

    Args:
        file: the built .npz, or its arrays.
        variant: "neutral", "male" or "female".
    """

    def __init__(self, file: str | Path | dict[str, np.ndarray], variant: str = "neutral") -> None:
        self.arrays = file if isinstance(file, dict) else load_npz(file)
        key = "v_template" if variant == "neutral" else f"v_template_{variant}"
        self.template = self.arrays[key].astype(float)
        self.faces = self.arrays["f"].astype(int)
        self.parents = self.arrays["kintree_table"][0].astype(np.int64)
        self.parents[0] = -1
        self.joint_names = [str(n) for n in self.arrays["joint_names"]]
        self._regressor = self.arrays["J_regressor"].astype(float)
        self._weights = self.arrays["weights"].astype(float)
        none = np.zeros((len(self.template), 3, 9 * (len(self.parents) - 1)), np.float16)
        self.set_posedirs(self.arrays.get("posedirs", none))
        self.even = even_smoothing(self.faces, len(self.template))

    def set_posedirs(self, posedirs: np.ndarray) -> None:
        """Use other correctives (V, 3, 9 (J - 1)) than the file's."""
        flat = posedirs.reshape(len(self.template) * 3, -1)
        self._driven = np.nonzero(flat.any(1))[0]
        self._posedirs = flat[self._driven].astype(float)

    def shaped(self, betas: dict[int, float] | None = None) -> np.ndarray:
        """(V, 3) in the T-pose with some columns of shapedirs switched on."""
        shape = self.template.copy()
        for column, value in (betas or {}).items():
            shape += value * self.arrays["shapedirs"][:, :, column].astype(float)
        return shape

    def joints(self, shape: np.ndarray) -> np.ndarray:
        """(J, 3) of a T-pose body (V, 3)."""
        return self._regressor @ shape

    def skinning(self, pose: np.ndarray, shape: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Linear part (V, 3, 3) and offset (V, 3) of blend skinning for local rotations (J, 3, 3)."""
        return skinning(self.joints(shape), self._weights, pose, self.parents)

    def posed(self, pose: np.ndarray, betas: dict[int, float] | None = None) -> np.ndarray:
        """(V, 3) for local rotations (J, 3, 3), the pelvis where the T-pose has it."""
        shape = self.shaped(betas)
        linear, offset = self.skinning(pose, shape)
        flat = shape.reshape(-1)
        flat[self._driven] += self._posedirs @ features(pose).ravel()
        return np.einsum("vab,vb->va", linear, flat.reshape(-1, 3)) + offset

    def turned_faces(self, vertices: np.ndarray) -> np.ndarray:
        """Faces whose normal opposes that of the smoothed skin around them, and does not at rest."""
        return np.nonzero((self.fold_cosines(vertices) < 0) & self.unfolded)[0]

    def fold_cosines(self, vertices: np.ndarray) -> np.ndarray:
        """(F,) cosine between each face's normal and that of the smoothed skin around it."""
        return fold_cosines(vertices, self.faces, self.even)

    @functools.cached_property
    def unfolded(self) -> np.ndarray:
        """(F,) bool: faces that lie as their neighbourhood does at rest; nostrils and lids have some that do not."""
        return self.fold_cosines(self.template) > 0

    def region(self, *names: str) -> np.ndarray:
        """(V,) bool: vertices in any of the named regions."""
        codes = [list(self.arrays["region_names"]).index(n) for n in names]
        return np.isin(self.arrays["regions"], codes)


def volume(vertices: np.ndarray, faces: np.ndarray) -> float:
    """Enclosed volume of a closed mesh, in litres."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    return float(1000 * (a * np.cross(b, c)).sum() / 6)


def stature(vertices: np.ndarray) -> float:
    """Height from sole to crown, metres."""
    return float(np.ptp(vertices[:, 1]))
