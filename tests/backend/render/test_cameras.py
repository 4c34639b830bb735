"""Where points fall in pictures."""

import pytest
import torch
from impromptu.backend.render.cameras import Cameras, look_at, orbit


def front(height=100, width=200, fov=90.0):
    """Two metres before the origin, on +z."""
    return look_at(torch.tensor([[0.0, 0, 2]]), torch.zeros(3), fov, height, width)


def test_known_points():
    # With 90 degrees, half the height is as far as the point is deep.
    points = torch.tensor([[0.0, 0, 0], [0, 2, 0], [2, 0, 0], [1, -1, 1], [0, 0, 5]])
    projected = front().project(points)[0]
    expected = torch.tensor([[100.0, 50, 2], [100, 0, 2], [150, 50, 2], [150, 100, 1]])
    assert torch.allclose(projected[:4], expected, atol=1e-4)
    assert projected[4, 2] == pytest.approx(-3)


def test_an_orbit_goes_to_the_bodys_left():
    cameras = orbit(
        torch.tensor([0.0, 90, 180]), torch.tensor([0.0, 0, 30]), torch.full((3,), 4.0), torch.zeros(3), 40, 9, 9
    )
    assert torch.allclose(cameras.position[:2], torch.tensor([[0.0, 0, 4], [4, 0, 0]]), atol=1e-5)
    assert cameras.position[2, 1] == pytest.approx(2)
    assert torch.allclose(cameras.rotation @ cameras.rotation.mT, torch.eye(3).expand(3, 3, 3), atol=1e-6)
    assert torch.allclose(cameras.view(torch.zeros(1, 3))[:, 0], torch.tensor([0.0, 0, 4]).expand(3, 3), atol=1e-5)


def test_some_of_them_and_meshes_of_their_own():
    cameras = orbit(torch.tensor([0.0, 50, 180]), torch.zeros(3), torch.tensor([2.0, 3, 4]), torch.zeros(3), 40, 9, 9)
    points = torch.rand(3, 7, 3, generator=torch.Generator().manual_seed(0))
    together = cameras.project(points)
    for k in range(3):
        one = cameras.views(slice(k, k + 1))
        assert (len(one), one.near) == (1, cameras.near)
        assert torch.allclose(one.project(points[k])[0], together[k], atol=1e-5)


def test_gradients_are_finite_differences():
    g = torch.Generator().manual_seed(1)
    points = torch.rand(4, 3, generator=g, dtype=torch.float64)
    turned = orbit(
        torch.tensor([10.0, 200]), torch.tensor([5.0, 40]), torch.tensor([3.0, 4]), torch.zeros(3), 50, 20, 30
    )
    turned = turned.to("cpu", torch.float64)

    def draw(points, rotation, position, fov):
        return Cameras(rotation, position, fov, 20, 30).project(points)

    inputs = [t.clone().requires_grad_(True) for t in (points, turned.rotation, turned.position, turned.fov)]
    assert torch.autograd.gradcheck(draw, inputs)


def test_a_point_in_the_cameras_plane_spoils_no_gradient():
    points = torch.tensor([[1.0, 0, 2], [0.0, 0, 2], [0.1, 0.2, 0.3]], requires_grad=True)
    projected = front().project(points)
    assert projected.isfinite().all()
    (gradient,) = torch.autograd.grad(projected[0, 2].sum(), points)
    assert gradient.isfinite().all()


def test_autocast_moves_nothing():
    points = torch.rand(50, 3, generator=torch.Generator().manual_seed(2))
    exact = front().project(points)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(front().project(points), exact)
