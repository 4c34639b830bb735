"""Colours with names that people agree on: shades of a name lie well within its own cell of OKLab.

OKLab (Björn Ottosson, 2020) is a space where equal distances look about equally large, so the name of a colour is
that of the nearest anchor, and a shade that is clearly nearer to its own anchor than to any other is never misnamed.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .spec import RGB

Array = NDArray[np.floating]

ANCHORS = {
    "red": "#c4232b", "dark red": "#681320", "orange": "#e8781c", "yellow": "#f2d22e", "olive green": "#6d7030",
    "light green": "#a2d884", "green": "#2c8f43", "dark green": "#17452a", "turquoise": "#27b3ac",
    "light blue": "#92c3ec", "blue": "#2359c4", "navy blue": "#1a2350", "purple": "#6d369b", "lavender": "#bda4e2",
    "pink": "#f29ab9", "magenta": "#cf3292", "brown": "#744a2b", "dark brown": "#3b2517", "beige": "#d9c4a0",
    "white": "#f3f2ef", "light grey": "#c2c4c6", "grey": "#86888a", "dark grey": "#494b4d", "black": "#151517",
}  # fmt: skip
"""Name -> sRGB of the most typical shade."""
NEUTRAL = frozenset(("white", "light grey", "grey", "dark grey", "black"))
FAMILY = {
    "dark red": "red", "olive green": "green", "light green": "green", "dark green": "green", "light blue": "blue",
    "navy blue": "blue", "lavender": "purple", "magenta": "pink", "dark brown": "brown", "light grey": "grey",
    "dark grey": "grey", "silver": "grey", "golden": "yellow",
}  # fmt: skip
"""Variants, and the name under which they pass too: navy blue is blue."""
CONFUSABLE = frozenset(
    frozenset(pair)
    for pair in (
        ("pink", "purple"), ("purple", "blue"), ("green", "turquoise"), ("turquoise", "blue"), ("beige", "white"),
        ("beige", "yellow"), ("beige", "brown"), ("orange", "brown"), ("orange", "red"), ("orange", "yellow"),
        ("red", "pink"), ("red", "brown"), ("grey", "white"), ("grey", "black"), ("brown", "black"),
        ("black", "navy blue"),        ("black", "dark green"), ("black", "dark red"),
        ("olive green", "brown"), ("olive green", "grey"),
        ("beige", "light grey"), ("beige", "pink"), ("light blue", "light grey"), ("lavender", "light blue"),
        ("lavender", "light grey"), ("pink", "lavender"), ("yellow", "light green"), ("dark green", "dark grey"),
    )
)  # fmt: skip
"""Names, or families, of which one may be said where another is meant."""
METALS = {"steel": ("silver", "#a9abae"), "brass": ("golden", "#c79a3c")}
"""Material -> what its colour is called, and sRGB: metals are named by no cell, but by their shine."""
SHADES = 384
"""Ready shades of a name."""
_LIGHTNESS, _CHROMA, _HUE, _TINT = 0.035, 0.11, 0.12, 0.004
"""Standard deviations of a shade: lightness, share of the chroma, radians of hue, and any direction of a neutral."""
APART = 0.15
"""Two anchors less far apart are never taken for different colours."""
_MARGIN = 0.6
"""A shade is at most this share as far from its own anchor as from the next."""

TO_LMS = np.array(
    [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
     [0.0883024619, 0.2817188376, 0.6299787005]]
)  # fmt: skip
TO_LAB = np.array(
    [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
     [0.0259040371, 0.7827717662, -0.8086757660]]
)  # fmt: skip


def to_linear(srgb: Array) -> Array:
    """Linear light of (..., 3) sRGB values, both 0 to 1."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((np.maximum(srgb, 0) + 0.055) / 1.055) ** 2.4)


def to_srgb(linear: Array) -> Array:
    """The inverse of `to_linear`."""
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * np.maximum(linear, 0) ** (1 / 2.4) - 0.055)


def to_oklab(linear: Array) -> Array:
    """(..., 3) lightness, green to red, blue to yellow of (..., 3) linear RGB."""
    return np.cbrt(linear @ TO_LMS.T) @ TO_LAB.T


def from_oklab(lab: Array) -> Array:
    """(..., 3) linear RGB, outside 0 to 1 where no screen shows the colour."""
    return (lab @ np.linalg.inv(TO_LAB).T) ** 3 @ np.linalg.inv(TO_LMS).T


def from_hex(code: str) -> Array:
    """(3,) linear RGB of a code like #c4232b."""
    return to_linear(np.array([int(code[i : i + 2], 16) for i in (1, 3, 5)]) / 255)


NAMES = tuple(ANCHORS)
_ANCHORS_LAB = to_oklab(np.stack([from_hex(code) for code in ANCHORS.values()]))


def name_of(rgb: Array | RGB) -> str:
    """The name whose anchor is nearest to a linear colour."""
    return NAMES[int(np.linalg.norm(_ANCHORS_LAB - to_oklab(np.asarray(rgb, float)), axis=1).argmin())]


def family_of(name: str) -> str:
    """`blue` of `navy blue`; a basic name is its own family."""
    return FAMILY.get(name, name)


def differ(one: str, other: str) -> bool:
    """Whether nobody who sees one name's shades would say the other."""
    a, b = family_of(one), family_of(other)
    if a == b or np.linalg.norm(_anchor(one) - _anchor(other)) < APART:
        return False
    return not any(frozenset((x, y)) in CONFUSABLE for x in (one, a) for y in (other, b))


def _anchor(name: str) -> Array:
    return _ANCHORS_LAB[NAMES.index(name if name in ANCHORS else FAMILY[name])]


@lru_cache(maxsize=4096)
def different(name: str) -> tuple[str, ...]:
    """Every name that is surely false of a shade of this one."""
    return tuple(other for other in NAMES if differ(name, other))


@lru_cache(maxsize=64)
def shades_near(code: str) -> tuple[RGB, ...]:
    """`SHADES` linear colours that pass for one sRGB colour, of skin or hair."""
    rng = np.random.default_rng(int(code[1:], 16))
    lab = to_oklab(from_hex(code)) + rng.normal(size=(SHADES, 3)) * (0.015, 0.006, 0.006)
    r, g, b = from_oklab(lab).clip(0.002, 0.98).round(5).T.tolist()
    return tuple(zip(r, g, b, strict=True))


def sample_shade(rng: np.random.Generator, name: str) -> RGB:
    """A linear colour that everybody calls by that name."""
    return _shades(name)[rng.integers(SHADES)]


@lru_cache(maxsize=len(ANCHORS))
def _shades(name: str) -> tuple[RGB, ...]:
    """Shades by rejection; a table, because one at a time would cost more than all else of a person."""
    index = NAMES.index(name)
    rng = np.random.default_rng(index)
    lightness, a, b = _ANCHORS_LAB[index]
    normal = rng.normal(size=(SHADES * 20, 3))
    if name in NEUTRAL:
        tinted = (a, b) + _TINT * normal[:, 1:]
    else:
        chroma = np.hypot(a, b) * (1 + _CHROMA * normal[:, 1])
        hue = np.arctan2(b, a) + _HUE * normal[:, 2]
        tinted = chroma[:, None] * np.stack((np.cos(hue), np.sin(hue)), 1)
    lab = np.column_stack((lightness + _LIGHTNESS * normal[:, 0], tinted))
    linear = from_oklab(lab)
    distance = np.linalg.norm(lab[:, None] - _ANCHORS_LAB, axis=2)
    own = distance[:, index].copy()
    distance[:, index] = np.inf
    kept = linear[(own < _MARGIN * distance.min(1)) & ((linear > 0) & (linear < 1)).all(1)][:SHADES]
    assert len(kept) == SHADES, f"{name} has too small a cell"
    r, g, b = kept.round(5).T.tolist()
    return tuple(zip(r, g, b, strict=True))
