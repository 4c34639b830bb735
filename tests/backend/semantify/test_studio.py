"""What is pictured and measured of the default body, and of its face."""

import numpy as np
import pytest
from impromptu.backend.people.bodies import AXES
from impromptu.backend.protocol import InvalidInput
from impromptu.backend.semantify.families import Descriptor, load_family
from impromptu.backend.semantify.measured import tape, trait, wanted
from impromptu.backend.semantify.studio import Studio


@pytest.fixture(scope="module")
def studio():
    return Studio(load_family("body"), "neutral")


def axis(name, value):
    return value * np.eye(len(AXES))[AXES.index(name)]


def test_cameras_stand_still_so_that_tall_is_seen(studio):
    def rows(coefficients):
        picture = studio.pictures(coefficients, 64)[0].astype(int)
        return (np.abs(picture - picture[0, 0]).max((1, 2)) > 40).sum()

    assert rows(axis("stature", 2.0)) > rows(np.zeros(10)) + 3
    assert rows(axis("stature", -2.0)) < rows(np.zeros(10)) - 3


def test_pictures_are_the_same_each_time_and_differ_by_view(studio):
    first, again = (studio.pictures(axis("weight", 1.0), 64) for _ in range(2))
    assert first.shape == (len(studio.views), 64, 64, 3)
    assert np.array_equal(first, again)
    assert (first[0] != first[1]).any()


def test_tape_agrees_with_what_the_axes_mean(studio):
    rows = np.stack([axis("stature", -1.0), np.zeros(10), axis("stature", 1.0), axis("weight", 1.5)])
    measured = tape(studio, rows)
    assert measured["height"][1] == pytest.approx(1.74, abs=0.02)
    assert (np.diff(measured["height"][:3]) > 0.08).all()
    heavy = trait("heaviness", measured)
    assert heavy[3] > 1.1 * heavy[1]
    assert measured["axis:weight"].tolist() == [0, 0, 0, 1.5]
    assert trait("axis:nothing", measured) is None
    truth = wanted(Descriptor("lanky", measure=(("height", 1.0), ("heaviness", -1.0))), measured)
    assert truth is not None
    assert truth.argmin() in (0, 3)
    assert truth.argmax() == 2
    assert wanted(Descriptor("odd"), measured) is None


def test_a_face_fills_the_picture_and_its_expression_shows():
    family = load_family("head_expression")
    face = Studio(family, "neutral")
    assert "smile" in face.names
    calm = face.pictures(np.zeros(face.count), 64)
    smiling = face.pictures(4.0 * np.eye(face.count)[face.names.index("smile")], 64)
    assert (np.abs(calm[0].astype(int) - calm[0, 0, 0]).max(2) > 40).mean() > 0.2
    assert (calm != smiling).any()


def test_an_unknown_model_is_told():
    with pytest.raises(InvalidInput):
        Studio(load_family("body"), "nobody.npz")
