"""Sentence encoders through sentence-transformers: all-MiniLM-L6-v2, all-mpnet-base-v2, any folder that it reads."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..assets import hub_allowed
from ..protocol import InvalidInput
from .base import TextEncoder, digest_files, normalise

BATCH = 32
"""Texts a forward pass."""


def _load(folder: Path) -> Any:
    """The model on the CPU, without progress bars, and without the network unless the user allows it."""
    if not hub_allowed():
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    from .torchvision_ops import ensure_torchvision_imports

    ensure_torchvision_imports()
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()
    return SentenceTransformer(str(folder), device="cpu", local_files_only=True)


class SentenceEncoder:
    """A sentence-transformers model.

    Args:
        name: key in the factories.
        folder: as sentence-transformers writes it.
    """

    kind = "sentence"

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder = name, folder
        self._files = sorted(p for p in folder.rglob("*") if p.suffix in (".json", ".safetensors", ".txt"))
        self._model = _load(folder)
        self.dim = len(self.encode(["a"])[0])

    @property
    def digest(self) -> str:
        return digest_files(*self._files, salt="sentence-transformers")

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """(n, dim) float32 of unit length.

        Texts of one length in tokens are computed together, so that nothing is padded: a text's vector does not
        depend on how long its neighbours are.
        """
        lengths = [len(ids) for ids in self._model.tokenizer(list(texts))["input_ids"]]
        groups: dict[int, list[int]] = {}
        for i, length in enumerate(lengths):
            groups.setdefault(length, []).append(i)
        rows: list[np.ndarray] = [np.empty(0)] * len(texts)
        for _, group in sorted(groups.items()):
            vectors = self._model.encode([texts[i] for i in group], batch_size=BATCH, show_progress_bar=False)
            for i, vector in zip(group, vectors, strict=True):
                rows[i] = vector
        return normalise(np.stack(rows))

    def word_pieces(self, words: Sequence[str]) -> np.ndarray:
        """(n, dim) float32 of unit length: the mean of the embeddings, before any layer, of each word's pieces."""
        table = self._model[0].auto_model.get_input_embeddings().weight.detach().float().numpy()
        pieces = self._model.tokenizer(list(words), add_special_tokens=False)["input_ids"]
        return normalise(np.stack([table[ids].mean(0) if ids else np.zeros(self.dim, np.float32) for ids in pieces]))


def load_sentence_encoder(name: str, folder: Path) -> TextEncoder:
    """The encoder in a folder.

    Raises:
        InvalidInput: the folder does not hold one.
    """
    try:
        return SentenceEncoder(name, folder)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidInput(
            f"{folder} does not hold a sentence encoder.",
            "Give one as sentence-transformers saves it, with config.json, tokenizer.json and model.safetensors.",
        ) from error
