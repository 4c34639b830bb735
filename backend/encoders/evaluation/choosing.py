"""How often the right one of several texts is nearest to a picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from .embedding import Scorer, Seen
from .heldout import Item
from .intervals import Figure, share_of
from .questions import Question
from .retrieval import TIE

Told = Callable[[str], str]


def answer(asked: Sequence[Question], scorer: Scorer, retell: Told = lambda text: text) -> NDArray[np.floating]:
    """(n,) share of each question's wordings in which the right text scores higher than every other one.

    Args:
        retell: what becomes of a text where the pictures were changed.
    """
    scorer.learn(retell(text) for question in asked for choices in question.texts for text in choices)
    right = np.zeros(len(asked))
    for i, question in enumerate(asked):
        texts = [retell(text) for choices in question.texts for text in choices]
        scores = scorer.at(question.picture, texts).reshape(len(question.texts), -1)
        right[i] = (scores[:, 0] > scores[:, 1:].max(1) + TIE).mean()
    return right


def share(asked: Sequence[Question], right: NDArray[np.floating], which: Iterable[int]) -> Figure:
    """The figure of some of the questions."""
    chosen = list(which)
    chance = float(np.mean([asked[i].chance for i in chosen])) if chosen else 0.0
    return share_of(right[chosen], [asked[i].picture for i in chosen], chance)


def by_family(asked: Sequence[Question], right: NDArray[np.floating], kept: bool) -> dict[str, Figure]:
    """Each row's figure, of questions in plain words or in kept ones; pooled rows too."""
    rows: dict[str, list[int]] = {}
    for i, question in enumerate(asked):
        if question.kept == kept:
            for family in (question.family, *question.also):
                rows.setdefault(family, []).append(i)
    return {family: share(asked, right, which) for family, which in rows.items()}


def commonest(asked: Sequence[Question]) -> dict[str, float]:
    """Family -> how often somebody is right who always says its most common answer."""
    answers: dict[str, Counter[str]] = {}
    for question in asked:
        if not question.kept:
            answers.setdefault(question.family, Counter())[question.answer] += 1
    return {family: max(counted.values()) / counted.total() for family, counted in answers.items()}


def of_row(asked: Sequence[Question], family: str, seen: Seen) -> list[Question]:
    """Questions of a row, in plain words, about parts that the pictures still show."""
    return [
        q
        for q in asked
        if not q.kept and family in (q.family, *q.also) and (not q.slot or q.slot in seen.slots[q.picture])
    ]


def false_captions(items: Sequence[Item], scorer: Scorer) -> dict[str, Figure]:
    """How often a true caption scores higher than the same with one thing made false: of all, and by what."""
    pairs = [
        (item.number, item.row["captions"][false["caption"]]["text"], false["text"], false["family"])
        for item in items
        for false in item.row["negatives"]
    ]
    if not pairs:
        return {}
    scorer.learn(text for pair in pairs for text in pair[1:3])
    numbers = np.array([pair[0] for pair in pairs])
    scores = np.array([scorer.at(number, said) for number, *said, _ in pairs])
    right = (scores[:, 0] > scores[:, 1] + TIE).astype(float)
    families = np.array([pair[3] for pair in pairs])
    found = {"all": share_of(right, numbers, 0.5)}
    for family in sorted(set(families), key=lambda f: -(families == f).sum()):
        found[str(family)] = share_of(right[families == family], numbers[families == family], 0.5)
    return found
