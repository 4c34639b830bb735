"""Random shapes, from the front and the side."""

import numpy as np
import pytest
from impromptu.backend.pictures.part_map import part_mapper, project
from impromptu.backend.pictures.requests import ShapesRequest
from impromptu.backend.pictures.shapes import ShapesPlan
from impromptu.backend.protocol import InvalidInput


@pytest.fixture(scope="module")
def bodies():
    return ShapesPlan(ShapesRequest(engine="raster", count=400))


@pytest.fixture(scope="module")
def faces():
    return ShapesPlan(ShapesRequest(engine="raster", count=400, what="expressions"))


@pytest.mark.parametrize(("kind", "limit"), [("bodies", 2.0), ("faces", 4.0)])
def test_coefficients_are_normal_and_cut_at_the_limit(kind, limit, request):
    plan = request.getfixturevalue(kind)
    assert len(plan) == 800
    drawn = np.array([r["coefficients"] for r in plan.rows(range(0, 800, 2))])
    assert drawn.shape == (400, 10)
    assert np.abs(drawn).max() <= limit
    assert drawn.mean() == pytest.approx(0, abs=0.05)
    assert drawn.std() == pytest.approx(0.95 if limit == 2 else 1.0, abs=0.05)
    assert ((np.abs(drawn) == 2.0).mean() > 0.02) == (limit == 2)


def test_views_of_one_shape_are_a_quarter_turn_apart(bodies):
    front, side = bodies.rows([6, 7])
    assert front["shape"] == side["shape"] == 3
    assert front["coefficients"] == side["coefficients"]
    assert (front["azimuth"], side["azimuth"]) == (0.0, 90.0)
    scenes = bodies.scenes([front, side])
    # The same body stands there both times; from the front its left is at the picture's right.
    np.testing.assert_array_equal(scenes.vertices[0], scenes.vertices[1])
    assert scenes.camera_position[0][2] > 4
    assert scenes.camera_position[1][0] > 4
    assert np.linalg.norm(scenes.camera_position[0] - scenes.camera_position[1]) > 5


def test_bodies_are_whole_in_the_picture_and_measured(bodies):
    rows = bodies.rows(range(0, 16, 2))
    scenes = bodies.scenes(rows)
    for k in range(len(rows)):
        places = project(scenes, k)[:, :2]
        assert places.min() > 0
        assert places.max() < 224
        assert np.ptp(places[:, 1]) > 224 * 0.6
    heights = [bodies.describe(r, None)["measurements"]["height_m"] for r in rows]
    statures = [r["coefficients"][0] for r in rows]
    assert np.corrcoef(heights, statures)[0, 1] > 0.8


def test_faces_fill_the_middle_and_are_not_measured(faces):
    rows = faces.rows([0, 1])
    scenes = faces.scenes(rows)
    parts = part_mapper(scenes)(0)
    face = parts == scenes.part_names.index("face")
    assert 0.08 < face.mean() < 0.7
    x, y = (np.flatnonzero(face.any(axis)).mean() for axis in (0, 1))
    assert x == pytest.approx(112, abs=12)
    assert y == pytest.approx(112, abs=40)
    assert faces.describe(rows[0], parts) == {}


def test_plain_shapes_are_bare_and_grey(bodies):
    plan = ShapesPlan(ShapesRequest(engine="raster", plain=True))
    scenes = plan.scenes(plan.rows([0]))
    assert np.ptp(scenes.colours) == 0
    assert set(np.unique(scenes.parts)) < set(np.unique(bodies.scenes(bodies.rows([0])).parts)) | set(range(12))


def test_a_row_depends_on_seed_and_index_alone(bodies):
    assert ShapesPlan(ShapesRequest(engine="raster", count=9)).rows([4, 11]) == bodies.rows([4, 11])
    assert ShapesPlan(ShapesRequest(engine="raster", seed=5)).rows([4]) != bodies.rows([4])


def test_a_body_without_expressions_says_so(tmp_path, monkeypatch):
    plan_body = ShapesPlan(ShapesRequest(engine="raster")).figures.body
    monkeypatch.setattr(plan_body, "expression_names", ())
    with pytest.raises(InvalidInput, match="has no expressions"):
        ShapesPlan(ShapesRequest(engine="raster", what="expressions"))
