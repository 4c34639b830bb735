"""Who a text is about, as far as it shows: skin, hair, beard, and people who are known by their looks.

The people stand in `characters.json`: what each is called, wears and looks like, where a text says no more of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from ..files import read_json
from ..people.beards import BEARDS
from ..people.bodies import SKIN
from ..people.colours import ANCHORS
from ..people.hair import HAIR
from ..people.voice import wordings

HAIR_COLOURS = {
    "black": "#15110f", "dark brown": "#33251d", "brown": "#5a3b25", "blond": "#c8a45e", "blonde": "#c8a45e",
    "fair": "#c8a45e", "red": "#9c4a1f", "ginger": "#9c4a1f", "auburn": "#6e3019", "grey": "#9a9894",
    "gray": "#9a9894", "white": "#e3e1dc", "silver": "#b9bcc0", "pink": "#d8799f", "blue": "#2d55a8",
    "green": "#2f7d3b", "purple": "#6a3b8c", "turquoise": "#2a9d96", "orange": "#d8641c",
}  # fmt: skip
"""sRGB of hair that is called so."""
OLD = re.compile(r"\b(old|elderly|aged|grand(?:father|mother|pa|ma))\b", re.IGNORECASE)
TONES = {"pale": "pale", "tanned": "tan", "sunburnt": "tan"}
"""Words that say a skin's tone of a person directly: `a pale man`."""
SKIN_COLOURS = {
    "green": "#7fa663", "blue": "#6f8fc4", "red": "#b0382c", "purple": "#8a6aa8", "grey": "#9a9a96",
    "gray": "#9a9a96", "white": "#ece6e0", "black": "#2c201b", "yellow": "#d9bd5a", "orange": "#d08a4a",
}  # fmt: skip
"""sRGB of skins that no living person has, softer than the same words mean on cloth; and of the two extremes."""
_SPEAKS = {
    "skin": r"skin|skinned",
    "hair": r"hair|haired|bald|mohawk|mohican|afro|curls|ponytail|dreadlocks",
    "beard": r"beard|bearded|moustache|mustache|goatee|stubble|unshaven",
}
"""Words by which a text speaks of a part of somebody."""
_HAIR_WORDS = {
    "bald": ("bald", "hairless"), "shaved": ("shaved head", "shaven head", "buzz cut", "crew cut"),
    "curly": ("curly", "curls", "frizzy", "dreadlocks"), "afro": ("afro",), "mohawk": ("mohawk", "mohican"),
    "bob": ("bob", "bobbed"), "ponytail": ("ponytail", "pony tail"), "bun": ("hair bun", "in a bun", "top knot"),
    "long": ("long hair", "long-haired"), "short": ("short hair", "short-haired"),
}  # fmt: skip
_BEARD_WORDS = {
    "stubble": ("stubble", "stubbly", "unshaven"), "goatee": ("goatee",), "moustache": ("moustache", "mustache"),
    "long beard": ("long beard",), "full beard": ("beard", "bearded"),
}  # fmt: skip
"""Style -> words that name it; the first that is found counts."""
_LOOKS = ("skin", "hair", "hair_style", "beard")
"""Of `Person`: what a character brings along where the text says no more."""


@dataclass(frozen=True)
class Person:
    """What a text says, or implies, of somebody's own looks."""

    skin: str = ""
    """sRGB hex code; empty where nothing is said."""
    hair: str = ""
    """sRGB hex code."""
    hair_style: str = ""
    """Of `people.hair.HAIR`."""
    beard: str = ""
    """Of `people.beards.BEARDS`."""
    spoken: frozenset[str] = field(default_factory=frozenset)
    """Parts that the text speaks of: `skin`, `hair`, `beard`."""

    @property
    def unsettled(self) -> frozenset[str]:
        """Parts that it speaks of in words that tell no look."""
        known = {"skin": self.skin, "hair": self.hair or self.hair_style, "beard": self.beard}
        return frozenset(name for name in self.spoken if not known[name])


@dataclass(frozen=True)
class Character:
    """People who are known by their looks."""

    wears: tuple[str, ...]
    """Garments as a text would name them."""
    person: Person = field(default_factory=Person)
    """Skin, hair and beard."""


def read_person(text: str) -> Person:
    """What a text says of somebody's skin, hair and beard."""
    spoken = {name for name, words in _SPEAKS.items() if re.search(rf"\b({words})\b", text, re.IGNORECASE)}
    said = Person(
        _skin(text), _hair_colour(text), _first(_HAIR_WORDS, text), _first(_BEARD_WORDS, text), frozenset(spoken)
    )
    character = find_character(text)
    if character is not None:
        own = {name: getattr(said, name) or getattr(character.person, name) for name in _LOOKS}
        said = replace(said, **own)
    if not said.hair and OLD.search(text):
        said = replace(said, hair=HAIR_COLOURS["grey"])
    return said


def find_character(text: str) -> Character | None:
    """The first of the known people that a text names, if it names one and not only who somebody is like."""
    for match in _names_pattern().finditer(text):
        if not re.search(
            r"\b(?<!dressed )(?<!looks )(?<!looking )like\s+(?:an?|the)\s+$", text[: match.start()], re.I
        ):
            return characters()[match[1].lower()]
    return None


@lru_cache(maxsize=1)
def characters() -> dict[str, Character]:
    """What they are called, lower case, and who they are.

    Raises:
        ValueError: the file names hair or a beard that nobody can wear.
    """
    out: dict[str, Character] = {}
    for name, row in read_json(Path(__file__).with_name("characters.json")).items():
        for key, known in (("hair", HAIR_COLOURS), ("hair_style", HAIR), ("beard", BEARDS)):
            if key in row and row[key] not in known:
                raise ValueError(f"characters.json: {name} has {row[key]!r}, which is none of {', '.join(known)}.")
        hair = HAIR_COLOURS[row["hair"]] if "hair" in row else ""
        looks = Person(row.get("skin", ""), hair, row.get("hair_style", ""), row.get("beard", ""))
        one = Character(tuple(row["wears"]), looks)
        out.update(dict.fromkeys((name, *row.get("words", ())), one))
    return out


@lru_cache(maxsize=1)
def _names_pattern() -> re.Pattern[str]:
    return re.compile(rf"\b({'|'.join(sorted(map(re.escape, characters()), key=len, reverse=True))})\b", re.I)


def _skin(text: str) -> str:
    """The skin's colour, or nothing."""
    tones = {word.lstrip("~*"): SKIN[tone] for tone, said in wordings("test")["skin"].items() for word in said}
    named = {**ANCHORS, **tones, **SKIN_COLOURS, **{word: SKIN[tone] for word, tone in TONES.items()}}
    names = "|".join(sorted(map(re.escape, named), key=len, reverse=True))
    match = re.search(rf"\b({names})[ -](?:skin|skinned)\b", text, re.IGNORECASE)
    if match:
        return named[match[1].lower()]
    people = r"(?:\w+ )?(?:man|woman|person|boy|girl|lady|guy|child|kid)"
    match = re.search(rf"\b({'|'.join(TONES)})(?:,? and)? {people}\b", text, re.IGNORECASE)
    return SKIN[TONES[match[1].lower()]] if match else ""


def _hair_colour(text: str) -> str:
    names = "|".join(sorted(HAIR_COLOURS, key=len, reverse=True))
    nouns = r"hair|haired|curls|ponytail|bob|afro|mohawk|mohican|beard|moustache"
    match = re.search(rf"\b({names})[ -](?:\w+[ -])?(?:{nouns})\b", text, re.IGNORECASE)
    match = match or re.search(r"\b(blonde?|ginger)\b", text, re.IGNORECASE)
    return HAIR_COLOURS[match[1].lower()] if match else ""


def _first(words: dict[str, tuple[str, ...]], text: str) -> str:
    for name, said in words.items():
        if re.search(rf"\b({'|'.join(map(re.escape, said))})\b", text, re.IGNORECASE):
            return name
    return ""
