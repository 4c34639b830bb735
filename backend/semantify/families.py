"""Families of morphable models: how one is pictured, and the words that may describe it.

A family is a JSON file, which a person may copy, edit and name on the command line. Nothing here loads a model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..files import read_json
from ..people.grammar import articles
from ..protocol import InvalidInput
from ..protocol.checks import is_number

FOLDER = Path(__file__).with_name("families")
COEFFICIENTS = ("betas", "expression")
TARGETS = ("floor", "face", "middle")
OUTFITS = ("bare", "tight", "plain", "grey", "fur")
POSES = ("arms_down", "rest")
MOST_WORDS = 400


@dataclass(frozen=True)
class View:
    """One camera, the same for every sample, so that what is larger looks larger."""

    azimuth: float
    """Degrees; 0 stands ahead of the model, 90 at its left."""
    elevation: float = 10.0
    """Degrees above the horizon."""
    distance: float = 4.2
    """Metres from what is looked at."""
    fov: float = 30.0
    """Vertical field of view, degrees."""
    height: float = 0.0
    """Metres above the family's target that is looked at."""


@dataclass(frozen=True)
class Descriptor:
    """One word, and what an encoder is asked for it."""

    word: str
    says: tuple[str, ...] = ()
    """Wordings that stand before the noun: `tall`, `very tall`."""
    has: tuple[str, ...] = ()
    """Wordings that stand after `with`: `long legs`."""
    against: str = ""
    """The word of the list that is its contrary: what scores by contrast are taken against."""
    synonyms: tuple[str, ...] = ()
    antonyms: tuple[str, ...] = ()
    """Words that may not be chosen beside it, in whichever of the two they are named."""
    only: tuple[str, ...] = ()
    """Templates of the model that it is for; empty: all."""
    measure: tuple[tuple[str, float], ...] = ()
    """What a tape would say of it: traits of `measured.TRAITS` or `axis:NAME`, and their weights; empty: unknown."""


@dataclass(frozen=True)
class Family:
    """A kind of morphable model."""

    name: str
    title: str
    coefficients: str
    """Of `COEFFICIENTS`: what varies."""
    components: int
    """How many of the first ones."""
    limit: float
    """Standard deviations that each stays within (Semantify, section 3.1: 2 for bodies, 4 for expressions)."""
    target: str
    """Of `TARGETS`: what cameras look at: the floor's origin, the face, or the mean model's middle."""
    outfit: str
    """Of `OUTFITS`; a model that garments cannot be cut on is shown bare."""
    nouns: Mapping[str, str]
    """Template of the model -> what it is called; `""` for any other."""
    views: tuple[View, ...]
    paper_views: tuple[View, ...]
    """Front and side, as published."""
    templates: tuple[str, ...]
    """Texts with `{word}` and `{noun}`, for what stands before the noun."""
    with_templates: tuple[str, ...]
    """The same for what stands after `with`."""
    descriptors: tuple[Descriptor, ...]
    encoder: str = "body"
    """What sees the pictures where nobody names another, as `load_joint_encoder` takes it."""
    pose: str = "arms_down"
    """Of `POSES`: relaxed with arms down, or as the model's relaxed pose is."""
    preset: tuple[str, ...] = ()
    """Words that anybody understands: those that ship."""
    beyond: tuple[str, ...] = ("height", "heaviness")
    """Traits that a word has to mean more than, where it does not name them."""

    def noun(self, template: str) -> str:
        """What a template is called."""
        return self.nouns.get(template, self.nouns[""])

    def words_for(self, template: str) -> tuple[Descriptor, ...]:
        """The descriptors that are for a template."""
        return tuple(d for d in self.descriptors if not d.only or template in d.only)

    def texts(self, descriptor: Descriptor, template: str) -> list[str]:
        """Every wording in every template."""
        noun = self.noun(template)
        pairs = [(t, w) for t in self.templates for w in descriptor.says]
        pairs += [(t, w) for t in self.with_templates for w in descriptor.has]
        return list(dict.fromkeys(articles(t.replace("{word}", w).replace("{noun}", noun)) for t, w in pairs))


def names() -> tuple[str, ...]:
    """Families that ship."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.json")))


def load_family(spec: str) -> Family:
    """A family that ships, by its name, or one from a .json file.

    Raises:
        InvalidInput: no such family, or its file says something that cannot be; the sentence names the entry.
    """
    if spec in names():
        return read_family(read_json(FOLDER / f"{spec}.json"), f"{spec}.json")
    path = Path(spec).expanduser()
    if path.suffix != ".json":
        raise InvalidInput(f"There is no family {spec!r}.", f"Use {', '.join(names())}, or the path of a .json file.")
    return read_family(read_json(path), path.name)


def read_family(value: Any, file: str) -> Family:
    """A family from JSON values.

    Raises:
        InvalidInput: as `load_family`.
    """
    what = _Reader(value, file)
    words = [
        _descriptor(_Reader(one, f"{file}, descriptor {i + 1}")) for i, one in enumerate(what.rows("descriptors"))
    ]
    family = Family(
        name=what.text("name"), title=what.text("title"), coefficients=what.choice("coefficients", COEFFICIENTS),
        components=int(what.number("components", 1, 400)), limit=what.number("limit", 0.1, 10),
        target=what.choice("target", TARGETS), outfit=what.choice("outfit", OUTFITS), nouns=what.table("nouns"),
        views=_views(what, "views"), paper_views=_views(what, "paper_views"), templates=what.texts("templates"),
        with_templates=what.texts("with_templates"), descriptors=tuple(words),
        encoder=what.text("encoder", "body"), pose=what.choice("pose", POSES, "arms_down"),
        beyond=what.texts("beyond", ("height", "heaviness")), preset=what.texts("preset", ()),
    )  # fmt: skip
    _check_words(family, file)
    return family


def _check_words(family: Family, file: str) -> None:
    listed = [d.word for d in family.descriptors]
    twice = sorted({word for word in listed if listed.count(word) > 1})
    if twice:
        raise InvalidInput(f"{file} has {twice[0]!r} twice.", "Keep one of them.")
    if not 2 <= len(listed) <= MOST_WORDS:
        raise InvalidInput(f"{file} has {len(listed)} descriptors.", f"Give 2 to {MOST_WORDS}.")
    for one in family.descriptors:
        if one.against and one.against not in listed:
            raise InvalidInput(f"{file}: {one.word!r} is against {one.against!r}, which is no descriptor.", "Add it.")
        if not (one.says and family.templates) and not (one.has and family.with_templates):
            raise InvalidInput(f"{file}: {one.word!r} has no wording.", "Give `says` or `has`.")
    if not all("{word}" in t for t in (*family.templates, *family.with_templates)):
        raise InvalidInput(f"{file} has a template without a place for the word.", "Write {word} in it.")
    strange = [word for word in family.preset if word not in listed]
    if strange:
        raise InvalidInput(f"{file}: {strange[0]!r} of the preset is no descriptor.", "Add it.")
    if "" not in family.nouns:
        raise InvalidInput(f'{file} has no noun for "".', "Say what any model of the family is called.")


def _views(what: _Reader, name: str) -> tuple[View, ...]:
    rows = what.rows(name)
    if not rows:
        raise InvalidInput(f"{what.file} has no {name}.", "Give one camera at least.")
    bounds = {
        "azimuth": (-360, 360),
        "elevation": (-80, 80),
        "distance": (0.05, 100),
        "fov": (5, 120),
        "height": (-5, 5),
    }
    found = []
    for i, row in enumerate(rows):
        one = _Reader(row, f"{what.file}, {name} {i + 1}", tuple(bounds))
        found.append(View(**{k: one.number(k, *bounds[k]) for k in one.value}))
    return tuple(found)


def _descriptor(what: _Reader) -> Descriptor:
    what.only(("word", "says", "has", "against", "synonyms", "antonyms", "only", "measure"))
    given = what.value.get("measure", {})
    if not isinstance(given, dict) or not all(is_number(v) for v in given.values()):
        raise InvalidInput(f"{what.file}: the measure is no table of numbers.", 'Write {"height": 1}.')
    lists = {name: what.texts(name, ()) for name in ("says", "has", "synonyms", "antonyms", "only")}
    measure = tuple((name, float(weight)) for name, weight in given.items())
    return Descriptor(word=what.text("word"), against=what.text("against", ""), measure=measure, **lists)


class _Reader:
    """Takes values of a JSON object, and says which entry of which file is wrong."""

    def __init__(self, value: Any, file: str, keys: tuple[str, ...] = ()) -> None:
        if not isinstance(value, dict):
            raise InvalidInput(f"{file} holds no table of names and values.", "Copy a family that ships and edit it.")
        self.value: dict[str, Any] = value
        self.file = file
        if keys:
            self.only(keys)

    def only(self, keys: tuple[str, ...]) -> None:
        unknown = [k for k in self.value if k not in keys]
        if unknown:
            raise InvalidInput(f"{self.file}: there is no entry {unknown[0]!r}.", f"Use {', '.join(keys)}.")

    def _get(self, name: str, kind: type | tuple[type, ...], what: str, default: Any = None) -> Any:
        value = self.value.get(name, default)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise InvalidInput(f"{self.file}: {name} is not {what}.", "Correct it.")
        return value

    def text(self, name: str, default: str | None = None) -> str:
        found = " ".join(self._get(name, str, "a text", default).split())
        if not found and default is None:
            raise InvalidInput(f"{self.file}: {name} is empty.", "Write something.")
        return found

    def texts(self, name: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        rows = self._get(name, (list, tuple), "a list of texts", default)
        if not all(isinstance(row, str) and row.strip() for row in rows):
            raise InvalidInput(f"{self.file}: {name} is not a list of texts.", "Correct it.")
        return tuple(rows)

    def number(self, name: str, low: float, high: float) -> float:
        found = float(self._get(name, (int, float), "a number"))
        if not low <= found <= high:
            raise InvalidInput(f"{self.file}: {name} is {found:g}.", f"Give {low:g} to {high:g}.")
        return found

    def choice(self, name: str, choices: tuple[str, ...], default: str | None = None) -> str:
        found = self.text(name, default)
        if found not in choices:
            raise InvalidInput(f"{self.file}: there is no {name} {found!r}.", f"Use one of {', '.join(choices)}.")
        return found

    def table(self, name: str) -> dict[str, str]:
        found = self._get(name, dict, "a table of texts")
        if not all(isinstance(v, str) and v for v in found.values()):
            raise InvalidInput(f"{self.file}: {name} is not a table of texts.", "Correct it.")
        return dict(found)

    def rows(self, name: str) -> list[Any]:
        return self._get(name, list, "a list")
