"""What is asked about a person: build, gender, age, hair, skin, face, and what they do."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from ...people.actions import split_of_group
from ...people.body_words import contrary
from ...people.negatives import HAIR, HAIR_LENGTH, SKINS
from ...people.sampling import EXPRESSIONS
from .heldout import Item
from .questions import Topic
from .wordings import neutral, word

ACTIONS = 20
"""Choices of an action."""
ACTION, NEW_ACTION = "action, pictured in training", "action, never pictured in training"
BUILD, BUILD_FORMS = "build", ("this person is {}", "somebody {}", "the body seen here is {}")
BUILDS = {
    "weight": ("obese", "fat", "thin", "skinny"),
    "stature": ("tall", "short", "petite", "stocky", "lanky"),
    "muscle": ("muscular", "burly", "curvy"),
    "shoulders": ("broad-shouldered", "narrow-shouldered"),
    "belly": ("big-bellied", "flat-bellied"),
    "legs": ("long-legged", "short-legged"),
}
GENDER_FORMS = ("this is a {}", "somebody, a {}", "the figure seen here is a {}")
AGE_FORMS = ("this person is {}", "somebody {}", "the person seen here looks {}")
ACTION_FORMS = ("this person is {}", "somebody {}", "the figure seen here is {}")
HAIR_FORMS = ("this person has {}", "somebody with {}", "{} can be seen in this picture")
FACE_FORMS = ("this person, {}", "somebody {}", "the face seen here, {}")
SKIN_FORMS = ("this person has {} skin", "somebody's {} skin", "the skin seen here is {}")


def topics(item: Item) -> Iterator[Topic]:
    """Of whatever the picture shows of the person."""
    facts = item.facts
    yield from _build(item)
    if facts.gender != "person" and facts.framing != "face":
        other = {"man": "woman", "woman": "man"}[facts.gender]
        yield Topic("gender", (facts.gender, other), _of("gender"), GENDER_FORMS)
    if facts.age:
        yield Topic("age", (facts.age, "young" if facts.age == "old" else "old"), _of("age"), AGE_FORMS)
    if facts.hair_colour in HAIR:
        keys = (facts.hair_colour, *HAIR[facts.hair_colour])
        yield Topic("hair colour", keys, _hair_colour, HAIR_FORMS)
    if facts.hair in HAIR_LENGTH:
        long = HAIR_LENGTH[facts.hair]
        others = [style for style in ("bald", "short", "long") if abs(HAIR_LENGTH[style] - long) >= 2]
        yield Topic("hair style", (facts.hair, *others), _style, HAIR_FORMS)
    if facts.skin:
        yield Topic("skin tone", (facts.skin, *SKINS[facts.skin]), _of("skin"), SKIN_FORMS)
    if facts.framing == "face" and facts.expression:
        keys = (facts.expression, *(e for e in EXPRESSIONS if e != facts.expression))
        yield Topic("expression, in close-ups", keys, _of("expression"), FACE_FORMS)
    if facts.action:
        yield from _action(item)


def _build(item: Item) -> Iterator[Topic]:
    """Pairs of a word that is plainly true and one that is plainly false."""
    for build in item.facts.builds:
        false = [w for w in contrary(item.person, build) if w not in item.facts.builds]
        group = next((name for name, words in BUILDS.items() if build in words), "")
        if false and group:
            yield Topic(f"{BUILD}: {group}", (build, false[0]), _of("build"), BUILD_FORMS, (BUILD,))


def _action(item: Item) -> Iterator[Topic]:
    """Among actions that the picture surely does not show, of as many different groups as there are."""
    lot = np.random.default_rng([item.row["seed"], 2])
    new = split_of_group(item.action.group) == "test"
    usable = [(p, g) for p, g in item.others if new or split_of_group(g) == "train"]
    order = [usable[i] for i in lot.permutation(len(usable))]
    first = {group: phrase for phrase, group in reversed(order)}
    ranked = dict.fromkeys([*first.values(), *(phrase for phrase, _ in order)])
    right = item.facts.action[0]
    chosen = [p for p in ranked if neutral(p) != neutral(right)][: ACTIONS - 1]
    if len(chosen) == ACTIONS - 1:
        yield Topic(NEW_ACTION if new else ACTION, (right, *chosen), _act, ACTION_FORMS)


@lru_cache(maxsize=32)
def _of(table: str):
    return lambda key, kept: word(table, key, kept)


def _act(phrase: str, kept: bool) -> str:
    return neutral(phrase)


def _hair_colour(colour: str, kept: bool) -> str:
    return f"{word('hair_colours', colour, kept)} hair"


def _style(style: str, kept: bool) -> str:
    return " ".join(word("hair", style, kept).replace("{}", "").split())
