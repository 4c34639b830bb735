import numpy as np
import pytest
import torch
from impromptu.backend.body import load_body
from impromptu.backend.body.axes import resolve_betas
from impromptu.backend.body.girths import PLACES, convex_hull, find_girths, loop_at, measure_arrays
from impromptu.backend.body.load import DEFAULT_FILE
from scipy.spatial import ConvexHull

default = pytest.mark.skipif(not DEFAULT_FILE.is_file(), reason="the default body is not built")


def test_hull_is_the_convex_one():
    points = np.random.default_rng(0).normal(size=(200, 2))
    around = convex_hull(points)
    assert set(around) == set(ConvexHull(points).vertices)
    length = np.linalg.norm(points[around] - points[np.roll(around, -1)], axis=1).sum()
    assert length == pytest.approx(ConvexHull(points).area)


def test_a_cylinder_is_as_far_around_as_its_circle():
    angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    ring = np.stack([np.cos(angle), 0 * angle, np.sin(angle)], 1) * 0.2
    vertices = np.concatenate([ring, ring + np.array([0, 1, 0])])
    edges = np.stack([np.arange(64), np.arange(64) + 64], 1)
    loop = loop_at("it", vertices, edges, np.array([0, 0.3, 0]), np.array([0.0, 1, 0]))
    assert loop.length(vertices) == pytest.approx(2 * np.pi * 0.2, rel=1e-2)
    assert loop.length(vertices * 2) == pytest.approx(2 * loop.length(vertices))
    assert loop_at("it", vertices, edges, np.array([0, 2.0, 0]), np.array([0.0, 1, 0])) is None


@default
@pytest.mark.parametrize("shape", [(), (("weight", 3.0),), (("stature", 2.0), ("belly", 3.0)), (("chest", -2.0),)])
def test_a_loop_is_as_long_as_a_slice_of_the_shaped_mesh(shape):
    body = load_body("female")
    mesh = body.shaped(resolve_betas(body, shape))[0].double().numpy()
    owner = body.arrays.weights.argmax(1)
    girths = {g.name: g for g in find_girths(body)}
    assert set(girths) == {place.name for place in PLACES}
    for place in (p for p in PLACES if p.name in ("chest", "waist", "hips")):
        girth = girths[place.name]
        trunk = np.isin(owner, [body.joint_names.index(name) for name in place.part])
        inside = body.arrays.faces[trunk[body.arrays.faces].all(1)]
        height = girth.points(mesh)[:, 1].mean()
        ends = mesh[inside, 1] - height
        cut = []
        for i, j in ((0, 1), (1, 2), (2, 0)):
            crossing = ends[:, i] * ends[:, j] < 0
            t = (ends[:, i] / (ends[:, i] - ends[:, j]))[crossing, None]
            a, b = mesh[inside[crossing, i]], mesh[inside[crossing, j]]
            cut.append((a + t * (b - a))[:, [0, 2]])
        assert girth.length(mesh) == pytest.approx(ConvexHull(np.concatenate(cut)).area, rel=0.04), place.name


@default
def test_girths_are_a_womans_and_follow_the_shape():
    body = load_body("female")
    girths = {g.name: g for g in find_girths(body)}
    mean = body.shaped()[0].double().numpy()
    heavy = body.shaped(resolve_betas(body, (("weight", 2.0),)))[0].double().numpy()
    ranges = {"chest": (80, 105), "waist": (60, 85), "hips": (85, 110), "neck": (27, 37), "head": (50, 60),
              "thigh": (45, 62), "calf": (30, 42), "wrist": (13, 18), "upper_arm": (22, 34)}  # fmt: skip
    for name, (low, high) in ranges.items():
        assert low < 100 * girths[name].length(mean) < high, name
    for name in ("chest", "waist", "hips", "thigh"):
        assert girths[name].length(heavy) > 1.03 * girths[name].length(mean), name


def test_bodies_without_a_trunk_have_no_measures_of_it(body_file):
    arrays = measure_arrays(load_body(body_file("flame")))
    assert not {"chest", "waist", "hips"} & set(arrays["measure_names"])
    assert arrays["girth_start"][-1] == len(arrays["girth_a"]) == len(arrays["girth_t"])
    assert torch.is_tensor(load_body(body_file("smplx")).shaped())
    measure_arrays(load_body(body_file("smplx")))
