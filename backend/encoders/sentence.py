"""Sentence encoders: all-MiniLM-L6-v2, all-mpnet-base-v2, and any folder that sentence-transformers reads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from ..protocol import InvalidInput
from .base import TextEncoder, digest_files, normalise
from .transformer import SUPPORTED, Transformer

_FILES = ("config.json", "tokenizer.json", "1_Pooling/config.json", "model.safetensors")
BATCH = 32
_THREADS = 2


class SentenceEncoder:
    """Mean of the last layer's token vectors, computed in numpy.

    Args:
        name: key in the factories.
        folder: as sentence-transformers writes it.
    """

    kind = "sentence"

    def __init__(self, name: str, folder: Path) -> None:
        from tokenizers import Tokenizer

        self.name, self.folder = name, folder
        self._transformer = Transformer(folder)
        self.dim = self._transformer.dim
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_max_length(folder))

    @property
    def digest(self) -> str:
        return digest_files(*(self.folder / name for name in _FILES), salt="mean-pooled")

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """(n, dim) float32 of unit length."""
        return normalise(np.stack([t.mean(0) for t in self.encode_tokens(texts)]))

    def encode_tokens(self, texts: Sequence[str]) -> list[np.ndarray]:
        """For each text its (tokens, dim) float32 vectors of the last layer, [CLS] and [SEP] included.

        Texts of one length in tokens are computed together, in batches of a fixed size: there is no padding, and
        no text's vectors depend on its neighbours.
        """
        from threadpoolctl import threadpool_limits

        ids = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        by_length: dict[int, list[int]] = {}
        for i, row in enumerate(ids):
            by_length.setdefault(len(row), []).append(i)
        batches = [
            group[start : start + BATCH]
            for _, group in sorted(by_length.items())
            for start in range(0, len(group), BATCH)
        ]
        found: list[np.ndarray] = [np.empty(0)] * len(ids)

        def run(batch: list[int]) -> None:
            for i, vectors in zip(batch, self._transformer(np.array([ids[j] for j in batch])), strict=True):
                found[i] = vectors

        # One BLAS thread: sums in one order whatever the machine, and no spinning beside other work.
        with threadpool_limits(1), ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(run, batches))
        return found


class LibrarySentenceEncoder:
    """Any other model folder, through sentence-transformers."""

    kind = "sentence"

    def __init__(self, name: str, folder: Path) -> None:
        from .torchvision_ops import ensure_torchvision_imports

        ensure_torchvision_imports()
        from sentence_transformers import SentenceTransformer

        self.name, self.folder = name, folder
        self._model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
        self.dim = len(self.encode(["a"])[0])

    @property
    def digest(self) -> str:
        files = sorted(p for p in self.folder.rglob("*") if p.suffix in (".json", ".safetensors", ".txt"))
        return digest_files(*files, salt="sentence-transformers")

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """(n, dim) float32 of unit length, one text at a time: a batch's padding would change the last bits."""
        rows = [self._model.encode([text], show_progress_bar=False)[0] for text in texts]
        return normalise(np.stack(rows))


def load_sentence_encoder(name: str, folder: Path) -> TextEncoder:
    """The encoder in a folder.

    Raises:
        InvalidInput: the folder does not hold one.
    """
    try:
        kind = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("model_type")
        if kind in SUPPORTED and _mean_pooled(folder):
            return SentenceEncoder(name, folder)
        return LibrarySentenceEncoder(name, folder)
    except (OSError, ValueError, KeyError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"{folder} does not hold a sentence encoder.",
            "Give a folder that sentence-transformers saved, with config.json, tokenizer.json and model.safetensors.",
        ) from error


def _mean_pooled(folder: Path) -> bool:
    path = folder / "1_Pooling" / "config.json"
    config = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return bool(config.get("pooling_mode_mean_tokens")) and (folder / "model.safetensors").is_file()


def _max_length(folder: Path) -> int:
    path = folder / "sentence_bert_config.json"
    return int(json.loads(path.read_text(encoding="utf-8")).get("max_seq_length") or 256) if path.is_file() else 256
