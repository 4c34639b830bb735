"""Words for a body, said only where it is plainly so: one person in five is as fat as what is called fat."""

from __future__ import annotations

from .measures import uncommon
from .spec import Person

PLAIN = 1.0
"""Standard deviations from which a trait is named."""
FAT = 0.85
"""The same of weight, upwards: there the eye is quicker."""
GREAT = 1.75
"""From which `very` is said."""
WIDE = 1.3
"""From which shoulders are called broad, or narrow: a raised arm hides as much as one."""
HIDDEN = 1.6
"""From which it shows through wide clothes."""

OPPOSITES = {
    "obese": ("thin", "skinny"), "fat": ("thin", "skinny"), "thin": ("fat", "obese"), "skinny": ("fat", "obese"),
    "tall": ("short",), "short": ("tall",), "petite": ("burly", "tall"), "stocky": ("lanky",), "lanky": ("stocky",),
    "burly": ("petite", "thin"), "broad-shouldered": ("narrow-shouldered",),
    "narrow-shouldered": ("broad-shouldered",), "long-legged": ("short-legged",), "short-legged": ("long-legged",),
    "big-bellied": ("flat-bellied",), "flat-bellied": ("big-bellied",), "muscular": ("fat", "skinny"),
    "curvy": ("skinny", "muscular"), "old": ("young",), "young": ("old",),
}  # fmt: skip
"""Word -> words of which one at least is false where it is true; `contrary` picks those."""
NEEDS_SCALE = frozenset(("tall", "short", "petite", "stocky", "lanky"))
"""Words about stature: only a camera at a known distance shows it."""


def age_of(person: Person) -> str:
    """`old`, `young` or nothing."""
    age = uncommon(person.template, person.betas)["age"]
    return "old" if age >= PLAIN else "young" if age <= -PLAIN else ""


def builds_of(person: Person, *, scaled: bool, hidden: bool = False, legs: bool = True) -> tuple[str, ...]:
    """What is to be seen of a body's build, the plainest first.

    Args:
        scaled: the picture shows how tall the person is.
        hidden: wide clothes are worn.
        legs: the legs are to be seen to where they begin.
    """
    z = uncommon(person.template, person.betas)
    found: dict[str, float] = {}
    if z["weight"] >= (HIDDEN if hidden else FAT) or z["weight"] <= -(HIDDEN if hidden else PLAIN):
        great = abs(z["weight"]) >= GREAT
        word = ("obese" if great else "fat") if z["weight"] > 0 else ("skinny" if great else "thin")
        found[word] = abs(z["weight"])
    if not hidden:
        found |= _figure(z, person.template)
        if legs and abs(z["legs"]) >= 1.3:
            found["long-legged" if z["legs"] > 0 else "short-legged"] = abs(z["legs"]) - 0.3
    if scaled and abs(z["stature"]) >= PLAIN:
        found["tall" if z["stature"] > 0 else "short"] = abs(z["stature"]) + 0.3
        found |= _compound(z, person.template)
    return tuple(sorted(found, key=lambda word: -found[word]))


def _figure(z: dict[str, float], template: str) -> dict[str, float]:
    """What shows only where clothes follow the body."""
    found = {}
    if z["muscle"] >= PLAIN and z["weight"] < GREAT:
        found["muscular"] = z["muscle"]
        if z["weight"] >= 0.5 and template != "female":
            found["burly"] = z["muscle"]
    if abs(z["shoulders"]) >= WIDE:
        found["broad-shouldered" if z["shoulders"] > 0 else "narrow-shouldered"] = abs(z["shoulders"]) - 0.2
    if z["belly"] >= 1.2 and z["weight"] > 0.5:
        found["big-bellied"] = z["belly"] - 0.2
    if template == "female" and z["curves"] >= PLAIN and abs(z["weight"]) < 1.6 and z["muscle"] < 1.3:
        found["curvy"] = z["curves"]
    return found


def _compound(z: dict[str, float], template: str) -> dict[str, float]:
    found = {}
    if z["stature"] < 0:
        if z["weight"] >= 0.7:
            found["stocky"] = abs(z["stature"])
        elif z["weight"] <= -0.5 and template == "female":
            found["petite"] = abs(z["stature"])
    elif z["weight"] <= -0.8:
        found["lanky"] = z["stature"]
    return found


def contrary(person: Person, word: str) -> tuple[str, ...]:
    """Words that are plainly false of this person, instead of one that is true."""
    z = uncommon(person.template, person.betas)
    false = {
        "thin": z["weight"] > 0, "skinny": z["weight"] > -0.3, "fat": z["weight"] < 0.2, "obese": z["weight"] < 0.7,
        "muscular": z["muscle"] < 0.2, "tall": z["stature"] < 0, "short": z["stature"] > 0,
        "petite": z["stature"] > 0 or z["weight"] > 0.5, "burly": z["weight"] < 0.2, "stocky": z["weight"] < 0,
        "lanky": z["weight"] > 0, "flat-bellied": z["belly"] > 0.8,
    }  # fmt: skip
    return tuple(other for other in OPPOSITES[word] if false.get(other, True))
