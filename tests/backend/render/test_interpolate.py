"""Values and gradients at covered pixels."""

import pytest
import torch
from impromptu.backend.protocol import InvalidInput
from impromptu.backend.render.interpolate import interpolate, look, sample
from impromptu.backend.render.raster import face_ids

H, W = 12, 16


def bowl(views=2, dtype=torch.float64):
    """A bumpy 5 x 4 grid of points over most of the picture, seen `views` times with other bumps."""
    g = torch.Generator().manual_seed(0)
    x, y = torch.meshgrid(torch.linspace(1, W - 1, 5), torch.linspace(1, H - 1, 4), indexing="xy")
    flat = torch.stack((x, y, torch.full_like(x, 2.0)), -1).reshape(1, -1, 3)
    points = flat + (torch.rand(views, 20, 3, generator=g) - 0.5) * torch.tensor([1.5, 1.5, 1.0])
    corner = (torch.arange(3)[:, None] * 5 + torch.arange(4)).reshape(-1)
    faces = torch.stack((corner, corner + 5, corner + 1, corner + 1, corner + 5, corner + 6), -1).reshape(-1, 3)
    return points.to(dtype), faces


def seen_of(points, faces):
    return look(points, faces, face_ids(points, faces, H, W))


def test_coordinates_hold_the_pixel_and_the_depth():
    points, faces = bowl()
    seen = seen_of(points, faces)
    corners = points[seen.view, seen.corners].permute(1, 0, 2)
    assert torch.allclose(seen.weights.sum(0), torch.ones(()).double())
    assert (seen.weights > -1e-5).all()
    depth = (seen.weights.t() * corners[..., 2]).sum(1)
    assert torch.allclose(depth, seen.depth)
    # Perspective: x * z of the pixel is the sum of those of the corners.
    middle = torch.stack((seen.pixel % W, seen.pixel // W % H), -1) + 0.5
    mixed = (seen.weights.t()[..., None] * corners[..., :2] * corners[..., 2:]).sum(1) / depth[:, None]
    assert torch.allclose(mixed, middle.double())


def test_a_plane_in_space_keeps_its_straight_lines():
    # 1 / depth is linear in the picture; an attribute that is linear in space is attribute / depth there.
    points = torch.tensor([[[0.0, 0, 1], [64, 0, 4], [0, 64, 2]]])
    faces = torch.tensor([[0, 1, 2]])
    seen = look(points, faces, face_ids(points, faces, 64, 64))
    value = interpolate(torch.tensor([[0.0], [1.0], [0.0]]), seen)[:, 0]
    x = (seen.pixel % 64 + 0.5) / 64
    assert torch.allclose(value, x / 4 * seen.depth, atol=1e-5)


def test_gradients_are_finite_differences():
    points, faces = bowl()
    ids = face_ids(points, faces, H, W)
    g = torch.Generator().manual_seed(1)
    shared = torch.rand(20, 3, generator=g, dtype=torch.float64)
    own = torch.rand(2, 20, 2, generator=g, dtype=torch.float64)
    coordinates = torch.rand(7, 2, generator=g, dtype=torch.float64)
    coordinate_faces = torch.randint(7, faces.shape, generator=g)

    weight = torch.rand(2, H, W, 8, generator=g, dtype=torch.float64)

    def draw(points, shared, own, coordinates):
        seen = look(points, faces, ids)
        values = (
            interpolate(shared, seen),
            interpolate(own, seen),
            interpolate(coordinates, seen, coordinate_faces),
            seen.depth[:, None],
        )
        image = seen.image(torch.cat(values, -1), 0.25)
        return (image * weight).sum((0, 1, 2))

    inputs = [t.clone().requires_grad_(True) for t in (points, shared, own, coordinates)]
    assert torch.autograd.gradcheck(draw, inputs, eps=1e-6, atol=1e-6)


def test_gradients_of_a_texture_are_finite_differences():
    g = torch.Generator().manual_seed(2)
    texture = torch.rand(5, 4, 3, generator=g, dtype=torch.float64).requires_grad_(True)
    uv = (torch.rand(40, 2, generator=g, dtype=torch.float64) * 1.6 - 0.3).requires_grad_(True)
    assert torch.autograd.gradcheck(sample, (texture, uv), eps=1e-7, atol=1e-6)


def test_a_texture_lies_as_it_should():
    texture = torch.arange(6.0).reshape(2, 3, 1)
    corners = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.5, 0.5]])
    assert sample(texture, corners)[:, 0].tolist() == [3.0, 5.0, 0.0, 2.0, 2.5]
    assert sample(texture, torch.tensor([[-3.0, 9.0], [7.0, -2.0]]))[:, 0].tolist() == [0.0, 5.0]
    against = torch.nn.functional.grid_sample(
        texture.permute(2, 0, 1)[None], torch.rand(1, 1, 50, 2, generator=torch.Generator().manual_seed(0)) * 2 - 1,
        padding_mode="border",
        align_corners=False,
    )  # fmt: skip
    uv = torch.rand(1, 1, 50, 2, generator=torch.Generator().manual_seed(0))[0, 0]
    uv[:, 1] = 1 - uv[:, 1]
    assert torch.allclose(sample(texture, uv)[:, 0], against[0, 0, 0], atol=1e-5)


def test_gradients_are_the_same_to_the_last_bit():
    points, faces = bowl(views=6, dtype=torch.float32)
    ids = face_ids(points, faces, H, W)
    attributes = torch.rand(20, 4, generator=torch.Generator().manual_seed(3))
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    try:
        runs = []
        for _ in range(5):
            inputs = [t.clone().requires_grad_(True) for t in (points, attributes)]
            image = look(inputs[0], faces, ids).image(interpolate(inputs[1], look(inputs[0], faces, ids)))
            runs.append(torch.autograd.grad((image**2).sum(), inputs))
    finally:
        torch.set_num_threads(before)
    for run in runs[1:]:
        assert all(torch.equal(a, b) for a, b in zip(run, runs[0], strict=True))


def test_half_precision_attributes_and_autocast():
    points, faces = bowl(dtype=torch.float32)
    attributes = torch.rand(20, 3)
    exact = interpolate(attributes, seen_of(points, faces))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        seen = seen_of(points, faces)
        assert seen.weights.dtype == torch.float32
        assert torch.equal(interpolate(attributes, seen), exact)
        small = attributes.bfloat16().requires_grad_(True)
        mixed = interpolate(small, seen)
    assert mixed.dtype == torch.bfloat16
    assert torch.allclose(mixed.float(), exact, atol=1e-2)
    mixed.float().sum().backward()
    assert small.grad is not None
    assert torch.allclose(small.grad.float().sum(), torch.tensor(3.0 * len(seen.pixel)), rtol=1e-2)


def test_no_pixel_no_value():
    points, faces = bowl()
    points = (points + 100).requires_grad_(True)
    seen = seen_of(points, faces)
    image = seen.image(interpolate(torch.rand(20, 3).double(), seen), 0.5)
    assert (image == 0.5).all()
    assert (torch.autograd.grad(seen.depth.sum() + image.sum(), points)[0] == 0).all()


def test_attributes_of_other_views_are_told():
    points, faces = bowl()
    with pytest.raises(InvalidInput):
        interpolate(torch.rand(3, 20, 2), seen_of(points, faces))
