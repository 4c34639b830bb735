"""What every text encoder offers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np

from ..files import sha256_of


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


@lru_cache(maxsize=16)
def digest_files(*paths: Path, salt: str = "") -> str:
    """sha256 over the content of files, in order, and `salt`; computed once a process."""
    parts = [salt, *(sha256_of(path) for path in paths if path.is_file())]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def normalise(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to unit length; (..., d)."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return (vectors / np.maximum(length, 1e-12)).astype(np.float32)
