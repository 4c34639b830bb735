"""One person to take pictures of, as plain values: sampled, dressed, described in words and kept in manifests."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

RGB = tuple[float, float, float]
"""Linear red, green and blue, 0 to 1."""

SLOTS = ("top", "bottom", "dress", "outer", "shoes", "socks", "hat", "gloves", "belt", "cape")
"""A person wears one garment a slot at most; a slot is also a part in the map of parts."""
PARTS = ("face", "neck", "torso", "arms", "hands", "legs", "feet", "eyes", "lips", "brows", "hair", "beard", *SLOTS)
"""What a vertex can belong to: skin by region, then what covers it. The index is the value in a map of parts."""


@dataclass(frozen=True)
class Garment:
    """One piece of clothing."""

    kind: str
    """A name in the wardrobe: `t-shirt`, `jeans`, `wizard robe` ...; it knows its slot."""
    colour: str
    """The colour's name."""
    rgb: RGB
    """The exact shade."""
    material: str = "cotton"
    pattern: str = "plain"
    """`plain`, `striped`, `checked`, `dotted` ..., in `second` over the colour."""
    second: str = ""
    """Name of the pattern's colour."""
    second_rgb: RGB = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Person:
    """Body, face, hair and clothes."""

    template: str = "neutral"
    """The body's mean: `neutral`, `male` or `female`."""
    betas: tuple[float, ...] = ()
    """Shape coefficients."""
    expression: tuple[float, ...] = ()
    """Expression coefficients."""
    expression_name: str = "neutral"
    skin: str = "light"
    """Name of the skin's tone."""
    skin_rgb: RGB = (0.7, 0.4, 0.27)
    hair: str = "short"
    """A style of the wardrobe: `bald`, `short`, `long` ..."""
    hair_colour: str = "dark brown"
    hair_rgb: RGB = (0.03, 0.02, 0.01)
    beard: str = ""
    """A style of the wardrobe, or none."""
    garments: tuple[Garment, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Person:
        """Read what `to_json` wrote."""
        fields = _as_tuples(value)
        garments = tuple(Garment(**_as_tuples(g)) for g in value.get("garments", ()))
        return cls(**{**fields, "garments": garments})


def _as_tuples(value: dict[str, Any]) -> dict[str, Any]:
    """Lists of JSON as the tuples that they were."""
    return {k: tuple(v) if isinstance(v, (list, tuple)) else v for k, v in value.items()}
