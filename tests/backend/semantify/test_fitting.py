"""Sliders from scores: directions, calibration, and what is expected of scores."""

import numpy as np
import pytest
from impromptu.backend.protocol import InvalidInput
from impromptu.backend.protocol.slider_map import features, from_arrays, to_arrays
from impromptu.backend.semantify.fitting import (
    calibrated,
    directions,
    fit_sliders,
    posterior,
    rising,
    shown_apart,
    sides,
    told_apart,
)
from impromptu.backend.semantify.mlp import train_mlp

LOTS = np.random.default_rng(0)
X = LOTS.normal(size=(3000, 6))
TRUE = LOTS.normal(size=(3, 6))
TRUE[1] += TRUE[0]
TRUE /= np.linalg.norm(TRUE, axis=1, keepdims=True)
SCORES = np.tanh(X @ TRUE.T) + 0.5 * LOTS.normal(size=(3000, 3))
WORDS, OPPOSITES = ("a", "b", "c"), ("", "", "z")


def made(kind="even"):
    return fit_sliders(WORDS, OPPOSITES, SCORES, X, 2.0, kind)


def test_directions_are_found_through_noise():
    assert (np.abs((directions(SCORES, X) * TRUE).sum(1)) > 0.99).all()


@pytest.mark.parametrize("kind", ["even", "pure"])
def test_no_slider_moves_another(kind):
    sliders = made(kind)
    assert np.abs(sliders.read @ sliders.move - np.eye(3)).max() < 1e-9


def test_even_sliders_are_the_nearest_that_do_not_overlap():
    towards = directions(SCORES, X)
    even, move = told_apart(towards, "even")
    assert np.allclose(even @ even.T, np.eye(3))
    assert np.allclose(move, even.T)
    other, _ = np.linalg.qr(towards.T)
    other = other.T * np.sign((other.T * towards).sum(1, keepdims=True))
    assert ((even - towards) ** 2).sum() < ((other - towards) ** 2).sum()


def test_more_words_than_coefficients_still_move():
    scores = X @ LOTS.normal(size=(6, 9))
    sliders = fit_sliders(tuple("abcdefghi"), ("",) * 9, scores, X, 2.0)
    moved = [sliders.values(sliders.moved(sliders.mean, i, 1.0))[i] for i in range(9)]
    assert min(moved) > 0


def test_rising_pools_what_falls():
    assert rising(np.array([1.0, 3.0, 2.0, 4.0]), np.array([1.0, 1.0, 3.0, 1.0])).tolist() == [1, 2.25, 2.25, 4]
    assert rising(np.array([3.0, 2.0, 1.0]), np.ones(3)).tolist() == [2, 2, 2]


def test_calibration_follows_a_bent_score():
    values = LOTS.normal(size=4000)
    knots, levels = calibrated(values, np.tanh(2 * values) + 0.3 * LOTS.normal(size=4000))
    assert (np.diff(knots) > 0).all()
    assert (np.diff(levels) >= 0).all()
    assert np.abs(np.interp([-1, 0, 1], knots, levels) - np.tanh([-2, 0, 2])).max() < 0.15


def test_expected_coefficients_are_better_than_the_mean_and_than_chance():
    made = posterior(SCORES[:2000], X[:2000])
    standard = (SCORES[2000:] - made["score_mean"]) / made["score_scale"]
    found = (features(standard) - made["usual"]) @ made["gain"].T
    error, none = ((found - X[2000:]) ** 2).mean(), (X[2000:] ** 2).mean()
    wrong = ((found[::-1] - X[2000:]) ** 2).mean()
    assert error < 0.85 * none < wrong


def test_a_score_that_never_changes_is_refused():
    with pytest.raises(InvalidInput, match="same for every sample"):
        fit_sliders(("a",), ("",), np.ones((50, 1)), X[:50], 2.0)
    with pytest.raises(InvalidInput, match="too few"):
        fit_sliders(WORDS, OPPOSITES, SCORES[:5], X[:5], 2.0)


def test_published_mapper_learns_and_its_seed_fixes_it():
    scores = np.tanh(X[:600] @ TRUE.T)
    mapper = train_mlp(scores, X[:600], seed=1, epochs=4)
    again = train_mlp(scores, X[:600], seed=1, epochs=4)
    held_out = np.tanh(X[600:900] @ TRUE.T)
    found = mapper.coefficients(held_out)
    assert np.array_equal(found, again.coefficients(held_out))
    assert ((found - X[600:900]) ** 2).mean() < 0.9 * (X[600:900] ** 2).mean()
    near = mapper.reconstruct(X[600:620])
    assert ((near - X[600:620]) ** 2).mean() < ((found[:20] - X[600:620]) ** 2).mean() + 1e-9


UP = np.where(LOTS.random((2000, 6)) < 0.3, np.abs(LOTS.normal(size=(2000, 6))), 0.0)
SHAPES = np.array([[1.0, 0.6, 0, 0, -0.8, 0], [0.5, 0, 1.0, 0.05, 0, 0], [0, 0, 0, 0, 0, 1.0]])


def shown():
    """Sliders of blend shapes: three words, the first of which is the less the more the fifth shape is there."""
    return fit_sliders(WORDS, OPPOSITES, UP @ SHAPES.T, UP, 3.0, one_sided=True)


def test_blend_shapes_are_only_added():
    sliders = shown()
    assert (sliders.move >= 0).all()
    assert sliders.move[4, 0] == 0
    assert sliders.move[3, 1] == 0, "what is faint does not belong to the word"
    assert sliders.low.tolist() == [0, 0, 0]
    full = [sliders.moved(sliders.mean, i, sliders.high[i]) for i in range(3)]
    assert [one.max() for one in full] == pytest.approx([3.0, 3.0, 3.0])
    both = sliders.moved(full[0] / 2, 1, 1.0)
    assert both.min() >= 0
    assert sliders.values(both)[0] == pytest.approx(sliders.values(full[0] / 2)[0])
    assert sliders.values(both)[1] == pytest.approx(1.0)


def test_no_blend_shape_goes_below_zero_and_files_say_so():
    sliders = from_arrays(to_arrays(shown()))
    back = sliders.moved(np.array([0.2, 0, 0, 0, 0, 0]), 0, 0.0)
    assert back.min() >= 0
    assert sliders.from_scores(np.full(3, -9.0)).min() >= 0
    usual = UP @ SHAPES.T
    assert sliders.from_scores(usual.mean(0)) == pytest.approx(UP.mean(0), abs=0.35)


def test_words_that_show_the_same_shapes_are_refused():
    with pytest.raises(InvalidInput, match="same shapes"):
        fit_sliders(("a", "b"), ("", ""), UP @ SHAPES[[0, 0]].T, UP, 3.0, one_sided=True)


def test_no_word_tells_left_from_right():
    names = ("smile_left", "smile_right", "frown", "jaw_left")
    assert sides(names) == [(0, 1)]
    x = LOTS.normal(size=(500, 4))
    found = directions(x @ np.array([[1.0, 0.2, -0.5, 0.3]]).T, x, sides(names))[0]
    assert found[0] == pytest.approx(found[1])
    assert found[0] > 0 > found[2]


def test_words_made_of_the_shapes_of_others_are_found():
    up = np.array([[1.0, 0, 0], [0, 1.0, 0], [0.7, 0.7, 0.05], [-1.0, 0, 0], [0, 0.3, 1.0]])
    assert shown_apart(up / np.linalg.norm(up, axis=1, keepdims=True)) == [0, 1, 4]
