"""What encoders offer: text alone, or text and pictures in one space."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ..files import sha256_of
from ..protocol import InvalidInput

if TYPE_CHECKING:
    from torch import Tensor

PRECISIONS = ("float32", "bfloat16", "float16")


class TextEncoder(Protocol):
    """Turns texts into unit vectors whose dot product is a similarity."""

    name: str
    """Key in `factory.ENCODERS`."""
    kind: str
    """`sentence` (trained on text) or `vision-language` (trained on captions with their pictures)."""
    dim: int
    """Length of a vector."""

    @property
    def digest(self) -> str:
        """sha256 of weights and configuration: vectors of encoders with the same digest are interchangeable."""
        ...

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """(n, dim) float32, of unit length; a text's vector does not depend on the texts beside it."""
        ...


@dataclass(frozen=True)
class EncoderOptions:
    """How an encoder of pictures computes; none of it changes what it computes, but for rounding."""

    device: str = "auto"
    """`auto`, `cpu`, `cuda`, `mps`, or a device of torch such as `cuda:1`."""
    precision: str = "float32"
    """One of `PRECISIONS`, of the towers: embeddings are float32 in any case. Less than float32 is for GPUs, where it
    halves the memory; a CPU without units for it is far slower: 28 times, measured."""
    chunk: int = 0
    """Pictures that go through the tower at once; 0: all of them."""
    checkpoint: bool = False
    """Keep no activations: the backward pass computes each chunk again, in the memory of one."""

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise InvalidInput(f"There is no precision {self.precision!r}.", f"Use one of {', '.join(PRECISIONS)}.")
        if self.chunk < 0:
            raise InvalidInput(f"A chunk cannot hold {self.chunk} pictures.", "Give 0 for all at once, or more.")


class JointEncoder(TextEncoder, Protocol):
    """Texts and pictures in one space: what guides by words is written against this."""

    options: EncoderOptions
    picture_size: int
    """Pixels of a side that the image tower sees; others are resized to it."""
    scale: float
    """What cosines are multiplied by for a softmax among texts: the temperature's inverse that training found."""
    grounds: bool
    """Whether `ground` tells where in a picture a phrase is."""
    cell_scale: float
    """As `scale`, for cosines of phrases with regions; of no use where the encoder does not ground."""

    def encode_texts(self, texts: Sequence[str]) -> Tensor:
        """(n, dim) float32 unit vectors on the encoder's device, without gradient; kept: asking again is free.

        Raises:
            InvalidInput: a text is empty, or longer than the tower can read.
        """
        ...

    def encode_images(self, images: Tensor) -> Tensor:
        """Unit vectors of pictures, differentiable down to the pixels.

        Args:
            images: (n, 1 | 3 | 4, H, W) sRGB in [0, 1], grey, colour or with straight alpha, which is laid on white;
                any size, on any device.

        Returns:
            (n, dim) float32 on the encoder's device.
        """
        ...

    def encode_phrases(self, texts: Sequence[str]) -> Tensor:
        """(n, dim_g) unit vectors of phrases for single things ("a red shirt"), to be compared with `ground`'s cells.

        Raises:
            InvalidInput: as `encode_texts`; or the encoder does not ground.
        """
        ...

    def ground(self, images: Tensor) -> Tensor:
        """(n, dim_g, h, w) unit vectors of the cells of a grid over each picture, differentiable down to the pixels.

        A cell's cosine with a phrase says how well the phrase names what is there; a region's vector is the mean of
        its cells, scaled to unit length.

        Raises:
            InvalidInput: the encoder does not ground.
        """
        ...

    def phrase_fit(self, texts: Sequence[str], cells: Tensor) -> Tensor:
        """By how much phrases fit some cells of pictures better than they fit pictures at large.

        Args:
            texts: k phrases; cells: (n, dim_g, h, w) of `ground`.

        Returns:
            (n, k) nats, differentiable to the cells.

        Raises:
            InvalidInput: as `encode_phrases`.
        """
        ...

    def see(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """`encode_images` and `ground` of the same pictures, at the price of one of them.

        Raises:
            InvalidInput: the encoder does not ground.
        """
        ...


@lru_cache(maxsize=16)
def digest_files(*paths: Path, salt: str = "") -> str:
    """sha256 over the content of files, in order, and `salt`; computed once a process."""
    parts = [salt, *(sha256_of(path) for path in paths if path.is_file())]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def normalise(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to unit length; (..., d)."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return (vectors / np.maximum(length, 1e-12)).astype(np.float32)
