import json
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
from impromptu.backend.motion.clip import Clip, Label
from impromptu.backend.motion.library import Library
from impromptu.backend.people.actions import Action, Actions, group_of, phrase_of, split_of_group
from impromptu.backend.people.bodies import FACE_AXES, split_of
from impromptu.backend.people.colours import ANCHORS, name_of
from impromptu.backend.people.garments import KINDS
from impromptu.backend.people.outfits import split_of_garment
from impromptu.backend.people.sampling import EXPRESSIONS, HAIR_COLOURS, sample_person
from impromptu.backend.people.spec import SLOTS, Person
from impromptu.backend.people.surroundings import (
    BACKDROPS,
    FIXED_DISTANCE,
    FRAMED,
    LIGHTS,
    VIEWS,
    Surroundings,
    sample_surroundings,
    stand,
    sun_direction,
)
from impromptu.backend.protocol import InvalidInput

COUNT = 1500


@pytest.fixture(scope="module")
def people(closet):
    return {
        s: [sample_person(np.random.default_rng([3, i]), closet, s) for i in range(COUNT)] for s in ("train", "test")
    }


def worn(people):
    return {(g.kind, g.colour) for person in people for g in person.garments if g.colour in ANCHORS}


def test_a_seed_decides_all(closet, actions):
    def draw(seed):
        rng = np.random.default_rng(seed)
        drawn = (sample_person(rng, closet, "train"), sample_surroundings(rng), actions.sample(rng, "train"))
        return json.dumps([one.to_json() for one in drawn])

    assert draw(5) == draw(5)
    assert len({draw(i) for i in range(50)}) == 50


def test_values_survive_json(people, actions):
    rng = np.random.default_rng(1)
    for person in people["test"][:50]:
        assert Person.from_json(json.loads(json.dumps(person.to_json()))) == person
        around, action = sample_surroundings(rng), actions.sample(rng, "test")
        assert Surroundings.from_json(json.loads(json.dumps(around.to_json()))) == around
        assert Action.from_json(json.loads(json.dumps(action.to_json()))) == action


def test_splits_share_neither_bodies_nor_clothes_kept_for_tests(people):
    assert {split_of(p.betas) for p in people["train"]} == {"train"}
    assert {split_of(p.betas) for p in people["test"]} == {"test"}
    assert {split_of_garment(*pair) for pair in worn(people["train"])} == {"train"}
    kept = [any(split_of_garment(g.kind, g.colour) == "test" for g in p.garments) for p in people["test"]]
    assert np.mean(kept) > 0.9
    # No garment and no colour is new as such: only their combination.
    assert {k for k, _ in worn(people["test"])} <= {k for k, _ in worn(people["train"])}


def test_clothes_go_together(people):
    for person in people["train"]:
        garments = {g.kind: KINDS[g.kind] for g in person.garments}
        slots = [k.slot for k in garments.values()]
        assert len(slots) == len(set(slots)) == len(person.garments)
        assert slots == sorted(slots, key=SLOTS.index)
        for kind in garments.values():
            assert not set(kind.excludes) & (set(slots) | set(garments))
            assert all(slot in slots for slot in kind.needs if slot in SLOTS)
        for garment in person.garments:
            kind = garments[garment.kind]
            assert garment.material in kind.materials
            assert garment.pattern in kind.patterns
            if garment.colour in ANCHORS:
                assert name_of(garment.rgb) == garment.colour
            if garment.second:
                assert garment.pattern == "camouflage" or name_of(garment.second_rgb) == garment.second


def test_nothing_is_too_rare_to_be_learned(people):
    """A table of how often each attribute is there, per thousand people."""
    everyone = people["train"]
    counts = Counter()
    for p in everyone:
        counts.update(
            [f"hair {p.hair}", f"hair colour {p.hair_colour}", f"beard {p.beard}", f"face {p.expression_name}"]
        )
        counts.update(f"garment {g.kind}" for g in p.garments)
        counts.update({f"colour {g.colour}" for g in p.garments} | {f"pattern {g.pattern}" for g in p.garments})
        counts.update(
            {f"material {g.material}" for g in p.garments} | {f"slot {KINDS[g.kind].slot}" for g in p.garments}
        )
    print("\n".join(f"{name:28}{1000 * n / COUNT:6.0f}" for name, n in sorted(counts.items())))
    wanted = [f"garment {k}" for k in KINDS] + [f"colour {n}" for n in ANCHORS] + [f"face {e}" for e in EXPRESSIONS]
    wanted += [f"hair colour {n}" for n in HAIR_COLOURS] + [f"slot {s}" for s in SLOTS]
    rare = {name: counts[name] for name in wanted if counts[name] < 0.002 * COUNT}
    assert not rare


def test_hair_greys_and_beards_are_mens_mostly(people):
    everyone = people["train"]
    grey = {
        old: np.mean([p.hair_colour in ("grey", "white") for p in everyone if (p.betas[4] > 1.2) == old])
        for old in (0, 1)
    }
    assert grey[1] > 0.4 > 0.15 > grey[0]
    bearded = {t: np.mean([bool(p.beard) for p in everyone if p.template == t]) for t in ("male", "female")}
    assert 0.25 < bearded["male"] < 0.45
    assert bearded["female"] < 0.03
    dresses = {t: np.mean([any("dress" in g.kind for g in p.garments) for p in everyone if p.template == t])
               for t in ("male", "female")}  # fmt: skip
    assert dresses["female"] > 2 * dresses["male"] > 0


def test_faces_have_the_axes_of_their_expression(people):
    for person in people["train"][:300]:
        named = dict(zip(FACE_AXES, person.expression, strict=True))
        assert {axis for axis, value in named.items() if value} == set(EXPRESSIONS[person.expression_name])


def test_an_empty_closet_dresses_nobody():
    bare = SimpleNamespace(kinds={}, hair_styles=("bald",), beard_styles=())
    person = sample_person(np.random.default_rng(0), bare, "test")
    assert (person.garments, person.hair, person.beard) == ((), "bald", "")


def test_surroundings_are_all_there():
    drawn = [sample_surroundings(np.random.default_rng(i)) for i in range(2000)]
    for field, odds in (("light", LIGHTS), ("backdrop", BACKDROPS)):
        counts = Counter(getattr(s, field) for s in drawn)
        assert all(counts[name] > 0.7 * share * len(drawn) for name, share in odds.items())
    for s in drawn:
        middle, off = VIEWS[s.view]
        assert abs(abs(s.azimuth) - middle) <= off
        assert not (s.framing == "face" and s.view == "back")
        assert s.framing == "full body" or not s.fixed
        for name, rgb in zip(s.backdrop_names, s.backdrop_colours, strict=True):
            assert not name or name_of(rgb) == name
    mean = {n: np.mean([np.sum(s.sun) + np.sum(s.ambient) for s in drawn if s.light == n]) for n in LIGHTS}
    assert mean["dim"] < 0.55 * mean["plain"]
    assert mean["bright"] > 1.1 * mean["plain"]


def test_the_camera_frames_what_it_is_told_to():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(400, 3)) * (0.25, 0.6, 0.2) + (0.3, 0.9, -1.0)
    for i in range(200):
        s = sample_surroundings(np.random.default_rng(i))
        rotation, position = stand(s, points, heading=40.0)
        assert rotation @ rotation.T == pytest.approx(np.eye(3), abs=1e-9)
        seen = (points - position) @ rotation.T
        across = np.abs(seen[:, :2] / -seen[:, 2:] / np.tan(np.radians(s.fov) / 2))
        if s.fixed:
            middle = (points.min(0) + points.max(0)) / 2
            assert np.linalg.norm((position - middle)[[0, 2]]) < FIXED_DISTANCE
        elif position[1] > 0.05:
            assert 0.6 < across.max() < 1.1
        # From a body that faces 40 degrees to the left, the front is there too.
        direction = np.degrees(np.arctan2(rotation[2, 0], rotation[2, 2]))
        assert (direction - s.azimuth - 40) % 360 == pytest.approx(0, abs=1e-6) or (
            direction - s.azimuth - 40
        ) % 360 > 359
    assert set(FRAMED) == {s.framing for s in (sample_surroundings(np.random.default_rng(i)) for i in range(100))}


def test_light_from_the_left_comes_from_the_pictures_left():
    points = np.random.default_rng(0).normal(size=(50, 3))
    for i in range(300):
        s = sample_surroundings(np.random.default_rng(i))
        rotation, _ = stand(s, points)
        right, _, back = rotation @ sun_direction(s, rotation)
        assert np.linalg.norm(sun_direction(s, rotation)) == pytest.approx(1)
        if s.light in ("from the left", "from the right"):
            assert (right < -0.6) == (s.light == "from the left")
        if s.light == "from behind":
            assert back < -0.1


def test_actions_show_what_their_label_says(actions):
    drawn = [actions.sample(np.random.default_rng(i), "train") for i in range(800)]
    groups = Counter(a.group for a in drawn)
    assert len(groups) > 60
    assert 0.1 < groups["stand"] / 800 < 0.25
    assert all(split_of_group(a.group) == "train" for a in drawn)
    tests = {a.group for a in (actions.sample(np.random.default_rng(i), "test") for i in range(800))}
    kept = {g for g in tests if split_of_group(g) == "test"}
    assert not kept & set(groups)
    assert len(tests - kept) > 40
    assert len(kept) >= 5
    lying = [a for a in drawn if a.clip == "lie_on_back"]
    assert all(a.upright < 0.4 and a.stretched < 0.5 for a in lying)
    assert all(a.stretched > 0.93 for a in drawn if a.clip in ("idle", "wave_left", "t_pose"))
    assert all(a.stretched < 0.85 for a in drawn if a.clip in ("sit_idle", "squat_hold", "crawl_army"))
    assert all("ing" in p or p == "on the ground" for a in drawn for p in a.phrases)


@pytest.mark.parametrize(
    ("label", "phrase"),
    [
        ("walk", "walking"), ("a person walks forward at a normal pace", "walking"), ("wave hello", "waving hello"),
        ("raise both arms", "raising both arms"), ("scratch head", "scratching {his} head"),
        ("backflip", "doing a backflip"),
        ("sit and wave", "sitting and waving"), ("stand on one leg", "standing on one leg"),
        ("kick in slow motion", "kicking"),
        ("xyzzy", ""), ("walk, run; jump", ""),
    ],
)  # fmt: skip
def test_labels_become_phrases(label, phrase):
    assert phrase_of(label) == phrase


def test_groups_of_other_libraries_come_from_their_labels():
    assert group_of("cmu_07_01", ["walk"]) == "walk"
    assert group_of("cmu_09_01", ["run"]) == "run"
    assert group_of("walk_sad", ["sad walk"]) == "walk"


def test_a_library_without_actions_is_refused(tmp_path):
    library = Library.create(tmp_path / "library")
    library.add([Clip("one", np.zeros((20, 22, 3)), np.zeros((20, 3)), 30.0, (Label("qqq", 0, 20),))])
    with pytest.raises(InvalidInput, match="No label"):
        Actions(library)
