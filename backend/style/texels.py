"""Which point of a body's surface each pixel of its texture (a texel) shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from scipy.ndimage import distance_transform_edt
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from torch import Tensor

from ..body.layout import BodyArrays
from ..protocol import InvalidInput
from ..render.interpolate import look
from ..render.raster import MAX_SIDE, face_ids

MOST_TEXELS = 1 << 16
"""Looked at together: bounds memory, whatever the texture's size."""


@dataclass(frozen=True)
class Points:
    """P texels, in order of row and column, and the points of the surface in their middles."""

    pixel: Tensor
    """(P,) int64 place in the flattened texture."""
    face: Tensor
    """(P,) int64."""
    weights: Tensor
    """(P, 3) float64 barycentric coordinates in the face."""


@dataclass(frozen=True)
class Texels:
    """A square texture of a mesh; its first row is on top, where v is 1."""

    size: int
    uv: Tensor
    """(T, 2) float64; no two alike, so that triangles that meet in the texture share rows."""
    uv_faces: Tensor
    """(F, 3) int64 rows of `uv`."""
    ids: Tensor
    """(S, S) int32 face at each texel's middle, -1 between the islands. Of faces upon each other the first shows."""

    @cached_property
    def covered(self) -> np.ndarray:
        """(S, S) bool: a face covers the texel's middle."""
        return (self.ids >= 0).numpy()

    @cached_property
    def islands(self) -> Tensor:
        """(F,) int64 number of the island that each face belongs to."""
        rows = self.uv_faces.reshape(-1).numpy()
        columns = self.uv_faces.roll(1, 1).reshape(-1).numpy()
        count = len(self.uv)
        links = coo_matrix((np.ones(len(rows), bool), (rows, columns)), (count, count))
        return torch.from_numpy(connected_components(links, directed=False)[1]).long()[self.uv_faces[:, 0]]

    def bands(self) -> Iterator[tuple[int, int]]:
        """First row and the row after the last of pieces of about `MOST_TEXELS`."""
        step = max(1, MOST_TEXELS // self.size)
        return ((top, min(top + step, self.size)) for top in range(0, self.size, step))

    def points(self, top: int, end: int) -> Points:
        """Of the covered texels of the rows `top` to `end` (without it)."""
        seen = look(_pixels(self.uv, self.size, top), self.uv_faces, self.ids[None, top:end])
        # Their middles lie inside as float32 has it, and here by a rounding outside.
        weights = seen.weights.t().nan_to_num(1 / 3).clamp(0, 1)
        return Points(seen.pixel + top * self.size, seen.face, weights / weights.sum(1, keepdim=True))

    def filled(self, texture: np.ndarray) -> np.ndarray:
        """(S, S, C) with the nearest covered texel's value between the islands, where look-ups beside their borders
        and smaller versions of the texture mix it in."""
        if self.covered.all() or not self.covered.any():
            return texture
        row, column = distance_transform_edt(~self.covered, return_distances=False, return_indices=True)  # pyright: ignore[reportGeneralTypeIssues]
        return texture[row, column]


def texels_of(arrays: BodyArrays, size: int) -> Texels | None:
    """The texture of a body, or none where it has no texture coordinates.

    Only what lies within 0 and 1 is in the texture.

    Args:
        size: S, texels of a side.

    Raises:
        InvalidInput: a size that cannot be drawn, or texture coordinates of another mesh.
    """
    vt, ft = arrays.extras.get("vt"), arrays.extras.get("ft")
    if vt is None or ft is None:
        return None
    if not 0 < size <= MAX_SIDE:
        raise InvalidInput(f"A texture of {size} pixels cannot be drawn.", f"Give 1 to {MAX_SIDE}.")
    if ft.shape != arrays.faces.shape or vt.ndim != 2 or vt.shape[1] != 2:
        raise InvalidInput(
            f"The texture coordinates of {arrays.name} have shape {vt.shape} and their faces {ft.shape}.",
            f"Give (T, 2), and (F, 3) for the same {len(arrays.faces)} faces.",
        )
    unique, which = np.unique(vt, axis=0, return_inverse=True)
    uv = torch.from_numpy(unique.astype(np.float64))
    uv_faces = torch.from_numpy(which.reshape(-1)[ft.astype(np.int64)]).long()
    return Texels(size, uv, uv_faces, face_ids(_pixels(uv, size), uv_faces, size, size)[0])


def _pixels(uv: Tensor, size: int, top: int = 0) -> Tensor:
    """(1, T, 3) places in the texture from row `top` on, as a renderer projects vertices: all equally deep."""
    return torch.stack((uv[:, 0] * size, (1 - uv[:, 1]) * size - top, torch.ones_like(uv[:, 0])), 1)[None]
