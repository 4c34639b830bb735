"""Spikes, and triangles that run through each other: hand-made cases, and against trying all pairs."""

import time

import numpy as np
import pytest
import torch
from impromptu.backend.body.kept import kept_body
from impromptu.backend.render.topology import build_topology
from impromptu.backend.style import surface_faults
from impromptu.backend.style.surface_faults import self_intersections, spikes

FLAT = [[0, 0, 0], [1, 0, 0], [0, 1, 0]]
PAIR = np.array([[0, 1, 2], [3, 4, 5]])


def grid(n):
    """(n * n, 3) points of a square in z = 0, and its faces."""
    x, y = np.meshgrid(np.linspace(0, 1, n), np.linspace(0, 1, n))
    a = (np.arange(n - 1)[:, None] * n + np.arange(n - 1)).ravel()
    faces = np.concatenate((np.stack((a, a + 1, a + n + 1), 1), np.stack((a, a + n + 1, a + n), 1)))
    return np.stack((x.ravel(), y.ravel(), np.zeros(n * n)), 1), faces


def sphere(n=24):
    """A closed sphere without poles' thin triangles: a cube's six grids, blown up."""
    points, faces = grid(n)
    flat = np.column_stack((points[:, :2] * 2 - 1, np.ones(len(points))))
    turned = [flat, flat * [-1, 1, -1]]
    turned += [np.roll(side, k, 1) for side in turned for k in (1, 2)]
    vertices = np.concatenate(turned)
    vertices /= np.linalg.norm(vertices, axis=1, keepdims=True)
    return vertices.round(12), np.concatenate([faces + k * len(flat) for k in range(6)])


def side(a, b, c, d):
    """Which way a tetrahedron is wound."""
    return np.sign(np.linalg.det(np.stack((b - a, c - a, d - a), -2)))


def all_pairs(vertices, faces):
    """Pairs that meet, none of them in a plane or just touching: an edge of one runs through the other."""
    i, j = np.triu_indices(len(faces), 1)
    apart = (faces[i][:, :, None] != faces[j][:, None]).all((1, 2))
    i, j = i[apart], j[apart]
    found = np.zeros(len(i), bool)
    for k in range(3):
        for one, two in ((i, j), (j, i)):
            p, q = (vertices[faces[one, n]] for n in (k, k - 1))
            a, b, c = (vertices[faces[two, n]] for n in range(3))
            around = side(p, q, a, b) + side(p, q, b, c) + side(p, q, c, a)
            found |= (side(a, b, c, p) != side(a, b, c, q)) & (np.abs(around) == 3)
    return found.sum()


CASES = {
    "one through the other": ([[0.2, 0.2, -1], [0.3, 0.2, 1], [0.2, 0.3, 1]], 1),
    "through its plane beside it": ([[0.8, 0.8, -1], [0.9, 0.8, 1], [0.8, 0.9, 1]], 0),
    "edges that cross": ([[0.5, -0.5, -0.5], [0.5, 0.5, 0.5], [2, -1, 0]], 1),
    "a corner upon it": ([[0.25, 0.25, 0], [0.25, 0.5, 1], [0.5, 0.25, 1]], 1),
    "a corner just above it": ([[0.25, 0.25, 1e-9], [0.25, 0.5, 1], [0.5, 0.25, 1]], 0),
    "an edge at an edge": ([[0.25, 0, 0], [0.75, 0, 0], [0.5, -1, 1]], 1),
    "parallel above": ([[0, 0, 0.1], [1, 0, 0.1], [0, 1, 0.1]], 0),
    "in its plane, apart": ([[0.6, 0.6, 0], [1, 0.6, 0], [0.6, 1, 0]], 0),
    "in its plane, boxes apart": ([[2, 2, 0], [3, 2, 0], [2, 3, 0]], 0),
    "in its plane, inside": ([[0.2, 0.2, 0], [0.3, 0.2, 0], [0.2, 0.3, 0]], 1),
    "in its plane, a star": ([[0.6, 0.5, 0], [-0.2, 0.3, 0], [0.5, -0.2, 0]], 1),
    "without area": ([[0.2, 0.2, -1], [0.2, 0.2, 0], [0.2, 0.2, 1]], 0),
    "no number": ([[0.2, 0.2, -1], [np.nan, 0.2, 1], [0.2, 0.3, 1]], 0),
    "a shared place": ([[0, 0, 0], [1, 1, 1], [1, 1, -1]], 0),
}


@pytest.mark.parametrize("name", CASES)
def test_two_triangles(name):
    other, expected = CASES[name]
    turn = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0]
    exact = expected == 0 or name.startswith("one")
    for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0]):
        vertices = np.array([*FLAT, *np.array(other)[order]])
        assert self_intersections(vertices, PAIR) == expected
        assert self_intersections(vertices, PAIR[::-1]) == expected
        if exact and name != "in its plane, apart":  # where rounding does not decide
            assert self_intersections(vertices @ turn * 0.01 + [5, -3, 2], PAIR) == expected


def test_triangles_that_share_a_vertex_are_neighbours():
    vertices = np.array([*FLAT, [1, 1, 1.0], [1, 1, -1]])
    assert self_intersections(vertices, np.array([[0, 1, 2], [0, 3, 4]])) == 0


def test_nothing_meets_nothing():
    assert self_intersections(np.zeros((0, 3)), np.zeros((0, 3), int)) == 0
    assert self_intersections(np.array(FLAT, float), PAIR[:1]) == 0


def test_a_sphere_is_sound_with_seams_and_without():
    vertices, faces = sphere()
    assert self_intersections(vertices, faces) == 0


def test_two_spheres_meet_along_a_circle():
    vertices, faces = sphere()
    both = (
        np.concatenate((vertices, vertices + np.array([1, 0.01, 0.02]))),
        np.concatenate((faces, faces + len(vertices))),
    )
    apart = np.concatenate((vertices, vertices + np.array([2.1, 0, 0]))), both[1]
    assert self_intersections(*apart) == 0
    found = self_intersections(*both)
    # A circle of radius 0.87 crosses some 2 pi 0.87 / 0.06 triangles of either sphere, each two of the other.
    assert 150 < found < 600


def test_a_strip_folded_through_itself():
    points, faces = grid(12)
    angle = 1.7 * np.pi * points[:, 0] - 0.5
    ring = np.stack((np.cos(angle), points[:, 1] * 0.1, np.sin(angle)), 1)
    assert self_intersections(ring, faces) == 0
    eight = np.stack((np.sin(angle), points[:, 1] * 0.1 + angle * 0.001, np.sin(2 * angle)), 1)
    assert self_intersections(eight, faces) == all_pairs(eight, faces) > 20


@pytest.mark.parametrize("seed", range(4))
def test_as_trying_all_pairs(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    vertices = rng.normal(size=(40, 3)) * [1, 1, 0.3]
    faces = np.array([rng.choice(40, 3, replace=False) for _ in range(60)])
    # Small ones among large ones.
    vertices = np.concatenate(
        (vertices, rng.normal(size=(60, 1, 3)) + rng.normal(size=(60, 3, 3)) * 0.1), None
    ).reshape(-1, 3)
    faces = np.concatenate((faces, 40 + np.arange(180).reshape(-1, 3)))
    expected = all_pairs(vertices, faces)
    assert expected > 20
    assert self_intersections(vertices, faces) == expected
    monkeypatch.setattr(surface_faults, "MOST_PAIRS", 7)
    assert self_intersections(torch.tensor(vertices), torch.tensor(faces)) == expected


def test_a_vertex_far_away_costs_nothing():
    vertices, faces = grid(30)
    vertices[0] = 1e7
    assert self_intersections(vertices, faces) == 0


def test_the_default_body_takes_seconds():
    arrays = kept_body("neutral").arrays
    start = time.process_time()
    found = self_intersections(arrays.v_template, arrays.faces)
    assert time.process_time() - start < 20
    assert found < 2000  # its mouth and lids lie in folds


def test_a_single_spike():
    vertices, faces = grid(21)
    topology = build_topology(torch.tensor(faces), len(vertices))
    moved = np.zeros(len(vertices))
    assert spikes(moved, topology) == (0, 0)
    moved[220] = 0.01
    offsets = moved[:, None] * [0, 0.6, 0.8]
    rms, high = spikes(offsets, topology)
    # The middle of six neighbours: 10 mm itself, and a sixth at each of them.
    assert rms == pytest.approx(np.sqrt((10**2 + 6 * (10 / 6) ** 2) / 441))
    assert 10 / 6 < high < 10
    assert spikes(moved, topology) == pytest.approx((rms, high))


def test_a_move_of_the_whole_body_is_no_spike_and_wrinkles_at_rest_do_not_count():
    arrays = kept_body("neutral").arrays
    topology = build_topology(torch.from_numpy(arrays.faces), len(arrays.v_template))
    assert spikes(np.full((len(arrays.v_template), 3), 0.05), topology).high < 1e-9
    noise = np.random.default_rng(0).normal(0, 1e-3, len(arrays.v_template))
    assert 0.8 < spikes(torch.tensor(noise), topology).rms < 1.4
