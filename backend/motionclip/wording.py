"""A label in several wordings, so that the model learns what is said and not how."""

from __future__ import annotations

import re
from functools import lru_cache

from ..people.actions import verbs
from ..people.grammar import gerund

_CLASH = {"do": "does", "go": "goes"}


def third_person(verb: str) -> str:
    """`walks` of `walk`."""
    if verb in _CLASH:
        return _CLASH[verb]
    if re.search(r"[^aeiou]y$", verb):
        return verb[:-1] + "ies"
    return verb + ("es" if re.search(r"(s|x|z|ch|sh)$", verb) else "s")


@lru_cache(maxsize=65536)
def wordings(label: str) -> tuple[str, ...]:
    """The label as it is, then other sentences that say the same.

    A label that begins with a verb becomes sentences about a person; any other stays as it is, and becomes what a
    person does by a phrase around it.
    """
    text = " ".join(label.lower().split())
    first, _, rest = text.partition(" ")
    if first not in verbs():
        return (text, f"a person: {text}") if not text.startswith(("a ", "someone", "the ")) else (text,)
    rest = f" {rest}" if rest else ""
    # "jump up and down" has no second verb; of "sit and wave" both change.
    said = [_both(text, third_person), _both(text, gerund)]
    return (
        text,
        f"a person {said[0]}",
        f"someone {said[0]}",
        f"a person is {said[1]}",
        f"{said[1]}",
        f"a man is {said[1]}" if len(rest) % 2 else f"a woman is {said[1]}",
    )


def _both(text: str, form: object) -> str:
    """The first word, and a verb after `and`, in another form."""
    words = text.split()
    known = verbs()
    for i, word in enumerate(words):
        if word in known and (i == 0 or words[i - 1] == "and"):
            words[i] = form(word)  # pyright: ignore[reportCallIssue]
    return " ".join(words)
