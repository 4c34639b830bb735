"""Which words become sliders: few that reach far and say different things (Semantify, section 3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..protocol import InvalidInput
from .clusters import clusters
from .families import Descriptor

VOTES = 5
"""Best words of a sample that get a vote."""


@dataclass(frozen=True)
class Choice:
    """The chosen words, and how they came to be."""

    words: tuple[str, ...]
    """By falling variance, those that were asked for first."""
    regions: tuple[tuple[str, ...], ...]
    """The words of each region before any was filtered, by falling variance."""
    kept: tuple[tuple[str, ...], ...]
    """Those that each region kept."""
    silhouettes: dict[int, float]
    """Of each number of regions that was tried."""
    threshold: float
    """Of absolute correlation: the median of all pairs."""


def correlations(scores: np.ndarray) -> np.ndarray:
    """(w, w) absolute correlation of the scores of w words; a word that never varies correlates with none."""
    centred = scores - scores.mean(0)
    length = np.linalg.norm(centred, axis=0)
    unit = np.where(length > 1e-9, centred / np.maximum(length, 1e-9), 0.0)
    return np.abs(unit.T @ unit)


def votes(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(regions, w): of each region's samples, the share that has a word among its five best.

    Args:
        scores: (n, w); labels: (n,) from 0.
    """
    top = min(VOTES, scores.shape[1])
    best = np.argsort(-scores, axis=1, kind="stable")[:, :top]
    counted = np.zeros((int(labels.max()) + 1, scores.shape[1]))
    np.add.at(counted, (labels.repeat(top), best.ravel()), 1.0)
    return counted / np.bincount(labels)[:, None]


def choose(
    descriptors: Sequence[Descriptor],
    scores: np.ndarray,
    embeddings: np.ndarray,
    *,
    seed: int,
    count: int = 0,
    forced: Sequence[str] = (),
    standardised: bool = False,
    among: Sequence[str] | None = None,
) -> Choice:
    """Choose words for sliders.

    Args:
        descriptors: w of them.
        scores: (n, w) of n samples.
        embeddings: (n, dim) of the same samples.
        seed: decides where regions begin.
        count: words that are wanted; 0: as many as the method finds.
        forced: words that are in any case among them.
        standardised: compare words for votes by scores in standard deviations of each: the published way takes raw
            scores, of which some words have high ones for every picture.
        among: words that may be chosen; none: all.

    Raises:
        InvalidInput: a forced word is not in the list, or more words are wanted than there are.
    """
    words = [d.word for d in descriptors]
    unknown = [word for word in forced if word not in words]
    if unknown:
        raise InvalidInput(f"{unknown[0]!r} is no word of the family.", f"Use some of {', '.join(words)}.")
    allowed = [i for i, word in enumerate(words) if among is None or word in among or word in forced]
    if count > len(allowed) or count < 0 or (count and count < len(forced)):
        raise InvalidInput(f"{count} words are wanted.", f"Give {max(len(forced), 1)} to {len(allowed)}.")
    if not allowed:
        raise InvalidInput("There is no word to choose from.", "Give other words or another encoder.")
    deviation = np.maximum(scores.std(0), 1e-12)
    labels, widths = clusters(embeddings, seed)
    counted = votes((scores - scores.mean(0)) / deviation if standardised else scores, labels)
    rules = _Rules(descriptors, scores, allowed)
    regions, kept = [], []
    wanted = [words.index(word) for word in dict.fromkeys(forced)]
    for region in range(len(counted)):
        # A word that nobody voted for belongs to no region.
        mine = [i for i in allowed if counted[:, i].max() > 0 and counted[:, i].argmax() == region]
        regions.append(rules.by_variance(mine))
        kept.append(rules.filtered(regions[-1], wanted)[len(wanted) :])
    chosen = rules.filtered(rules.by_variance([i for row in kept for i in row]), wanted)
    if count:
        chosen = _resized(rules, chosen, count)
    found, left = (tuple(tuple(words[i] for i in row) for row in rows) for rows in (regions, kept))
    return Choice(tuple(words[i] for i in chosen), found, left, widths, rules.threshold)


def _resized(rules: _Rules, chosen: list[int], count: int) -> list[int]:
    """Cut from the bottom, or filled up by variance: first with words that no chosen one forbids."""
    out = chosen[:count]
    for forbidding in (True, False):
        for i in rules.by_variance(rules.allowed):
            if len(out) < count and i not in out and not (forbidding and rules.forbidden(i, out)):
                out.append(i)
    return out


class _Rules:
    """What may stand beside what."""

    def __init__(self, descriptors: Sequence[Descriptor], scores: np.ndarray, allowed: Sequence[int]) -> None:
        self.descriptors, self.allowed = descriptors, list(allowed)
        self.variance = scores.var(0)
        self.correlation = correlations(scores)
        pairs = self.correlation[np.ix_(allowed, allowed)][np.triu_indices(len(allowed), 1)]
        self.threshold = float(np.median(pairs)) if len(pairs) else 1.0

    def by_variance(self, which: Sequence[int]) -> list[int]:
        return sorted(which, key=lambda i: -self.variance[i])

    def forbidden(self, i: int, chosen: Sequence[int]) -> bool:
        """Whether a chosen word is a synonym or an antonym."""
        mine = self.descriptors[i]
        own = {*mine.synonyms, *mine.antonyms}
        return any(
            self.descriptors[j].word in own
            or mine.word in (*self.descriptors[j].synonyms, *self.descriptors[j].antonyms)
            for j in chosen
        )

    def filtered(self, order: Sequence[int], first: Sequence[int]) -> list[int]:
        """`first`, then of `order` what correlates with none of those before, and is neither synonym nor antonym."""
        out = list(first)
        for i in order:
            tied = any(self.correlation[i, j] > self.threshold for j in out)
            if i not in out and not tied and not self.forbidden(i, out):
                out.append(i)
        return out
