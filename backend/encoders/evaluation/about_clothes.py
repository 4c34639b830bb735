"""What is asked about clothes: the colour of a named garment, which garment it is, its pattern."""

from __future__ import annotations

from collections.abc import Iterator

from ...people.colours import ANCHORS
from ...people.garments import KINDS
from ...people.negatives import PATTERNS, alike
from ...people.outfits import split_of_garment
from ...people.spec import Garment
from .heldout import Item
from .questions import Phrase, Topic
from .wordings import garment, word

BASIC = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "white", "grey", "black")
FORMS = ("this person wears {}", "somebody has {} on", "{} can be seen in this picture")
TRIAL = ("a person wearing {}",)
"""The one form that training knows: what people write, and what earlier figures were taken with."""
COLOUR, NEW_PAIR, TYPE = "garment colour", "of pairs that training never shows", "garment type"
AS_WRITTEN, ALL_NAMES = 'as "a person wearing ..."', "of all 24 names"
EVEN = ("", "bright")
"""Light in which a shade is what its name says; facts leave out the plain one."""


def topics(item: Item) -> Iterator[Topic]:
    """Of every garment that the picture shows."""
    for worn, slot in zip(item.facts.garments, item.facts.slots, strict=True):
        yield from _colour(item, worn, slot)
        others = [k.name for k in KINDS.values() if k.slot == slot and not alike(k.name, worn.kind)]
        if others:
            name = f"type of {slot}"
            yield Topic(name, (worn.kind, *others), _kind, FORMS, (TYPE,), slot)
        if worn.pattern in PATTERNS and worn.pattern not in ("plain", "camouflage"):
            keys = (worn.pattern, "plain", *(p for p in PATTERNS[worn.pattern] if p != "camouflage"))
            yield Topic("pattern", keys, _patterned(worn), FORMS, slot=slot)


def _colour(item: Item, worn: Garment, slot: str) -> Iterator[Topic]:
    """Of garments of a single colour: what has a second one answers to both names."""
    if worn.second or worn.colour not in ANCHORS:
        return
    phrase = _coloured(worn.kind)
    if worn.colour in BASIC:
        keys = (worn.colour, *(c for c in BASIC if c != worn.colour))
        also = [COLOUR]
        if split_of_garment(worn.kind, worn.colour) == "test":
            also.append(f"{COLOUR}, {NEW_PAIR}")
        if item.facts.light in EVEN:
            also.append(f"{COLOUR}, in even or bright light")
        yield Topic(f"colour of {slot}", keys, phrase, FORMS, tuple(also), slot)
        yield Topic(f"{COLOUR}, {AS_WRITTEN}", keys, phrase, TRIAL, (), slot, False)
    keys = (worn.colour, *(c for c in ANCHORS if c != worn.colour))
    yield Topic(f"{COLOUR}, {ALL_NAMES}", keys, phrase, TRIAL, (), slot, False)


def _coloured(kind: str) -> Phrase:
    return lambda colour, kept: garment(kind, word("colours", colour, kept))


def _kind(kind: str, kept: bool) -> str:
    return garment(kind, "", kept)


def _patterned(worn: Garment) -> Phrase:
    def phrase(pattern: str, kept: bool) -> str:
        a, b = word("colours", worn.colour), word("colours", worn.second)
        text = word("patterns", pattern, kept) if pattern != "plain" else "plain {a}"
        return garment(worn.kind, text.replace("{a}", a).replace("{b}", b))

    return phrase
