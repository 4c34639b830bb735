"""False captions: a true one with one thing changed into what the picture plainly does not show."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random
from typing import Any

import numpy as np

from .body_words import contrary
from .captions import Caption, Teller
from .clothing import NAMED_MATERIALS
from .colours import different
from .facts import Facts
from .outfits import Kind
from .spec import Garment, Person
from .voice import Voice, wordings

FAMILIES = {
    "colour": 3.0, "swap": 3.0, "garment": 2.0, "action": 2.5, "build": 2.5, "gender": 1.0, "view": 1.5, "hair": 1.5,
    "age": 1.5, "expression": 1.5, "light": 1.0, "skin": 1.0, "pattern": 1.5, "backdrop": 0.7, "beard": 1.0,
}  # fmt: skip
"""What is changed, and how readily."""
VIEWS = {
    "front": ("back", "side"),
    "three-quarter": ("back",),
    "side": ("back", "front"),
    "back": ("front", "three-quarter"),
}
AGES = {"old": ("young",), "young": ("old",)}
LIGHTS = {
    "bright": ("dim",), "dim": ("bright",), "warm": ("cold",), "cold": ("warm",),
    "from the left": ("from the right",), "from the right": ("from the left",), "from behind": ("bright",),
}  # fmt: skip
SKINS = {
    "pale": ("brown", "dark", "very dark"), "light": ("dark", "very dark"), "tan": ("very dark",),
    "brown": ("pale", "very dark"), "dark": ("pale", "light"), "very dark": ("pale", "light"),
}  # fmt: skip
HAIR = {
    "black": ("blond", "white", "red"), "dark brown": ("blond", "white", "red"), "brown": ("blond", "white", "black"),
    "blond": ("black", "dark brown", "red"), "red": ("black", "white", "blond"), "grey": ("black", "red", "brown"),
    "white": ("black", "dark brown", "red"), "pink": ("black", "blond", "green"), "blue": ("brown", "blond", "red"),
    "green": ("black", "red", "blond"), "purple": ("blond", "red", "white"),
}  # fmt: skip
HAIR_LENGTH = {
    "bald": 0, "shaved": 0, "buzz cut": 0, "short": 1, "mohawk": 1, "curly": 2, "bob": 2, "afro": 2, "bun": 2,
    "ponytail": 3, "long": 3,
}  # fmt: skip
"""Styles of the same or the next number may pass for each other, others never."""
EXPRESSIONS = {
    "neutral": ("smiling", "surprised", "angry"), "smiling": ("sad", "angry"), "sad": ("smiling", "surprised"),
    "angry": ("smiling", "surprised"), "surprised": ("eyes closed", "angry", "smiling"),
    "disgusted": ("smiling", "surprised"),
    "eyes closed": ("surprised",), "puffed cheeks": ("smiling", "surprised"), "pursed lips": ("smiling",),
}  # fmt: skip
PATTERNS = {
    "plain": ("striped", "checked", "dotted"), "striped": ("dotted", "camouflage"), "vertically striped": ("dotted",),
    "checked": ("dotted", "camouflage"), "dotted": ("striped", "checked"), "camouflage": ("striped", "dotted"),
}  # fmt: skip

Change = tuple[str, str, Callable[[], Facts]]
"""From what, to what, and what makes the facts of which it would be true."""


@dataclass(frozen=True)
class World:
    """What false captions are made from, besides the facts."""

    person: Person
    kinds: Mapping[str, Kind]
    actions: Sequence[tuple[str, str]]
    """(phrase, group) that the picture does not show, see `Actions.others`."""
    shaded: bool
    """Whether the light is such that greys, and pale colours in shadow, are not told apart."""


def negatives(
    rng: np.random.Generator, captions: Sequence[tuple[Caption, Voice]], facts: Facts, world: World, count: int
) -> list[dict[str, Any]]:
    """Up to `count` false captions, each of another family where there are so many.

    Args:
        captions: true ones, and the voice of each.

    Returns:
        for each `text`, `family`, what was changed `from` and `to`, and of which `caption`, by index.
    """
    lots = Random(int(rng.integers(2**63)))
    # The smallest of exponential times: drawn without replacement, in proportion to the weights.
    order = sorted(FAMILIES, key=lambda family: -math.log(1.0 - lots.random()) / FAMILIES[family])
    found: list[dict[str, Any]] = []
    for family in order:
        if len(found) == count:
            break
        one = _of_family(lots, family, captions, facts, world)
        if one and one["text"] not in {n["text"] for n in found}:
            found.append(one)
    return found


def _of_family(
    lots: Random, family: str, captions: Sequence[tuple[Caption, Voice]], facts: Facts, world: World
) -> dict[str, Any] | None:
    """A false caption of a family, of any of the captions that speak of it."""
    first = lots.randrange(len(captions))
    for i in range(len(captions)):
        index = (first + i) % len(captions)
        caption, voice = captions[index]
        changes = list(_CHANGES[family](lots, facts, caption, world))
        if not changes:
            continue
        old, new, changed = changes[lots.randrange(len(changes))]
        told = Teller(changed(), voice, caption.detail).tell(caption.form)
        if told is not None and told.text != caption.text and _only(family, caption, told):
            return {"text": told.text, "family": family, "from": old, "to": new, "caption": index}
    return None


def _only(family: str, true: Caption, false: Caption) -> bool:
    """Whether nothing else is said differently."""
    mine = {"swap": "colour"}.get(family, family)
    apart = set(true.says) ^ set(false.says)
    return bool(apart) and all(said[0] == mine for said in apart)


def _worn(facts: Facts, caption: Caption, family: str = "colour") -> list[int]:
    """Garments of which a caption says something."""
    slots = {said[1] for said in caption.says if said[0] == family}
    return [i for i, slot in enumerate(facts.slots) if slot in slots]


def _changed(facts: Facts, **fields: Any) -> Callable[[], Facts]:
    return lambda: replace(facts, **fields)


def _with(facts: Facts, changed: Mapping[int, Garment]) -> Callable[[], Facts]:
    return _changed(facts, garments=tuple(changed.get(i, g) for i, g in enumerate(facts.garments)))


def _colour(lots: Random, facts: Facts, caption: Caption, world: World) -> Iterator[Change]:
    worn = [i for i in _worn(facts, caption) if facts.garments[i].material not in ("steel", "brass")]
    if not worn:
        return
    i = worn[lots.randrange(len(worn))]
    garment = facts.garments[i]
    false = set(different(garment.colour))
    if garment.second:
        false &= set(different(garment.second))
    if world.shaded:
        false -= {"white", "light grey", "grey", "dark grey", "black", "beige"}
    if false:
        name = sorted(false)[lots.randrange(len(false))]
        changed = _with(facts, {i: replace(garment, colour=name)})
        yield f"{garment.colour} {garment.kind}", f"{name} {garment.kind}", changed


def _swap(lots: Random, facts: Facts, caption: Caption, world: World) -> Iterator[Change]:
    worn = [i for i in _worn(facts, caption) if not facts.garments[i].second]
    for i in worn:
        for j in worn:
            a, b = facts.garments[i], facts.garments[j]
            if i < j and b.colour in different(a.colour) and not {a.material, b.material} & {"steel", "brass"}:
                old = f"{a.colour} {a.kind}, {b.colour} {b.kind}"
                new = f"{b.colour} {a.kind}, {a.colour} {b.kind}"
                swapped = {i: replace(a, colour=b.colour), j: replace(b, colour=a.colour)}
                yield old, new, _with(facts, swapped)


def _garment(lots: Random, facts: Facts, caption: Caption, world: World) -> Iterator[Change]:
    worn = _worn(facts, caption, "garment")
    if not worn:
        return
    i = worn[lots.randrange(len(worn))]
    garment, kinds = facts.garments[i], world.kinds
    others = [name for name, kind in kinds.items() if kind.slot == facts.slots[i] and not alike(name, garment.kind)]
    if garment.material in NAMED_MATERIALS:
        others = [name for name in others if garment.material in kinds[name].materials]
    if others:
        name = others[lots.randrange(len(others))]
        yield garment.kind, name, _with(facts, {i: replace(garment, kind=name)})


@lru_cache(maxsize=16384)
def alike(one: str, other: str) -> bool:
    """Whether one kind of garment may be called by another's name."""
    if one == other or any(one in group and other in group for group in wordings("train")["alike"].values()):
        return True
    if one.split()[-1] == other.split()[-1] or one in other or other in one:
        return True
    words = wordings("test")["garments"]
    return bool(set(words.get(one, (one,))) & set(words.get(other, (other,))))


def _says(caption: Caption, family: str, of: str = "") -> list[str]:
    return [value for kind, slot, value in caption.says if kind == family and slot == of]


def _gender(lots: Random, facts: Facts, caption: Caption, world: World) -> Iterator[Change]:
    other = {"man": "woman", "woman": "man"}.get(facts.gender)
    # A face alone leaves it open.
    if other and facts.framing != "face" and _says(caption, "gender"):
        yield facts.gender, other, _changed(facts, gender=other)


def _build(lots: Random, facts: Facts, caption: Caption, world: World) -> Iterator[Change]:
    for word in _says(caption, "build"):
        for other in contrary(world.person, word):
            if other not in facts.builds:
                yield (
                    word,
                    other,
                    _changed(facts, builds=tuple(other if b == word else b for b in facts.builds)),
                )


def _single(family: str, table: Mapping[str, Sequence[str]]) -> Callable[..., Iterator[Change]]:
    """Changes of a fact that is one word, by a table of what is false where it is true."""

    def changes(lots: Random, facts: Facts, caption: Caption, world: World) -> Iterator[Change]:
        for value in _says(caption, family):
            for other in table.get(value, ()):
                yield value, other, _changed(facts, **{family: other})

    return changes


def _action(lots: Random, facts: Facts, caption: Caption, world: World) -> Iterator[Change]:
    said = _says(caption, "action")
    if said and world.actions:
        other = world.actions[lots.randrange(len(world.actions))][0]
        yield said[0], other, _changed(facts, action=(other,))


def _hair(lots: Random, facts: Facts, caption: Caption, world: World) -> Iterator[Change]:
    for colour in _says(caption, "hair", "colour"):
        for other in HAIR.get(colour, ()):
            yield f"{colour} hair", f"{other} hair", _changed(facts, hair_colour=other)
    for style in _says(caption, "hair", "style"):
        for other, length in HAIR_LENGTH.items():
            if (
                abs(length - HAIR_LENGTH.get(style, length)) >= 2
                and facts.hair_colour
                and other in ("long", "shaved", "short")
            ):
                yield style, other, _changed(facts, hair=other)


def _pattern(lots: Random, facts: Facts, caption: Caption, world: World) -> Iterator[Change]:
    for i in _worn(facts, caption, "pattern"):
        garment = facts.garments[i]
        for other in PATTERNS.get(garment.pattern, ()):
            yield garment.pattern, other, _with(facts, {i: replace(garment, pattern=other)})


def _backdrop(lots: Random, facts: Facts, caption: Caption, world: World) -> Iterator[Change]:
    a, b = facts.backdrop_names
    names = [name for name in different(a) if name in different(b)] if _says(caption, "backdrop", "a") else []
    if names:
        name = names[lots.randrange(len(names))]
        yield a, name, _changed(facts, backdrop_names=(name, b))


_CHANGES: dict[str, Callable[..., Iterator[Change]]] = {
    "colour": _colour, "swap": _swap, "garment": _garment, "action": _action, "build": _build, "gender": _gender,
    "view": _single("view", VIEWS), "hair": _hair, "age": _single("age", AGES),
    "expression": _single("expression", EXPRESSIONS),
    "light": _single("light", LIGHTS), "skin": _single("skin", SKINS),
    "pattern": _pattern, "backdrop": _backdrop,
    "beard": _single("beard", {"stubble": ("long beard",), "goatee": ("long beard",), "moustache": ("long beard",)}),
}  # fmt: skip
