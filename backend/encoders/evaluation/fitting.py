"""Texts compared with pictures by the whole and by their phrases, as `fit.Fit` does, with pictures seen once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..base import JointEncoder
from ..fit import combined, named_phrases
from .embedding import Array, Texts

MOST = 2000
"""Pictures whose cells are kept."""
AT_ONCE = 32


class Cells:
    """Vectors of the cells of a set's pictures, in half precision."""

    def __init__(self) -> None:
        self._batches: list[Tensor] = []

    def keep(self, cells: Tensor) -> None:
        """Those of the next (n, dim_g, h, w)."""
        self._batches.append(cells.half())

    def all(self) -> Tensor:
        """(N, dim_g, h, w)."""
        return torch.cat(self._batches)


class Fitted:
    """A `Scorer` by logits.

    Args:
        texts: of the encoder; pictures: (N, dim) of all pictures; cells: theirs, as `Cells.all` gives them.
    """

    def __init__(self, encoder: JointEncoder, texts: Texts, pictures: Array, cells: Tensor) -> None:
        self._encoder, self._texts, self._pictures, self._cells = encoder, texts, pictures, cells

    def learn(self, texts: Iterable[str]) -> None:
        """As `Scorer`'s."""
        self._texts.learn(texts)

    @torch.inference_mode()
    def among(self, texts: Sequence[str], numbers: Sequence[int]) -> Array:
        """As `Scorer`'s."""
        phrases, named = named_phrases(texts)
        rows = [self._rows(texts, phrases, named, list(some)) for some in _parts(numbers)]
        return np.concatenate(rows).T

    def at(self, number: int, texts: Sequence[str]) -> Array:
        """As `Scorer`'s."""
        return self.among(texts, [number])[:, 0]

    def _rows(self, texts: Sequence[str], phrases: list[str], named: Tensor, numbers: list[int]) -> Array:
        """(n, t)."""
        whole = torch.from_numpy(self._pictures[numbers] @ self._texts.vectors(texts).T) * self._encoder.scale
        if not phrases:
            return whole.numpy()
        fits = self._encoder.phrase_fit(phrases, self._cells[numbers].float()).cpu()
        return combined(whole, fits, named).numpy()


def _parts(numbers: Sequence[int]) -> list[NDArray[np.integer]]:
    return np.array_split(np.array(numbers), max(1, -(-len(numbers) // AT_ONCE)))
