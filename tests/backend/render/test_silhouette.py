"""Soft silhouettes: PyTorch3D's formula on one face, its gradient, and fits that converge."""

import math

import pytest
import torch
from impromptu.backend.body import load_body
from impromptu.backend.render.antialias import antialias, find_crossings
from impromptu.backend.render.cameras import orbit
from impromptu.backend.render.raster import face_ids
from impromptu.backend.render.silhouette import default_blur_radius, soft_silhouette
from impromptu.backend.render.topology import build_topology

F64 = torch.float64
TRIANGLE = torch.tensor([[6.3, 7.2, 1.0], [24.8, 11.1, 1.5], [12.7, 26.4, 2.0]], dtype=F64)
ONE = torch.tensor([[0, 1, 2]])


def soft(points, faces, height=32, width=32, **options):
    ids = face_ids(points, faces, height, width)
    return soft_silhouette(points, ids, build_topology(faces, points.shape[1]), **options)


def distances(points, size):
    """(size, size) signed squared distance in pixels to a triangle's nearest edge, negative inside: every pair."""
    y, x = torch.meshgrid(torch.arange(size, dtype=F64) + 0.5, torch.arange(size, dtype=F64) + 0.5, indexing="ij")
    at = torch.stack((x, y), -1)
    least, inside = torch.full((size, size), math.inf, dtype=F64), torch.ones(size, size, dtype=torch.bool)
    for a, b in zip(points[:, :2], points.roll(-1, 0)[:, :2], strict=True):
        run = b - a
        share = (((at - a) @ run) / (run @ run)).clamp(0, 1)
        least = torch.minimum(least, (at - a - share[..., None] * run).square().sum(-1))
        inside &= run[0] * (at - a)[..., 1] - run[1] * (at - a)[..., 0] >= 0
    return torch.where(inside, -least, least)


@pytest.mark.parametrize("chunk", [1 << 20, 100])
def test_one_face_is_pytorch3ds_formula(chunk, monkeypatch):
    monkeypatch.setattr("impromptu.backend.render.silhouette.CHUNK", chunk)
    sigma = 2e-3
    opacity = soft(TRIANGLE[None], ONE, sigma=sigma)[0]
    distance = distances(TRIANGLE, 32) * (2 / 32) ** 2
    expected = torch.sigmoid(-distance / sigma)
    within = distance.abs() < default_blur_radius(sigma)
    assert 100 < within.sum() < 900
    assert torch.allclose(opacity[within], expected[within], atol=1e-6)
    assert torch.equal(opacity[~within], (distance[~within] < 0).to(F64))
    assert float((opacity - expected).abs().max()) < 1.1e-4


def test_the_band_is_as_wide_as_told():
    opacity = soft(TRIANGLE[None], ONE, sigma=1e-2, blur_radius=(2 * 2 / 32) ** 2)[0]
    distance = distances(TRIANGLE, 32)
    assert ((distance.abs() <= 4) == ((opacity > 0) & (opacity < 1))).all()


def test_pictures_need_not_be_square():
    turned = TRIANGLE[:, [1, 0, 2]]
    wide, high = soft(TRIANGLE[None], ONE, 30, 45), soft(turned[None], ONE, 45, 30)
    assert torch.allclose(wide[0], high[0].T)


@pytest.mark.parametrize("parts", [1, 2])
def test_gradient_is_that_of_finite_differences(parts):
    """Relative error below 1e-5; the second triangle overlaps the first from behind."""
    second = TRIANGLE.flip(0) * torch.tensor([0.9, 0.8, 2], dtype=F64) + torch.tensor([4.1, 7.3, 3], dtype=F64)
    points = torch.cat((TRIANGLE, second))[: 3 * parts]
    faces = torch.arange(3 * parts).reshape(-1, 3)
    y, x = torch.meshgrid(torch.arange(32, dtype=F64), torch.arange(32, dtype=F64), indexing="ij")

    def loss(vertices):
        return (torch.sin(0.2 * x + 0.3 * y) * soft(vertices[None], faces, sigma=2e-3)[0]).sum()

    variable = points.clone().requires_grad_()
    loss(variable).backward()
    generator = torch.Generator().manual_seed(0)
    for _ in range(4):
        direction = torch.randn(points.shape, generator=generator, dtype=F64)
        expected = float(loss(points + 1e-6 * direction) - loss(points - 1e-6 * direction)) / 2e-6
        assert float((variable.grad * direction).sum()) == pytest.approx(expected, rel=1e-5)


def test_inner_silhouettes_leave_no_trace():
    """A triangle wholly before another: the silhouette is that of the other alone."""
    small = (TRIANGLE - TRIANGLE.mean(0)) * 0.3 + TRIANGLE.mean(0) * torch.tensor([1, 1, 0.5], dtype=F64)
    both = soft(torch.cat((TRIANGLE, small))[None], torch.arange(6).reshape(-1, 3))
    assert torch.equal(both, soft(TRIANGLE[None], ONE))


def test_faces_under_a_pixel_have_the_band_of_their_outline():
    """A square cut into 3,200 faces against the same in two."""
    corners = torch.tensor([[6.2, 7.1], [24.7, 8.8], [23.2, 26.3], [5.4, 24.9]], dtype=F64)
    fine = 41
    u, w = torch.meshgrid(*[torch.linspace(0, 1, fine, dtype=F64)] * 2, indexing="ij")
    u, w = u.reshape(-1, 1), w.reshape(-1, 1)
    grid = (1 - u) * ((1 - w) * corners[0] + w * corners[1]) + u * ((1 - w) * corners[3] + w * corners[2])
    i = torch.arange(fine * fine).reshape(fine, fine)
    a, b, c, d = (t.reshape(-1) for t in (i[:-1, :-1], i[:-1, 1:], i[1:, 1:], i[1:, :-1]))
    faces = torch.cat((torch.stack((a, b, c), 1), torch.stack((a, c, d), 1)))
    coarse = soft(torch.cat((corners, torch.ones(4, 1)), 1)[None], torch.tensor([[0, 1, 2], [0, 2, 3]]), sigma=2e-3)
    many = soft(torch.cat((grid, torch.ones(len(grid), 1)), 1)[None], faces, sigma=2e-3)
    assert float((many - coarse).abs().max()) < 0.02


@pytest.mark.parametrize("value", [math.nan, math.inf, -1.0, 0.0])
def test_broken_vertices_give_finite_gradients(value):
    points = torch.cat((TRIANGLE, TRIANGLE + torch.tensor([3.0, 4.0, 1.0]), TRIANGLE[:1], TRIANGLE[:1]))
    points[4, 2] = value
    faces = torch.tensor([[0, 1, 2], [3, 4, 5], [0, 6, 7], [0, 1, 6]])
    variable = points.clone().requires_grad_()
    opacity = soft(variable[None], faces)
    assert torch.equal(opacity, soft(TRIANGLE[None], ONE))
    opacity.square().sum().backward()
    assert variable.grad.isfinite().all()
    assert variable.grad[:3].abs().sum() > 0
    assert (variable.grad[3:6] == 0).all()


def test_an_empty_picture():
    variable = (TRIANGLE - torch.tensor([100.0, 0, 0])).requires_grad_()
    opacity = soft(variable[None], ONE)
    assert (opacity == 0).all()
    opacity.sum().backward()
    assert (variable.grad == 0).all()


def test_half_precision_and_autocast_are_computed_in_single():
    points = TRIANGLE[None].bfloat16()
    expected = soft(points.float(), ONE)
    with torch.autocast("cpu", torch.bfloat16):
        variable = points.clone().requires_grad_()
        opacity = soft(variable, ONE)
    assert torch.equal(opacity, expected)
    opacity.square().sum().backward()
    assert variable.grad.dtype == torch.bfloat16
    assert variable.grad.abs().sum() > 0


def test_views_do_not_mix():
    batch = torch.stack([TRIANGLE + torch.tensor([1.3 * i, -0.7 * i, 0]) for i in range(3)])
    together = soft(batch, ONE)
    for i in range(3):
        assert torch.equal(together[i], soft(batch[i : i + 1], ONE)[0])


def coverage(points, ids, topology):
    return antialias((ids >= 0).to(points.dtype), points, find_crossings(points, ids, topology))


@pytest.mark.parametrize("silhouette", [coverage, soft_silhouette], ids=["coverage", "soft"])
def test_a_body_finds_the_shape_of_a_silhouette(silhouette):
    """Betas of another body and a shift, from two views of 56 x 56; 13,492 vertices, most faces far below a pixel."""
    body = load_body()
    axes = (0, 1)
    truth = torch.zeros(1, body.num_betas)
    truth[0, axes] = torch.tensor([1.6, -1.4])
    size = 56
    turns = torch.tensor([0.0, 70.0])
    middle = body.shaped().mean((0, 1)).detach()
    cameras = orbit(turns, torch.zeros(2), torch.full((2,), 2.6), middle, 50.0, size, size)
    topology = build_topology(body.faces, body.num_vertices)

    def seen(betas, offset):
        points = cameras.project(body.shaped(betas)[0] + offset)
        return silhouette(points, face_ids(points, topology.faces, size, size), topology)

    with torch.no_grad():
        target = seen(truth, torch.zeros(3))
    values, offset = torch.zeros(len(axes), requires_grad=True), torch.tensor([0.05, -0.04, 0.0], requires_grad=True)
    groups = [{"params": [values], "lr": 0.15}, {"params": [offset], "lr": 0.006}]
    optimiser = torch.optim.Adam(groups, betas=(0.8, 0.95))
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.05, 40)
    losses = []
    for _ in range(40):
        optimiser.zero_grad()
        betas = torch.zeros_like(truth).index_put((torch.tensor([0, 0]), torch.tensor(axes)), values)
        loss = (seen(betas, offset) - target).square().mean()
        loss.backward()
        optimiser.step()
        schedule.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0] / 100
    assert torch.allclose(values, truth[0, axes], atol=0.2)
    assert float(offset[:2].detach().norm()) < 0.004
