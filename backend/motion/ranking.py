"""Ranks texts by a query, stage by stage (CLIP-Actor Eq. 1 and 2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ..encoders import TextEncoder
from .index import LabelIndex, best_rows
from .lexical import lexical_score
from .orders import POOL, WORDS, Order, members


@dataclass(frozen=True)
class Ranked:
    """A text of an index with its scores; `scores` has one a stage that saw it."""

    text: str
    score: float
    scores: dict[str, float]


def rank_texts(
    query: str, indexes: Mapping[str, LabelIndex], order: Order, encoders: Mapping[str, TextEncoder],
    k: int, top: int, exclude: str | None = None,
) -> list[Ranked]:  # fmt: skip
    """The best texts for a query: each stage orders anew what the one before it handed on; the rest stays behind.

    A stage's score is the cosine of its encoder, or the weighted mean of its encoders' cosines; `WORDS` adds to the
    score that a text has.

    Args:
        indexes: one an encoder, all over the same texts in the same order.
        order: whose encoders are among `encoders`.
        k: how many labels a stage hands to the next encoder.
        top: how many to return.
        exclude: a text that may not be returned.
    """
    vectors = {name: encoders[name].encode([query])[0] for name in order.encoders}
    texts = indexes[order.encoders[0]].texts
    first, *later = order.stages
    seen = len(texts)
    pools = [seen := min(seen, max(k, POOL) if stage == WORDS else k) for stage in later]
    every = _mean(order, first, lambda name: indexes[name].scores(vectors[name]))
    rows, scores = best_rows(every, max(top, *pools, 0) + 1)
    found = [
        (int(row), Ranked(texts[row], float(score), {first: float(score)}))
        for row, score in zip(rows, scores, strict=True)
        if texts[row] != exclude
    ]
    for stage, pool in zip(later, pools, strict=True):
        head = found[:pool]
        if stage == WORDS:
            added = [lexical_score(query, ranked.text) for _, ranked in head]
            totals = [ranked.score + a for (_, ranked), a in zip(head, added, strict=True)]
        else:
            at = [row for row, _ in head]
            totals = added = _mean(order, stage, lambda name, at=at: indexes[name].at(at) @ vectors[name]).tolist()
        again = [
            (row, Ranked(ranked.text, total, {**ranked.scores, stage: a}))
            for (row, ranked), total, a in zip(head, totals, added, strict=True)
        ]
        # Equal scores stay as the stage before had them.
        found[:pool] = sorted(again, key=lambda pair: -pair[1].score)
    return [ranked for _, ranked in found[:top]]


def _mean(order: Order, stage: str, cosines: Callable[[str], np.ndarray]) -> np.ndarray:
    """A stage's scores from its encoders' cosines by name."""
    names = members(stage)
    if len(names) == 1:
        return cosines(names[0])
    return np.sum([order.weight(name, stage) * cosines(name) for name in names], axis=0)
