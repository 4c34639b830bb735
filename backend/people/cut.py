"""What a garment is made of: where it lies on the body, how thick, how coloured, and the pieces that hang from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from .atlas import Atlas, Field
from .inks import Paint
from .pieces import Piece


@dataclass(frozen=True)
class Cut:
    """A garment on a body."""

    cover: Field
    """(V,) how much of a vertex it hides, 0 to 1; see `atlas.cover`."""
    lift: Field | float = 0.01
    """(V,) metres from the smoothed skin out to the cloth."""
    smooth: Field | float = 1.0
    """(V,) how much of the body's small features the cloth hides, 0 to 1."""
    push: np.ndarray | None = None
    """(V, 3) metres, on top of the lift, where cloth does not go straight out."""
    paints: tuple[Paint, ...] = ()
    """Details over the pattern, each (V,)."""
    hem: float = 0.8
    """Brightness of its border."""
    pieces: tuple[Piece, ...] = ()
    drops: tuple[str, ...] = ()
    """Pieces of what is below that it hides, of `pieces.GRIDS`: a headscarf hides long hair."""


@dataclass(frozen=True)
class GarmentKind:
    """A row of the wardrobe: what is said of a garment, and how it is cut."""

    name: str
    slot: str
    """Of `spec.SLOTS`."""
    cut: Callable[[Atlas], Cut]
    layer: int
    """Drawn over garments of a lower layer: 10 socks, 20 tops that are tucked in, 25 shoes, 30 trousers, 40 dresses
    and tops over trousers, 45 skirts and belts, 50 outer, 60 boots and gloves, 70 capes, 80 hats."""
    covers: tuple[str, ...]
    """Parts of the body that it hides most of."""
    materials: tuple[str, ...] = ("cotton",)
    """Of `materials.MATERIALS`, the likeliest first."""
    patterns: tuple[str, ...] = ("plain",)
    """Of `patterns.PATTERNS`, the likeliest first."""
    excludes: tuple[str, ...] = ()
    """Slots, and single kinds, that are not worn with it."""
    needs: tuple[str, ...] = ()
    """Slots that must be filled too, as a skirt needs a top."""
    gender: str = "any"
    """`male` or `female` where it is commonly worn by one: a hint to who samples, never a rule."""
    second: str = ""
    """What its second colour paints when it is plain (`tie`, `belt` ...); empty where only patterns use it."""
    colours: tuple[str, ...] = ()
    """Names of colours it mostly comes in; any where empty."""
    tags: frozenset[str] = field(default_factory=frozenset)
    """`formal`, `work`, `sport`, `summer`, `winter`, `costume`, `swim`, `night`: what goes together."""
