"""Vectors of all pictures of a set, as they are and changed, and of the texts that are compared with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...people.facts import visible
from ..base import JointEncoder
from .changes import Change
from .heldout import HeldOut, Pixels, Tell

PICTURES, TEXTS = 32, 256
"""At once."""
AS_IT_IS = ""
"""The name of no change."""

Array = NDArray[np.float32]
Watch = Callable[[NDArray[np.integer], Tensor, Pixels], None]
"""Is shown each batch as it is: the pictures' numbers, (n, 3, H, W), and the maps of parts."""


@dataclass(frozen=True)
class Seen:
    """A set's pictures in one state."""

    vectors: Array
    """(n, dim)."""
    slots: tuple[frozenset[str], ...]
    """Parts that each still shows."""


class Texts:
    """Vectors of texts, each computed once; what is too long is read up to the encoder's limit."""

    def __init__(self, encoder: JointEncoder, tell: Tell = lambda line: None) -> None:
        self._encoder, self._tell = encoder, tell
        self._at: dict[str, int] = {}
        self._table = np.empty((0, encoder.dim), np.float32)

    def __len__(self) -> int:
        return len(self._at)

    def learn(self, texts: Iterable[str]) -> None:
        """Compute those that are new."""
        new = [text for text in dict.fromkeys(texts) if text not in self._at]
        rows = [self._table]
        for i in range(0, len(new), TEXTS):
            rows.append(self._encoder.encode(new[i : i + TEXTS]))
            self._tell(f"texts: {len(self) + i:,}, {len(new) - i:,} to come")
        if new:
            self._table = np.concatenate(rows)
            self._at.update(zip(new, range(len(self._at), len(self._table)), strict=True))

    def vectors(self, texts: Sequence[str]) -> Array:
        """(n, dim), in the order of the texts."""
        if not all(text in self._at for text in texts):
            self.learn(texts)
        return self._table[[self._at[text] for text in texts]]


class Scorer(Protocol):
    """How well texts fit the pictures of a set: higher is better, from text to text and from picture to picture."""

    def learn(self, texts: Iterable[str]) -> None:
        """Prepare many texts at once."""
        ...

    def among(self, texts: Sequence[str], numbers: Sequence[int]) -> Array:
        """(t, n) of texts and some pictures."""
        ...

    def at(self, number: int, texts: Sequence[str]) -> Array:
        """(t,) of texts and one picture."""
        ...


class Whole:
    """By the cosine of a text with the whole picture.

    Args:
        pictures: (N, dim) of all pictures.
    """

    def __init__(self, texts: Texts, pictures: Array) -> None:
        self.texts, self._pictures = texts, pictures

    def learn(self, texts: Iterable[str]) -> None:
        """As `Scorer`'s."""
        self.texts.learn(texts)

    def among(self, texts: Sequence[str], numbers: Sequence[int]) -> Array:
        """As `Scorer`'s."""
        return self.texts.vectors(texts) @ self._pictures[list(numbers)].T

    def at(self, number: int, texts: Sequence[str]) -> Array:
        """As `Scorer`'s."""
        return self.texts.vectors(texts) @ self._pictures[number]


def tensor_of(pictures: Pixels) -> Tensor:
    """(n, 3, H, W) in [0, 1] of (n, H, W, 3) bytes."""
    return torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float().div(255)


@torch.inference_mode()
def see_all(
    encoder: JointEncoder,
    held: HeldOut,
    changes: Mapping[str, Change],
    watch: Watch | None = None,
    tell: Tell = lambda line: None,
) -> dict[str, Seen]:
    """The set as it is, under `AS_IT_IS`, and under each change; each file is read once.

    Args:
        watch: is shown each batch that is not changed.
    """
    vectors: dict[str, list[Array]] = {name: [] for name in (AS_IT_IS, *changes)}
    slots: dict[str, list[frozenset[str]]] = {name: [] for name in vectors}
    for numbers, pictures, parts in held.batches(PICTURES):
        seeds = [int(held.rows[i]["seed"]) for i in numbers]
        for name in vectors:
            p, m = changes[name](pictures, parts, seeds) if name else (pictures, parts)
            images = tensor_of(p)
            vectors[name].append(encoder.encode_images(images).cpu().numpy())
            slots[name] += [frozenset(visible(one, held.part_names)) for one in m]
            if watch and not name:
                watch(numbers, images, parts)
        tell(f"pictures: {numbers[-1] + 1:,} of {len(held):,}, each in {len(vectors)} states")
    return {name: Seen(np.concatenate(vectors[name]), tuple(slots[name])) for name in vectors}
