"""Intervals, changes of pictures and words of the evaluation, each by itself."""

from __future__ import annotations

import numpy as np
import pytest
from impromptu.backend.encoders.evaluation.changes import CHANGES, mirror_words
from impromptu.backend.encoders.evaluation.intervals import mean_of, share_of, wilson
from impromptu.backend.encoders.evaluation.wordings import garment, word

SIZE = 40


@pytest.fixture
def picture():
    rng = np.random.default_rng(0)
    parts = np.full((1, SIZE, SIZE), 255, np.uint8)
    parts[0, 10:30, 10:25] = 3
    return rng.integers(0, 256, (1, SIZE, SIZE, 3), dtype=np.uint8), parts


def test_wilsons_interval():
    assert wilson(0.5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert wilson(0.0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson(1.0, 0) == (0.0, 1.0)


def test_several_questions_about_one_picture_do_not_narrow_the_interval():
    one = share_of([1, 0] * 10, range(20), 0.5)
    same = share_of([1, 0] * 10, [0, 1] * 10, 0.5)
    assert one.n == same.n == 20
    assert (same.low, same.high) == wilson(0.5, 2)
    assert one.high < same.high


def test_the_bootstraps_interval_holds_the_mean():
    figure = mean_of(np.linspace(0, 1, 50), range(50), 0.5)
    assert figure.value == pytest.approx(0.5)
    assert figure.low < 0.5 < figure.high
    assert figure.high - figure.low == pytest.approx(2 * 1.96 * 0.2944 / 50**0.5, rel=0.15)


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_decided_by_its_seed_and_changes_something(name, picture):
    pictures, parts = picture
    one, mask = CHANGES[name](pictures, parts, [4])
    again, _ = CHANGES[name](pictures, parts, [4])
    assert (one == again).all()
    assert one.dtype == np.uint8
    assert one.shape != pictures.shape or (one != pictures).any()
    assert mask.dtype == np.uint8
    assert (mask == 3).any()


def test_another_background_leaves_the_person(picture):
    pictures, parts = picture
    changed, _ = CHANGES["another background"](pictures, parts, [1])
    assert (changed == pictures)[parts == 3].all()
    assert (changed != pictures)[parts == 255].any()


def test_mirrored_pictures_have_mirrored_words(picture):
    pictures, parts = picture
    changed, mask = CHANGES["mirrored"](pictures, parts, [1])
    assert (changed[:, :, ::-1] == pictures).all()
    assert (mask[:, :, ::-1] == parts).all()
    assert mirror_words("lit from the left, the right hand up") == "lit from the right, the left hand up"


def test_words_of_training_and_words_kept_for_tests():
    assert garment("t-shirt", "orange") == "an orange t-shirt"
    assert garment("t-shirt", "", kept=True) == "a tee shirt"
    assert (word("colours", "red"), word("colours", "red", kept=True)) == ("red", "scarlet")
    assert word("colours", "purple", kept=True) == "purple"
    assert word("light", "from behind", kept=True) == "with the light behind them"
