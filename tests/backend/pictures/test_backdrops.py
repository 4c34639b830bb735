"""Backdrops: the same for the same seed, in the colours asked for, and mixed as light."""

import numpy as np
import pytest
from impromptu.backend.pictures.backdrops import compose, draw_backdrop, linear_table, shrink, to_srgb
from impromptu.backend.pictures.scenes import BACKDROPS
from impromptu.backend.protocol import InvalidInput

COLOURS = np.array([[0.1, 0.2, 0.3], [0.9, 0.7, 0.5]])


@pytest.mark.parametrize("kind", BACKDROPS)
@pytest.mark.parametrize("size", [(32, 48), (48, 32), (1, 1)])
def test_every_kind_keeps_between_its_colours(kind, size):
    drawn = draw_backdrop(kind, COLOURS, *size, seed=3)
    assert drawn.shape == (*size, 3)
    assert drawn.dtype == np.float32
    assert (drawn >= COLOURS.min(0) - 1e-6).all()
    assert (drawn <= COLOURS.max(0) + 1e-6).all()
    assert np.array_equal(drawn, draw_backdrop(kind, COLOURS, *size, seed=3))


@pytest.mark.parametrize("kind", ["plain", "ground"])
def test_plain_is_the_first_colour(kind):
    assert np.allclose(draw_backdrop(kind, COLOURS, 4, 4, 0), COLOURS[0])


def test_a_gradient_goes_from_top_to_bottom():
    drawn = draw_backdrop("gradient", COLOURS, 200, 3, 0)
    assert np.allclose(drawn[0], COLOURS[0], atol=0.01)
    assert np.allclose(drawn[-1], COLOURS[1], atol=0.01)


def test_chess_has_two_colours_and_squares():
    drawn = draw_backdrop("chess", COLOURS, 120, 120, 5)
    first = np.isclose(drawn, COLOURS[0]).all(-1)
    assert np.isclose(drawn[~first], COLOURS[1]).all()
    assert 0.35 < first.mean() < 0.65
    turns = np.abs(np.diff(first[60].astype(int))).sum()
    assert 5 <= turns <= 15


@pytest.mark.parametrize("kind", ["chess", "noise"])
def test_another_seed_is_another_pattern(kind):
    assert not np.array_equal(draw_backdrop(kind, COLOURS, 64, 64, 0), draw_backdrop(kind, COLOURS, 64, 64, 1))


@pytest.mark.parametrize("kind", ["chess", "noise"])
def test_a_pattern_is_the_same_at_another_size(kind):
    fine = draw_backdrop(kind, COLOURS, 256, 256, 2).reshape(64, 4, 64, 4, 3).mean((1, 3))
    assert np.abs(fine - draw_backdrop(kind, COLOURS, 64, 64, 2)).mean() < 0.06


def test_an_unknown_kind_is_refused():
    with pytest.raises(InvalidInput, match="curtain"):
        draw_backdrop("curtain", COLOURS, 4, 4, 0)


def test_bytes_survive_linear_light():
    assert np.array_equal(to_srgb(linear_table()), np.arange(256))
    assert np.array_equal(to_srgb(np.array([-1.0, 2.0])), [0, 255])


def test_pictures_are_mixed_as_light():
    rgba = np.array([[[255, 255, 255, 255], [255, 255, 255, 0], [255, 255, 255, 128]]], np.uint8)
    mixed = compose(rgba, np.zeros((1, 3, 3), np.float32))[0, :, 0]
    # Half of white's light is sRGB 188.
    assert mixed.tolist() == [255, 0, 188]


def test_what_covers_wholly_keeps_its_bytes():
    rgba = np.full((16, 16, 4), 255, np.uint8)
    rgba[..., :3] = np.arange(256).reshape(16, 16, 1)
    assert np.array_equal(compose(rgba, np.ones((16, 16, 3), np.float32)), rgba[..., :3])


def test_shrinking_averages_light_by_alpha():
    rgba = np.zeros((2, 2, 4), np.uint8)
    rgba[0, 0] = 255
    # What is not covered has no colour to give.
    assert shrink(rgba, 2)[0, 0].tolist() == [255, 255, 255, 64]
    assert shrink(rgba, 1) is rgba
    halves = np.array([[[255, 255, 255, 255], [0, 0, 0, 255]]] * 2, np.uint8)
    assert shrink(halves, 2)[0, 0].tolist() == [188, 188, 188, 255]
