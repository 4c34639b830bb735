"""Which garments a picture shows well enough to be named, and which of their details."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from .colours import METALS, to_oklab
from .spec import Garment, Person
from .surroundings import Surroundings

GARMENT_SHARE = 0.012
"""Share of the person's pixels that a garment covers at least."""
HEM = 0.2
"""The same of what a close-up of the legs shows of the clothes above them: less is any hem."""
TIGHTS = 0.05
"""The same of tights: where less is seen they are socks."""
COLLAR = 0.22
"""Share of the picture that a garment fills in a close-up of the face, if its collar alone does not tell it."""
BELT = 0.002
"""Share of the picture: a smaller belt is a smudge."""
LIKE_SKIN = 0.12
"""Distance in OKLab from the skin below which socks, gloves and shoes pass for bare."""
TOLD_BY_COLLAR = frozenset(("turtleneck", "hoodie", "tank top", "knight's armour"))
SKIRTED = ("dress", "robe", "kimono", "apron", "coat")
"""Words in the names of garments that are told by what hangs below the hips."""
MATERIAL_SEEN = {"leather": 0.02, "silk": 0.02, "straw": 0.01, "denim": 0.05, "wool": 0.1}
"""Share of the picture from which a material shows, by its sheen or its grain. The metals always do."""
SMALL_DETAIL = {
    "trainers": 0.012, "knee socks": 0.006, "cap": 0.006, "beanie": 0.006, "top hat": 0.008, "cowboy hat": 0.008,
    "fedora": 0.008, "sun hat": 0.008, "wizard hat": 0.006, "cape": 0.02, "polo shirt": 0.06,
}  # fmt: skip
"""Share of the picture that a garment fills where its ribbon, stripe or rim is seen."""
AHEAD = frozenset(("suit", "judo suit", "wizard robe", "knight's armour", "kimono", "cap"))
"""What has its detail, a tie or a knot, in front."""
ASIDE = frozenset(("joggers", "sports shorts", "swim shorts", "trainers"))
"""What has stripes at its sides."""
ABOVE = (AHEAD - {"cap"}) | {"polo shirt", "superhero costume"}
"""What has its detail above the legs."""
BELOW = frozenset(("chef uniform", "football kit", "superhero costume"))
"""What has its detail on the legs."""


def shown(
    person: Person, s: Surroundings, shares: Mapping[str, float], slots: Mapping[str, str]
) -> tuple[Garment, ...]:
    """The garments that can be told, the largest first, without the details and materials that cannot.

    Args:
        shares: of the picture, by part: `facts.visible`.
        slots: kind of garment -> its slot.
    """
    whole = sum(shares.values())
    told = [
        _as_seen(g, s, shares[slots[g.kind]])
        for g in person.garments
        if _told(g, slots[g.kind], person, s, shares.get(slots[g.kind], 0.0), whole)
    ]
    return tuple(sorted(told, key=lambda g: -shares[slots[g.kind]]))


def _told(g: Garment, slot: str, person: Person, s: Surroundings, share: float, whole: float) -> bool:
    """Whether a garment that fills that share of the picture is known for what it is."""
    if not share or share < GARMENT_SHARE * whole:
        return False
    if slot in ("socks", "gloves", "shoes") and _apart(g.rgb, person.skin_rgb) < LIKE_SKIN:
        return False
    if g.kind == "tights" or slot == "belt":
        return share >= (BELT if slot == "belt" else TIGHTS * whole)
    if s.framing == "lower body" and slot in ("top", "outer", "dress"):
        return share >= HEM * whole and (slot != "dress" or any(word in g.kind for word in SKIRTED))
    if s.framing == "face" and slot in ("top", "outer", "dress"):
        return g.kind in TOLD_BY_COLLAR or share >= COLLAR
    return True


def _apart(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    return float(np.linalg.norm(np.subtract(*to_oklab(np.array([one, other])))))


def _as_seen(g: Garment, s: Surroundings, share: float) -> Garment:
    """The garment without the second colour of a detail, or the material, that this picture does not show."""
    if g.material not in METALS and share < MATERIAL_SEEN.get(g.material, 0.0):
        g = replace(g, material="")
    if g.second and g.pattern == "plain" and not _detail_seen(g.kind, s, share):
        g = replace(g, second="")
    return g


def _detail_seen(kind: str, s: Surroundings, share: float) -> bool:
    if share < SMALL_DETAIL.get(kind, 0.0):
        return False
    if kind in AHEAD and s.view not in ("front", "three-quarter"):
        return False
    if kind in ASIDE and s.view not in ("three-quarter", "side"):
        return False
    hidden = {"lower body": ABOVE, "upper body": BELOW, "face": ABOVE | BELOW}.get(s.framing, frozenset())
    return kind not in hidden
