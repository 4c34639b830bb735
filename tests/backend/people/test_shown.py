"""What a picture shows of clothes: no detail from the wrong side, no kind by its hem, no material from afar."""

from dataclasses import replace

import numpy as np
import pytest
from impromptu.backend.people.actions import Action
from impromptu.backend.people.facts import see
from impromptu.backend.people.garments import KINDS
from impromptu.backend.people.shown import shown
from impromptu.backend.people.spec import Garment, Person
from impromptu.backend.people.surroundings import CAST, sample_surroundings

SLOTS = {name: kind.slot for name, kind in KINDS.items()}
RED, BLUE = (0.55, 0.02, 0.02), (0.02, 0.05, 0.5)
BODY = {"face": 0.01, "legs": 0.03, "arms": 0.02}


def around(**fields):
    plain = {"framing": "full body", "view": "front", "light": "plain", "elevation": 5.0}
    return replace(sample_surroundings(np.random.default_rng(0)), **{**plain, **fields})


def seen(kind, share, material="cotton", rgb=RED, **fields):
    person = Person(garments=(Garment(kind, "red", rgb, material, "plain", "blue", BLUE),))
    return shown(person, around(**fields), {**BODY, SLOTS[kind]: share}, SLOTS)


@pytest.mark.parametrize(
    ("kind", "share", "told", "untold"),
    [
        ("suit", 0.1, {"view": "front"}, {"view": "back"}),
        ("polo shirt", 0.1, {"framing": "upper body"}, {"framing": "lower body"}),
        ("joggers", 0.1, {"view": "side"}, {"view": "front"}),
        ("football kit", 0.1, {"framing": "full body"}, {"framing": "upper body"}),
    ],
)
def test_a_detail_is_told_from_where_it_is_seen(kind, share, told, untold):
    assert seen(kind, share, **told)[0].second == "blue"
    assert not any(g.second for g in seen(kind, share, **untold))


def test_a_small_detail_needs_a_close_look():
    assert seen("trainers", 0.03, view="side")[0].second
    assert not seen("trainers", 0.004, view="side")[0].second


def test_a_hem_or_a_collar_is_not_a_garment():
    assert seen("t-shirt", 0.01, framing="upper body")
    assert not seen("t-shirt", 0.01, framing="lower body")
    assert not seen("t-shirt", 0.1, framing="face")
    assert seen("turtleneck", 0.1, framing="face")


def test_a_material_is_told_where_it_shows():
    assert seen("boots", 0.05, "leather")[0].material == "leather"
    assert not seen("boots", 0.005, "leather")[0].material
    assert seen("knight's armour", 0.005, "steel")[0].material == "steel"


def test_what_looks_like_skin_is_not_told():
    assert seen("gloves", 0.01)
    assert not seen("gloves", 0.01, rgb=Person().skin_rgb)


def facts(action_group="walk", by_arms=False, upright=1.0, **fields):
    action = Action("clip", 0, "label", ("acting",), action_group, 0.0, upright, 1.0, by_arms)
    person = Person("male", betas=(0.0, 0.0, 0.0, 3.0, 2.5, 0, 0, 0, 0, 0), hair="bun")
    return see(person, around(**fields), action, {"face": 0.05, "hair": 0.05, "legs": 0.2}, SLOTS)


def test_from_behind_only_raised_arms_act():
    assert facts("wave", by_arms=True, view="back").action
    assert not facts("cough", by_arms=True, view="back").action
    assert facts("cough", by_arms=True, view="front").action


def test_legs_alone_have_no_gender_and_poor_light_no_tone_of_skin():
    assert (facts().gender, facts(framing="lower body").gender) == ("man", "person")
    assert facts().skin
    assert not facts(light="dim").skin


def test_a_bun_is_not_seen_from_the_front():
    assert (facts(view="side").hair, facts(view="front").hair) == ("bun", "")


def test_who_lies_is_shown_whole_and_coloured_light_names_no_backdrop():
    rngs = [np.random.default_rng(i) for i in range(60)]
    lying = [sample_surroundings(rng, upright=0.2) for rng in rngs]
    assert {s.framing for s in lying} == {"full body"}
    assert all((s.light in CAST) == (s.backdrop_names == ("", "")) for s in lying)
