"""The words that a tower has vectors for; others are looked up in MiniLM when they first come."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from .words import MOST, split, word_features


class Vocabulary:
    """Rows of vectors by word.

    Args:
        words: n different words.
        rows: (n, d) their vectors.
        find: vectors (k, d) of k words that are not among them, which are kept; by default MiniLM's features.
    """

    def __init__(
        self, words: Sequence[str], rows: Tensor, find: Callable[[Sequence[str]], Tensor] | None = None
    ) -> None:
        self._at = {word: i for i, word in enumerate(words)}
        self.rows = rows
        self._find = find or (lambda new: torch.from_numpy(word_features(new)))

    @property
    def words(self) -> tuple[str, ...]:
        """In the order of their rows."""
        return tuple(self._at)

    def __len__(self) -> int:
        return len(self._at)

    def learn(self, words: Sequence[str]) -> None:
        """Look up those that are new."""
        new = sorted(set(words) - self._at.keys())
        if new:
            self.rows = torch.cat((self.rows, self._find(new).to(self.rows)))
            self._at.update((word, len(self._at)) for word in new)

    def read(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Numbers of words (n, L), and where there are any (n, L); words beyond `MOST` are cut."""
        split_texts = [split(text)[:MOST] for text in texts]
        self.learn([word for words in split_texts for word in words])
        length = max(1, *map(len, split_texts)) if split_texts else 1
        numbers = np.zeros((len(texts), length), np.int64)
        there = np.zeros((len(texts), length), bool)
        for row, words in enumerate(split_texts):
            numbers[row, : len(words)] = [self._at[word] for word in words]
            there[row, : len(words)] = True
        return torch.from_numpy(numbers), torch.from_numpy(there)
