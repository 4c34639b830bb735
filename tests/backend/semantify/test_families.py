"""Families of models as data: what ships is whole, and what a person writes wrong is named."""

import json

import pytest
from impromptu.backend.files import read_json
from impromptu.backend.protocol import InvalidInput
from impromptu.backend.semantify.families import FOLDER, load_family, names, read_family
from impromptu.backend.semantify.measured import AXIS, TRAITS


@pytest.mark.parametrize("name", ["animal", "body", "head_expression", "head_shape"])
def test_family_that_ships_is_whole(name):
    family = load_family(name)
    assert name in names()
    listed = {d.word for d in family.descriptors}
    for descriptor in family.descriptors:
        texts = family.texts(descriptor, "female")
        assert texts
        assert all("{" not in text for text in texts)
        assert not {descriptor.word} & {*descriptor.synonyms, *descriptor.antonyms}
        assert not descriptor.against or descriptor.against in listed
        assert all(t in TRAITS or t.startswith(AXIS) for t, _ in descriptor.measure)


def test_noun_and_article_follow_the_template():
    family = load_family("body")
    old = next(d for d in family.descriptors if d.word == "old")
    assert "an old woman" in family.texts(old, "female")
    assert "an old person" in family.texts(old, "a file of mine")


def edited(change):
    value = read_json(FOLDER / "body.json")
    change(value)
    return value


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda v: v["descriptors"].append(v["descriptors"][0]), "twice"),
        (lambda v: v["descriptors"][1].update(against="nobody"), "no descriptor"),
        (lambda v: v["descriptors"][1].update(mesure={}), "mesure"),
        (lambda v: v["descriptors"][1].update(says=[], has=[]), "no wording"),
        (lambda v: v["descriptors"][1].update(measure={"height": "much"}), "numbers"),
        (lambda v: v.update(limit=100), "limit"),
        (lambda v: v.update(target="hat"), "target"),
        (lambda v: v["views"][0].update(fov=0), "fov"),
        (lambda v: v.update(views=[]), "views"),
        (lambda v: v["templates"].append("a person"), "place for the word"),
        (lambda v: v["nouns"].pop(""), "noun"),
        (lambda v: v.update(components=True), "components"),
    ],
)
def test_what_is_wrong_is_named(change, said):
    with pytest.raises(InvalidInput, match=said):
        read_family(edited(change), "mine.json")


def test_a_file_of_ones_own(tmp_path):
    value = edited(lambda v: v["descriptors"].append({"word": "towering", "says": ["towering"]}))
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    assert load_family(str(path)).descriptors[-1].word == "towering"
    with pytest.raises(InvalidInput, match="no family"):
        load_family("nobody")
