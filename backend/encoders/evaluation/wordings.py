"""Single words for single facts: the plain one that training says, and one that only tests say."""

from __future__ import annotations

from functools import lru_cache

from ...people.clothing import options_of
from ...people.grammar import articles
from ...people.voice import Voice, wordings

PRONOUNS = {"{his}": "their", "{him}": "them", "{he}": "they"}


@lru_cache(maxsize=4096)
def word(table: str, key: str, kept: bool = False) -> str:
    """How a fact is called.

    Args:
        table: of `people/wordings.json`.
        kept: by a word that is kept for tests, where there is one; else by the first that training says.
    """
    trained = wordings("train")[table].get(key) or (key,)
    if not kept:
        return neutral(trained[0])
    every = {w for options in wordings("train")[table].values() for w in options}
    return neutral(next((w for w in wordings("test")[table].get(key, ()) if w not in every), trained[0]))


@lru_cache(maxsize=8192)
def garment(kind: str, before: str, kept: bool = False) -> str:
    """`a red t-shirt`, or `a t-shirt` where nothing stands before."""
    trained = options_of(kind, Voice(0, "train"))
    option = word("garments", kind, kept)
    return articles(" ".join((option if "{}" in option else trained[0]).replace("{}", before).split()))


def neutral(phrase: str) -> str:
    """A phrase of nobody in particular."""
    for place, pronoun in PRONOUNS.items():
        phrase = phrase.replace(place, pronoun)
    return phrase
