"""What tests of captions share: a wardrobe without meshes, and what a picture would show."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np
import pytest
from impromptu.backend.motion.library import Library
from impromptu.backend.people.actions import Actions
from impromptu.backend.people.beards import BEARDS
from impromptu.backend.people.describing import describe
from impromptu.backend.people.garments import KINDS
from impromptu.backend.people.hair import HAIR
from impromptu.backend.people.sampling import sample_person
from impromptu.backend.people.spec import SLOTS
from impromptu.backend.people.surroundings import sample_surroundings

CLOSET = SimpleNamespace(kinds=KINDS, hair_styles=tuple(HAIR), beard_styles=tuple(BEARDS))
SLOT_OF = {name: kind.slot for name, kind in KINDS.items()}
_SHARES = {
    "full body": {
        "face": 0.006, "neck": 0.002, "arms": 0.01, "hands": 0.004, "legs": 0.01, "feet": 0.004, "hair": 0.005,
        "beard": 0.0015, "top": 0.04, "bottom": 0.05, "dress": 0.08, "outer": 0.03, "shoes": 0.006, "socks": 0.003,
        "hat": 0.005, "gloves": 0.004, "belt": 0.002, "cape": 0.03,
    },
    "upper body": {
        "face": 0.03, "neck": 0.01, "arms": 0.05, "hands": 0.01, "hair": 0.03, "beard": 0.006, "top": 0.2,
        "dress": 0.25, "outer": 0.2, "hat": 0.03, "belt": 0.004, "cape": 0.1, "gloves": 0.006,
    },
    "face": {"face": 0.25, "neck": 0.05, "hair": 0.12, "beard": 0.04, "top": 0.05, "outer": 0.05, "hat": 0.1},
    "lower body": {"legs": 0.05, "feet": 0.02, "bottom": 0.2, "dress": 0.15, "shoes": 0.06, "socks": 0.03},
}  # fmt: skip


@lru_cache(maxsize=1)
def all_actions():
    return Actions(Library.open())


def shares_of(person, surroundings):
    """About what a picture would show of a person."""
    worn = {SLOT_OF[g.kind] for g in person.garments}
    absent = {s for s in SLOTS if s not in worn}
    absent |= {"hair"} if person.hair == "bald" else set()
    absent |= set() if person.beard else {"beard"}
    absent |= {"feet"} if "shoes" in worn else set()
    absent |= {"hands"} if "gloves" in worn else set()
    absent |= {"face", "beard"} if surroundings.view == "back" else set()
    return {part: share for part, share in _SHARES[surroundings.framing].items() if part not in absent}


@lru_cache(maxsize=8)
def take(count, split, seed=0, captions=5, false=4):
    """(person, surroundings, action, shares, words) of some pictures."""
    found = []
    for i in range(count):
        rng = np.random.default_rng([seed, i])
        person = sample_person(rng, CLOSET, split)
        surroundings = sample_surroundings(rng)
        action = all_actions().sample(rng, split)
        shares = shares_of(person, surroundings)
        words = describe(
            rng, person, surroundings, action, shares, KINDS,
            others=all_actions().others(action), split=split, captions=captions, false=false,
        )  # fmt: skip
        found.append((person, surroundings, action, shares, words))
    return found


@pytest.fixture(scope="session")
def pictures():
    """A function of count and split; what it gives is kept."""
    return take


@pytest.fixture(scope="session")
def actions():
    return all_actions()


@pytest.fixture(scope="session")
def closet():
    return CLOSET
