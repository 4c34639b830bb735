"""All that is said of one picture: true captions, false ones, and phrases for its regions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .actions import Action
from .bodies import Split
from .captions import DETAILS, caption
from .clothing import garment_words
from .colours import different
from .facts import Facts, see
from .grammar import articles
from .negatives import World, negatives
from .outfits import Kind
from .spec import Garment, Person
from .surroundings import Surroundings
from .voice import Voice

_BARE = {"feet": ("bare feet", "shoes"), "hands": ("bare hands", "gloves")}
"""Parts that are named where they are bare, and the slot that would cover them."""
_SKIN = ("face", "arms", "legs", "hands", "torso")


def describe(
    rng: np.random.Generator,
    person: Person,
    surroundings: Surroundings,
    action: Action,
    shares: Mapping[str, float],
    kinds: Mapping[str, Kind],
    *,
    others: tuple[tuple[str, str], ...] = (),
    split: Split = "train",
    captions: int = 5,
    false: int = 3,
) -> dict[str, Any]:
    """Words for a picture, as JSON values.

    Args:
        rng: decides the wording.
        shares: of the picture, by part: `facts.visible` of its map of parts.
        kinds: the wardrobe's.
        others: actions that the picture does not show: `Actions.others`.
        split: tests also use the wordings that are kept for them.
        captions, false: how many.

    Returns:
        `captions`: `text`, `detail` and `says`, a list of [family, slot, value];
        `negatives`: `text`, `family`, `from`, `to`, and the index of the true `caption`;
        `phrases`: `text`, `slot` (a part of the map), `attribute` and, where there is one, a `false` phrase for it.
    """
    facts = see(person, surroundings, action, shares, {k: kind.slot for k, kind in kinds.items()})
    world = World(person, kinds, others, surroundings.light not in ("plain", "bright"))
    return put_into_words(rng, facts, world, shares, split, captions, false)


def put_into_words(
    rng: np.random.Generator,
    facts: Facts,
    world: World,
    shares: Mapping[str, float],
    split: Split,
    captions: int,
    false: int,
) -> dict[str, Any]:
    """`describe` of facts that are known already."""
    seeds = rng.integers(0, 2**63, captions + 1).tolist()
    told, seen = [], set()
    for i, seed in enumerate(seeds[:-1]):
        for again in range(3):
            voice = Voice(seed + again, split)
            one = caption(facts, DETAILS[i % len(DETAILS)] if again < 2 else "full", voice)
            if one.text not in seen:
                break
        seen.add(one.text)
        told.append((one, voice))
    return {
        "captions": [one.to_json() for one, _ in told],
        "negatives": negatives(rng, told, facts, world, false) if told else [],
        "phrases": phrases(facts, Voice(seeds[-1], split), shares),
    }


def phrases(facts: Facts, voice: Voice, shares: Mapping[str, float]) -> list[dict[str, Any]]:
    """Words for single parts of the picture, to be found in it."""
    found = []
    for garment, slot in zip(facts.garments, facts.slots, strict=True):
        text = voice.spelled(articles(garment_words(garment, slot, voice)[0]))
        row = {"text": text, "slot": slot, "attribute": f"{garment.colour} {garment.kind}"}
        false = _false_colour(garment, voice, slot)
        if false:
            row["false"] = voice.spelled(articles(garment_words(false, slot, voice)[0]))
        found.append(row)
    if facts.hair_colour and facts.hair != "shaved":
        colour = voice.word("hair_colours", facts.hair_colour, "hair colour")
        text = voice.pick("hair", voice.tables["hair"].get(facts.hair) or ("{} hair",)).replace("{}", colour)
        text = voice.spelled(articles(text))
        found.append({"text": text, "slot": "hair", "attribute": f"{facts.hair_colour} {facts.hair}".strip()})
    if facts.beard and shares.get("beard"):
        found.append({"text": voice.word("beards", facts.beard), "slot": "beard", "attribute": facts.beard})
    bare = next((part for part in _SKIN if shares.get(part, 0.0) > 0.004), "")
    if facts.skin and bare:
        found.append({"text": f"{voice.word('skin', facts.skin)} skin", "slot": bare, "attribute": facts.skin})
    for part, (text, slot) in _BARE.items():
        if shares.get(part, 0.0) > 0.003 and not shares.get(slot) and "socks" not in facts.slots:
            found.append({"text": text, "slot": part, "attribute": "bare"})
    return found


def _false_colour(garment: Garment, voice: Voice, slot: str) -> Garment | None:
    """The garment in a colour that it does not have."""
    names = [n for n in different(garment.colour) if not garment.second or n in different(garment.second)]
    if garment.material in ("steel", "brass") or not names:
        return None
    name = voice.pick(f"false {slot}", names)
    return Garment(garment.kind, name, garment.rgb, garment.material, garment.pattern, garment.second)
