"""Whole pictures: what is drawn where, under which light, and what moves it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from impromptu.backend.body import load_body
from impromptu.backend.protocol import InvalidInput, RuntimeMissing
from impromptu.backend.render.cameras import look_at, orbit
from impromptu.backend.render.lights import sun
from impromptu.backend.render.raster import face_ids
from impromptu.backend.render.renderer import RENDERERS, Mesh, RenderOptions, open_renderer, render
from impromptu.backend.render.shade import linear_to_srgb
from impromptu.backend.render.topology import build_topology


def ball(rings=9, sectors=14, dtype=torch.float32):
    """A closed ball of half a metre; its poles are vertices."""
    tilt = torch.linspace(0, torch.pi, rings + 1)[1:-1, None]
    turn = torch.arange(sectors) * (2 * torch.pi / sectors)
    side = torch.stack((tilt.sin() * turn.sin(), tilt.cos().expand(-1, sectors), tilt.sin() * turn.cos()), -1)
    vertices = torch.cat((torch.tensor([[0.0, 1, 0], [0, -1, 0]]), side.reshape(-1, 3))) * 0.5
    here, there = torch.arange(sectors), (torch.arange(sectors) + 1) % sectors
    top = torch.stack((torch.zeros_like(here), 2 + here, 2 + there), -1)
    last = 2 + (rings - 2) * sectors
    bottom = torch.stack((torch.ones_like(here), last + there, last + here), -1)
    faces = [top, bottom]
    for k in range(rings - 2):
        a, b = 2 + k * sectors, 2 + (k + 1) * sectors
        faces += [torch.stack((a + here, b + here, b + there), -1), torch.stack((a + here, b + there, a + there), -1)]
    return vertices.to(dtype), torch.cat(faces)


def around(count, size=48, distance=2.0):
    turn = torch.linspace(0, 360, count + 1)[:-1]
    return orbit(turn, torch.full((count,), 15.0), torch.full((count,), distance), torch.zeros(3), 50.0, size, size)


def painted(dtype=torch.float32):
    vertices, faces = ball(dtype=dtype)
    return Mesh(vertices, faces, colours=vertices + 0.5, topology=build_topology(faces, len(vertices)))


@pytest.fixture(scope="module")
def body():
    model = load_body()
    return model().vertices[0].detach(), model.faces


def test_a_ball_is_where_the_camera_says():
    mesh, cameras = painted(), around(3)
    out = render(mesh, cameras, RenderOptions(buffers=("depth", "normals"), background="black"))
    assert out.colour.shape == (3, 48, 48, 3)
    assert out.depth is not None
    assert out.normals is not None
    # The nearest point of the ball is half a metre before its middle.
    near = out.depth[out.depth > 0].reshape(-1).min()
    assert 1.5 <= near < 1.55
    assert torch.allclose(out.normals[:, 24, 24], cameras.rotation[:, 2], atol=0.1)
    expected = np.pi * (24 / np.tan(np.radians(25)) * np.tan(np.arcsin(0.25))) ** 2
    assert out.alpha.sum((1, 2)).numpy() == pytest.approx(np.full(3, expected), rel=0.05)
    # The view from behind shows the other colours.
    assert out.colour[0, 24, 24, 2] > out.colour[1, 24, 24, 2]


def test_one_by_one_chunked_and_together_are_the_same():
    # Only the product with the cameras' axes rounds otherwise, by some 1e-6 of a pixel.
    mesh, cameras = painted(), around(5)
    for background in ("noise", "mixed", "white"):
        options = RenderOptions(background=background, seed=2, buffers=("depth", "normals"))
        whole = render(mesh, cameras, options)
        for some in (1, 2, 4, 9):
            part = render(mesh, cameras, replace(options, views_at_once=some))
            assert torch.allclose(part.colour, whole.colour, atol=1e-5)
            assert torch.equal(part.face_ids, whole.face_ids)
            assert torch.allclose(part.depth, whole.depth, atol=1e-5)
    alone = render(mesh, cameras.views(slice(2, 3)), RenderOptions())
    assert torch.allclose(alone.colour[0], render(mesh, cameras, RenderOptions()).colour[2], atol=1e-5)


def test_views_of_their_own_meshes():
    mesh, cameras = painted(), around(3)
    grown = mesh.vertices * torch.tensor([[1.0, 1.0, 1.0], [0.7, 1.1, 0.4], [1.3, 0.6, 1.2]])[:, None]
    own = replace(mesh, vertices=grown, colours=mesh.colours.expand(3, -1, -1))
    for options in (RenderOptions(), RenderOptions(views_at_once=2), RenderOptions(smooth=False)):
        together = render(own, cameras, options).colour
        for k in range(3):
            one = replace(mesh, vertices=grown[k])
            assert torch.allclose(
                render(one, cameras.views(slice(k, k + 1)), options).colour[0], together[k], atol=1e-6
            )


@pytest.mark.parametrize("shading", ["lambert", "grey", "glossy", "unlit"])
@pytest.mark.parametrize("smooth", [False, True])
def test_chunks_have_the_same_gradients(shading, smooth):
    cameras, base = around(4), painted()
    found = []
    for some in (None, 1, 3):
        vertices, colours = base.vertices.clone().requires_grad_(True), base.colours.clone().requires_grad_(True)
        options = RenderOptions(shading=shading, smooth=smooth, views_at_once=some)
        out = render(replace(base, vertices=vertices, colours=colours), cameras, options)
        (out.colour**2).mean().backward()
        found.append((vertices.grad, colours.grad))
        assert vertices.grad is not None
        assert vertices.grad.abs().max() > 0
        assert (colours.grad is None) == (shading == "grey")
    for run in found[1:]:
        for a, b in zip(run, found[0], strict=True):
            assert (a is None and b is None) or torch.allclose(a, b, atol=1e-7)


def test_gradients_inside_are_finite_differences():
    """Pixels well inside the ball, whose face does not change: shading and interpolation together, in float64."""
    mesh, cameras = painted(torch.float64), around(2).to("cpu", torch.float64)
    lights = sun(torch.tensor([1.0, 2.0, 1.0]), 0.2).to("cpu", torch.float64)
    options = RenderOptions(lights=lights, antialias=False, shading="glossy", background="black")
    g = torch.Generator().manual_seed(0)
    push = torch.randn(mesh.vertices.shape, generator=g, dtype=torch.float64)
    vertices = mesh.vertices.clone().requires_grad_(True)
    out = render(replace(mesh, vertices=vertices), cameras, options)
    step = 1e-6
    moved = [render(replace(mesh, vertices=mesh.vertices + s * push), cameras, options) for s in (-step, step)]
    same = ((moved[0].face_ids == moved[1].face_ids) & (moved[0].face_ids >= 0))[..., None]
    assert same.float().mean() > 0.1
    weight = torch.rand(out.colour.shape, generator=g, dtype=torch.float64) * same
    expected = ((moved[1].colour - moved[0].colour) * weight).sum() / (2 * step)
    (gradient,) = torch.autograd.grad((out.colour * weight).sum(), vertices)
    assert float((gradient * push).sum()) == pytest.approx(float(expected), rel=1e-4)


def test_a_silhouette_moves_what_it_covers():
    """The mean alpha of a ball grows with the ball: against finite differences over whole pixels."""
    mesh, cameras = painted(torch.float64), around(3, size=64).to("cpu", torch.float64)
    scale = torch.ones((), dtype=torch.float64, requires_grad=True)

    def covered(scale):
        return render(
            replace(mesh, vertices=mesh.vertices * scale), cameras, RenderOptions(shading="unlit")
        ).alpha.sum()

    (gradient,) = torch.autograd.grad(covered(scale), scale)
    expected = (covered(scale.detach() * 1.05) - covered(scale.detach() * 0.95)) / 0.1
    assert float(gradient) == pytest.approx(float(expected), rel=0.05)


def test_faces_on_both_sides_change_nothing():
    mesh, options = painted(), RenderOptions(shading="unlit")
    both = replace(mesh, faces=torch.cat((mesh.faces, mesh.faces.flip(1))), topology=None)
    two, one = (render(m, around(2), options).colour for m in (both, mesh))
    assert torch.allclose(two, one, atol=1e-5)


def test_a_texture_with_a_seam():
    vertices, faces = ball()
    # Each face shows one texel of its own.
    texture = torch.rand(1, len(faces), 3, generator=torch.Generator().manual_seed(0), requires_grad=True)
    uv = torch.stack(((torch.arange(len(faces)) + 0.5) / len(faces), torch.full((len(faces),), 0.5)), -1)
    mesh = Mesh(vertices, faces, texture=texture, uv=uv, uv_faces=torch.arange(len(faces))[:, None].expand(-1, 3))
    out = render(mesh, around(2), RenderOptions(shading="unlit", antialias=False))
    shown = out.face_ids >= 0
    assert torch.allclose(out.colour[shown], texture[0, out.face_ids[shown].long()], atol=1e-4)
    out.colour.sum().backward()
    assert texture.grad is not None
    assert texture.grad.sum().item() == pytest.approx(3 * int(shown.sum()), rel=1e-4)
    tinted = replace(mesh, colours=torch.full((len(vertices), 3), 0.5))
    half = render(tinted, around(2), RenderOptions(shading="unlit", antialias=False))
    assert torch.allclose(half.colour[shown], out.colour[shown] / 2, atol=1e-5)


def test_texture_coordinates_of_half_precision_are_not_rounded_again_in_each_pixel():
    mesh = replace(
        painted(), colours=None, texture=torch.rand(512, 512, 3, generator=torch.Generator().manual_seed(0))
    )
    uv = (mesh.vertices[:, :2] + 0.5).bfloat16()
    half, single = (render(replace(mesh, uv=u), around(2)).colour for u in (uv, uv.float()))
    assert torch.equal(half, single)


def test_attributes_come_back_as_they_are():
    mesh = painted()
    place = mesh.vertices.half()
    out = render(replace(mesh, attributes=place), around(2), RenderOptions(shading="grey", buffers=("depth",)))
    assert out.attributes is not None
    assert out.attributes.dtype == torch.float16
    shown = out.face_ids >= 0
    # An attribute that is the place itself says where in space the pixel is.
    points = around(2).view(mesh.vertices)
    corners = mesh.faces[out.face_ids[shown].long()]
    view = shown.nonzero()[:, 0]
    ahead = points[view[:, None], corners, 2]
    assert (out.depth[shown] >= ahead.amin(1) - 1e-4).all()
    assert (out.depth[shown] <= ahead.amax(1) + 1e-4).all()
    length = out.attributes[shown].float().norm(dim=-1)
    assert ((length > 0.44) & (length < 0.505)).all()
    assert (out.attributes[~shown] == 0).all()


@pytest.mark.parametrize("values", [(torch.nan, torch.inf), (1e30, -1e12)])
def test_broken_vertices_take_their_faces_with_them(values):
    mesh, cameras = painted(), around(4)
    whole = render(mesh, cameras, RenderOptions())
    broken = mesh.vertices.clone()
    broken[0], broken[30] = values
    broken.requires_grad_(True)
    out = render(replace(mesh, vertices=broken), cameras, RenderOptions(buffers=("depth", "normals")))
    lost = (mesh.faces == 0).any(1) | (mesh.faces == 30).any(1)
    drawn = out.face_ids.unique()
    assert not lost[drawn[drawn >= 0].long()].any()
    assert (out.face_ids == whole.face_ids).float().mean() > 0.8
    for picture in (out.colour, out.alpha, out.depth, out.normals):
        assert picture is not None
        assert picture.isfinite().all()
    (gradient,) = torch.autograd.grad((out.colour**2).sum(), broken)
    assert gradient.isfinite().all()
    assert gradient.abs().sum() > 0


@pytest.mark.parametrize("smooth", [True, False])
def test_a_vertex_that_is_broken_in_one_view_is_sound_in_the_others(smooth):
    mesh, cameras = painted(), around(3)
    options = RenderOptions(smooth=smooth, buffers=("normals",))
    vertices = mesh.vertices.expand(3, -1, -1).clone()
    vertices[1, 0] = torch.nan
    vertices.requires_grad_(True)
    out, whole = (render(replace(mesh, vertices=v), cameras, options) for v in (vertices, mesh.vertices))
    for k in (0, 2):
        assert torch.equal(out.face_ids[k], whole.face_ids[k])
        assert torch.allclose(out.colour[k], whole.colour[k], atol=1e-5)
    # The one with the hole shows what the mesh without those faces shows.
    left = (mesh.faces != 0).all(1)
    rest = replace(mesh, faces=mesh.faces[left], topology=None)
    assert torch.allclose(out.colour[1], render(rest, cameras, options).colour[1], atol=1e-5)
    assert not torch.allclose(out.colour[1], whole.colour[1], atol=0.1)
    (gradient,) = torch.autograd.grad(out.colour.square().sum(), vertices)
    assert gradient.isfinite().all()
    assert (gradient[1, 0] == 0).all()
    assert gradient[0, 0].abs().sum() > 0


def test_nothing_to_draw():
    mesh, cameras = painted(), around(2)
    options = RenderOptions(background="black", buffers=("depth", "normals"))
    empty = render(Mesh(mesh.vertices, mesh.faces[:0]), cameras, options)
    assert (empty.colour == 0).all()
    assert (empty.face_ids == -1).all()
    assert render(mesh, cameras.views(slice(0, 0)), options).colour.shape == (0, 48, 48, 3)


@pytest.mark.parametrize("some", [None, 1])
def test_a_picture_gives_its_gradient_to_several_losses(some):
    mesh, cameras = painted(), around(2)
    vertices = mesh.vertices.clone().requires_grad_(True)
    out = render(replace(mesh, vertices=vertices), cameras, RenderOptions(views_at_once=some))
    losses = out.colour.square().sum(), out.alpha.sum()
    one, other, twice = (
        torch.autograd.grad(loss, vertices, retain_graph=True)[0] for loss in (*losses, losses[0] + losses[1])
    )
    assert torch.allclose(one + other, twice, rtol=1e-3, atol=1e-3 * float(twice.abs().max()))


def test_the_near_plane_of_the_cameras_cuts_off_whole_faces():
    mesh, cameras = painted(), replace(around(1), near=1.7)
    options = RenderOptions(shading="unlit")
    left = (cameras.view(mesh.vertices)[0, :, 2] >= 1.7)[mesh.faces].all(1)
    assert 0 < left.sum() < len(left)
    rest = replace(mesh, faces=mesh.faces[left], topology=None)
    whole = render(mesh, replace(cameras, near=0.01), options).colour
    cut = render(mesh, cameras, options).colour
    assert not torch.allclose(cut, whole, atol=0.1)
    assert torch.equal(cut, render(rest, cameras, options).colour)


def test_culling_leaves_out_what_is_seen_from_its_back():
    mesh = painted()
    inside_out = replace(mesh, faces=mesh.faces.flip(1), topology=None)
    # Of a ball inside out the far half is left.
    far, near = (
        render(inside_out, around(1), RenderOptions(cull=c, buffers=("depth",))).depth for c in (True, False)
    )
    assert far[0, 24, 24] > 2.4 > 1.6 > near[0, 24, 24] > 0


def test_a_screens_picture_is_encoded_once():
    linear, encoded = (render(painted(), around(1), RenderOptions(srgb=s)) for s in (False, True))
    assert torch.equal(encoded.colour, linear_to_srgb(linear.colour))
    assert torch.equal(encoded.alpha, linear.alpha)
    assert not torch.allclose(encoded.colour, linear.colour, atol=0.05)


def test_inside_behind_and_on_the_cameras_plane():
    mesh = painted()
    vertices = mesh.vertices.clone().requires_grad_(True)
    # In the ball's middle; far behind it; with vertices exactly in the camera's plane.
    position = torch.tensor([[0.0, 0, 0.001], [0, 0, -5.0], [0.0, 0.5, 0.0]])
    target = torch.tensor([[0.0, 0, 1], [0, 0, -9.0], [0.0, 0.5, 5.0]])
    cameras = look_at(position, target, 60.0, 40, 40)
    out = render(replace(mesh, vertices=vertices), cameras, RenderOptions(buffers=("depth",)))
    assert (out.face_ids[1] == -1).all()
    assert out.colour.isfinite().all()
    (gradient,) = torch.autograd.grad(out.colour.sum() + out.alpha.sum(), vertices)
    assert gradient.isfinite().all()


def test_autocast_changes_nothing():
    mesh, cameras = painted(), around(2)
    exact = render(mesh, cameras, RenderOptions())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = render(mesh, cameras, RenderOptions())
        loose = render(replace(mesh, colours=mesh.colours.bfloat16()), cameras, RenderOptions())
    assert torch.equal(mixed.face_ids, exact.face_ids)
    assert torch.equal(mixed.colour, exact.colour)
    assert torch.allclose(loose.colour, exact.colour, atol=1e-2)


def test_the_same_to_the_last_bit(body):
    vertices, faces = body
    cameras = orbit(
        torch.linspace(0, 270, 4), torch.zeros(4), torch.full((4,), 2.4), vertices.mean(0), 50.0, 160, 160
    )
    topology = build_topology(faces, len(vertices))
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    try:
        runs = []
        for _ in range(3):
            moved, colours = vertices.clone().requires_grad_(True), vertices.clone().requires_grad_(True)
            out = render(Mesh(moved, faces, colours=colours, topology=topology), cameras, RenderOptions())
            runs.append((out.colour.detach(), *torch.autograd.grad((out.colour**2).sum(), (moved, colours))))
    finally:
        torch.set_num_threads(before)
    for run in runs[1:]:
        assert all(torch.equal(a, b) for a, b in zip(run, runs[0], strict=True))


def test_a_closed_body_loses_nothing_to_culling(body):
    vertices, faces = body
    target = vertices.mean(0)
    cameras = orbit(
        torch.tensor([0.0, 130.0]), torch.tensor([5.0, -20.0]), torch.full((2,), 2.4), target, 50.0, 224, 224
    )
    projected = cameras.project(vertices)
    ids = face_ids(projected, faces, 224, 224, method="torch")
    assert torch.equal(ids, face_ids(projected, faces, 224, 224))
    culled = face_ids(projected, faces, 224, 224, cull=True)
    assert (ids != culled).float().mean() < 1e-3
    alpha = render(Mesh(vertices, faces), cameras, RenderOptions(shading="grey")).alpha
    assert 0.05 < alpha.mean() < 0.3
    # One body, standing: its pixels hang together from the head to the soles.
    rows = (alpha[0] > 0.5).any(1).nonzero()[:, 0]
    assert len(rows) == rows[-1] - rows[0] + 1 > 150


def test_what_does_not_fit_is_told():
    mesh, cameras = painted(), around(2)
    wrong = [
        (replace(mesh, colours=mesh.vertices[:-1]), RenderOptions()),
        (replace(mesh, colours=mesh.vertices.expand(3, -1, -1)), RenderOptions()),
        (replace(mesh, roughness=mesh.vertices), RenderOptions()),
        (replace(mesh, texture=torch.rand(2, 2, 3)), RenderOptions()),
        (replace(mesh, texture=torch.rand(2, 2, 4), uv=mesh.vertices[:, :2]), RenderOptions()),
        (replace(mesh, texture=torch.rand(2, 2, 3), uv=torch.rand(5, 2)), RenderOptions()),
        (replace(mesh, texture=torch.rand(2, 2, 3), uv=torch.rand(5, 2), uv_faces=mesh.faces), RenderOptions()),
        (replace(mesh, faces=mesh.faces + 1, topology=None), RenderOptions(antialias=False)),
        (replace(mesh, faces=mesh.faces.flip(0)), RenderOptions()),
        (mesh, RenderOptions(shading="toon")),
        (mesh, RenderOptions(background="sky")),
        (mesh, RenderOptions(buffers=("uv",))),
        (mesh, RenderOptions(views_at_once=0)),
        (mesh, RenderOptions(lights=sun(torch.eye(3)))),
    ]
    for given, options in wrong:
        with pytest.raises(InvalidInput):
            render(given, cameras, options)
    with pytest.raises(InvalidInput):
        open_renderer("none")


def test_a_renderer_that_is_not_installed_is_told(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(RuntimeMissing):
        RENDERERS["pytorch3d"]()
