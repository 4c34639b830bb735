"""Questions with one right answer among several, asked in several wordings that training never uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ...people.grammar import articles
from .heldout import Item

Phrase = Callable[[str, bool], str]
"""The words for a key; the flag asks for words that are kept for tests."""


@dataclass(frozen=True)
class Topic:
    """What is asked about one picture, before it is put into words."""

    family: str
    """Row of the table."""
    keys: tuple[str, ...]
    """The choices, the right one first."""
    phrase: Phrase
    forms: tuple[str, ...]
    """Wordings of the question, `{}` where the phrase goes."""
    also: tuple[str, ...] = ()
    """Rows that it counts in, too."""
    slot: str = ""
    """The part of the map that must be seen, where it is about one."""
    again: bool = True
    """Whether it is asked in words that are kept for tests, too."""


@dataclass(frozen=True)
class Question:
    """One choice about one picture."""

    family: str
    also: tuple[str, ...]
    picture: int
    answer: str
    kept: bool
    """Whether the right answer is said in words that training never says."""
    said: tuple[str, ...]
    """The choices by themselves, the right one first."""
    texts: tuple[tuple[str, ...], ...]
    """The same in each wording of the question."""
    slot: str

    @property
    def chance(self) -> float:
        """Of guessing rightly."""
        return 1 / len(self.said)


def put(topic: Topic, picture: int) -> Iterator[Question]:
    """The topic in plain words, and in kept ones where its answer has some."""
    for kept in (False, True) if topic.again else (False,):
        said = dict.fromkeys(topic.phrase(key, kept) for key in topic.keys)
        right = topic.phrase(topic.keys[0], kept)
        if len(said) < 2 or (kept and right == topic.phrase(topic.keys[0], False)):
            continue
        texts = tuple(tuple(articles(form.format(choice)) for choice in said) for form in topic.forms)
        bare = tuple(articles(choice) for choice in said)
        yield Question(topic.family, topic.also, picture, topic.keys[0], kept, bare, texts, topic.slot)


def questions(items: Sequence[Item]) -> list[Question]:
    """All that can be asked about some pictures."""
    from . import about_clothes, about_people, about_scene

    asked: list[Question] = []
    for item in items:
        for about in (about_clothes, about_people, about_scene):
            for topic in about.topics(item):
                asked += put(topic, item.number)
    return asked
