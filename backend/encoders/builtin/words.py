"""Texts as rows of words, and what is known of a word before any training here: MiniLM's opinion of it.

A word's features are the mean of MiniLM's embeddings of its pieces, and MiniLM's vector of the word as a text by
itself. Both place a word that no caption had near words that captions did have.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

FEATURES = 768
"""384 of the pieces, 384 of the whole; each half of unit length."""
MOST = 64
"""Words and marks of a text that are read."""
_WORD = re.compile(r"[a-z]-[a-z]+|[^\W\d_]+(?:['’][a-z]+)?|\d+|[,.;]")


def split(text: str) -> list[str]:
    """Words and marks of a text in small letters: `A dark-skinned man, in a T-shirt` has `t-shirt` in one piece."""
    return _WORD.findall(text.lower())


def word_features(words: Sequence[str]) -> np.ndarray:
    """(n, FEATURES) float32 of words, by MiniLM, which is loaded.

    Raises:
        AssetsMissing: MiniLM is not on this machine.
    """
    from ..factory import load_encoder
    from ..sentence import SentenceEncoder

    encoder = load_encoder("minilm")
    assert isinstance(encoder, SentenceEncoder)
    return np.concatenate([encoder.word_pieces(words), encoder.encode(words)], 1)
