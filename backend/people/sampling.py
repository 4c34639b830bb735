"""People by chance, each wholly decided by the generator it is drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

import numpy as np

from .bodies import FACE_AXES, Split, sample_body, sample_skin
from .colours import SHADES, sample_shade, shades_near
from .outfits import Kind, pick, recolour_outfit, sample_outfit
from .spec import RGB, Person

HAIR_COLOURS = {
    "black": "#15110f", "dark brown": "#33211a", "brown": "#664229", "blond": "#cba566", "red": "#a4461b",
    "grey": "#8d8c8a", "white": "#e4e2dd",
}  # fmt: skip
"""Name -> sRGB of the most typical shade; dyed hair has the names and shades of `colours`."""
DYED = ("pink", "blue", "green", "purple")
_DYED_SHARE = 0.05
_HAIR_ODDS = {
    "fair": (0.2, 0.22, 0.24, 0.2, 0.14),
    "deep": (0.5, 0.24, 0.14, 0.07, 0.05),
}
"""Of the first five colours, for lighter and darker skins: leaning as in the world, but none of them rare."""
_STYLES = {
    "male": {"bald": 0.16, "shaved": 0.12, "short": 0.36, "curly": 0.12, "afro": 0.07, "long": 0.08, "bob": 0.03},
    "female": {"bald": 0.03, "shaved": 0.03, "short": 0.12, "curly": 0.14, "afro": 0.08, "long": 0.3, "bob": 0.18},
    "neutral": {"bald": 0.12, "shaved": 0.1, "short": 0.25, "curly": 0.14, "afro": 0.08, "long": 0.15, "bob": 0.1},
}
_OTHER_STYLE = 0.1
_BEARDED = {"male": 0.38, "neutral": 0.05, "female": 0.01}
EXPRESSIONS: dict[str, dict[str, tuple[float, float]]] = {
    "neutral": {},
    "smiling": {"smile": (2.2, 3.0)},
    "sad": {"frown": (2.4, 3.0), "brows_raise": (0.5, 1.2)},
    "angry": {"brows_lower": (2.4, 3.0), "nose_wrinkle": (1.2, 2.0), "frown": (0.8, 1.5)},
    "surprised": {"brows_raise": (2.5, 3.0), "lips_part": (2.2, 3.0)},
    "disgusted": {"nose_wrinkle": (2.4, 3.0), "frown": (1.0, 2.0)},
    "eyes closed": {"eyes_close": (2.8, 3.0)},
    "puffed cheeks": {"cheeks_puff": (2.4, 3.0)},
    "pursed lips": {"pucker": (2.4, 3.0)},
}
"""Name -> axes of the face and the ranges that they are drawn from."""
_NEUTRAL_FACE = 0.4


class Closet(Protocol):
    """What can be worn; a `Wardrobe` is one."""

    @property
    def kinds(self) -> Mapping[str, Kind]: ...
    @property
    def hair_styles(self) -> tuple[str, ...]: ...
    @property
    def beard_styles(self) -> tuple[str, ...]: ...


def sample_person(rng: np.random.Generator, closet: Closet, split: Split) -> Person:
    """A person of one split.

    Args:
        rng: decides everything.
        closet: which garments, hair and beards there are.
        split: of the body, and of the garments' colours.
    """
    template, betas = sample_body(rng, split)
    skin, skin_rgb = sample_skin(rng)
    age = betas[4]
    hair, hair_colour, hair_rgb = _sample_hair(rng, closet.hair_styles, template, skin, age)
    name, expression = sample_expression(rng)
    return Person(
        template,
        betas,
        expression,
        name,
        skin,
        skin_rgb,
        hair,
        hair_colour,
        hair_rgb,
        _sample_beard(rng, closet.beard_styles, template, age),
        sample_outfit(rng, closet.kinds, template, split),
    )


def recolour(rng: np.random.Generator, person: Person, closet: Closet) -> Person:
    """The same body, face, haircut and kinds of garments, with other colours of skin, hair and clothes."""
    skin, skin_rgb = sample_skin(rng)
    _, hair_colour, hair_rgb = _sample_hair(rng, (person.hair,), person.template, skin, person.betas[4])
    return replace(
        person,
        skin=skin,
        skin_rgb=skin_rgb,
        hair_colour=hair_colour,
        hair_rgb=hair_rgb,
        garments=recolour_outfit(rng, person.garments, closet.kinds),
    )


def _sample_hair(
    rng: np.random.Generator, styles: tuple[str, ...], template: str, skin: str, age: float
) -> tuple[str, str, RGB]:
    chance = rng.random(4).tolist()
    odds = _STYLES[template]
    balding = max(0.0, age) * 0.8 if template == "male" else 0.0
    weights = [odds.get(s, _OTHER_STYLE) * (1 + balding * (s == "bald")) for s in styles]
    style = pick(styles, weights, chance[0])
    if chance[1] < min(max((age - 0.4) * 0.55, 0.02), 0.85):
        name = "grey" if chance[2] < 0.6 else "white"
    elif chance[1] > 1 - _DYED_SHARE:
        name = DYED[int(chance[2] * len(DYED))]
        return style, name, sample_shade(rng, name)
    else:
        deep = skin in ("brown", "dark", "very dark")
        name = pick(tuple(HAIR_COLOURS)[:5], _HAIR_ODDS["deep" if deep else "fair"], chance[2])
    return style, name, shades_near(HAIR_COLOURS[name])[int(chance[3] * SHADES)]


def _sample_beard(rng: np.random.Generator, styles: tuple[str, ...], template: str, age: float) -> str:
    chance = rng.random(2).tolist()
    share = _BEARDED[template] * (0.4 if age < -1.3 else 1.0)
    return styles[int(chance[1] * len(styles))] if styles and chance[0] < share else ""


def sample_expression(rng: np.random.Generator) -> tuple[str, tuple[float, ...]]:
    """The name of an expression, and coefficients of the default body's face."""
    chance = rng.random(5).tolist()
    named = tuple(EXPRESSIONS)[1:]
    name = "neutral" if chance[0] < _NEUTRAL_FACE else named[int(chance[1] * len(named))]
    axes: dict[str, float] = dict.fromkeys(FACE_AXES, 0.0)
    for (axis, (low, high)), share in zip(EXPRESSIONS[name].items(), chance[2:], strict=False):
        axes[axis] = round(low + share * (high - low), 3)
    return name, tuple(axes.values())
