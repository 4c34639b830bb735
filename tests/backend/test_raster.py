"""Triangles to pixels."""

import numpy as np
import pytest
from impromptu.backend.raster import rasterise, vertex_normals

KINDS = pytest.mark.parametrize("kind", [np.float32, np.float64])


def grid(size, cells, kind, shift=0.0):
    """A square of triangles, its corners on the middles of pixels where `shift` is half a pixel."""
    line = np.linspace(0, size, cells + 1) + shift
    points = np.stack(np.meshgrid(line, line), -1).reshape(-1, 2).astype(kind)
    a = np.arange(cells)[:, None] * (cells + 1) + np.arange(cells)
    first = np.stack([a, a + 1, a + cells + 2], -1).reshape(-1, 3)
    second = np.stack([a, a + cells + 2, a + cells + 1], -1).reshape(-1, 3)
    return points, np.concatenate([first, second])


@KINDS
@pytest.mark.parametrize("shift", [0.0, 0.5, 0.3])
@pytest.mark.parametrize("cells", [1, 4, 7, 24])
def test_neighbours_leave_no_hole(kind, shift, cells):
    points, faces = grid(24, cells, kind, shift - 1)
    hit, _ = rasterise(points, np.zeros(len(points), kind), faces, 22, 22)
    assert (hit.reshape(22, 22) >= 0).all()


@KINDS
def test_edges_far_from_the_corner_leave_no_hole(kind):
    """Numbers of thousands of pixels, on edges that slant: where the rounding is largest."""
    turn = np.array([[np.cos(0.7), -np.sin(0.7)], [np.sin(0.7), np.cos(0.7)]])
    points, faces = grid(300, 40, np.float64)
    points = ((points - 150) @ turn.T + (1900, 1900)).astype(kind)
    hit, _ = rasterise(points, np.zeros(len(points), kind), faces, 2000, 2000)
    assert (hit.reshape(2000, 2000)[1850:1950, 1850:1950] >= 0).all()


@KINDS
@pytest.mark.parametrize("slope", [(3, 1), (5, 2), (7, 3), (11, 4)])
def test_edges_through_the_middles_of_pixels_leave_no_hole(kind, slope):
    """Slanting edges that pass through middles exactly: there each neighbour's weight is a rounding error."""
    p, q = slope
    points, faces = grid(16, 16, np.float64)
    points = (points @ np.array([[p, -q], [q, p]]) + (0.5, 300.5)).astype(kind)
    hit, _ = rasterise(points, np.zeros(len(points), kind), faces, 700, 700)
    filled = hit.reshape(700, 700) >= 0
    # Of the square, all of a row between its first pixel and its last.
    rows = [np.flatnonzero(row) for row in filled if row.any()]
    assert len(rows) > 16 * p
    assert all(len(seen) == seen[-1] - seen[0] + 1 for seen in rows)


@KINDS
def test_weights_say_where_in_the_face(kind):
    points, faces = grid(20, 3, kind)
    hit, weights = rasterise(points, np.zeros(len(points), kind), faces, 20, 20)
    np.testing.assert_allclose(weights.sum(1), 1, atol=1e-6)
    there = (weights[:, :, None] * points[faces[hit]]).sum(1)
    rows, columns = np.divmod(np.arange(400), 20)
    np.testing.assert_allclose(there, np.stack([columns, rows], 1) + 0.5, atol=1e-4)


def test_the_nearer_face_is_in_front_whatever_the_order():
    points = np.array([[0, 0], [20, 0], [0, 20], [0, 0], [20, 0], [0, 20]], float)
    depth = np.array([1.0, 1, 1, 2, 2, 2])
    for faces in ([[0, 1, 2], [3, 4, 5]], [[3, 4, 5], [0, 1, 2]]):
        hit, _ = rasterise(points, depth, np.array(faces), 10, 10)
        assert {faces[i][0] for i in hit if i >= 0} == {3}


def test_faces_that_cross_are_each_in_front_where_they_are_nearer():
    points = np.array([[0, 0], [40, 0], [0, 40]] * 2, float)
    depth = np.array([0.0, 1, 0, 0.25, 0.25, 0.25])
    hit, _ = rasterise(points, depth, np.array([[0, 1, 2], [3, 4, 5]]), 16, 1)
    # The first rises to the right: it comes to the front after a quarter of its way.
    np.testing.assert_array_equal(hit, [1] * 10 + [0] * 6)


@KINDS
def test_what_is_not_seen(kind):
    outside = np.array([[-9, -9], [-5, -9], [-9, -5], [30, 30], [34, 30], [30, 34]], kind)
    line = np.array([[0, 0], [5, 5], [9, 9]], kind)
    for points, faces in ((outside, [[0, 1, 2], [3, 4, 5]]), (line, [[0, 1, 2]]), (line, np.zeros((0, 3), int))):
        hit, _ = rasterise(points, np.zeros(len(points), kind), np.array(faces, int), 10, 10)
        assert (hit == -1).all()


def test_both_sides_are_seen():
    points = np.array([[0, 0], [10, 0], [0, 10]], float)
    sides = [rasterise(points, np.zeros(3), np.array([f]), 10, 10)[0] for f in ([0, 1, 2], [0, 2, 1])]
    np.testing.assert_array_equal(*sides)
    assert (sides[0] == 0).sum() > 40


def test_normals_are_unit_and_face_outwards():
    corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], float)
    faces = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])
    normals = vertex_normals(corners, faces)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1)
    assert ((normals * (corners - corners.mean(0))).sum(1) > 0).all()
