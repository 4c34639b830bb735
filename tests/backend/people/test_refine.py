"""Halving a body's long edges."""

from __future__ import annotations

import numpy as np
from impromptu.backend.body import load_arrays
from impromptu.backend.people.refine import middles, refine

LONGEST = 0.03


def test_a_refined_body_is_closed_finer_and_holds_the_old_one():
    coarse = load_arrays("neutral")
    fine = refine(coarse, LONGEST)
    count = len(coarse.v_template)
    assert np.array_equal(fine.v_template[:count], coarse.v_template)
    sides = np.stack((fine.faces, np.roll(fine.faces, -1, 1)), 2).reshape(-1, 2)
    keys = sides[:, 0].astype(np.int64) * len(fine.v_template) + sides[:, 1]
    back = sides[:, 1].astype(np.int64) * len(fine.v_template) + sides[:, 0]
    # Every edge lies between two triangles that run along it in opposite directions.
    assert len(np.unique(keys)) == len(keys)
    assert np.isin(back, keys).all()
    longest = np.linalg.norm(np.diff(fine.v_template[sides], axis=1), axis=2).max()
    before = np.linalg.norm(np.diff(coarse.v_template[coarse.faces[:, :2]], axis=1), axis=2).max()
    assert longest < before
    assert np.allclose(fine.weights.sum(1), 1, atol=1e-5)


def test_new_vertices_lie_in_the_middle_of_their_edges():
    coarse = load_arrays("neutral")
    fine, ends = refine(coarse, LONGEST), middles(coarse, LONGEST)
    count = len(coarse.v_template)
    assert len(ends) == len(fine.v_template) - count > 0
    for name in ("v_template", "shapedirs", "weights"):
        old, new = getattr(coarse, name), getattr(fine, name)
        assert np.allclose(new[count:], (old[ends[:, 0]] + old[ends[:, 1]]) / 2)
