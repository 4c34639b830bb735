"""Coverage and overlap as Table 1 has them, on meshes small enough to count."""

import numpy as np
import pytest
from impromptu.backend.semantify.coverage import coverage_and_overlap, covered, deformation, of_ends


def test_threshold_is_a_share_of_the_greatest_move():
    moved = np.array([[0.0, 0.29, 0.31, 1.0], [0.0, 0.0, 0.0, 0.0]])
    assert covered(moved).tolist() == [[False, False, True, True], [False] * 4]


def test_union_and_mean_intersection_over_union():
    cover = np.array([[1, 1, 0, 0, 0], [0, 1, 1, 0, 0], [0, 0, 0, 1, 0]], bool)
    assert coverage_and_overlap(cover) == pytest.approx((0.8, (1 / 3 + 0 + 0) / 3))
    assert coverage_and_overlap(cover[:1]) == (0.4, 0.0)


def test_of_a_model():
    directions = np.zeros((2, 4, 3))
    directions[0, :2, 1] = 1
    directions[1, 1:3, 0] = 2

    def vertices(coefficients):
        return np.einsum("nk,kvc->nvc", coefficients, directions)

    ends = np.eye(2)
    assert of_ends(vertices, -ends, ends) == pytest.approx((0.75, 1 / 3))
    assert deformation(vertices(-ends), vertices(ends))[1].tolist() == [0, 4, 4, 0]
