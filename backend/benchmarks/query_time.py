"""A warm query over 1,000 to 100,000 labels, the encoder's own time left out: ours against semantic_search."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from ..encoders.torchvision_ops import ensure_torchvision_imports
from ..motion.index import LabelIndex
from ..motion.orders import WORDS, Order
from ..motion.ranking import rank_texts
from .table import Row, seconds_of

SIZES = (1_000, 10_000, 100_000)
DIM = 384
QUERY = "a man walking backwards"
ORDER = Order("fixed+words", ("fixed", WORDS))
VERBS = ("walk", "run", "jump", "turn", "kick", "wave", "bow", "sit", "stand", "crawl", "dance", "throw")
MANNERS = ("slowly", "quickly", "forward", "backward", "left", "right", "up", "down", "around", "happily", "twice")


class FixedEncoder:
    """Stands in for an encoder whose time is not measured: always the same vector."""

    name, kind, dim, digest = "fixed", "sentence", DIM, "0" * 64

    def __init__(self, vector: np.ndarray) -> None:
        self.vector = vector

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """(n, d), all rows alike."""
        return np.repeat(self.vector[None], len(texts), 0)


def run() -> list[Row]:
    """One row a size; both sides search exactly, over the same unit vectors, and return ten labels.

    Ours reads float16 and ranks the ten again by their words; the peer reads float32 and returns cosines.
    """
    ensure_torchvision_imports()
    from sentence_transformers.util import semantic_search

    rng = np.random.default_rng(0)
    rows = []
    for size in SIZES:
        vectors = rng.normal(size=(size, DIM)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        texts = [f"{rng.choice(VERBS)} {rng.choice(MANNERS)} {i}" for i in range(size)]
        query = vectors[size // 2] + 0.05 * rng.normal(size=DIM).astype(np.float32)
        query /= np.linalg.norm(query)
        index, encoder = LabelIndex(texts, vectors.astype(np.float16)), FixedEncoder(query)
        corpus, asked = torch.from_numpy(vectors), torch.from_numpy(query)[None]

        def ours(index: LabelIndex = index, encoder: FixedEncoder = encoder) -> object:
            return rank_texts(QUERY, {"fixed": index}, ORDER, {"fixed": encoder}, k=3, top=10)

        def theirs(corpus: torch.Tensor = corpus, asked: torch.Tensor = asked) -> object:
            return semantic_search(asked, corpus, top_k=10)

        fast, slow = seconds_of(ours, theirs, repeats=15)
        rows.append(Row.of_seconds(f"query, {size:,} labels", fast, slow, "sentence-transformers semantic_search"))
    return rows
