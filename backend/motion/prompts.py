"""The part of a prompt that is about motion: what a person wears or looks like does not choose the clip."""

from __future__ import annotations

import re
from dataclasses import dataclass


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PEOPLE = _words(
    "man woman boy girl person guy lady child kid male female human character figure men women people children "
    "adult soldier king queen"
)
_COLOURS = _words(
    "red blue green yellow black white grey gray brown pink purple orange golden gold silver beige turquoise dark "
    "light bright navy"
)
_LOOKS = _COLOURS | _words(
    "old young elderly aged tall short fat thin slim slender chubby muscular strong blonde blond bearded bald "
    "beautiful handsome pretty pale skinny middle-aged asian african european stylish"
)
_GARMENTS = _words(
    "shirt t-shirt tshirt jeans trousers pants shorts skirt dress coat jacket suit tuxedo hat cap hood hoodie "
    "sweater shoes boots sneakers sandals gloves scarf tie socks uniform armor armour robe cloak kimono vest "
    "blouse costume clothes clothing outfit gown glasses sunglasses helmet mask swimsuit bikini pyjamas leggings "
    "overalls apron hair beard moustache ponytail leather denim trunks tracksuit pullover sneakers trainers heels"
)
_MOVES = _words(
    "walk run jog jump hop skip dance kick punch sit stand crawl climb throw catch wave bow nod clap point turn "
    "spin stretch squat lunge salute shrug look march sneak limp stagger stumble fall roll swim fly sprint step "
    "stroll pace swing lift push pull carry dodge duck lean bend reach twist fight box play act do go get move "
    "make cheer pick raise shake strut tiptoe slide cartwheel flip balance drink eat wash lie rise kneel stomp"
)
_AFTER = _words(
    "while who that is are was does then slowly quickly backwards backward forwards forward sideways away towards "
    "toward through across around over along up down left right onto into"
)
_CLAUSE = _words("wearing dressed clad wears")
_NOUN_ING = _words("clothing matching wedding evening king ring string flowing morning")


def motion_part(prompt: str) -> str:
    """The prompt without clauses about clothes and without adjectives of looks before a person.

    "an old man walking backwards wearing a red shirt" becomes "a man walking backwards". "walk like an old man"
    stays: there the looks are the manner. A prompt that says nothing else stays as it is.
    """
    words = prompt.split()
    kept: list[str] = []
    i = 0
    while i < len(words):
        end = _clause_end(words, i)
        if end > i:
            if kept and _bare(kept[-1]) in ("and", "with"):
                kept.pop()
            i = end
            continue
        kept.append(words[i])
        i += 1
    kept = _without_looks(kept)
    text = re.sub(r"\b([Aa])n(?= [^aeiouAEIOU])", r"\1", " ".join(kept)).strip(" ,;")
    return text or prompt


@dataclass(frozen=True)
class Clauses:
    """A prompt, taken apart."""

    who: str
    """`an old man`."""
    wears: tuple[str, ...]
    """`wearing a red shirt and blue jeans`, `with grey hair`."""
    does: str
    """`walking backwards`."""


def read_clauses(prompt: str) -> Clauses:
    """Who wears what and does what: "an old man walking backwards wearing a red shirt".

    What names nobody and no motion, as in "a red shirt and blue jeans", is taken for what somebody wears.
    """
    words = prompt.split()
    wears: list[str] = []
    rest: list[str] = []
    i = 0
    while i < len(words):
        end = _clause_end(words, i)
        while end > i and (more := _worn_too(words, end)) > end:
            end = more
        if end > i:
            wears.append(" ".join(words[i:end]))
            if rest and _bare(rest[-1]) == "and":
                rest.pop()
        else:
            rest.append(words[i])
        i = max(end, i + 1)
    first = next((j for j in range(len(rest)) if _begins_motion(rest, j) and _worn_too(rest, j) == j), len(rest))
    who, does = (" ".join(part).strip(" ,;.") for part in (rest[:first], rest[first:]))
    said = {_bare(w) for w in rest[:first]}
    if who and said & _GARMENTS and not said & _PEOPLE:
        return Clauses("", (who, *wears), does)
    return Clauses(who, tuple(wears), does)


def _worn_too(words: list[str], start: int) -> int:
    """Where garments end that go on with a list, as in `a hoodie, pink leggings`; `start` if there are none."""
    end = start + 1 if start < len(words) and _bare(words[start]) in ("over", "under", "and") else start
    while end < len(words) and not _begins_motion(words, end):
        end += 1
        if _bare(words[end - 1]) in _GARMENTS:
            return end
        if words[end - 1].endswith((",", ";", ".")):
            break
    return start


def _clause_end(words: list[str], start: int) -> int:
    """Where the clause about clothes that begins at `start` ends; `start` if none begins there."""
    word = _bare(words[start])
    if word not in _CLAUSE and word not in ("in", "with"):
        return start
    end = start + 1
    while end < len(words) and not _begins_motion(words, end) and not words[end - 1].endswith((",", ";", ".")):
        end += 1
    inside = {_bare(w) for w in words[start + 1 : end]}
    if word in _CLAUSE or inside & _GARMENTS or (word == "in" and inside and inside <= _COLOURS | {"and"}):
        return end
    return start


def _begins_motion(words: list[str], i: int) -> bool:
    word = _bare(words[i])
    following = _bare(words[i + 1]) if i + 1 < len(words) else ""
    if following in _GARMENTS:  # running shoes
        return False
    if word == "and":
        return i + 1 < len(words) and _begins_motion(words, i + 1)
    if word.endswith("ing") and len(word) > 4 and word not in _NOUN_ING:
        return not _describes(words, i)
    return word in _AFTER or word in _MOVES or (word.endswith("s") and word.removesuffix("s") in _MOVES)


def _describes(words: list[str], i: int) -> bool:
    """Whether a word in -ing is said of a thing: `a sparkling red dress`, `tight-fitting trousers`, `a viking`."""
    if i and _bare(words[i - 1]) in ("a", "an", "the"):
        return True
    for j in range(i, min(i + 4, len(words))):
        if j > i and _bare(words[j]) in _GARMENTS:
            return True
        if j > i and (_bare(words[j]) in _AFTER | _CLAUSE | {"in", "with", "and", "on", "at", "to"}):
            return False
        if words[j].endswith((",", ";", ".")):
            return False
    return False


def _without_looks(words: list[str]) -> list[str]:
    kept: list[str] = []
    for i, word in enumerate(words):
        rest = i
        while rest < len(words) and _bare(words[rest]) in _LOOKS:
            rest += 1
        before = {_bare(w) for w in kept[-2:]}
        is_look = rest > i and rest < len(words) and _bare(words[rest]) in _PEOPLE
        if not (is_look and not before & {"like", "as"}):
            kept.append(word)
    return kept


def _bare(word: str) -> str:
    return word.lower().strip(",;.!?\"'()")
