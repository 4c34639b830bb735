"""English that phrases are put together with: articles, lists, the -ing form."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

_VOWEL = r"(?:(?!uni|use|usu|eu|one\b)[aeiou]|hour|honest)"
_WANTS_AN = re.compile(rf"\b(a) (?={_VOWEL})", re.IGNORECASE)
_WANTS_A = re.compile(rf"\b(a)n (?!{_VOWEL})", re.IGNORECASE)
_DOUBLED = re.compile(r"\b(\w+) \1\b")
_IRREGULAR = {
    "lie": "lying", "tie": "tying", "die": "dying", "flee": "fleeing", "sidestep": "sidestepping",
    "begin": "beginning",
}  # fmt: skip
_DOUBLES_ITS_END = re.compile(r"(?:[^aeiou]|qu)*[aeiou][bdgmnprt]")
"""Verbs of one syllable and one short vowel."""


def articles(text: str) -> str:
    """The same text with every `a` and `an` as the next word wants it."""
    return _WANTS_A.sub(r"\1 ", _WANTS_AN.sub(r"\1n ", text))


def joined(items: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


@lru_cache(maxsize=4096)
def gerund(verb: str) -> str:
    """`running` of `run`; a word in -ing stays as it is."""
    if verb in _IRREGULAR:
        return _IRREGULAR[verb]
    if re.search(r"[aeiouy].*ing$", verb):
        return verb
    if verb.endswith("e") and not verb.endswith(("oe", "ee", "ye")):
        return verb[:-1] + "ing"
    return verb + (verb[-1] if _DOUBLES_ITS_END.fullmatch(verb) else "") + "ing"


def doubled_word(text: str) -> str:
    """The first word that stands twice in a row, or nothing."""
    found = _DOUBLED.search(text)
    return found[1] if found else ""
