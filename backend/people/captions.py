"""Captions: the facts of a picture in many wordings, each with the list of what it says.

A form is a sentence with places for phrases, `[...]` around what may be left out; forms and words are data, in
`wordings.json`. A caption is rendered from facts, a form and a `Voice`, and from nothing else: with one fact changed
the same voice gives the same sentence with that one thing changed, which is how false captions are made.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from .clothing import Said, clothes
from .facts import Facts
from .grammar import articles, joined
from .voice import Voice

DETAILS = ("full", "brief", "medium", "full", "medium")
"""How much the first caption says, the second ..., and so on from the start."""
OPTIONAL = {"brief": 0.0, "medium": 0.55, "full": 0.72}
"""How often a bracket is kept."""
ADJECTIVES = {"brief": 0.5, "medium": 0.7, "full": 0.85}
"""How often age, and build, are named."""

_TOGETHER = (
    frozenset(("obese", "fat", "thin", "skinny", "petite", "stocky", "lanky", "burly", "big-bellied", "curvy")),
    frozenset(("tall", "short", "petite", "stocky", "lanky", "long-legged", "short-legged")),
    frozenset(("muscular", "burly", "stocky", "curvy", "skinny", "petite")),
    frozenset(("broad-shouldered", "narrow-shouldered", "burly")),
)
"""Of each of these, one word is enough."""
_PRONOUNS = {
    "man": {"he": "he", "his": "his", "him": "him", "is": "is", "has": "has", "wears": "wears"},
    "woman": {"he": "she", "his": "her", "him": "her", "is": "is", "has": "has", "wears": "wears"},
    "person": {"he": "they", "his": "their", "him": "them", "is": "are", "has": "have", "wears": "wear"},
}
TRIES = 12
"""Forms that are drawn before the first that fits is taken."""
_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Caption:
    """One sentence or line about a picture."""

    text: str
    detail: str
    """Of `DETAILS`."""
    says: tuple[Said, ...]
    form: str

    def to_json(self) -> dict[str, Any]:
        """As JSON values; the form only serves to render it again."""
        return {"text": self.text, "detail": self.detail, "says": [list(said) for said in self.says]}


class Teller:
    """Puts the facts of one picture into words.

    Args:
        facts: what is seen.
        voice: which wordings are chosen.
        detail: of `DETAILS`; how much is said.
    """

    def __init__(self, facts: Facts, voice: Voice, detail: str) -> None:
        self.facts, self.voice, self.detail = facts, voice, detail
        self._phrases: dict[str, tuple[str, list[Said]]] = {}

    def tell(self, form: str) -> Caption | None:
        """The caption in that form; none where the picture does not show what the form must have."""
        pieces: list[str] = []
        says: list[Said] = []
        for needed, text, names in _sections(form):
            if not needed and self.voice.chance(f"keep {text}") >= OPTIONAL[self.detail]:
                continue
            found = {}
            for name in names:
                found[name] = self._phrase(name)
                if not found[name][0]:
                    break
            else:
                for name, (phrase, said) in found.items():
                    text = text.replace(f"{{{name}}}", phrase)
                    says += said
                pieces.append(text)
                continue
            if needed:
                return None
        text = "".join(pieces)
        text = articles(_PLACE.sub(lambda m: self._pronouns()[m[1]], text) if "{" in text else text)
        text = self.voice.spelled(text)
        text = re.sub(r"(^|[.!?] )([a-z])", lambda m: m[1] + m[2].upper(), text) if text.endswith(".") else text
        return Caption(text, self.detail, tuple(dict.fromkeys(says)), form)

    def _pronouns(self) -> dict[str, str]:
        return _PRONOUNS[self.facts.gender]

    def _phrase(self, name: str) -> tuple[str, list[Said]]:
        """The words for a place of a form, and what they say; no words where there is nothing to say."""
        key = name.lower()
        if key in ("he", "his", "him", "is", "has", "wears", "here", "wearing"):
            return self._small(key)
        if key not in self._phrases:
            self._phrases[key] = getattr(self, f"_{key}")()
        return self._phrases[key]

    def _small(self, key: str) -> tuple[str, list[Said]]:
        if key == "here":
            return "here", []
        if key == "wearing":
            return self.voice.word("wearing", "", "wearing"), []
        gender = self.facts.gender
        return self._pronouns()[key], [("gender", "", gender)] if key == "he" and gender != "person" else []

    def _often(self, key: str) -> bool:
        return self.voice.chance(f"mention {key}") < ADJECTIVES[self.detail]

    def _who(self) -> tuple[str, list[Said]]:
        """`a tall, muscular old man`."""
        f, says, adjectives = self.facts, [], []
        plain = self.voice.chance("no gender") < 0.12
        noun = self.voice.word("gender", "person" if plain else f.gender, "gender")
        if not plain and f.gender != "person":
            says.append(("gender", "", f.gender))
        for word in self._builds():
            adjectives.append(self.voice.word("build", word))
            says.append(("build", "", word))
        words = [", ".join(adjectives)] if adjectives else []
        if f.age and self._often("age"):
            words.append(self.voice.word("age", f.age))
            says.append(("age", "", f.age))
        if f.hair == "bald" and self._bald_first():
            words.append("bald")
            says.append(("hair", "style", "bald"))
        if f.skin and not self._skin_after() and self.voice.chance("mention skin") < 0.25:
            words.append(self.voice.word("skin", f.skin).replace(" ", "-") + "-skinned")
            says.append(("skin", "", f.skin))
        return " ".join(["a", *words, noun]), says

    def _builds(self) -> list[str]:
        """One or two words that do not say the same."""
        if not self.facts.builds or not self._often("build"):
            return []
        chosen: list[str] = []
        order = self.facts.builds
        if len(order) > 1 and self.voice.chance("build order") < 0.4:
            order = (*order[1:], order[0])
        for word in order:
            if not any(word in group and chosen[0] in group for group in _TOGETHER if chosen):
                chosen.append(word)
        both = self.detail != "brief" and self.voice.chance("second build") < 0.5
        return chosen[: 2 if both else 1]

    def _bald_first(self) -> bool:
        return self.voice.chance("bald first") < 0.6

    def _skin_after(self) -> bool:
        return self.voice.chance("skin after") < 0.6

    def _looks(self) -> tuple[str, list[Said]]:
        """`short brown hair, a full beard and dark skin`."""
        f, parts, says = self.facts, [], []
        hair, said = self._hair()
        if hair:
            parts.append(hair)
            says += said
        if f.beard:
            parts.append(self.voice.word("beards", f.beard))
            says.append(("beard", "", f.beard))
        if f.skin and self._skin_after() and self.voice.chance("mention skin") < 0.45:
            parts.append(self.voice.word("skin", f.skin) + " skin")
            says.append(("skin", "", f.skin))
        told = self._builds()
        rest = [b for b in f.builds if b not in told and b in self.voice.tables["build_after"]]
        rest = [b for b in rest if not any(b in g and t in g for t in told for g in _TOGETHER)]
        if rest and self.voice.chance("build after") < 0.4:
            parts.insert(0, self.voice.word("build_after", rest[0]))
            says.append(("build", "", rest[0]))
        return (joined(parts) if parts else ""), says

    def _hair(self) -> tuple[str, list[Said]]:
        f = self.facts
        if f.hair == "bald":
            phrase = "" if self._bald_first() else self.voice.word("hair", "bald", "hair")
            return phrase, [("hair", "style", "bald")] if phrase else []
        if not f.hair and not f.hair_colour:
            return "", []
        colour = self.voice.word("hair_colours", f.hair_colour, "hair colour") if f.hair_colour else ""
        options = self.voice.tables["hair"].get(f.hair) or (f"{{}} {f.hair} hair",)
        phrase = self.voice.pick("hair", options)
        says: list[Said] = [("hair", "style", f.hair)] if f.hair else []
        if colour and "{}" in phrase:
            says.append(("hair", "colour", f.hair_colour))
        return " ".join(phrase.replace("{}", colour).split()), says

    def _shot(self) -> tuple[str, list[Said]]:
        return self.voice.word("shot", self.facts.framing), []

    def _clothes(self) -> tuple[str, list[Said]]:
        f = self.facts
        return clothes(f.garments, f.slots, self.voice, {"brief": 1, "medium": 2, "full": 6}[self.detail])

    def _doing(self) -> tuple[str, list[Said]]:
        if not self.facts.action:
            return "", []
        phrase = self.voice.pick("action", self.facts.action)
        return phrase, [("action", "", phrase)]

    def _face(self) -> tuple[str, list[Said]]:
        f = self.facts
        if not f.expression or (f.expression == "neutral" and self.voice.chance("calm") < 0.7):
            return "", []
        return self.voice.word("expression", f.expression), [("expression", "", f.expression)]

    def _view(self) -> tuple[str, list[Said]]:
        f, parts, says = self.facts, [], []
        if f.view:
            parts.append(self.voice.word("view", f.view))
            says.append(("view", "", f.view))
            if f.angle and self.voice.chance("angle") < 0.6:
                parts.append(self.voice.word("angle", f.angle))
                says.append(("angle", "", f.angle))
        return " and ".join(parts), says

    def _light(self) -> tuple[str, list[Said]]:
        light = self.facts.light
        return (self.voice.word("light", light), [("light", "", light)]) if light else ("", [])

    def _place(self) -> tuple[str, list[Said]]:
        f = self.facts
        if not f.backdrop:
            return "", []
        a, b = (self.voice.word("colours", name, f"backdrop {i}") for i, name in enumerate(f.backdrop_names))
        text = self.voice.word("backdrop", f.backdrop)
        says: list[Said] = [("backdrop", "", f.backdrop)]
        says += [("backdrop", k, n) for k, n in zip("ab", f.backdrop_names, strict=True) if f"{{{k}}}" in text]
        return text.replace("{a}", a).replace("{b}", b), says

    def _tags(self) -> tuple[str, list[Said]]:
        """`woman, red dress, black boots, walking, from behind`."""
        parts, says = [], []
        for name in ("who", "looks", "clothes", "doing", "view", "light"):
            if name in ("looks", "light") and self.voice.chance(f"tag {name}") < 0.6:
                continue
            phrase, said = self._phrase(name)
            if phrase:
                parts += [re.sub(r"^an? (pair of )?", "", p) for p in re.split(r", (?!and)| and (?=an? )", phrase)]
                says += said
        return ", ".join(parts), says


@lru_cache(maxsize=512)
def _sections(form: str) -> tuple[tuple[bool, str, tuple[str, ...]], ...]:
    """(whether it must be, text, names of its places) of the pieces of a form."""
    return tuple(
        (i % 2 == 0, text, tuple(_PLACE.findall(text))) for i, text in enumerate(re.split(r"[\[\]]", form)) if text
    )


def caption(facts: Facts, detail: str, voice: Voice) -> Caption:
    """A caption of that detail, in one of the forms that the picture allows."""
    teller = Teller(facts, voice, detail)
    forms = voice.tables["forms"][detail]
    for i in range(TRIES):
        found = teller.tell(voice.pick(f"form {i}", forms))
        if found:
            return found
    return next(found for form in forms if (found := teller.tell(form)))
