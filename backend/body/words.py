"""Words of a prompt that say what kind of body does the motion: "an old, heavy man" is a body and three axes.

A table of plain words, no model: it runs in no time, its result is told to the user, and an explicit body or betas
win over it. Finer control belongs to sliders and to image-guided shape.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TEMPLATES = {
    "male": "man men male boy boys guy gentleman grandfather grandpa father dad king prince son brother uncle he his "
    "him businessman policeman fireman sportsman cowboy",
    "female": "woman women female girl girls lady grandmother grandma mother mom mum queen princess daughter sister "
    "aunt she her businesswoman policewoman ballerina waitress actress cowgirl",
}
_AXES: dict[str, dict[str, float]] = {
    "tall": {"stature": 2.0},
    "giant": {"stature": 3.0},
    "short": {"stature": -2.0},
    "small": {"stature": -1.5},
    "tiny": {"stature": -3.0},
    "petite": {"stature": -1.5, "weight": -0.7},
    "fat": {"weight": 2.5},
    "obese": {"weight": 3.0},
    "heavy": {"weight": 2.0},
    "overweight": {"weight": 2.0},
    "chubby": {"weight": 1.5},
    "plump": {"weight": 1.5},
    "big": {"stature": 1.0, "weight": 1.0},
    "thin": {"weight": -1.8},
    "slim": {"weight": -1.3},
    "slender": {"weight": -1.3},
    "skinny": {"weight": -2.2},
    "muscular": {"muscle": 2.2},
    "strong": {"muscle": 1.5},
    "athletic": {"muscle": 1.2, "weight": -0.3},
    "bodybuilder": {"muscle": 2.8, "weight": 0.5},
    "wrestler": {"muscle": 1.8, "weight": 1.0},
    "weak": {"muscle": -1.5},
    "frail": {"muscle": -1.8, "weight": -1.0},
    "old": {"age": 2.0},
    "elderly": {"age": 2.3},
    "aged": {"age": 2.0},
    "grandfather": {"age": 2.0},
    "grandpa": {"age": 2.0},
    "grandmother": {"age": 2.0},
    "grandma": {"age": 2.0},
    "senior": {"age": 2.0},
    "young": {"age": -1.0},
    "teenager": {"age": -1.3, "stature": -0.5},
    "boy": {"age": -1.5, "stature": -2.0},
    "girl": {"age": -1.5, "stature": -2.0},
}
_MODIFIERS = {"very": 1.3, "extremely": 1.5, "slightly": 0.5, "quite": 0.9}
_PERSONS = (
    f"{' '.join(_TEMPLATES.values())} person people child children kid kids adult adults human humans "
    "teenager senior bodybuilder wrestler athlete dancer boxer runner worker"
)
_NOT_ABOUT_THE_BODY = re.compile(
    r"\b(short|small|tall|big|old|heavy|thin|slim|young|strong)\s+"
    # What an old woman jumps is no old jump.
    rf"((?!(?:{'|'.join(_PERSONS.split())})\b)\w+\s+)?(shirts?|sleeves?|shorts|skirts?|dress|jeans|pants|trousers|jackets?|coats?|hat|shoes|boots|hair|distance|steps?|"
    r"jumps?|hops?|box|bag|rope|chair|wall|while|break|run|walk|circle|turn|kick|punch)\b"
)


@dataclass(frozen=True)
class BodyWords:
    """What a prompt says of the body."""

    template: str
    """`male`, `female` or `neutral`."""
    betas: tuple[tuple[str, float], ...]
    """Axis names and values, in standard deviations."""
    words: tuple[str, ...]
    """The words that decided."""


def read_body_words(prompt: str) -> BodyWords:
    """The body that a prompt's subject has.

    Only what stands before a "wearing ..." clause counts, and adjectives of garments or distances do not.
    """
    text = re.split(r"\b(?:wearing|dressed|in an?|in the|with an?)\b", prompt.lower())[0]
    text = _NOT_ABOUT_THE_BODY.sub(" ", text)
    tokens = re.findall(r"[a-z]+", text)
    template, values, used = "neutral", {}, []
    names = {word: kind for kind, words in _TEMPLATES.items() for word in words.split()}
    for previous, token in zip(["", *tokens], tokens, strict=False):
        kind = names.get(token)
        if kind and template == "neutral":
            template = kind
            used.append(token)
        axes = _AXES.get(token)
        if axes:
            factor = _MODIFIERS.get(previous, 1.0)
            for axis, value in axes.items():
                wanted = value * factor
                values[axis] = wanted if abs(wanted) > abs(values.get(axis, 0)) else values[axis]
            if token not in used:
                used.append(token)
    clipped = tuple((axis, max(-3.0, min(3.0, round(value, 3)))) for axis, value in sorted(values.items()))
    return BodyWords(template, clipped, tuple(used))
