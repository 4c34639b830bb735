import numpy as np
import pytest
from impromptu.backend.people.bodies import SKIN
from impromptu.backend.people.colours import (
    ANCHORS,
    NAMES,
    differ,
    different,
    family_of,
    from_hex,
    from_oklab,
    name_of,
    sample_shade,
    shades_near,
    to_linear,
    to_oklab,
    to_srgb,
)


def test_spaces_invert_each_other():
    rgb = np.random.default_rng(0).random((50, 3))
    assert to_srgb(to_linear(rgb)) == pytest.approx(rgb)
    assert from_oklab(to_oklab(rgb)) == pytest.approx(rgb, abs=1e-6)
    # Published values (Ottosson 2020): white, and pure red.
    assert to_oklab(np.ones(3)) == pytest.approx([1, 0, 0], abs=1e-3)
    assert to_oklab(np.array([1.0, 0, 0])) == pytest.approx([0.628, 0.225, 0.126], abs=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_every_shade_bears_its_own_name(name):
    rng = np.random.default_rng(1)
    shades = [sample_shade(rng, name) for _ in range(150)]
    assert {name_of(s) for s in shades} == {name}
    assert len(set(shades)) > 80
    lab = to_oklab(np.array(shades))
    assert np.linalg.norm(lab - to_oklab(from_hex(ANCHORS[name])), axis=1).max() < 0.2


def test_a_jittered_red_is_never_orange():
    rng = np.random.default_rng(2)
    hue = [
        np.arctan2(*to_oklab(np.array(sample_shade(rng, n)))[[2, 1]]) for n in ("red", "orange") for _ in range(99)
    ]
    assert max(hue[:99]) < min(hue[99:])


def test_names_that_pass_for_each_other_are_not_different():
    same = (("navy blue", "blue"), ("dark red", "red"), ("black", "navy blue"), ("beige", "light grey"))
    assert not any(differ(*pair) for pair in same)
    assert all(differ(*pair) for pair in (("red", "blue"), ("white", "black"), ("silver", "red")))
    for name in NAMES:
        assert len(different(name)) >= 8
        assert all(differ(other, name) and family_of(other) != family_of(name) for other in different(name))


def test_skins_go_from_light_to_dark_in_even_steps():
    light = [float(to_oklab(np.array(shades_near(code))).mean(0)[0]) for code in SKIN.values()]
    steps = -np.diff(light)
    assert steps.min() > 0.06
    assert steps.max() < 0.2
