"""Retrieval precision on files of paired sentences, as in CLIP-Actor's Table 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..encoders import TextEncoder
from ..files import explain_os_error
from ..protocol import InvalidInput
from .index import LabelIndex, build_index
from .retrieval import DEFAULT, ORDERS, WORDS, rank_texts, resolve_order

Pairs = Sequence[tuple[str, str]]


def read_pairs(path: str | Path) -> list[tuple[str, str]]:
    """Rows of query and matching label from a tab-separated file; empty lines are skipped.

    Raises:
        InvalidInput: missing, empty, not UTF-8, or a row without two columns.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise explain_os_error(error, path) from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path.name} is not UTF-8 text.", "Save it as UTF-8.") from error
    pairs = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        columns = [" ".join(c.split()) for c in line.split("\t")]
        if len(columns) < 2 or not columns[0] or not columns[1]:
            raise InvalidInput(
                f"Line {number} of {path.name} has not two columns.", "Write query, tab, matching label in each line."
            )
        pairs.append((columns[0], columns[1]))
    if not pairs:
        raise InvalidInput(f"{path.name} has no pairs.", "Write query, tab, matching label in each line.")
    return pairs


def precision(
    pairs: Pairs,
    indexes: Mapping[str, LabelIndex],
    stages: Sequence[str],
    encoders: Mapping[str, TextEncoder],
    k: int,
) -> dict[str, Any]:
    """Hits over all rows: every distinct label is a candidate but the query's own sentence.

    A hit is a top label that the file pairs with the query.
    """
    matches: dict[str, set[str]] = {}
    for query, label in pairs:
        matches.setdefault(query, set()).add(label)
    best: dict[str, str] = {}
    for query in matches:
        found = rank_texts(query, indexes, stages, encoders, k, 1, exclude=query)
        best[query] = found[0].text if found else ""
    hits = sum(best[query] in matches[query] for query, _ in pairs)
    return {"hits": hits, "pairs": len(pairs), "percent": round(100 * hits / len(pairs), 2)}


def compare_orders(pairs: Pairs, encoders: Mapping[str, TextEncoder], k: int = 3) -> dict[str, Any]:
    """Precision of every order that the encoders allow, the default among them."""
    remembered = {name: _Remembering(encoder, pairs) for name, encoder in encoders.items()}
    labels = list(dict.fromkeys(label for _, label in pairs))
    indexes = {name: build_index(labels, encoder) for name, encoder in remembered.items()}
    variants = {}
    for order in ORDERS:
        name, stages, _ = resolve_order(order, tuple(encoders))
        if all(s in encoders or s == WORDS for s in stages):
            variants[name] = precision(pairs, indexes, stages, remembered, k)
    return {"variants": variants, "default": DEFAULT, "k": k}


class _Remembering:
    """An encoder that has seen all texts of the pairs, so that no variant pays for them again."""

    def __init__(self, encoder: TextEncoder, pairs: Pairs) -> None:
        self.name, self.kind, self.dim, self.digest = encoder.name, encoder.kind, encoder.dim, encoder.digest
        texts = list(dict.fromkeys(text for pair in pairs for text in pair))
        self._rows = dict(zip(texts, encoder.encode(texts), strict=True))

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """(n, dim) vectors from memory."""
        return np.stack([self._rows[text] for text in texts])
