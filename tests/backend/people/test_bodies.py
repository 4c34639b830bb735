from collections import Counter

import numpy as np
import pytest
from impromptu.backend.people.bodies import AXES, MOST, SKIN, SPLITS, TEMPLATES, sample_body, sample_skin, split_of
from impromptu.backend.people.body_words import OPPOSITES, PLAIN, age_of, builds_of, contrary
from impromptu.backend.people.measures import MEASURED, measure_person, tape, uncommon
from impromptu.backend.people.spec import Person

BODIES = {split: [sample_body(np.random.default_rng([7, i]), split) for i in range(1500)] for split in SPLITS}


def a_person(template="male", **axes):
    return Person(template=template, betas=tuple(float(axes.get(a, 0.0)) for a in AXES))


def test_bodies_of_one_split_lie_in_cells_of_their_own():
    for split in SPLITS:
        assert {split_of(betas) for _, betas in BODIES[split]} == {split}
    share = np.mean([split_of(tuple(np.random.default_rng(i).normal(0, 1.3, 10))) == "test" for i in range(2000)])
    assert 0.1 < share < 0.25


def test_bodies_are_people_of_every_kind():
    counts = Counter(template for template, _ in BODIES["train"])
    assert all(counts[t] / 1500 == pytest.approx(share, abs=0.05) for t, share in TEMPLATES.items())
    betas = np.array([b for _, b in BODIES["train"]])
    assert (np.abs(betas) <= MOST).all()
    correlation = np.corrcoef(betas.T)
    assert correlation[AXES.index("belly"), AXES.index("weight")] > 0.3
    skins = Counter(sample_skin(np.random.default_rng(i))[0] for i in range(1200))
    assert set(skins) == set(SKIN)
    assert min(skins.values()) > 140


def test_measures_without_a_mesh_agree_with_the_tape():
    for template in TEMPLATES:
        betas = np.array([b for t, b in BODIES["test"] if t == template][:4])
        fitted = np.array([list(measure_person(template, tuple(b)).values()) for b in betas])
        assert fitted == pytest.approx(tape(template, betas), rel=0.02)
    assert tuple(measure_person("male", (0.0,) * 10)) == MEASURED


def test_words_are_rare_and_each_is_common_enough_to_learn():
    people = [Person(template=t, betas=b) for t, b in BODIES["train"]]
    words = Counter(w for p in people for w in builds_of(p, scaled=True))
    words.update(age_of(p) for p in people)
    table = {w: n / len(people) for w, n in words.most_common()}
    print("\n".join(f"{w:18} {100 * share:5.1f} %" for w, share in table.items()))
    missing = set(OPPOSITES) - {"flat-bellied"} - set(words)
    assert not missing
    assert min(share for w, share in table.items() if w) > 0.005
    assert max(share for w, share in table.items() if w) < 0.25


@pytest.mark.parametrize(
    ("axes", "word"),
    [
        ({"weight": 2.4}, "fat"),
        ({"weight": 3.5, "belly": 2.0}, "obese"),
        ({"weight": -2.6}, "thin"),
        ({"muscle": 3.0}, "muscular"),
        ({"shoulder_width": 3.0}, "broad-shouldered"),
        ({"stature": 2.2}, "tall"),
        ({"stature": -2.2, "weight": 2.3}, "stocky"),
        ({"leg_length": 2.6}, "long-legged"),
    ],
)
def test_a_pushed_axis_is_named(axes, word):
    assert word in builds_of(a_person(**axes), scaled=True)
    assert word not in builds_of(a_person(), scaled=True)


def test_stature_is_not_said_without_a_scale():
    tall = a_person(stature=2.5)
    assert "tall" in builds_of(tall, scaled=True)
    assert "tall" not in builds_of(tall, scaled=False)


def test_a_robe_hides_a_figure():
    strong = a_person(muscle=3.0, leg_length=2.6)
    assert builds_of(strong, scaled=False)
    assert not builds_of(strong, scaled=False, hidden=True)
    assert "long-legged" not in builds_of(strong, scaled=False, legs=False)


def test_opposites_are_false():
    for template, betas in BODIES["train"][:400]:
        person = Person(template=template, betas=betas)
        true = builds_of(person, scaled=True)
        for word in true:
            for other in contrary(person, word):
                assert other not in (word, *true)
        assert age_of(person) != "old" or uncommon(template, betas)["age"] >= PLAIN
