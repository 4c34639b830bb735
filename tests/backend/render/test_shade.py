"""Light, grounds and the screen's curve."""

import math

import pytest
import torch
from impromptu.backend.protocol import InvalidInput
from impromptu.backend.render.backgrounds import BACKGROUNDS, background, noise
from impromptu.backend.render.cameras import orbit
from impromptu.backend.render.lights import Lights, avatarclip_lights, headlight, sun
from impromptu.backend.render.normals import face_normals, vertex_normals
from impromptu.backend.render.shade import glossy, lambert, linear_to_srgb

UP = torch.tensor([[0.0, 1.0, 0.0]])


def cameras(count=4):
    turn = torch.linspace(0, 360, count + 1)[:-1]
    return orbit(turn, torch.full((count,), 20.0), torch.full((count,), 2.0), torch.zeros(3), 50.0, 8, 8)


def test_lambert_is_the_cosine():
    albedo = torch.tensor([[0.5, 0.25, 1.0]])
    view = torch.zeros(1, dtype=torch.int64)
    for degrees, facing in ((0, 1.0), (60, 0.5), (90, 0.0), (140, 0.0)):
        angle = math.radians(degrees)
        lights = sun(torch.tensor([math.sin(angle), math.cos(angle), 0.0]), ambient=0.2)
        assert torch.allclose(lambert(albedo, UP, lights, view), albedo * (0.2 + 0.8 * facing), atol=1e-6)


def test_each_view_has_its_lights_and_lights_add_up():
    direction = torch.tensor([[[0.0, 1, 0], [0, 1, 0]], [[0.0, -1, 0], [0, 1, 0]]])
    colour = torch.tensor([[[0.5, 0, 0], [0, 0.25, 0]], [[0.5, 0, 0], [0, 0.25, 0]]])
    lights = Lights(direction, colour, torch.tensor([[0.1, 0.1, 0.1], [0.0, 0, 0]]))
    out = lambert(torch.ones(3, 3), UP.expand(3, 3), lights, torch.tensor([0, 1, 0]))
    assert torch.allclose(out, torch.tensor([[0.6, 0.35, 0.1], [0, 0.25, 0], [0.6, 0.35, 0.1]]))
    assert torch.equal(lights.views(slice(1, 2)).ambient, lights.ambient[1:])
    assert lights.views(slice(0, 1)).direction.shape == (1, 2, 3)


def test_a_highlight_narrows_with_smoothness_and_a_metal_tints_it():
    albedo, view = torch.tensor([[0.8, 0.4, 0.1]]), torch.zeros(1, dtype=torch.int64)
    lights = sun(torch.tensor([0.0, 1.0, 0.0]), ambient=0.0)

    def lit(degrees, roughness, metallic):
        angle = math.radians(degrees)
        normal = torch.tensor([[math.sin(angle), math.cos(angle), 0.0]])
        return glossy(albedo, normal, lights, view, UP, torch.tensor([[roughness]]), torch.tensor([[metallic]]))[0]

    assert lit(0, 0.3, 0.0)[0] > lit(0, 0.9, 0.0)[0] > 0.8
    shine = [lit(a, 0.3, 0.0) - math.cos(math.radians(a)) * albedo[0] for a in (0, 10, 30)]
    assert shine[0][0] > 2 * shine[1][0] > 20 * shine[2][0]
    metal = lit(0, 0.3, 1.0)
    assert torch.allclose(metal / metal[0], albedo[0] / 0.8, atol=1e-5)
    # Off the highlight a metal is dark, a plain surface is not.
    assert lit(40, 0.3, 1.0).max() < 0.05 < lit(40, 0.3, 0.0).min()


def test_a_highlight_keeps_its_energy():
    # Light from straight above on a white mirror, seen from all over the half-sphere: what falls in comes back.
    g = torch.Generator().manual_seed(0)
    towards = torch.nn.functional.normalize(torch.randn(200000, 3, generator=g), dim=-1)
    towards = towards * torch.where(towards[:, 1:2] < 0, -1.0, 1.0)
    one = torch.ones(len(towards), 1)
    view = torch.zeros(len(towards), dtype=torch.int64)
    for roughness in (0.3, 0.5, 0.8):
        seen = glossy(one.expand(-1, 3), UP.expand(len(one), 3), sun(UP[0], 0.0), view, towards, roughness * one, one)
        # Mean over directions of radiance * cosine, times 2 pi, over the irradiance pi.
        back = 2 * (seen[:, 0] * towards[:, 1]).mean()
        assert 0.4 < back < 1.07


def test_gradients_of_shading_are_finite_differences():
    g = torch.Generator().manual_seed(1)
    albedo, normal, towards, extra = (torch.rand(6, n, generator=g, dtype=torch.float64) for n in (3, 3, 3, 2))
    lights = sun(torch.tensor([1.0, 2.0, 3.0]), 0.1).to("cpu", torch.float64)
    view = torch.zeros(6, dtype=torch.int64)

    def draw(albedo, normal, towards, extra):
        normal, towards = (torch.nn.functional.normalize(v, dim=-1) for v in (normal, towards))
        shiny = glossy(albedo, normal, lights, view, towards, 0.3 + 0.5 * extra[:, :1], extra[:, 1:])
        return lambert(albedo, normal, lights, view), shiny

    inputs = [v.requires_grad_(True) for v in (albedo, normal, towards, extra)]
    assert torch.autograd.gradcheck(draw, inputs)


def test_light_at_the_camera():
    seen = cameras()
    lights = headlight(seen, ambient=0.25)
    assert torch.allclose(lights.direction[:, 0], torch.nn.functional.normalize(seen.position, dim=-1), atol=1e-6)
    assert torch.allclose(lights.colour[:, 0] + lights.ambient, torch.ones(4, 3))


def test_avatarclips_lights_stay_in_their_bounds_and_follow_the_seed():
    seen = cameras(500)
    lights = avatarclip_lights(seen, torch.Generator().manual_seed(0))
    again = avatarclip_lights(seen, torch.Generator().manual_seed(0))
    assert torch.equal(lights.direction, again.direction)
    assert 0 <= lights.ambient.min() < 0.01 < 0.19 < lights.ambient.max() <= 0.2
    assert torch.allclose(lights.colour[:, 0] + lights.ambient, torch.ones(500, 3))
    towards, back = lights.direction[:, 0], seen.rotation[:, 2]
    height = torch.rad2deg(torch.asin(towards[:, 1]) - torch.asin(back[:, 1]))
    assert -45.01 < height.min() < -43
    assert 43 < height.max() < 45.01
    swing = torch.rad2deg(torch.atan2(towards[:, 0], towards[:, 2]) - torch.atan2(back[:, 0], back[:, 2]))
    swing = (swing + 180) % 360 - 180
    assert 43 < swing.abs().max() < 45.01


@pytest.mark.parametrize("name", BACKGROUNDS)
def test_grounds_follow_their_seed(name):
    size = (5, 20, 30)
    ground = background(name, size, seed=3)
    assert ground.shape == (*size, 3)
    assert 0 <= ground.min() <= ground.max() <= 1
    assert torch.equal(ground, background(name, size, seed=3))
    if name in ("noise", "chessboard", "mixed"):
        assert not torch.equal(ground, background(name, size, seed=4))


def test_grounds_are_what_they_say():
    size = (6, 60, 40)
    assert (background("white", size) == 1).all()
    assert (background("black", size) == 0).all()
    board = background("chessboard", size)
    assert set(board.unique().tolist()) == {0.0, 1.0}
    assert 0.4 < board.mean() < 0.6
    side = (board[:, 0, :, 0].diff(dim=1) != 0).int().argmax(1) + 1
    assert 60 // 19 <= side.min() <= side.max() <= 60 // 10
    grey = noise((4, 64, 64), torch.Generator().manual_seed(0))
    assert abs(grey.mean() - 0.5) < 0.01
    assert abs(grey.std() - 0.2) < 0.01
    rows = background("gradient", size)[0, :, 0, 0]
    assert (rows.diff() < 0).all()
    mean = background("mixed", (40, 16, 16)).mean((1, 2, 3))
    assert {(m > 0.99).item() - (m < 0.01).item() for m in mean} == {-1, 0, 1}
    assert torch.equal(background(torch.tensor([0.1, 0.2, 0.3]), size)[2, 5, 7], torch.tensor([0.1, 0.2, 0.3]))
    with pytest.raises(InvalidInput):
        background("sky", size)
    with pytest.raises(InvalidInput):
        background(torch.zeros(2, 3), size)


def test_screens_curve():
    values = torch.tensor([-1.0, 0.0, 0.002, 0.0031308, 0.2, 0.5, 1.0, 3.0], requires_grad=True)
    expected = torch.tensor([0.0, 0.0, 0.02584, 0.04045, 0.48453, 0.73536, 1.0, 1.0])
    out = linear_to_srgb(values)
    assert torch.allclose(out, expected, atol=1e-4)
    assert torch.autograd.grad(out.sum(), values)[0].isfinite().all()


def test_normals_point_outwards():
    corners = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [9.0, 9, 9]])
    faces = torch.tensor([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])
    normals = vertex_normals(corners, faces)
    assert torch.allclose(normals[0], torch.full((3,), -(3**-0.5)))
    assert (normals[4] == 0).all()
    assert torch.equal(vertex_normals(corners.expand(2, 5, 3), faces)[1], normals)
    some = torch.tensor([True, True, False, True])
    assert torch.equal(vertex_normals(corners, faces, some), vertex_normals(corners, faces[some]))
    flat = face_normals(corners, faces[3:].t())
    assert torch.allclose(flat, torch.full((1, 3), 3**-0.5))
