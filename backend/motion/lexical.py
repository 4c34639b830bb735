"""What the words themselves say: a second stage that needs no model."""

from __future__ import annotations

import math
import re
from functools import lru_cache

OVERLAP = 0.1
"""Weight of shared character sequences against the cosine."""
LENGTH = 0.05
"""Weight of a difference in length: a label that says much more or less than the prompt is another motion."""
CONTRADICTION = 0.2
"""Subtracted where the prompt and the label name opposite directions or manners."""

_OPPOSITES = (
    ({"forward", "forwards", "ahead"}, {"backward", "backwards", "back", "reverse"}),
    ({"left"}, {"right"}),
    ({"up", "upwards", "upstairs", "rise", "rises", "rising"}, {"down", "downwards", "downstairs", "lower"}),
    ({"fast", "faster", "quick", "quickly", "hurried", "briskly"}, {"slow", "slower", "slowly"}),
    ({"clockwise"}, {"counterclockwise", "anticlockwise"}),
    ({"happy", "happily", "joyful", "cheerfully"}, {"sad", "sadly", "depressed"}),
)


@lru_cache(maxsize=4096)
def _grams(text: str) -> frozenset[str]:
    """Sequences of three and four characters of a text in lower case, its ends marked by spaces."""
    text = f" {text.lower()} "
    return frozenset(text[i : i + n] for n in (3, 4) for i in range(len(text) - n + 1))


def overlap(a: str, b: str) -> float:
    """Dice coefficient of the texts' character sequences, 0 to 1: forgives endings, unlike words."""
    left, right = _grams(a), _grams(b)
    return 2 * len(left & right) / max(len(left) + len(right), 1)


def contradicts(prompt: str, label: str) -> bool:
    """Whether the two name opposite directions or manners, and neither names both."""
    a, b = (set(re.findall(r"[a-z]+", text.lower())) for text in (prompt, label))
    for one, other in _OPPOSITES:
        said, shown = (bool(a & one), bool(a & other)), (bool(b & one), bool(b & other))
        if any(said) and any(shown) and said == (shown[1], shown[0]) and said != (True, True):
            return True
    return False


def lexical_score(prompt: str, label: str) -> float:
    """What is added to the cosine of a label in the second stage."""
    length = abs(math.log(max(len(label), 1) / max(len(prompt), 1)))
    return OVERLAP * overlap(prompt, label) - LENGTH * length - CONTRADICTION * contradicts(prompt, label)
