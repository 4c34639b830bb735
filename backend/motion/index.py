"""Vectors of a library's labels: computed once, kept in one memory-mapped float16 file, searched exactly."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..encoders.base import TextEncoder
from ..files import atomic_path
from ..protocol import InvalidInput

KEY_BYTES = 16
BLOCK = 4096


class LabelIndex:
    """Rows of unit vectors, one a text.

    Args:
        texts: n distinct texts.
        vectors: (n, d) float16, usually memory-mapped.
        encoded: how many of the rows were computed for this object; the others came from the file.
    """

    def __init__(self, texts: Sequence[str], vectors: np.ndarray, encoded: int = 0) -> None:
        self.texts = list(texts)
        self.vectors = vectors
        self.encoded = encoded
        self._wide: np.ndarray | None = None

    def scores(self, query: np.ndarray) -> np.ndarray:
        """(n,) float32 cosines to a unit vector (d,).

        The first call widens the rows to float32 and keeps them: numpy multiplies float16 eight times more slowly.
        """
        if self._wide is None:
            self._wide = np.empty(self.vectors.shape, np.float32)
            for start in range(0, len(self._wide), BLOCK):
                self._wide[start : start + BLOCK] = self.vectors[start : start + BLOCK]
        return self._wide @ query

    def at(self, rows: Sequence[int]) -> np.ndarray:
        """(len(rows), d) float32 vectors of some rows."""
        return self.vectors[list(rows)].astype(np.float32)


def best_rows(scores: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k best rows (CLIP-Actor Eq. 1), equal scores in the order of the texts.

    Args:
        scores: (n,).

    Returns:
        (k,) row numbers and (k,) scores, best first.
    """
    k = min(k, len(scores))
    if k == 0:
        return np.empty(0, int), np.empty(0, np.float32)
    threshold = np.partition(scores, len(scores) - k)[len(scores) - k]
    rows = np.flatnonzero(scores >= threshold)
    rows = rows[np.lexsort((rows, -scores[rows]))][:k]
    return rows, scores[rows]


def build_index(texts: Sequence[str], encoder: TextEncoder, folder: Path | None = None) -> LabelIndex:
    """The index of distinct texts; only those that the folder's file lacks are encoded.

    The file is replaced as a whole, so of two processes that write, one wins and both have what they need. A
    damaged or foreign file is made again.

    Args:
        folder: where to keep the file; None keeps nothing.
    """
    return _build(texts, encoder, folder / f"labels-{encoder.digest[:16]}.npy" if folder else None)


def _build(texts: Sequence[str], encoder: TextEncoder, path: Path | None) -> LabelIndex:
    kind = np.dtype([("key", f"V{KEY_BYTES}"), ("vector", "<f2", (encoder.dim,))])
    keys = [hashlib.blake2b(text.encode(), digest_size=KEY_BYTES).digest() for text in texts]
    stored = _read(path, kind)
    if stored is not None and stored["key"].tobytes() == b"".join(keys):
        return LabelIndex(texts, stored["vector"])
    known = {} if stored is None else {key.tobytes(): row for row, key in enumerate(stored["key"])}
    missing = [i for i, key in enumerate(keys) if key not in known]
    table = np.zeros(len(texts), kind)
    table["key"] = np.frombuffer(b"".join(keys), f"V{KEY_BYTES}")
    if stored is not None:
        old = [(i, known[key]) for i, key in enumerate(keys) if key in known]
        table["vector"][[i for i, _ in old]] = stored["vector"][[row for _, row in old]]
    if missing:
        table["vector"][missing] = encoder.encode([texts[i] for i in missing])
    if path is None:
        return LabelIndex(texts, table["vector"], len(missing))
    try:
        with atomic_path(path) as temporary, open(temporary, "wb") as stream:
            np.save(stream, table, allow_pickle=False)
        table = np.load(path, mmap_mode="r", allow_pickle=False)
    except InvalidInput:
        # A cache that cannot be written costs time, not the answer.
        return LabelIndex(texts, table["vector"], len(missing))
    return LabelIndex(texts, table["vector"], len(missing))


def _read(path: Path | None, kind: np.dtype) -> np.ndarray | None:
    """The stored table, or None where there is none that fits."""
    if path is None or not path.is_file():
        return None
    try:
        table = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return table if table.dtype == kind and table.ndim == 1 else None
