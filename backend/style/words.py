"""What a prompt says of the looks: who somebody is, what is worn, and apart from it what is done.

Rules, not a model: they are quick, they say why, and whoever disagrees gives the look in words of their own
(`StylizeRequest.style_text`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from ..motion.prompts import read_clauses
from ..people.colours import ANCHORS
from ..people.garments import KINDS
from ..people.grammar import articles, joined
from ..people.voice import wordings
from .persons import Person, find_character, read_person

MORE_GARMENTS = {
    "jacket": ("jacket", "bomber"), "trousers": ("trousers", "pants"), "boots": ("boots",), "jeans": ("jeans",),
    "trainers": ("trainers", "sneakers", "running shoes"), "leather shoes": ("shoes", "dress shoes"),
    "sweater": ("sweatshirt", "knit"), "suit": ("suit", "tuxedo"), "tank top": ("vest top", "singlet"),
    "short dress": ("dress", "gown"), "short skirt": ("skirt",), "coat": ("coat", "overcoat"),
    "t-shirt": ("t-shirt", "tee", "top"), "shorts": ("shorts",), "soldier uniform": ("fatigues",),
    "knight's armour": ("armour", "armor", "plate armour"), "wizard robe": ("robe", "robes"),
    "superhero costume": ("superhero suit", "hero costume", "costume"), "waistcoat": ("waistcoat", "gilet"),
    "boiler suit": ("spacesuit", "space suit", "uniform"), "gloves": ("gloves", "mittens"),
    "swimsuit": ("swimsuit", "wetsuit"), "sandals": ("sandals", "flip-flops"), "cap": ("cap",),
    "beanie": ("hat", "woolly hat"), "scarf": ("scarf",), "cape": ("cape", "cloak"),
}  # fmt: skip
"""Plain words for kinds of the wardrobe, besides those of the captions."""
MORE_COLOURS = {
    "gray": "grey", "golden": "yellow", "gold": "yellow", "silver": "light grey", "khaki": "olive green",
    "cream": "beige", "tan": "beige", "violet": "purple", "denim": "blue", "charcoal": "dark grey",
    "light gray": "light grey", "dark gray": "dark grey", "blond": "yellow", "neon green": "light green",
}  # fmt: skip
PATTERN_WORDS = {
    "striped": "striped", "stripy": "striped", "checked": "checked", "checkered": "checked", "plaid": "checked",
    "tartan": "checked", "dotted": "dotted", "spotted": "dotted", "polka-dot": "dotted", "camouflage": "camouflage",
    "camo": "camouflage", "pinstriped": "vertically striped",
}  # fmt: skip
MATERIAL_WORDS = {
    "leather": "leather", "denim": "denim", "wool": "wool", "woollen": "wool", "silk": "silk", "linen": "linen",
    "velvet": "velvet", "steel": "steel", "metal": "steel", "brass": "brass", "golden": "brass", "nylon": "nylon",
    "rubber": "rubber", "cotton": "cotton", "shining": "steel", "silver": "steel",
}  # fmt: skip

MOST_WORDS, MOST_GARMENTS = 48, 8
"""Of a look as one sentence; encoders read some more words."""
_NOT_WORN = re.compile(
    r"\b(?:without|no|(?:takes?|taking|took) (?:\w+ )?off)(?: (?:any|an?|the|his|her|their))*\s*$", re.I
)
"""What stands before a garment that nobody wears."""


@dataclass(frozen=True)
class Worn:
    """One garment that a text names."""

    phrase: str
    """As the text has it, its article included: `a red shirt`."""
    template: str
    """The phrase with `{}` in place of its colour; without one where it names no colour."""
    kind: str
    """Of `people.garments.KINDS`."""
    colour: str = ""
    """Of `people.colours.ANCHORS`; empty where none is named."""
    second: str = ""
    """A second colour, of the same."""
    pattern: str = "plain"
    material: str = ""
    """Of `people.materials.MATERIALS`; empty: the kind's first."""

    def in_colour(self, name: str) -> str:
        """The phrase in another colour."""
        return articles(self.template.format(name)) if "{}" in self.template else self.phrase


@dataclass(frozen=True)
class Look:
    """What a prompt asks for."""

    text: str
    """The look as one sentence, for the encoder."""
    who: str = ""
    does: str = ""
    worn: tuple[Worn, ...] = ()
    person: Person = field(default_factory=Person)
    """Skin, hair and beard."""

    @property
    def dressed(self) -> bool:
        """Whether it says what is worn, in words that are known."""
        return bool(self.worn)


def read_look(prompt: str, style_text: str = "") -> Look:
    """What a prompt says of looks.

    Args:
        prompt: of a person and what they do: "a man walking, wearing a red shirt and blue jeans".
        style_text: the look in words that are taken as they are; empty: by the rules.
    """
    clauses = read_clauses(_spaced(prompt))
    text = _spaced(style_text) or articles(_sentence(clauses.who, clauses.wears))
    if len(text.split()) > MOST_WORDS and not style_text:
        # More than an encoder reads: what is worn, in short.
        phrases = [w.phrase for w in read_worn(text)] or ["clothes"]
        who = clauses.who.split()
        named = clauses.who if len(who) <= MOST_GARMENTS else f"a {who[-1]}"
        text = articles(f"{named or 'a person'} wearing {joined(phrases[:MOST_GARMENTS])}")
    person = read_person(text)
    return Look(text, clauses.who, clauses.does, _with_character(text, read_worn(text)), person)


def _with_character(text: str, worn: list[Worn]) -> tuple[Worn, ...]:
    """What somebody known by their looks brings along, where the text names nothing for the same place.

    `A uniform` that the text names by that word alone is the character's own, in the colour that it says.
    """
    character = find_character(text)
    if character is None:
        return tuple(worn)
    said = next((w for w in worn if w.kind == "boiler suit" and w.phrase.lower().split()[-1] == "uniform"), None)
    named = [w for w in worn if w is not said]
    slots = {KINDS[w.kind].slot for w in named}
    brought = [w for phrase in character.wears for w in read_worn(phrase)]
    if slots & {"top", "dress", "outer"}:
        slots |= {"top", "dress", "outer"}
    if "dress" in slots:
        slots.add("bottom")
    brought = [w for w in brought if KINDS[w.kind].slot not in slots]
    if said is not None and brought and KINDS[brought[0].kind].slot == "dress":
        first = brought[0]
        colour = said.colour or first.colour
        pattern = said.pattern if said.pattern != "plain" else first.pattern
        brought[0] = replace(first, phrase=first.in_colour(colour), colour=colour, pattern=pattern)
    elif said is not None and not brought:
        named = worn
    return (*brought, *named)


def says_looks(prompt: str) -> bool:
    """Whether a prompt names garments, somebody who is known by them, skin, hair or a beard."""
    look = read_look(prompt)
    return bool(look.worn or look.person.spoken or look.person.skin)


def _spaced(text: str) -> str:
    """`a light blue shirt` of `a light-blue shirt`."""
    names = "|".join(sorted({w for c in _colour_words() for w in c.split()}, key=len, reverse=True))
    return re.sub(
        rf"\b(dark|light|navy|pale|bright|sky|olive|hot|charcoal)-(?=(?:{names})\b)", r"\1 ", text, flags=re.I
    )


def _sentence(who: str, wears: Sequence[str]) -> str:
    """Who wears what, as captions say it."""
    who = who or "a person"
    if not wears:
        return who
    first = wears[0]
    begins = re.match(r"(wearing|dressed|clad|in|with|wears)\b", first, re.IGNORECASE)
    return joined_clauses([f"{who} {first if begins else 'wearing ' + first}", *wears[1:]])


def joined_clauses(clauses: Sequence[str]) -> str:
    """Clauses one after another, without what is left of commas between them."""
    return re.sub(r"\s+", " ", " ".join(c.strip(" ,;.") for c in clauses)).strip()


def read_worn(text: str) -> list[Worn]:
    """The garments that a text names, in their order; of one kind, the first."""
    found: dict[str, Worn] = {}
    for match in _pattern().finditer(text):
        word, before = match["word"].lower(), match["before"] or ""
        if _NOT_WORN.search(text[: match.start()]) or text[match.end() :].startswith(" of "):
            continue
        kind = nouns()[word]
        colours = list(dict.fromkeys(_colour_words()[c.lower()] for c in _colour_pattern().findall(before)))
        low = re.findall(r"[\w-]+", before.lower())
        pattern = next((PATTERN_WORDS[w] for w in low if w in PATTERN_WORDS), "plain")
        material = next((MATERIAL_WORDS[w] for w in low if w in MATERIAL_WORDS), "")
        phrase = " ".join(match[0].split())
        template = phrase
        first = _colour_pattern().search(phrase)
        if first:
            template = phrase[: first.start()] + "{}" + phrase[first.end() :]
        first_colour = colours[0] if colours else ("blue" if kind == "jeans" else "")
        second = colours[1] if len(colours) > 1 else ""
        own = Worn(phrase, template, kind, first_colour, second, pattern, material)
        found.setdefault(kind, own)
    return list(found.values())


@lru_cache(maxsize=1)
def nouns() -> dict[str, str]:
    """Words for garments, lower case, and the kinds that they name."""
    said_of = wordings("test")["garments"]
    out: dict[str, str] = {}
    for kind in KINDS:
        for said in said_of.get(kind, ()):
            tail = said.split("{}")[-1].strip().lower()
            if tail and "{}" in said and not tail.startswith(("with", "that", "for", "down", "above", "without")):
                out.setdefault(tail, kind)
        out[kind] = kind
    for kind, words in MORE_GARMENTS.items():
        out.update(dict.fromkeys(words, kind))
    return {word: kind for word, kind in out.items() if len(word) > 2}


@lru_cache(maxsize=1)
def _colour_words() -> dict[str, str]:
    """Words for colours, lower case, and their names in `ANCHORS`."""
    out = {}
    for name, said in wordings("test")["colours"].items():
        if name in ANCHORS:
            out.update({word.lower(): name for word in said})
    return {**out, **MORE_COLOURS, **{name: name for name in ANCHORS}}


@lru_cache(maxsize=1)
def _colour_pattern() -> re.Pattern[str]:
    names = "|".join(sorted(map(re.escape, _colour_words()), key=len, reverse=True))
    return re.compile(rf"\b({names})\b(?!-)", re.IGNORECASE)


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    """An article or none, some words before the noun, a garment."""
    names = "|".join(sorted(map(re.escape, nouns()), key=len, reverse=True))
    stop = r"wearing|with|in|and|or|over|under|wears|dressed|clad|of|his|her|their|is|has|a|an|the"
    colours = "|".join(sorted(map(re.escape, _colour_words()), key=len, reverse=True))
    pair = rf"(?:(?:{colours})\s+and\s+(?={colours}))?"
    before = rf"(?P<before>{pair}(?:(?!(?:{stop})\b|(?:{names})\b)[\w'-]+\s+){{0,4}}?)"
    return re.compile(rf"\b(?:(?:an?|the)\s+)?{before}(?P<word>{names})\b", re.IGNORECASE)
