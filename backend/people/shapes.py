"""Rest shapes of dressed bodies and of pieces: linear in the shape coefficients, so made once and then only mixed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from ..body import load_arrays
from ..body.layout import BodyArrays
from ..body.load import VARIANTS
from ..protocol import InvalidInput
from .atlas import Atlas
from .layers import ALONG, PUSH, SMOOTH
from .pieces import Piece
from .refine import LONGEST_EDGE, middles
from .spec import Person

LEAST = 0.25
"""Share of a garment's thickness that it has at least, where the smoothed skin lies below the true one."""

T = TypeVar("T")


class RestShapes:
    """V vertices and J joints at rest for any coefficients.

    Args:
        coarse: the body as it was loaded.
        atlas: of the body as it is dressed.
        dressable: whether cloth lies on it.
    """

    def __init__(self, coarse: BodyArrays, atlas: Atlas, dressable: bool) -> None:
        arrays = atlas.arrays
        self._names = len(arrays.beta_names), len(arrays.expression_names)
        dirs = np.concatenate((arrays.shapedirs, arrays.exprdirs), 2)
        means = {k: _refined(a, coarse, arrays) for k, a in _templates(coarse).items()}
        self._dirs = _rows(dirs.reshape(-1, dirs.shape[2]).T)
        self._base = {k: _rows(v.reshape(1, -1)) for k, v in means.items()}
        regressor = arrays.J_regressor.astype(np.float64)
        self._joint_base = {k: _rows((regressor @ v).reshape(1, -1)) for k, v in means.items()}
        self._joint_dirs = _rows((regressor @ dirs.reshape(len(dirs), -1)).reshape(-1, dirs.shape[2]).T)
        normals = atlas.normals if dressable else np.zeros_like(arrays.v_template)
        self._normals = _rows(normals)
        # How far above the skin the skin without its small features lies.
        everything = np.concatenate((dirs.reshape(len(dirs), -1), *means.values()), 1).astype(np.float64)
        slack = (atlas.smoothed(everything) - everything).reshape(len(dirs), -1)
        axes, rest = np.split(slack, [dirs[0].size], 1)
        self._slack_dirs = _rows(np.einsum("vk,vkc->cv", normals, axes.reshape(dirs.shape)))
        along = np.einsum("vk,vmk->mv", normals, rest.reshape(len(dirs), -1, 3))
        self._slack = {k: _rows(row[None]) for k, row in zip(means, along, strict=True)}
        self._pieces: dict[int, tuple[dict[str, Tensor], Tensor]] = {}

    def coefficients(self, people: Sequence[Person]) -> Tensor:
        """(n, S + E) shape and expression.

        Raises:
            InvalidInput: more than the body has.
        """
        shape, expression = self._names
        out = torch.zeros(len(people), shape + expression)
        for row, person in zip(out, people, strict=True):
            for values, first, most, name in (
                (person.betas, 0, shape, "betas"),
                (person.expression, shape, expression, "expression coefficients"),
            ):
                if len(values) > most:
                    raise InvalidInput(f"A person has {len(values)} {name}.", f"The body has {most}: give no more.")
                row[first : first + len(values)] = torch.tensor(values)
        return out

    def dressed(self, people: Sequence[Person], coefficients: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """(n, V, 3) dressed bodies and (n, J, 3) joints, in T-pose.

        Args:
            values: (n, V, 7), see `layers.VALUES`.

        Raises:
            InvalidInput: an unknown template.
        """
        n = len(people)
        body = torch.addmm(_of(people, self._base), coefficients, self._dirs).view(n, -1, 3)
        slack = torch.addmm(_of(people, self._slack), coefficients, self._slack_dirs)
        along = torch.maximum(slack * values[:, :, SMOOTH], (LEAST - 1) * values[:, :, ALONG])
        body += values[:, :, PUSH]
        body.addcmul_(along[:, :, None], self._normals[None])
        joints = torch.addmm(_of(people, self._joint_base), coefficients, self._joint_dirs).view(n, -1, 3)
        return body, joints

    def piece(self, piece: Piece) -> tuple[dict[str, Tensor], Tensor]:
        """Rest places of a piece for each template, (1, H * P * 3), and (S + E, H * P * 3) its shape axes."""
        if id(piece) not in self._pieces:
            axes = self._dirs.numpy().T.reshape(len(self._normals), -1)
            dirs = (piece.anchors @ axes).reshape(-1, len(self._dirs)).T
            base = {k: piece.anchors @ v.numpy().reshape(-1, 3) + piece.offset for k, v in self._base.items()}
            self._pieces[id(piece)] = {k: _rows(v.reshape(1, -1)) for k, v in base.items()}, _rows(dirs)
        return self._pieces[id(piece)]


def known(name: str, table: Mapping[str, T], what: str) -> T:
    """The entry of a table.

    Raises:
        InvalidInput: there is none.
    """
    if name not in table:
        choice = ", ".join(k for k in table if k) or "none for this body"
        raise InvalidInput(f"The wardrobe has no {what} {name!r}.", f"It has: {choice}.")
    return table[name]


def _of(people: Sequence[Person], table: Mapping[str, Tensor]) -> Tensor:
    """(n, k) each person's row, by template."""
    return torch.cat([known(p.template, table, "template") for p in people])


def _rows(values: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, np.float32))


def _templates(arrays: BodyArrays) -> dict[str, BodyArrays]:
    """The body's means by name; a body that is not the default one has a single mean for all names."""
    if arrays.kind == "impromptu":
        return {name: load_arrays(name) for name in VARIANTS}
    return {name: arrays for name in VARIANTS}


def _refined(mean: BodyArrays, coarse: BodyArrays, fine: BodyArrays) -> np.ndarray:
    """(V, 3) another mean of the body that `coarse` is and that was refined to `fine`."""
    if len(coarse.v_template) == len(fine.v_template):
        return mean.v_template
    ends = middles(coarse, LONGEST_EDGE)
    return np.concatenate((mean.v_template, (mean.v_template[ends[:, 0]] + mean.v_template[ends[:, 1]]) / 2))
