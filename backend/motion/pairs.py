"""Retrieval precision on files of paired sentences, as in CLIP-Actor's Table 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..encoders import TextEncoder
from ..files import explain_os_error
from ..protocol import InvalidInput
from .index import LabelIndex, build_index
from .orders import DEFAULT, VARIANTS, Order, resolve_order
from .ranking import rank_texts

Pairs = Sequence[tuple[str, str]]
WEIGHTS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 1.0)
"""That a comparison of weights tries."""
SHOWN = 5
"""How many labels a person is shown."""


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


@dataclass(frozen=True)
class Trial:
    """Pairs, the candidates, and what encoders make of both."""

    pairs: Pairs
    encoders: Mapping[str, TextEncoder]
    indexes: Mapping[str, LabelIndex]

    @classmethod
    def of(cls, pairs: Pairs, encoders: Mapping[str, TextEncoder], further: Sequence[str] = ()) -> Trial:
        """Every distinct label of the pairs is a candidate, and so are `further` labels."""
        labels = list(dict.fromkeys([label for _, label in pairs] + list(further)))
        remembered = {name: _Remembering(encoder, pairs, further) for name, encoder in encoders.items()}
        return cls(pairs, remembered, {name: build_index(labels, encoder) for name, encoder in remembered.items()})

    def ranks(self, order: Order, k: int) -> dict[str, int]:
        """By query: the place of the first label that the pairs give it, from 0; `SHOWN` where it is further down.

        The query's own sentence is no candidate.
        """
        matches: dict[str, set[str]] = {}
        for query, label in self.pairs:
            matches.setdefault(query, set()).add(label)
        places: dict[str, int] = {}
        for query, right in matches.items():
            found = rank_texts(query, self.indexes, order, self.encoders, k, SHOWN, exclude=query)
            places[query] = next((place for place, label in enumerate(found) if label.text in right), SHOWN)
        return places

    def precision(self, order: Order, k: int) -> dict[str, Any]:
        """`hits` over all rows of the file, as CLIP-Actor counts; and of the distinct queries, how many are right.

        A hit is a top label that the file pairs with the query.
        """
        places = self.ranks(order, k)
        hits = sum(places[query] == 0 for query, _ in self.pairs)
        return {
            "hits": hits,
            "pairs": len(self.pairs),
            "percent": round(100 * hits / len(self.pairs), 2),
            "queries": len(places),
            "right": sum(place == 0 for place in places.values()),
            f"among_{SHOWN}": sum(place < SHOWN for place in places.values()),
        }


def compare_orders(
    pairs: Pairs, encoders: Mapping[str, TextEncoder], k: int = 3, further: Sequence[str] = ()
) -> dict[str, Any]:
    """Precision of every order that the encoders allow, the default among them.

    Args:
        further: labels that are candidates too.
    """
    trial, variants = Trial.of(pairs, encoders, further), {}
    for name in VARIANTS:
        order = resolve_order(name, tuple(encoders))
        if set(order.encoders) <= set(encoders):
            variants[name] = {"stages": list(order.stages), **trial.precision(order, k)}
    return {"variants": variants, "default": DEFAULT, "k": k}


def compare_weights(
    pairs: Pairs, encoders: Mapping[str, TextEncoder], k: int = 3, further: Sequence[str] = ()
) -> dict[str, Any]:
    """The default by the weight of its vision-language encoder: right queries of each half of the file.

    `held_out` counts each half at the weight that is best on the other (of equals the smallest).

    Raises:
        InvalidInput: there is no vision-language encoder beside a sentence encoder.
    """
    order = resolve_order(DEFAULT, tuple(encoders))
    if len(order.encoders) < 2:
        raise InvalidInput("There is nothing to weigh: the default has one encoder here.", "Leave --weights out.")
    trial = Trial.of(pairs, {name: encoders[name] for name in order.encoders}, further)
    halves: dict[float, tuple[int, int]] = {}
    for weight in WEIGHTS:
        right = [place == 0 for place in trial.ranks(replace(order, caption_weight=weight), k).values()]
        halves[weight] = (sum(right[::2]), sum(right[1::2]))
    best = [max(WEIGHTS, key=lambda w, half=half: halves[w][half]) for half in (0, 1)]
    return {
        "stages": list(order.stages),
        "weights": [{"weight": w, "halves": list(right), "right": sum(right)} for w, right in halves.items()],
        "chosen": best,
        "held_out": halves[best[1]][0] + halves[best[0]][1],
        "queries": len({query for query, _ in pairs}),
        "used": order.caption_weight,
    }


class _Remembering:
    """An encoder that has seen all texts of the pairs, so that no variant pays for them again."""

    def __init__(self, encoder: TextEncoder, pairs: Pairs, further: Sequence[str]) -> None:
        self.name, self.kind, self.dim, self.digest = encoder.name, encoder.kind, encoder.dim, encoder.digest
        texts = list(dict.fromkeys([text for pair in pairs for text in pair] + list(further)))
        self._rows = dict(zip(texts, encoder.encode(texts), strict=True))

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """(n, dim) vectors from memory."""
        return np.stack([self._rows[text] for text in texts])
