"""Embeddings of texts, kept: in memory always, on disk where that is sooner than computing them again.

A text of ViT-B/32 takes some 30 ms on a CPU. The file's name needs the digest of the model's weights, which takes as
long as some tens of texts: for fewer than `FEW` the disk is not asked.
"""

from __future__ import annotations

import hashlib
import sys
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..files import load_npz, save_npz
from ..protocol import InvalidInput

MOST = 8192
"""Texts that are kept, in memory and in a file: 16 MB at 512 numbers each."""
FEW = 32
"""So many texts are computed without a look at the disk."""
Rows = dict[bytes, np.ndarray]
"""(dim,) float32 by the hash of its text."""


class TextCache:
    """Asks for each text once; forgets those that were asked for least recently.

    Args:
        compute: (n, dim) of n different texts.
        file: where they are kept beyond the process; called when that is needed. None keeps none.
        most: texts that are kept.
    """

    def __init__(
        self, compute: Callable[[list[str]], Tensor], file: Callable[[], Path] | None = None, most: int = MOST
    ) -> None:
        self._compute, self._file, self._most = compute, file, most
        self._rows: OrderedDict[bytes, np.ndarray] = OrderedDict()

    def vectors(self, texts: Sequence[str]) -> Tensor:
        """(n, dim) float32 on the CPU, in the order of the texts."""
        keys = [hashlib.sha256(text.encode()).digest()[:16] for text in texts]
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._rows}
        found = {key: self._rows[key] for key in keys if key not in missing}
        path = self._file() if self._file and len(missing) > FEW else None
        if path is not None:
            kept = read_rows(path)
            found |= {key: kept[key] for key in missing if key in kept}
        new = [key for key in missing if key not in found]
        if new:
            found |= dict(zip(new, self._compute([missing[key] for key in new]).cpu().numpy(), strict=True))
        for key in dict.fromkeys(keys):
            self._rows[key] = found[key]
            self._rows.move_to_end(key)
        if path is not None and new:
            self._write(path)
        while len(self._rows) > self._most:
            self._rows.popitem(last=False)
        return torch.from_numpy(np.stack([found[key] for key in keys]))

    def _write(self, path: Path) -> None:
        """The rows in memory, most recent first, and as many of the file's as there is room for."""
        rows = dict(reversed(self._rows.items()))
        rows |= {key: row for key, row in read_rows(path).items() if key not in rows}
        names = list(rows)[: self._most]
        keys = np.frombuffer(b"".join(names), np.uint8).reshape(-1, 16)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            save_npz(path, keys=keys, vectors=np.stack([rows[name] for name in names]))
        except (InvalidInput, OSError) as error:  # a full or read-only disk costs time, not the result
            print(f"Embeddings of texts are not kept: {error}", file=sys.stderr)
            self._file = None


def read_rows(path: Path) -> Rows:
    """Rows of a file, most recent first; none where it is absent or damaged."""
    if not path.is_file():
        return {}
    try:
        arrays = load_npz(path)
        keys, vectors = arrays["keys"], arrays["vectors"]
        if keys.dtype != np.uint8 or keys.shape != (len(vectors), 16) or vectors.ndim != 2:
            raise InvalidInput(f"{path.name} does not hold embeddings of texts.")
    except (InvalidInput, KeyError) as error:
        print(f"Texts are embedded again: {error}", file=sys.stderr)
        return {}
    return {key.tobytes(): row for key, row in zip(keys, vectors.astype(np.float32), strict=True)}
