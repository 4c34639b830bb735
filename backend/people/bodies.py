"""Bodies by chance: shapes that go together as in people, with as many of them extreme as an eye needs to learn."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Literal

import numpy as np

from .colours import SHADES, shades_near
from .spec import RGB

Split = Literal["train", "test"]
SPLITS: tuple[Split, ...] = ("train", "test")

AXES = (
    "stature", "weight", "muscle", "feminine", "age", "proportions", "leg_length", "shoulder_width", "chest", "belly",
)  # fmt: skip
"""Shape axes of the default body, in its order."""
FACE_AXES: tuple[str, ...] = (
    "smile", "frown", "pucker", "lips_part", "mouth_left", "brows_raise", "brows_lower", "eyes_close", "cheeks_puff",
    "nose_wrinkle",
)  # fmt: skip
"""Expression axes of the default body, in its order."""
TEMPLATES = {"male": 0.44, "female": 0.44, "neutral": 0.12}
MOST = (2.8, 3.6, 3.6, 2.8, 2.8, 2.8, 2.8, 2.8, 2.8, 3.0)
"""Standard deviations that an axis has at most: beyond it the mesh is no person."""
CELL = 0.7
"""Edge of the cells of body space that belong to one split as a whole."""
TEST_SHARE = 6
"""One cell in so many is for tests."""

_FEMININE = {"male": -0.7, "female": 0.7, "neutral": 0.0}
_SPREAD = np.array([1.0, 0.9, 0.8, 0.35, 1.0, 0.5, 0.5, 0.6, 0.6, 0.4])
_CORRELATED = (
    ("leg_length", "stature", 0.3), ("belly", "weight", 0.5), ("belly", "age", 0.15), ("chest", "weight", 0.25),
    ("shoulder_width", "muscle", 0.4), ("muscle", "age", -0.15),
)  # fmt: skip
"""(axis, axis that it follows, by how much)."""
_PUSHED = (
    ("stature", 0.22, 0.5, 1.5), ("weight", 0.34, 0.52, 1.9), ("muscle", 0.2, 0.8, 1.9), ("age", 0.32, 0.6, 1.5),
    ("leg_length", 0.07, 0.5, 1.4), ("shoulder_width", 0.1, 0.7, 1.4), ("chest", 0.06, 0.6, 1.4),
    ("belly", 0.06, 0.9, 1.4),
)  # fmt: skip
"""(axis, share of people in whom it is extreme, of those the share in whom it is so upwards, from where on)."""

_NAMES = tuple(TEMPLATES)
_CUMULATED = np.cumsum(list(TEMPLATES.values()))
_FOLLOWS = tuple((AXES.index(a), AXES.index(b), by) for a, b, by in _CORRELATED)
_PUSHES = tuple((AXES.index(axis), *rest) for axis, *rest in _PUSHED)
_CHEST, _LOOKED_AT = AXES.index("chest"), tuple(AXES.index(a) for a in ("weight", "muscle", "age", "belly"))

SKIN = {
    "pale": "#f2d9cb", "light": "#e2b798", "tan": "#c08d66", "brown": "#94633f", "dark": "#643f2b",
    "very dark": "#3d281f",
}  # fmt: skip
"""Tone -> sRGB at its middle, from light to dark in even steps."""


def split_of(betas: Sequence[float]) -> Split:
    """The split that a body belongs to: cells of weight, muscle, age and belly are shared out by chance, once.

    Args:
        betas: of the default body.
    """
    cell = ",".join(str(int(betas[i] // CELL)) for i in _LOOKED_AT)
    return "test" if zlib.crc32(cell.encode()) % TEST_SHARE == 0 else "train"


def sample_body(rng: np.random.Generator, split: Split) -> tuple[str, tuple[float, ...]]:
    """A template and betas of one split."""
    template = _NAMES[int(np.searchsorted(_CUMULATED, rng.random() * _CUMULATED[-1]))]
    while True:
        betas = _draw(rng, template)
        if split_of(betas) == split:
            return template, tuple(betas)


def _draw(rng: np.random.Generator, template: str) -> list[float]:
    axes = (rng.normal(size=10) * _SPREAD).tolist()
    axes[3] += _FEMININE[template]
    chance = rng.random((len(_PUSHES), 3)).tolist()
    for (axis, share, upwards, least), (whether, up, how_far) in zip(_PUSHES, chance, strict=True):
        if whether < share:
            axes[axis] = (least + (MOST[axis] - least) * how_far) * (1 if up < upwards else -1)
    for axis, follows, by in _FOLLOWS:
        axes[axis] += by * axes[follows]
    if template == "male":
        axes[_CHEST] = min(axes[_CHEST], 0.5)
    return [round(min(max(v, -most), most), 3) for v, most in zip(axes, MOST, strict=True)]


def sample_skin(rng: np.random.Generator) -> tuple[str, RGB]:
    """A tone's name and shade; every name equally often."""
    name = tuple(SKIN)[rng.integers(len(SKIN))]
    return name, shades_near(SKIN[name])[rng.integers(SHADES)]
