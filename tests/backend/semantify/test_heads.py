"""Heads and dogs: what a tape says of faces, what colours they have, and words that are measured instead of seen."""

import numpy as np
import pytest
from impromptu.backend.body import load_body
from impromptu.backend.protocol.slider_map import read_sliders, shipped_file
from impromptu.backend.semantify.evaluation import spearman
from impromptu.backend.semantify.face_tape import face_landmarks
from impromptu.backend.semantify.families import load_family
from impromptu.backend.semantify.measured import tape, trait
from impromptu.backend.semantify.skins import face_colours
from impromptu.backend.semantify.studio import Studio

SHIPPED = {"head_shape": "head", "head_expression": "head", "animal": "dog"}
FILES = [*SHIPPED.items(), ("head_expression", "neutral")]
STUDIOS = {}


def studio_of(family, model=""):
    key = family, model or SHIPPED[family]
    if key not in STUDIOS:
        STUDIOS[key] = Studio(load_family(family), key[1])
    return STUDIOS[key]


def measured_with(family, name, value, *traits):
    """Change of traits when one axis goes from 0 to a value."""
    studio = studio_of(family)
    rows = np.zeros((2, studio.count))
    rows[1, studio.names.index(name)] = value
    found = tape(studio, rows)
    return [float(np.diff(trait(t, found))[0]) for t in traits]


@pytest.mark.parametrize(
    ("family", "axis", "risen", "still"),
    [
        ("head_expression", "mouth_open", "mouth_gape", "brows_up"),
        ("head_expression", "smile", "corners_up", "brows_up"),
        ("head_expression", "brows_raise", "brows_up", "mouth_gape"),
        ("head_shape", "mouth_width", "mouth_broad", "nose_broad"),
        ("head_shape", "nose_width", "nose_broad", "eyes_apart"),
        ("head_shape", "jaw_width", "jaw", "nose_long"),
        ("head_shape", "eye_spacing", "eyes_apart", "lips_full"),
    ],
)
def test_a_tape_on_the_face_reads_what_an_axis_does(family, axis, risen, still):
    rise, other = measured_with(family, axis, 2.0, risen, still)
    assert rise > 0
    assert abs(other) < rise


def test_landmarks_lie_where_they_are_called():
    head = load_body("head")
    at = face_landmarks(head, head.arrays.v_template[None].astype(np.float64))
    assert at is not None
    assert at.shape == (1, 68, 3)
    chin, nose, left_eye, right_eye = at[0, 8], at[0, 30], at[0, 42:48].mean(0), at[0, 36:42].mean(0)
    assert chin[1] < nose[1] < left_eye[1]
    assert nose[2] > chin[2] > at[0, 0, 2]
    assert left_eye[0] > 0.02 > -0.02 > right_eye[0]
    assert face_landmarks(load_body("dog"), np.zeros((1, 16952, 3))) is None


def test_heads_have_lips_brows_and_teeth_and_dogs_fur():
    studio = studio_of("head_expression")
    colours = face_colours(studio.body, studio.figures.person)
    assert colours is not None
    regions = studio.body.arrays.extras["regions"]
    names = [str(n) for n in studio.body.arrays.extras["region_names"]]
    mean = {name: colours[regions == i].mean(0) for i, name in enumerate(names)}
    assert mean["lips"][0] / mean["lips"][1] > 1.2 * mean["face"][0] / mean["face"][1]
    assert mean["upper_teeth"].min() > mean["scalp"].max()
    assert face_colours(load_body("dog"), studio.figures.person) is None
    dog = studio_of("animal")
    fur = dog.figure(np.zeros(dog.count)).colours
    assert (fur == fur[0]).all()


def test_dogs_stand_on_straight_legs():
    """A dog's joints have names that people's have too, but its shoulders are no arms."""
    studio = studio_of("animal")
    joints = studio.figure(np.zeros(studio.count)).joints
    names = studio.body.joint_names
    shoulder, wrist = (joints[names.index(f"left_{n}")] for n in ("shoulder", "wrist"))
    assert abs(shoulder[0] - wrist[0]) < 0.1


@pytest.mark.parametrize(("family", "model"), FILES)
def test_sliders_that_ship_do_what_their_words_say(family, model, along):
    studio = studio_of(family, model)
    sliders = read_sliders(shipped_file(family, model))
    assert sliders.about["model_sha256"] == studio.body.sha256
    assert tuple(sliders.about["names"]) == studio.names
    told = along(studio, sliders, 60)
    assert list(told) == list(sliders.words)
    for word, truth in told.items():
        assert spearman(np.arange(len(truth)), truth) > 0.9, word
        assert truth[-1] - truth[0] > 1.0, word


@pytest.mark.parametrize(("family", "model"), FILES)
def test_some_words_of_each_are_learnt_from_pictures(family, model):
    sliders = read_sliders(shipped_file(family, model))
    sources = dict(zip(sliders.words, sliders.about["source"], strict=True))
    assert "pictures" in sources.values()
    assert set(sources.values()) <= {"pictures", "tape"}
