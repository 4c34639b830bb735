"""From measures to betas: what is measured, what the file holds, and what else is known of a person."""

import dataclasses

import numpy as np
import pytest
from impromptu.backend.body.kept import kept_body
from impromptu.backend.protocol import AssetsMissing, FitRequest, Incompatible, InvalidInput
from impromptu.backend.semantify.photo import fit as fitting
from impromptu.backend.semantify.photo.dataset import PhotoSet
from impromptu.backend.semantify.photo.finding import Found, box_of
from impromptu.backend.semantify.photo.learning import fit_map, save_photo_map
from impromptu.backend.semantify.photo.measuring import measures, mirrored
from impromptu.backend.semantify.photo.reading import SHIPPED, Estimate, from_arrays, read_photo_map, to_arrays

JOINTS = {
    0: (0, 150), 7: (8, 152), 8: (-8, 152), 11: (20, 125), 12: (-20, 125), 13: (30, 95), 14: (-30, 95), 15: (35, 68),
    16: (-35, 68), 23: (12, 75), 24: (-12, 75), 25: (13, 40), 26: (-13, 40), 27: (13, 5), 28: (-13, 5), 29: (13, 1),
    30: (-13, 1), 31: (16, 0), 32: (-16, 0),
}  # fmt: skip
"""Of a standing person who faces the camera, cm from the floor's middle."""


def person(wide=1.0, size=2.0, shift=(0, 0)):
    """Somebody of bars, seen from ahead.

    Args:
        wide: thickness of trunk and limbs; size: pixels a centimetre.
    """
    places = np.array([JOINTS.get(i, (0, 150)) for i in range(33)], float)
    points = np.c_[places[:, 0], -places[:, 1]] * size + (200, 380) + np.array(shift)
    y, x = np.mgrid[:420, :420]
    mask = np.zeros((420, 420), bool)
    bones = ((11, 13, 5), (13, 15, 4), (12, 14, 5), (14, 16, 4), (23, 25, 8), (25, 27, 6), (24, 26, 8), (26, 28, 6))
    for a, b, thick in (*((a, b, t * wide) for a, b, t in bones), (7, 8, 9)):
        along = points[b] - points[a]
        share = (((x - points[a][0]) * along[0] + (y - points[a][1]) * along[1]) / (along @ along)).clip(0, 1)
        apart = np.hypot(x - points[a][0] - share * along[0], y - points[a][1] - share * along[1])
        mask |= apart < thick * size
    middle = (points[11] + points[12]) / 2
    mask |= (np.abs(x - middle[0]) < 18 * wide * size) & (y > points[11][1]) & (y < points[23][1] + 5 * size)
    world = np.c_[places[:, 0], -places[:, 1] + 75, np.zeros(33)] / 100
    return Found(box_of(mask), mask, np.c_[points, np.ones(33)], world, "pose")


def test_measures_depend_on_the_shape_but_neither_on_distance_nor_place():
    near, far = measures(person(size=2.2)), measures(person(size=1.1, shift=(20, -30)))
    assert np.abs(near - far).mean() < 0.004
    assert np.abs(near - far).max() < 0.04
    assert np.abs(near - measures(person(wide=1.3, size=2.2))).mean() > 0.01


def test_the_outline_is_measured_in_metres():
    told = measures(person())
    trunk = told[5:10]
    assert trunk == pytest.approx(0.36, abs=0.03)


def test_a_person_in_the_mirror_measures_the_same():
    one = person()
    assert measures(mirrored(one)) == pytest.approx(measures(one), abs=0.02)
    again = mirrored(mirrored(one))
    assert (again.mask == one.mask).all()
    assert again.points == pytest.approx(one.points)
    assert again.box == one.box


def test_a_mask_that_is_cut_off_or_empty_around_joints_is_measured_all_the_same():
    one = person()
    cut = dataclasses.replace(one, mask=one.mask & (np.arange(420)[:, None] < 200))
    assert np.isfinite(measures(cut)).all()


@pytest.fixture(scope="module")
def photos():
    """Photos whose first measures are the betas, with noise; the rest tells nothing."""
    lots = np.random.default_rng(0)
    betas = lots.standard_normal((600, 3)).astype(np.float32)
    measured = lots.standard_normal((600, 2, 8)).astype(np.float32)
    measured[:, :, :2] = betas[:, None, :2] + 0.3 * measured[:, :, :2]
    embeddings = lots.standard_normal((600, 4)).astype(np.float32)
    embeddings[:, 0] += betas[:, 2]
    return PhotoSet(betas, measured, embeddings, np.arange(600) % 5 > 0, 0)


@pytest.fixture(scope="module")
def learnt(photos):
    return fit_map(photos, ("one", "two"), np.eye(2, 4), 0, {"names": ["a", "b", "c"]})


def test_what_photos_tell_is_learnt_and_how_far_it_errs(photos, learnt):
    assert learnt.explained["a"] > 0.7
    assert 0.1 < learnt.explained["c"] < 0.6
    found = learnt.photo_map.read(photos.measured[0].astype(float), np.zeros(2), True)
    assert found.deviation[0] < 0.55 < found.deviation[2] < 1.0
    alone = learnt.photo_map.from_scores(np.array([2.0, 0.0]))
    assert alone.betas[2] > 0.4 > abs(alone.betas[0])


def test_the_file_gives_the_same_betas_and_is_refused_where_damaged(photos, learnt, tmp_path):
    path = tmp_path / "map.npz"
    save_photo_map(path, learnt.photo_map)
    again = read_photo_map(path)
    for number in range(5):
        row = photos.measured[number].astype(float), np.ones(2), True
        assert again.read(*row).betas == pytest.approx(learnt.photo_map.read(*row).betas, abs=0.02)
    arrays = to_arrays(learnt.photo_map)
    for name, value, kind in (
        ("version", np.array(99), Incompatible), ("format", np.array("other"), InvalidInput),
        ("last", np.zeros((3, 3)), InvalidInput), ("mean", np.full(8, np.nan), InvalidInput),
        ("words", np.array(["one"]), InvalidInput), ("share", np.array(["x"]), InvalidInput),
    ):  # fmt: skip
        with pytest.raises(kind):
            from_arrays({**arrays, name: value}, "map.npz")
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InvalidInput):
        read_photo_map(path)
    with pytest.raises(AssetsMissing):
        read_photo_map(tmp_path / "none.npz")


def test_what_else_is_known_is_a_matter_of_bayes_rule():
    spread = np.array([[0.5, 0.2], [0.2, 0.8]])
    before = Estimate(np.array([0.3, -0.1]), spread)
    after = before.given(np.array([1.0, 0.0]), 0.5)
    assert after.betas == pytest.approx([0.8, -0.1 + 0.5 * 0.2 / 0.5], abs=1e-4)
    assert after.spread[0, 0] == pytest.approx(0, abs=1e-5)
    # A prior moves what the photo leaves open, and nothing else.
    sure = Estimate(np.array([0.3]), np.array([[1e-9]]))
    assert sure.about(np.array([2.0])).betas == pytest.approx([0.3])
    assert Estimate(np.zeros(1), np.eye(1)).about(np.array([2.0])).betas == pytest.approx([2.0])


def test_a_known_height_is_kept():
    import torch
    from impromptu.backend.body.measure import height

    body = kept_body("neutral")
    found = fitting.of_height(Estimate(np.zeros(10), 0.8 * np.eye(10)), body, 1.9)
    assert float(height(body.shaped(torch.from_numpy(found.betas.astype(np.float32))))[0]) == pytest.approx(
        1.9, abs=2e-3
    )
    assert found.betas[0] > 1
    assert found.deviation[0] < 0.5


def test_a_mean_is_the_neutral_body_at_its_betas():
    assert fitting.mean_of("male")[3] < -1 < 1 < fitting.mean_of("female")[3]
    assert fitting.mean_of("neutral") == pytest.approx(np.zeros(10), abs=1e-6)


# What ships


def test_the_map_that_ships_fits_this_body_and_encoder():
    found = fitting.kept_map()
    assert SHIPPED.stat().st_size < 200_000
    assert found.about["names"] == list(kept_body("neutral").beta_names)
    assert found.about["explained"]["weight"] > 0.2
    people = [measures(person(wide=w)) for w in (0.8, 1.4)]
    thin, fat = (found.read(np.stack((p, p)), found.numbers["score_mean"], True).betas for p in people)
    assert fat[1] > thin[1] + 0.5


@pytest.mark.parametrize("fields", [
    {}, {"image": "a.png", "body": "dog"}, {"image": "a.png", "crop": (1, 2, 3)}, {"image": "a.png", "person": 0},
    {"image": "a.png", "height": 180.0}, {"image": "a.png", "finder": "magic"},
])  # fmt: skip
def test_a_request_says_what_is_wrong(fields):
    with pytest.raises(InvalidInput):
        FitRequest(**fields)
