"""What a prompt says of looks."""

from __future__ import annotations

import pytest
from impromptu.backend.motion.prompts import read_clauses
from impromptu.backend.people.bodies import SKIN
from impromptu.backend.people.garments import KINDS
from impromptu.backend.style.persons import HAIR_COLOURS, SKIN_COLOURS, characters
from impromptu.backend.style.targets import without_colours
from impromptu.backend.style.words import read_look, read_worn, says_looks


@pytest.mark.parametrize(
    ("prompt", "who", "does"),
    [
        ("an old man walking backwards wearing a red shirt and blue jeans", "an old man", "walking backwards"),
        ("a man walking, wearing a red shirt and blue jeans", "a man", "walking"),
        ("a woman in a yellow dress and black boots dancing", "a woman", "dancing"),
        ("a man wearing a black suit, walking and waving", "a man", "walking and waving"),
        ("red shirt, blue jeans and white trainers", "", ""),
    ],
)
def test_a_prompt_is_taken_apart(prompt: str, who: str, does: str) -> None:
    clauses = read_clauses(prompt)
    assert (clauses.who, clauses.does) == (who, does)


def test_a_list_of_garments_stays_together() -> None:
    look = read_look("a person wearing a black hoodie, pink leggings and yellow trainers")
    assert look.text == "a person wearing a black hoodie, pink leggings and yellow trainers"
    assert [(w.kind, w.colour) for w in look.worn] == [
        ("hoodie", "black"), ("leggings", "pink"), ("trainers", "yellow"),
    ]  # fmt: skip


def test_colours_patterns_and_materials_belong_to_their_garment() -> None:
    striped, coat = read_worn("a red and white striped t-shirt and a dark green woollen coat")
    assert (striped.kind, striped.colour, striped.second, striped.pattern) == ("t-shirt", "red", "white", "striped")
    assert (coat.kind, coat.colour, coat.material) == ("coat", "dark green", "wool")
    assert coat.in_colour("orange") == "an orange woollen coat"


def test_a_role_brings_its_clothes_unless_others_are_named() -> None:
    assert [w.kind for w in read_look("a police officer walking").worn] == ["police uniform"]
    assert read_look("a soldier in camouflage uniform").worn[0].pattern == "camouflage"
    assert [w.kind for w in read_look("a nurse wearing a red jumper").worn] == ["sweater"]


def test_old_people_have_grey_hair_and_hair_has_the_colour_that_is_said() -> None:
    def hair(prompt: str) -> str:
        return read_look(prompt).person.hair

    assert hair("an old man walking") == hair("a man with grey hair") != ""
    assert hair("a woman with blonde hair") != hair("a woman with black hair")
    assert hair("a man walking") == ""


def test_skin_hair_and_beard_are_read_as_styles_that_can_be_cut() -> None:
    def person(prompt: str) -> tuple[str, str, str, str]:
        read = read_look(prompt).person
        return read.skin, read.hair, read.hair_style, read.beard

    assert person("a bald man with a red beard") == ("", HAIR_COLOURS["red"], "bald", "full beard")
    assert person("a dark-skinned woman with curly hair") == (SKIN["dark"], "", "curly", "")
    assert person("an alien with blue skin") == (SKIN_COLOURS["blue"], "", "bald", "")
    assert person("a pale old man, walking") == (SKIN["pale"], HAIR_COLOURS["grey"], "", "")
    assert person("a man in a pale blue shirt") == ("", "", "", "")
    assert read_look("a man with hairy skin").person.unsettled == {"skin"}
    assert not read_look("a man with green skin").person.unsettled


def test_characters_are_dressed_as_they_are_known_and_the_text_comes_first() -> None:
    zombie = read_look("a zombie walking")
    assert {KINDS[w.kind].slot for w in zombie.worn} == {"top", "bottom"}
    assert zombie.person.skin
    assert [w.phrase for w in read_look("a zombie in a red dress").worn] == ["a red dress"]
    pirate = read_look("a pirate in green trousers")
    assert [w.colour for w in pirate.worn if w.kind == "trousers"] == ["green"]
    assert "headscarf" in {w.kind for w in pirate.worn}
    assert read_look("a nurse in a red uniform").worn[0].phrase == "red nurse scrubs"
    assert read_look("a man dressed like a wizard").worn[0].kind == "wizard robe"


def test_every_character_can_be_read() -> None:
    for name, one in characters().items():
        kinds = [w.kind for phrase in one.wears for w in read_worn(phrase)]
        slots = [KINDS[kind].slot for kind in kinds]
        assert len(kinds) == len(one.wears), name
        assert len(set(slots)) == len(slots), name
        assert not ("dress" in slots and "top" in slots and "overalls" not in kinds), name
        assert all(w.colour for phrase in one.wears for w in read_worn(phrase)), name


def test_words_of_ones_own_are_taken_as_they_are() -> None:
    look = read_look("a man walking", "somebody in a green kimono who is walking")
    assert look.text == "somebody in a green kimono who is walking"
    assert look.worn[0].kind == "kimono"


@pytest.mark.parametrize(("prompt", "said"), [("a man walking", False), ("a knight", True), ("in blue jeans", True)])
def test_whether_a_prompt_says_anything_of_looks(prompt: str, said: bool) -> None:
    assert says_looks(prompt) is said


def test_text_without_colours() -> None:
    assert without_colours("a man wearing an orange shirt and dark blue jeans") == "a man wearing a shirt and jeans"
    assert without_colours("a red and white striped t-shirt") == "a striped t-shirt"


@pytest.mark.parametrize(
    "prompt",
    [
        "a person cooks dinner", "a woman nurses a baby", "a man at the top of the stairs", "an old man walking",
        "a man takes off his hat", "a man without a shirt walking", "a person faces left", "a fisherman walking",
        "a man walking like a zombie", "a pale blue sky", "a person boxes",
    ],
)  # fmt: skip
def test_what_nobody_wears_is_no_look(prompt: str) -> None:
    assert not says_looks(prompt)


@pytest.mark.parametrize(
    ("prompt", "kind", "colour", "does"),
    [
        ("a woman wearing a sparkling red dress walks", "short dress", "red", "walks"),
        ("a man in tight-fitting black trousers jumps", "trousers", "black", "jumps"),
        ("a man in a light-blue shirt", "shirt", "light blue", ""),
        ("a person jogging in grey shorts", "shorts", "grey", "jogging"),
        ("a red red shirt", "shirt", "red", ""),
    ],
)
def test_words_in_ing_and_hyphens_before_a_garment(prompt: str, kind: str, colour: str, does: str) -> None:
    look = read_look(prompt)
    assert [(w.kind, w.colour, w.second) for w in look.worn] == [(kind, colour, "")]
    assert look.does == does


def test_a_long_prompt_is_put_in_short() -> None:
    many = "a very " + "fine and splendid and altogether wonderful " * 15 + "man wearing a red shirt and blue jeans"
    look = read_look(many)
    assert len(look.text.split()) < 64
    assert [w.kind for w in look.worn] == ["shirt", "jeans"]
