"""What a picture shows, as values that words are put to: nothing that is hidden, cut off or too small."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .actions import Action, seen_from_behind
from .body_words import age_of, builds_of
from .shown import shown
from .spec import PARTS, Garment, Person
from .surroundings import UPRIGHT, Surroundings

LEAST = 0.0012
"""Share of the picture's pixels from which a part is seen: 60 of 224 x 224."""
LEAST_FACE = {"age": 0.012, "bald": 0.004, "expression": 0.012, "hair": 0.0012, "stubble": 0.02}
"""Share that the face, or the hair, has at least where that is said."""
LEAST_SKIN = 0.008
UNLIT = frozenset(("dim", "from behind"))
"""Light in which no tone of skin is told from the next."""
TIED = frozenset(("bun", "ponytail"))
"""Hair that looks short from the front."""
STRETCHED = 0.93
"""Of a standing body's height, from which on a picture shows how tall somebody is."""
HIGH, LOW = 24.0, -5.0
"""Degrees of elevation from which a picture is taken from above, or below."""
WIDE = ("robe", "cape", "coat", "armour", "poncho", "abaya", "cloak", "gown", "spacesuit", "kimono", "toga", "hoodie")
"""Words in the names of garments under which a figure is not seen."""
LONG = ("skirt", "dress", "robe", "gown", "kimono", "toga", "cape", "coat", "cloak", "abaya")
"""Words in the names of garments under which it is not seen where the legs begin."""


@dataclass(frozen=True)
class Facts:
    """What may be said of one picture; empty where something is not to be seen."""

    gender: str
    """`man`, `woman` or `person`."""
    age: str
    """`old` or `young`."""
    builds: tuple[str, ...]
    """Of `body_words`, the plainest first."""
    skin: str
    hair: str
    """The style; empty under a hat."""
    hair_colour: str
    beard: str
    expression: str
    garments: tuple[Garment, ...]
    """Those that are seen, by how much of the picture they fill."""
    slots: tuple[str, ...]
    """Of each garment."""
    action: tuple[str, ...]
    """Phrases of which each is true, see `actions.Action`."""
    framing: str
    view: str
    angle: str
    """`above` or `below`."""
    light: str
    backdrop: str
    backdrop_names: tuple[str, str]


def visible(parts: NDArray[np.uint8], names: Sequence[str] = PARTS) -> dict[str, float]:
    """Share of the picture that each part fills, of those that are seen.

    Args:
        parts: (height, width) index of the part at each pixel, 255 where there is none.
    """
    counts = np.bincount(parts.ravel(), minlength=256)[: len(names)].tolist()
    shares = {name: count / parts.size for name, count in zip(names, counts, strict=True)}
    return {name: share for name, share in shares.items() if share >= LEAST}


def see(
    person: Person,
    surroundings: Surroundings,
    action: Action,
    shares: Mapping[str, float],
    slots: Mapping[str, str],
) -> Facts:
    """What is seen of a person.

    Args:
        shares: from `visible`.
        slots: kind of garment -> its slot.
    """
    s, get = surroundings, shares.get
    face, garments = get("face", 0.0), shown(person, s, shares, slots)
    upright = action.upright > UPRIGHT
    # A garment that is worn hides a body even where its own piece is small in the picture.
    body_seen = s.framing in ("full body", "upper body") and upright
    facing = s.view in ("front", "three-quarter") or (s.view == "side" and s.framing == "face")
    builds = ()
    if body_seen:
        kinds = " ".join(g.kind for g in person.garments)
        builds = builds_of(
            person,
            scaled=s.fixed and action.stretched >= STRETCHED,
            hidden=any(word in kinds for word in WIDE),
            legs=s.framing == "full body" and not any(word in kinds for word in LONG),
        )
    # From behind, what the hands do before the chest is not seen.
    hands = s.view != "back" or not action.by_arms or seen_from_behind(action.group)
    acts = hands and (s.framing == "full body" or (s.framing == "upper body" and action.by_arms))
    skin = sum(get(part, 0.0) for part in ("face", "neck", "torso", "arms", "hands", "legs", "feet"))
    hair, hair_colour = _hair(person, shares, s)
    return Facts(
        # Legs alone are not told apart.
        gender={"male": "man", "female": "woman"}.get(person.template if s.framing != "lower body" else "", "person"),
        age=age_of(person) if face >= LEAST_FACE["age"] and s.view != "back" else "",
        builds=builds,
        skin=person.skin if skin >= LEAST_SKIN and s.light not in UNLIT else "",
        hair=hair,
        hair_colour=hair_colour,
        beard=_beard(person, shares),
        expression=person.expression_name if facing and face >= LEAST_FACE["expression"] else "",
        garments=garments,
        slots=tuple(slots[g.kind] for g in garments),
        action=action.phrases if acts else (),
        framing=s.framing,
        view=s.view if upright else "",
        angle=("above" if s.elevation >= HIGH else "below" if s.elevation <= LOW else "") if upright else "",
        light="" if s.light == "plain" else s.light,
        backdrop=s.backdrop if s.backdrop_names[0] and (s.framing != "face" or s.backdrop != "ground") else "",
        backdrop_names=s.backdrop_names,
    )


def _hair(person: Person, shares: Mapping[str, float], s: Surroundings) -> tuple[str, str]:
    """Style and colour, as far as they are seen."""
    hatted = shares.get("hat", 0.0) > 0
    if person.hair == "bald":
        head = shares.get("face", 0.0) >= LEAST_FACE["bald"]
        return ("bald" if head and not hatted and s.framing != "lower body" else ""), ""
    if shares.get("hair", 0.0) < LEAST_FACE["hair"]:
        return "", ""
    if person.hair == "shaved":
        return ("", "") if hatted else ("shaved", person.hair_colour if s.framing == "face" else "")
    return ("" if hatted or (s.view == "front" and person.hair in TIED) else person.hair), person.hair_colour


def _beard(person: Person, shares: Mapping[str, float]) -> str:
    least = LEAST_FACE["stubble"] if person.beard == "stubble" else LEAST
    return person.beard if person.beard and shares.get("beard", 0.0) >= least else ""
