"""Which pictures and words come together in a step; decided by the seed and the step alone."""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .shards import GROUP, Pictures

PHRASES = 2
"""Of each picture, with their false twins."""
FULL = 0.6
"""How often a picture's second caption is one that says much."""
_SIDED = re.compile(r"\b(left|right)")
_STATURE = frozenset(("tall", "short", "petite", "stocky", "lanky"))


@dataclass(frozen=True)
class Words:
    """What is said of n pictures. Texts are given as numbers in `texts`."""

    mirrors: Tensor
    """(n,) whether nothing that is said of the picture would change in a mirror."""
    near: Tensor
    """(n,) whether nothing that is said of it would change from nearer."""
    texts: list[str]
    captions: Tensor
    """(n, 2) two true captions of each picture."""
    false: Tensor
    """(n,) the first caption with one thing changed, or -1."""
    allowed: Tensor
    """(n, 2, n) whether the caption may count as false of the picture: it says something that is not told of it."""
    phrases: Tensor
    """(n, PHRASES) or -1."""
    twins: Tensor
    """(n, PHRASES) false phrases for the same part, or -1."""
    slots: Tensor
    """(n, PHRASES) the part that a phrase is about."""
    same: Tensor
    """(n PHRASES, n PHRASES) whether two phrases name the same."""
    elsewhere: Tensor
    """(n, n) whether the first phrase of a picture is false of another one: nothing there is called so."""


@dataclass(frozen=True)
class Batch(Words):
    """A step's pictures and words."""

    pictures: Tensor
    """(n, S, S, 3) uint8."""
    parts: Tensor
    """(n, s, s) uint8."""


class Batches:
    """Batches of a set.

    Args:
        shards: the pictures.
        size: pictures a batch; two of each group, whose shape is the same and whose colours differ.
        seed: decides everything.
    """

    def __init__(self, shards: Pictures, size: int, seed: int) -> None:
        self.shards, self.size, self.seed = shards, size, seed
        self._slots = {name: i for i, name in enumerate(shards.part_names)}

    def since(self, step: int) -> Generator[Batch]:
        """The batches from a step on, without end; the next one is read while one is used."""
        with ThreadPoolExecutor(1) as ahead:
            coming = ahead.submit(self.at, step)
            while True:
                step += 1
                batch, coming = coming.result(), ahead.submit(self.at, step)
                yield batch

    def at(self, step: int) -> Batch:
        """The batch of one step."""
        indices, words = self.words_at(step)
        return Batch(
            **vars(words),
            pictures=torch.from_numpy(np.stack([self.shards.pictures(i) for i in indices])),
            parts=torch.from_numpy(np.stack([self.shards.parts(i) for i in indices])),
        )

    def words_at(self, step: int) -> tuple[list[int], Words]:
        """Which pictures are in the batch of one step, and what is said of them."""
        groups = len(self.shards) // GROUP
        each = self.size // 2
        steps = max(1, groups // each)
        epoch, within = divmod(step, steps)
        order = np.random.default_rng([self.seed, epoch, 0]).permutation(groups)
        lots = np.random.default_rng([self.seed, step, 1])
        chosen = order[within * each : (within + 1) * each]
        # Members 0 and 1 wear one set of colours, 2 and 3 another.
        member = lots.integers(0, 2, (len(chosen), 2)) + np.array([0, 2])
        indices = (chosen[:, None] * GROUP + member).ravel().tolist()
        return indices, self._say([self.shards.words(i) for i in indices], lots)

    def _say(self, words: Sequence[dict[str, Any]], lots: np.random.Generator) -> Words:
        texts = _Texts()
        drawn = [_draw(row, lots, texts, self._slots) for row in words]
        phrases = [p for row in drawn for p in row.phrases]
        means = np.unique([p.means for p in phrases], return_inverse=True)[1]
        return Words(
            torch.tensor([not _SIDED.search(" ".join(texts.texts[t] for t in row.used())) for row in drawn]),
            torch.tensor([row.near for row in drawn]),
            texts.texts,
            torch.tensor([row.captions for row in drawn]),
            torch.tensor([row.false for row in drawn]),
            torch.from_numpy(_allowed([row.says for row in drawn], [_told(row) for row in words])),
            torch.tensor([[p.text for p in row.phrases] for row in drawn]),
            torch.tensor([[p.twin for p in row.phrases] for row in drawn]),
            torch.tensor([[p.slot for p in row.phrases] for row in drawn]),
            torch.from_numpy(means[:, None] == means),
            torch.from_numpy(_elsewhere([row.phrases[0].means for row in drawn], words)),
        )


class _Texts:
    """Different texts by number."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._at: dict[str, int] = {}

    def number(self, text: str) -> int:
        at = self._at.setdefault(text, len(self.texts))
        if at == len(self.texts):
            self.texts.append(text)
        return at


@dataclass(frozen=True)
class _Phrase:
    text: int = -1
    twin: int = -1
    slot: int = 0
    means: str = ""


@dataclass(frozen=True)
class _Drawn:
    captions: tuple[int, int]
    says: tuple[frozenset[tuple[str, ...]], ...]
    false: int
    near: bool
    phrases: list[_Phrase]

    def used(self) -> list[int]:
        """All of its texts."""
        phrases = [t for p in self.phrases for t in (p.text, p.twin)]
        return [t for t in (*self.captions, self.false, *phrases) if t >= 0]


def _draw(row: dict[str, Any], lots: np.random.Generator, texts: _Texts, slots: dict[str, int]) -> _Drawn:
    """The words of one picture for one step."""
    captions, negatives = row["captions"], row["negatives"]
    false, first, family = -1, int(lots.integers(len(captions))), ""
    if negatives:
        negative = negatives[int(lots.integers(len(negatives)))]
        false, first, family = texts.number(negative["text"]), negative["caption"], negative["family"]
    full = [i for i, c in enumerate(captions) if c["detail"] == "full" and i != first]
    rest = [i for i in range(len(captions)) if i != first] or [first]
    pool = full if full and lots.random() < FULL else rest
    second = pool[int(lots.integers(len(pool)))]
    chosen = (captions[first], captions[second])
    order = lots.permutation(len(row["phrases"]))[:PHRASES]
    phrases = [_phrase(row["phrases"][k], texts, slots) for k in order]
    says = tuple(frozenset(map(tuple, c["says"])) for c in chosen)
    near = family != "build" and not any(kind == "build" and value in _STATURE for s in says for kind, _, value in s)
    return _Drawn(
        (texts.number(chosen[0]["text"]), texts.number(chosen[1]["text"])),
        says,
        false,
        near,
        phrases + [_Phrase()] * (PHRASES - len(phrases)),
    )


def _phrase(row: dict[str, Any], texts: _Texts, slots: dict[str, int]) -> _Phrase:
    twin = texts.number(row["false"]) if row.get("false") else -1
    return _Phrase(texts.number(row["text"]), twin, slots[row["slot"]], _meaning(row))


def _meaning(phrase: dict[str, Any]) -> str:
    return f"{phrase['slot']} {phrase['attribute']}"


def _elsewhere(means: Sequence[str], words: Sequence[dict[str, Any]]) -> np.ndarray:
    """(n, n) whether nothing of a picture is called as another's phrase calls something."""
    named = [frozenset(map(_meaning, row["phrases"])) for row in words]
    return np.array([[meaning not in names for names in named] for meaning in means])


def _told(row: dict[str, Any]) -> frozenset[tuple[str, ...]]:
    """All that any caption says of a picture."""
    return frozenset(tuple(said) for c in row["captions"] for said in c["says"])


def _allowed(
    says: Sequence[tuple[frozenset[tuple[str, ...]], ...]], told: Sequence[frozenset[tuple[str, ...]]]
) -> np.ndarray:
    """(n, 2, n) whether a caption says something that is told of no part of a picture: else it may well be true."""
    number = {said: i for i, said in enumerate(sorted(frozenset().union(*told)))}
    not_told = np.ones((len(number), len(told)), np.float32)
    for j, facts in enumerate(told):
        not_told[[number[said] for said in facts], j] = 0
    said = np.zeros((len(says), 2, len(number)), np.float32)
    for i, pair in enumerate(says):
        for k, facts in enumerate(pair):
            said[i, k, [number[s] for s in facts]] = 1
    return said @ not_told > 0
