"""Clothes by chance: mostly such as go together, sometimes not, so that no garment gives another one away."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Protocol, TypeVar

import numpy as np

from .bodies import Split
from .colours import ANCHORS, METALS, different, family_of, from_hex, sample_shade
from .spec import SLOTS, Garment

ODD = 0.15
"""Share of people whose garments are drawn without a thought of what goes with what."""
OTHER_GENDER = 0.12
"""How often, of what is usual, somebody wears what is commonly worn by another gender."""
TEST_SHARE = 8
"""One combination of garment and colour in so many is kept for tests."""
THEMES = {
    "": 0.46, "formal": 0.1, "work": 0.1, "sport": 0.1, "summer": 0.08, "winter": 0.08, "costume": 0.06, "swim": 0.01,
    "night": 0.01,
}  # fmt: skip
"""What an outfit is for, and how often; the first is everyday clothes."""
WORN = {
    "top": 0.97, "bottom": 0.98, "shoes": 0.93, "outer": 0.28, "socks": 0.25, "hat": 0.22, "gloves": 0.14, 
    "belt": 0.16, "cape": 0.05,
}  # fmt: skip
"""How often each slot is filled, where nothing excludes it; top and bottom, where no dress is worn."""
COMMON = {"t-shirt": 2.5, "shirt": 1.8, "jeans": 2.5, "trousers": 1.8, "suit": 1.5, "jacket": 1.5, "trainers": 1.3}
"""What is worn more often than the rest of its slot."""
DRESSES = 0.55
"""How readily a dress, suit or uniform is worn, against a top: there are many kinds of them."""
TYPICAL = 0.7
"""Share of garments in a colour that is usual for them, where some are."""
PATTERNED = 0.32
ALIASES = {
    "navy": "navy blue", "silver": "light grey", "gold": "yellow", "golden": "yellow", "tan": "beige",
    "khaki": "olive green", "olive": "olive green", "cream": "beige", "burgundy": "dark red",
    "maroon": "dark red", "teal": "turquoise",
}  # fmt: skip
"""Names of colours that a wardrobe may use, and the names that captions have."""
_BASIC = frozenset(name for name in ANCHORS if family_of(name) == name)


T = TypeVar("T")


class Kind(Protocol):
    """What is asked of a row of the wardrobe; see `cut.GarmentKind`."""

    @property
    def name(self) -> str: ...
    @property
    def slot(self) -> str: ...
    @property
    def materials(self) -> tuple[str, ...]: ...
    @property
    def patterns(self) -> tuple[str, ...]: ...
    @property
    def excludes(self) -> tuple[str, ...]: ...
    @property
    def needs(self) -> tuple[str, ...]: ...
    @property
    def gender(self) -> str: ...
    @property
    def second(self) -> str: ...
    @property
    def colours(self) -> tuple[str, ...]: ...
    @property
    def tags(self) -> frozenset[str]: ...


def split_of_garment(kind: str, colour: str) -> Split:
    """The split that may show a garment in a colour: `test` for those that training never shows."""
    return "test" if zlib.crc32(f"{kind}|{colour}".encode()) % TEST_SHARE == 0 else "train"


def sample_outfit(
    rng: np.random.Generator, kinds: Mapping[str, Kind], template: str, split: Split
) -> tuple[Garment, ...]:
    """Garments of which none excludes another, in the order of `spec.SLOTS`.

    Args:
        kinds: the wardrobe's, by name.
        template: `male`, `female` or `neutral`.
        split: tests wear one garment at least in a colour that training never shows.
    """
    tables = _tables(kinds)
    chance = iter(rng.random(64).tolist())
    theme = pick(tuple(THEMES), tuple(THEMES.values()), next(chance))
    weights = tables[(theme if next(chance) >= ODD else "odd", template)]
    worn: dict[str, Kind] = {}

    def put(slot: str) -> None:
        allowed = [(k, w) for k, w in weights.get(slot, ()) if _fits(k, worn)]
        if allowed:
            worn[slot] = pick([k for k, _ in allowed], [w for _, w in allowed], next(chance))

    dresses, tops = (sum(w for _, w in weights.get(slot, ())) for slot in ("dress", "top"))
    if next(chance) * (DRESSES * dresses + tops) < DRESSES * dresses:
        put("dress")
    for slot, share in WORN.items():
        if slot == "outer" and theme == "winter":
            share = 0.8
        if next(chance) < share:
            put(slot)
    for kind in tuple(worn.values()):
        for slot in kind.needs:
            if slot in SLOTS and slot not in worn:
                put(slot)
    bare = [kind for kind in worn.values() if any(slot in SLOTS and slot not in worn for slot in kind.needs)]
    chosen = [worn[slot] for slot in SLOTS if slot in worn and worn[slot] not in bare]
    kept_for_test = int(next(chance) * len(chosen)) if chosen else 0
    return tuple(
        _coloured(rng, kind, split, reserved=split == "test" and (i == kept_for_test or rng.random() < 0.3))
        for i, kind in enumerate(chosen)
    )


_Tables = dict[tuple[str, str], dict[str, tuple[tuple[Kind, float], ...]]]
_made: dict[int, tuple[Mapping[str, Kind], _Tables]] = {}


def _tables(kinds: Mapping[str, Kind]) -> _Tables:
    """By theme and template: for each slot its kinds and how often each; made once for a wardrobe."""
    # By identity: a hash of all rows would cost more than the rest of a person.
    if id(kinds) not in _made:
        _made[id(kinds)] = (kinds, _make_tables(kinds))
    return _made[id(kinds)][1]


def _make_tables(kinds: Mapping[str, Kind]) -> _Tables:
    tables: _Tables = {}
    for theme in (*THEMES, "odd"):
        for template in ("male", "female", "neutral"):
            slots: dict[str, list[tuple[Kind, float]]] = {}
            for kind in kinds.values():
                slots.setdefault(kind.slot, []).append((kind, _weight(kind, theme, template)))
            tables[theme, template] = {slot: tuple(rows) for slot, rows in slots.items()}
    return tables


def _weight(kind: Kind, theme: str, template: str) -> float:
    stranger = kind.gender not in ("any", template)
    usual = (0.5 if template == "neutral" else OTHER_GENDER) if stranger else 1.0
    usual *= COMMON.get(kind.name, 1.0)
    if theme == "odd":
        return max(usual, 0.4)
    if theme in kind.tags:
        return 2.0 * usual
    if not kind.tags:
        return usual * (1.0 if not theme else 0.5)
    rare = kind.tags <= {"costume", "swim", "night"}
    return usual * ((0.2 if rare else 0.6) if not theme else 0.12)


def _fits(kind: Kind, worn: Mapping[str, Kind]) -> bool:
    """Whether neither excludes the other, by slot or by name."""
    if kind.slot in worn:
        return False
    for slot, other in worn.items():
        if (
            slot in kind.excludes
            or other.name in kind.excludes
            or kind.slot in other.excludes
            or kind.name in other.excludes
        ):
            return False
    return True


def pick(options: Sequence[T], weights: Sequence[float], chance: float) -> T:
    """One of the options; `chance` is uniform in 0 to 1."""
    left = chance * sum(weights)
    for option, weight in zip(options, weights, strict=True):
        left -= weight
        if left < 0:
            return option
    return options[-1]


@lru_cache(maxsize=4096)
def _colours(kind: str, usual: tuple[str, ...], split: Split) -> tuple[str, ...]:
    """Colours that a kind of garment may have in a split, out of the usual ones or all; basic ones twice."""
    names = dict.fromkeys(ALIASES.get(n, n) for n in usual if ALIASES.get(n, n) in ANCHORS) or ANCHORS
    own = [n for n in names if split_of_garment(kind, n) == split]
    return tuple(n for n in own for _ in range(2 if n in _BASIC else 1))


def recolour_outfit(
    rng: np.random.Generator, garments: Sequence[Garment], kinds: Mapping[str, Kind]
) -> tuple[Garment, ...]:
    """The same garments in other colours, patterns and materials, of those that training shows."""
    return tuple(_coloured(rng, kinds[g.kind], "train", reserved=False) for g in garments)


def _coloured(rng: np.random.Generator, kind: Kind, split: Split, reserved: bool) -> Garment:
    chance = rng.random(6).tolist()
    weights = [1.5, *[0.8] * (len(kind.materials) - 1)]
    material = pick(kind.materials, weights, chance[0]) if kind.materials else "cotton"
    usual = kind.colours if kind.colours and chance[1] < TYPICAL else ()
    if material in METALS:
        name, code = METALS[material]
        r, g, b = (from_hex(code) * (0.85 + 0.3 * chance[2])).clip(0, 1).round(5).tolist()
        colour, rgb = name, (r, g, b)
    else:
        wanted: Split = "test" if reserved else "train"
        names = _colours(kind.name, usual, wanted) or _colours(kind.name, (), wanted) or tuple(ANCHORS)
        colour = names[int(chance[2] * len(names))]
        rgb = sample_shade(rng, colour)
    patterns = [p for p in kind.patterns if p != "plain"]
    plain = "plain" in kind.patterns or not patterns
    pattern = (
        patterns[int(chance[3] * len(patterns))] if patterns and (not plain or chance[4] < PATTERNED) else "plain"
    )
    if pattern == "plain" and not kind.second:
        return Garment(kind.name, colour, rgb, material)
    if pattern == "camouflage":
        # In shades of its own colour, or nobody could say which colour it has.
        r, g, b = rgb
        return Garment(kind.name, colour, rgb, material, pattern, colour, (0.45 * r, 0.45 * g, 0.45 * b))
    others = [n for n in different(colour) if n in _BASIC]
    second = others[int(chance[5] * len(others))]
    return Garment(kind.name, colour, rgb, material, pattern, second, sample_shade(rng, second))
