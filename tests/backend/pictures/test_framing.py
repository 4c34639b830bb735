"""Cameras that see all of a body."""

import numpy as np
import pytest
import torch
from impromptu.backend.pictures.framing import fit, look_from, stand_at
from impromptu.backend.render.cameras import orbit

LOTS = np.random.default_rng(3)


@pytest.mark.parametrize(("azimuth", "elevation"), [(0, 0), (37, 10), (-120, 60), (180, -30)])
def test_all_points_are_seen_and_the_outermost_reach_the_margin(azimuth, elevation):
    points = LOTS.normal(size=(500, 3)) * (0.3, 0.9, 0.2) + (1, 2, 3)
    camera = fit(points, azimuth, elevation, 35.0, margin=0.05)
    seen = (points - camera.position) @ camera.rotation.T
    places = seen[:, :2] / -seen[:, 2:] / np.tan(np.radians(35.0) / 2)
    assert (seen[:, 2] < 0).all()
    assert np.abs(places).max() == pytest.approx(0.9, abs=1e-6)
    # Along the side that decides, both ends touch; along the other, the points are centred too.
    wide = places.max(0) - places.min(0)
    axis = int(wide.argmax())
    assert places[:, axis].max() == pytest.approx(0.9, abs=1e-6)
    assert places[:, axis].min() == pytest.approx(-0.9, abs=1e-6)


def test_directions_are_those_of_the_renderer():
    for azimuth, elevation in [(0.0, 0.0), (90.0, 20.0), (-45.0, -10.0)]:
        theirs = orbit(
            torch.tensor([azimuth], dtype=torch.float64), torch.tensor([elevation], dtype=torch.float64),
            torch.tensor([2.0], dtype=torch.float64), torch.tensor([0.1, 0.2, 0.3], dtype=torch.float64), 30.0, 8, 8,
        )  # fmt: skip
        ours = stand_at(azimuth, elevation, 2.0, np.array([0.1, 0.2, 0.3]), 30.0)
        np.testing.assert_allclose(ours.rotation, theirs.rotation[0], atol=1e-12)
        np.testing.assert_allclose(ours.position, theirs.position[0], atol=1e-12)
    np.testing.assert_allclose(look_from(30, 40) @ look_from(30, 40).T, np.eye(3), atol=1e-12)
