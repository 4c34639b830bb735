"""Draws: within their limits, truly truncated, and decided by seed and number."""

import numpy as np
from impromptu.backend.semantify.sampling import draw, stream


def test_limits_and_distribution():
    rows = np.stack(list(stream(0, 2000, 10, 2.0, 3)))
    assert np.abs(rows).max() <= 2
    # Of a normal distribution cut at two deviations; one that is clipped there has .92.
    assert abs(rows.var() - 0.774) < 0.02
    assert abs(rows.mean()) < 0.02
    assert np.abs(np.corrcoef(rows.T) - np.eye(10)).max() < 0.1
    assert (np.abs(rows) > 1.999).mean() < 0.002


def test_number_and_seed_decide():
    rows = np.stack(list(stream(5, 8, 4, 4.0, 1)))
    assert np.array_equal(rows[1], draw(4, 4.0, 1, 6))
    assert not np.array_equal(draw(4, 4.0, 1, 6), draw(4, 4.0, 2, 6))


def test_one_sided_samples_show_a_few_shapes():
    rows = np.stack(list(stream(0, 1000, 20, 3.0, 3, one_sided=True)))
    assert rows.min() == 0
    assert rows.max() <= 3
    assert abs((rows > 0).mean() - 0.3) < 0.02
    again = next(stream(7, 8, 20, 3.0, 3, one_sided=True))
    assert np.array_equal(rows[7], again)
