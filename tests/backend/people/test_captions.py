"""Captions are true, all of them: every word of each is accounted for by what was sampled, by a parser of its own."""

import json
import re
from collections import Counter
from functools import lru_cache
from pathlib import Path

import impromptu
import numpy as np
import pytest
from impromptu.backend.people.describing import describe
from impromptu.backend.people.facts import see, visible
from impromptu.backend.people.garments import KINDS
from impromptu.backend.people.grammar import articles, doubled_word, gerund, joined
from impromptu.backend.people.spec import PARTS
from impromptu.backend.people.voice import Voice, reserved

SLOT_OF = {name: kind.slot for name, kind in KINDS.items()}
WORDS = json.loads((Path(impromptu.__file__).parent / "backend/people/wordings.json").read_text(encoding="utf-8"))
PRONOUNS = {"man": ("he", "his", "him"), "woman": ("she", "her", "her"), "person": ("they", "their", "them")}
GLUE = frozenset(
    [
        "a",
        "an",
        "and",
        "with",
        "in",
        "of",
        "on",
        "is",
        "are",
        "has",
        "have",
        "wears",
        "wear",
        "wearing",
        "dressed",
        "clad",
        "seen",
        "who",
        "while",
        "over",
        "here",
        "can",
        "be",
        "shown",
        "skin",
        "by",
        "having",
        "it",
        "one",
        "outfitted",
        "sees",
        "shows",
        "sporting",
        "that",
        "there",
        "worn",
    ]
)
MATERIALS = {"wool": "woollen"}


def options(table, key):
    return [w.lstrip("*~") for w in WORDS[table].get(key, ())]


def either(words):
    return "(?:" + "|".join(sorted((re.escape(w) for w in words), key=len, reverse=True)) + ")"


def templates(texts, inner):
    """A pattern of texts with `{}`; articles and `a pair of` may be missing, as in a list of tags."""
    bare = {re.sub(r"^an? (pair of )?", "", t) for t in texts}
    parts = [re.escape(t).replace(re.escape("{}"), inner) for t in bare]
    return r"(?:an? )?(?:pair of )?(?:" + "|".join(sorted(parts, key=len, reverse=True)) + ")"


def garment_pattern(garment):
    colour, second = either(options("colours", garment.colour)), either(options("colours", garment.second) or ["-"])
    inner = colour
    if garment.pattern != "plain":
        inner = "(?:" + "|".join(
            re.escape(p).replace(re.escape("{a}"), colour).replace(re.escape("{b}"), second)
            for p in options("patterns", garment.pattern)
        ) + ")"  # fmt: skip
    material = re.escape(MATERIALS.get(garment.material, garment.material))
    nouns = options("garments", garment.kind)
    details = [re.escape(d).replace(re.escape("{}"), second) for d in options("details", garment.kind)]
    details = ["an? " + d[len(r"a\ ") :] if d.startswith(r"a\ ") else d for d in details]
    extra = rf"(?: with (?:{'|'.join(details)}))?" if details else ""
    return templates(nouns, rf"{inner}(?: {material})?") + extra


@lru_cache(maxsize=2)
def true_patterns(facts):
    """Patterns of all that is true of a picture, the ones that say most first."""
    his = PRONOUNS[facts.gender]
    found = [garment_pattern(g) for g in facts.garments]
    if facts.backdrop:
        a, b = (either(options("colours", n)) for n in facts.backdrop_names)
        found += [
            re.escape(t).replace(re.escape("{a}"), a).replace(re.escape("{b}"), b).replace(r"\ a\ ", r"\ an?\ ")
            for t in sorted(options("backdrop", facts.backdrop), key=len, reverse=True)
        ]
    if facts.hair_colour or facts.hair:
        colour = either(options("hair_colours", facts.hair_colour)) if facts.hair_colour else ""
        found.append(templates(options("hair", facts.hair), colour).replace(r"\ \ ", r"\ "))
    spoken = [p.replace("{his}", his[1]).replace("{him}", his[2]) for p in facts.action]
    for table, key in (
        ("shot", facts.framing), ("expression", facts.expression), ("view", facts.view), ("angle", facts.angle),
        ("light", facts.light), ("beards", facts.beard), ("age", facts.age), ("gender", facts.gender),
        ("gender", "person"),
    ):  # fmt: skip
        spoken += [w.replace("{his}", his[1]).replace("{him}", his[2]) for w in options(table, key)]
    for word in facts.builds:
        spoken += options("build", word) + options("build_after", word)
    for word in options("skin", facts.skin):
        spoken += [word.replace(" ", "-") + "-skinned", f"{word} skin"]
    spoken += ["bald"] if facts.hair == "bald" else []
    spoken = [re.sub(r"^an? ", "", w) for w in spoken]
    found += [rf"(?:an? )?{re.escape(w)}" for w in sorted(spoken, key=len, reverse=True)]
    return [re.compile(rf"(?<![\w-]){p}(?![\w-])", re.IGNORECASE) for p in found], his


def unaccounted(text, facts):
    """The words of a text that what is true of the picture does not explain."""
    text = text.replace("gray", "grey")
    patterns, pronouns = true_patterns(facts)
    for pattern in patterns:
        text = pattern.sub(" ; ", text)
    return [w for w in re.findall(r"[a-z][\w'-]*", text.lower()) if w not in GLUE and w not in pronouns]


def facts_of(picture):
    person, surroundings, action, shares, _ = picture
    return see(person, surroundings, action, shares, SLOT_OF)


@pytest.mark.parametrize("split", ["train", "test"])
def test_every_word_is_true(split, pictures):
    for picture in pictures(220, split):
        facts = facts_of(picture)
        for caption in picture[-1]["captions"]:
            assert not unaccounted(caption["text"], facts), (caption["text"], facts)
        for phrase in picture[-1]["phrases"]:
            if phrase["attribute"] != "bare":
                assert not unaccounted(phrase["text"], facts), (phrase, facts)


@pytest.mark.parametrize("split", ["train", "test"])
def test_false_captions_are_false_in_one_thing(split, pictures):
    families = Counter()
    for picture in pictures(220, split):
        facts, words = facts_of(picture), picture[-1]
        true = {c["text"] for c in words["captions"]}
        for false in words["negatives"]:
            families[false["family"]] += 1
            assert false["text"] not in true
            assert false["from"] != false["to"]
            assert unaccounted(false["text"], facts), (false, facts)
            source = words["captions"][false["caption"]]["text"]
            a, b = source.lower().split(), false["text"].lower().split()
            same = sum((Counter(a) & Counter(b)).values())
            # Pronouns go with the gender, and an action may be a long phrase; else most words stay.
            assert same >= 0.4 * min(len(a), len(b)) or len(a) < 7, (source, false["text"])
        for phrase in words["phrases"]:
            if "false" in phrase:
                assert unaccounted(phrase["false"], facts), (phrase, facts)
    print(families)
    assert set(families) >= {"colour", "swap", "garment", "action", "build", "gender", "view", "hair", "light", "age"}


def test_says_lists_what_the_text_says(pictures):
    for person, _, action, _, words in pictures(220, "train"):
        worn = {SLOT_OF[g.kind]: g for g in person.garments}
        for caption in words["captions"]:
            for family, of, value in caption["says"]:
                if family in ("colour", "garment", "material", "pattern"):
                    attribute = {"colour": "colour", "garment": "kind"}.get(family, family)
                    assert getattr(worn[of], attribute) == value
                elif family == "action":
                    assert value in action.phrases


def test_captions_read_well(pictures):
    for _, _, _, _, words in [*pictures(220, "train"), *pictures(220, "test")]:
        rows = [*words["captions"], *words["negatives"], *words["phrases"]]
        for text in (row["text"] for row in rows):
            assert not doubled_word(text), text
            assert not re.search(r"[{}*\[\]]|  | [,.]|\.\.|,\.|,,|\b(wearing|with|in|and|is)[.,]?$", text), text
            assert articles(text) == text
            assert not re.search(r"\ba [aeio](?!ne\b)", text), text
            assert text[0].isupper() == text.endswith("."), text


def test_five_captions_differ_in_words_and_detail(pictures):
    several, details = [], Counter()
    for _, _, _, _, words in pictures(220, "train"):
        assert len(words["captions"]) == 5
        several.append(len({c["text"] for c in words["captions"]}))
        details.update(c["detail"] for c in words["captions"])
    assert np.mean(several) > 4.8
    assert min(details.values()) >= 150


def test_what_is_hidden_is_not_said(pictures):
    for person, surroundings, action, shares, words in pictures(220, "train"):
        said = {(family, of) for c in words["captions"] for family, of, _ in c["says"]}
        assert {of for family, of in said if family == "garment"} <= set(shares)
        if surroundings.framing == "face":
            assert not {("action", ""), ("build", "")} & said
        if surroundings.view == "back":
            assert not {("expression", ""), ("age", ""), ("beard", "")} & said
        views = {v for c in words["captions"] for f, _, v in c["says"] if f == "view"}
        assert views <= {surroundings.view}
        if not surroundings.fixed or action.stretched < 0.9:
            builds = {v for c in words["captions"] for f, _, v in c["says"] if f == "build"}
            assert not builds & {"tall", "short", "petite", "stocky", "lanky"}
        assert all(slot in PARTS for slot in (p["slot"] for p in words["phrases"]))
        assert person.hair != "bald" or not any(p["slot"] == "hair" for p in words["phrases"])
        assert action.phrases


def test_visible_parts_need_some_pixels():
    parts = np.full((100, 100), 255, np.uint8)
    parts[:20, :20] = PARTS.index("top")
    parts[50, :5] = PARTS.index("shoes")
    assert visible(parts) == {"top": 0.04}


def test_nothing_seen_leaves_a_caption_of_a_person(pictures):
    person, surroundings, action, _, _ = pictures(1, "train")[0]
    words = describe(np.random.default_rng(0), person, surroundings, action, {}, KINDS, captions=3)
    assert len(words["captions"]) == 3
    assert not words["phrases"]


def test_the_same_draw_says_the_same(pictures):
    person, surroundings, action, shares, _ = pictures(3, "train")[2]
    said = [
        json.dumps(describe(np.random.default_rng(4), person, surroundings, action, shares, KINDS)) for _ in range(2)
    ]
    assert said[0] == said[1]
    assert json.loads(said[0]) == describe(np.random.default_rng(4), person, surroundings, action, shares, KINDS)


def test_some_wordings_are_kept_for_tests(pictures):
    def told(split):
        return " | ".join(c["text"] for p in pictures(220, split) for c in p[-1]["captions"]).replace("gray", "grey")

    kept = [w for w in reserved() if "{" not in w and w.isascii() and len(w) > 4]
    common = {w for t in WORDS.values() for listed in t.values() for w in listed if not w.startswith("*")}
    telling = [w for w in kept if not any(w in other for other in common)]
    train, test = told("train"), told("test")
    assert len(telling) > 40
    assert not [w for w in telling if re.search(rf"\b{re.escape(w)}\b", train)]
    assert sum(bool(re.search(rf"\b{re.escape(w)}\b", test)) for w in telling) > 0.6 * len(telling)


def test_a_voice_keeps_to_itself():
    voice = Voice(12345, "train")
    options = [str(i) for i in range(7)]
    assert voice.pick("a", options) == Voice(12345, "train").pick("a", options)
    picks = Counter(Voice(s, "train").pick("colour", options) for s in range(2100))
    assert min(picks.values()) > 230
    both = Counter((Voice(s, "train").chance("a") < 0.5, Voice(s, "train").chance("b") < 0.5) for s in range(2000))
    assert min(both.values()) > 430


def test_all_garments_have_words():
    assert not [name for name in KINDS if name not in WORDS["garments"]]


@pytest.mark.parametrize(
    ("verb", "form"),
    [("run", "running"), ("wave", "waving"), ("lie", "lying"), ("box", "boxing"), ("kneel", "kneeling"),
     ("hit", "hitting"), ("tiptoe", "tiptoeing"), ("squat", "squatting"), ("carry", "carrying"),
     ("cover", "covering"), ("nod", "nodding")],
)  # fmt: skip
def test_the_ing_form(verb, form):
    assert (gerund(verb), gerund(form)) == (form, form)


def test_articles_and_lists():
    assert articles("a orange hat, an blue one, A old man, a unicorn, an uniform, a hour") == (
        "an orange hat, a blue one, An old man, a unicorn, a uniform, an hour"
    )
    assert (joined(["a"]), joined(["a", "b", "c"])) == ("a", "a, b and c")


def test_others_are_other_actions(pictures, actions):
    for _, _, action, _, words in pictures(220, "train"):
        phrases = {phrase for phrase, group in actions.others(action)}
        assert not phrases & set(action.phrases)
        assert all(group != action.group for _, group in actions.others(action))
        for false in words["negatives"]:
            if false["family"] == "action":
                assert false["to"] in phrases
