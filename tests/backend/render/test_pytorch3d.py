"""Our renderer against PyTorch3D. Needs an environment that has it: `make test-pytorch3d`.

"Matching blur" is the same sigma on both sides, PyTorch3D's default of 1e-4 (a tenth of a square pixel at 64 x 64).
The two still differ in kind: PyTorch3D's opacity is a product over all faces near a pixel, ours is of the one nearest
edge of the outline. They agree where faces are larger than the blur. Where faces are smaller, its product counts the
faces along the outline several times over; there both are held against finite differences of exact coverage.
"""

import math

import pytest
import torch

pytest.importorskip("pytorch3d", reason="PyTorch3D is not in this environment; run `make test-pytorch3d`")

from impromptu.backend.body.load import load_body
from impromptu.backend.body.subdivide import subdivide
from impromptu.backend.render.cameras import orbit
from impromptu.backend.render.lights import Lights
from impromptu.backend.render.pytorch3d_renderer import PyTorch3DRenderer, pytorch3d_cameras
from impromptu.backend.render.raster import face_ids
from impromptu.backend.render.renderer import Mesh, RenderOptions, open_renderer
from impromptu.backend.render.silhouette import soft_silhouette
from impromptu.backend.render.topology import build_topology
from pytorch3d.renderer import (
    BlendParams,
    DirectionalLights,
    HardPhongShader,
    Materials,
    MeshRasterizer,
    RasterizationSettings,
    TexturesUV,
    TexturesVertex,
)
from pytorch3d.structures import Meshes

SIZE = 64
SIGMA = 1e-4
OWN = open_renderer("own")
HARD = RenderOptions(antialias=False)
UNLIT = RenderOptions(shading="unlit")
SHIFT = torch.tensor([0.1, 0.05, 0.0])


def cosine(a, b):
    return float(torch.nn.functional.cosine_similarity(a.flatten(), b.flatten(), dim=0))


def psnr(a, b):
    return -10 * math.log10(float((a - b).square().mean()) + 1e-14)


def egg(levels):
    """An ellipsoid of 8 * 4^levels faces."""
    vertices = torch.cat((torch.eye(3), -torch.eye(3)))
    faces = torch.tensor([[0, 1, 2], [1, 3, 2], [3, 4, 2], [4, 0, 2], [1, 0, 5], [3, 1, 5], [4, 3, 5], [0, 4, 5]])
    for _ in range(levels):
        finer = subdivide(faces)
        vertices, faces = torch.nn.functional.normalize(finer.carry(vertices), dim=-1), finer.faces
    return vertices * torch.tensor([0.5, 0.8, 0.4]), faces


def around(count, height=SIZE, width=SIZE, distance=2.0):
    azimuth, elevation = torch.linspace(0, 250, count), torch.linspace(25, -20, count)
    return orbit(azimuth, elevation, torch.full((count,), distance), torch.zeros(3), 60.0, height, width)


@pytest.fixture(scope="module")
def body():
    """The default body, its middle at the origin."""
    model = load_body("neutral")
    vertices = model.shaped()[0]
    texture = torch.rand(1, 3, 12, 12, generator=torch.Generator().manual_seed(0))
    texture = torch.nn.functional.interpolate(texture, size=128, mode="bilinear")[0].permute(1, 2, 0)
    extras = model.arrays.extras
    return {
        "model": model,
        "vertices": vertices - vertices.mean(0),
        "faces": model.faces,
        "colours": (vertices * 20).sin() / 2 + 0.5,
        "texture": texture.contiguous(),
        "uv": torch.tensor(extras["vt"]).float(),
        "uv_faces": torch.tensor(extras["ft"]).long(),
    }


def coloured(body):
    return Mesh(body["vertices"], body["faces"], colours=body["colours"])


def textured(body):
    return Mesh(body["vertices"], body["faces"], texture=body["texture"], uv=body["uv"], uv_faces=body["uv_faces"])


@pytest.mark.parametrize(("height", "width"), [(64, 64), (48, 64), (64, 40)])
def test_cameras_project_to_the_same_ten_thousandth_of_a_pixel(height, width):
    cameras = around(5, height, width)
    points = torch.rand(200, 3, generator=torch.Generator().manual_seed(0)) - 0.5
    theirs = pytorch3d_cameras(cameras).transform_points_screen(points.expand(5, -1, -1))
    assert float((theirs - cameras.project(points))[..., :2].abs().max()) < 1e-4


def test_the_same_faces_are_in_front_in_a_soup_of_triangles():
    generator = torch.Generator().manual_seed(1)
    soup = Mesh(torch.randn(300, 3, generator=generator) / 3, torch.arange(300).reshape(100, 3))
    cameras = around(4, 48, 64)
    ours, theirs = (r.render(soup, cameras, HARD).face_ids for r in (OWN, PyTorch3DRenderer()))
    assert (ours >= 0).float().mean() > 0.2
    assert (ours == theirs).float().mean() > 0.999


def test_what_is_near_the_camera_or_behind_it_is_left_out_alike():
    vertices, faces = egg(2)
    vertices = (vertices * 3).requires_grad_()
    cameras = around(3)  # the surface passes through the cameras' places
    outputs = [r.render(Mesh(vertices, faces), cameras, HARD) for r in (OWN, PyTorch3DRenderer())]
    assert (outputs[0].face_ids == outputs[1].face_ids).float().mean() > 0.999
    outputs[1].colour.sum().backward()
    assert vertices.grad.isfinite().all()


def test_faces_seen_from_their_back_are_left_out_alike():
    vertices, faces = egg(2)
    open_egg = Mesh(vertices, faces[:80])
    for cull in (False, True):
        options = RenderOptions(antialias=False, cull=cull)
        ours, theirs = (r.render(open_egg, around(2), options).face_ids for r in (OWN, PyTorch3DRenderer()))
        assert (ours == theirs).float().mean() > 0.999


def test_a_blended_picture_still_tells_what_is_in_front():
    vertices, faces = egg(2)
    mesh = Mesh(vertices, faces, attributes=vertices)
    options = RenderOptions(views_at_once=1, buffers=("depth", "normals"))
    ours, theirs = (r.render(mesh, around(2), options) for r in (OWN, PyTorch3DRenderer()))
    assert torch.equal(ours.face_ids, theirs.face_ids)
    for name in ("depth", "normals", "attributes"):
        assert psnr(getattr(ours, name), getattr(theirs, name)) > 40
    assert psnr(ours.colour, theirs.colour) > 30  # blended by rules of their own


@pytest.mark.parametrize(("make", "shading"), [(coloured, "glossy"), (textured, "lambert")])
def test_pictures_of_the_body_agree(body, make, shading):
    options = RenderOptions(shading=shading, antialias=False, background="chessboard", buffers=("depth", "normals"))
    ours, theirs = (r.render(make(body), around(2), options) for r in (OWN, PyTorch3DRenderer()))
    assert (ours.face_ids == theirs.face_ids).float().mean() > 0.999
    assert psnr(ours.colour, theirs.colour) > 40
    assert torch.allclose(ours.alpha, theirs.alpha)
    assert psnr(ours.depth, theirs.depth) > 40
    assert psnr(ours.normals, theirs.normals) > 40


def test_pictures_agree_with_nothing_of_ours_but_the_camera(body):
    """PyTorch3D's own rasteriser, texture, light and shader."""
    cameras = around(2)
    views = len(cameras)
    direction = torch.nn.functional.normalize(torch.tensor([[1.0, 2.0, 3.0]]), dim=-1)
    colour, ambient = torch.tensor([[0.6, 0.5, 0.4]]), torch.tensor([[0.3, 0.35, 0.4]])
    options = RenderOptions(lights=Lights(direction[None], colour[None], ambient), antialias=False)
    theirs_lights = DirectionalLights(
        ambient_color=ambient, diffuse_color=colour, specular_color=torch.zeros(1, 3), direction=direction
    )
    textures = {
        coloured: TexturesVertex(body["colours"].expand(views, -1, -1)),
        textured: TexturesUV(
            body["texture"].expand(views, -1, -1, -1),
            body["uv_faces"].expand(views, -1, -1),
            body["uv"].expand(views, -1, -1),
            align_corners=False,
        ),
    }
    eyes = pytorch3d_cameras(cameras)
    shader = HardPhongShader(
        cameras=eyes,
        lights=theirs_lights,
        materials=Materials(specular_color=torch.zeros(1, 3)),
        blend_params=BlendParams(background_color=(1.0, 1.0, 1.0)),
    )
    settings = RasterizationSettings(image_size=SIZE)
    fragments = MeshRasterizer(eyes, settings)(Meshes([body["vertices"]] * views, [body["faces"]] * views))
    for make, texture in textures.items():
        meshes = Meshes([body["vertices"]] * views, [body["faces"]] * views, texture)
        theirs = shader(fragments, meshes)[..., :3]
        assert psnr(OWN.render(make(body), cameras, options).colour, theirs) > 40


@pytest.mark.parametrize("make", [coloured, textured])
def test_gradients_of_a_colour_loss_agree(body, make):
    """Neither side blurs: both see what moves within the faces in front, and neither its outline."""
    mesh, cameras = make(body), around(1)
    target = OWN.render(mesh, around(1, distance=2.05), HARD).colour
    field = "colours" if make is coloured else "texture"
    found = []
    for renderer in (OWN, PyTorch3DRenderer()):
        vertices = body["vertices"].clone().requires_grad_()
        values = body[field].clone().requires_grad_()
        moved = Mesh(vertices, mesh.faces, **{field: values, "uv": mesh.uv, "uv_faces": mesh.uv_faces})
        (renderer.render(moved, cameras, HARD).colour - target).square().sum().backward()
        found.append((vertices.grad, values.grad))
    for ours, theirs in zip(*found, strict=True):
        assert cosine(ours, theirs) > 0.99


def soft(faces, count, cameras):
    """Our soft silhouette as a function of vertices."""
    topology = build_topology(faces, count)

    def draw(vertices):
        projected = cameras.project(vertices)
        ids = face_ids(projected, faces, cameras.height, cameras.width)
        return soft_silhouette(projected, ids, topology, SIGMA)

    return draw


def theirs_soft(faces, cameras, layers=64):
    renderer = PyTorch3DRenderer(faces_per_pixel=layers, sigma=SIGMA)
    return lambda vertices: renderer.render(Mesh(vertices, faces), cameras, UNLIT).alpha


def pull(draw, vertices, target):
    """Gradient of the squared difference to a target."""
    vertices = vertices.clone().requires_grad_()
    (draw(vertices) - target).square().sum().backward()
    return vertices.grad


@pytest.mark.parametrize("levels", [1, 2])
def test_gradients_of_a_soft_silhouette_agree_where_faces_are_larger_than_the_blur(levels, record_property):
    vertices, faces = egg(levels)
    # From one view alone the band holds few pixels' middles, and where they fall is chance.
    cameras = around(8, distance=1.7)
    draws = soft(faces, len(vertices), cameras), theirs_soft(faces, cameras)
    ours, theirs = (pull(draw, vertices, draw(vertices + SHIFT).detach()) for draw in draws)
    assert cosine(ours, theirs) > 0.95
    assert 0.9 < float(ours.norm() / theirs.norm()) < 1.1

    def antialiased(moved):
        return OWN.render(Mesh(moved, faces), cameras, UNLIT).alpha

    sharp = cosine(pull(antialiased, vertices, antialiased(vertices + SHIFT).detach()), theirs)
    record_property("cosine of the antialiased silhouette's gradient", sharp)
    assert sharp > 0.9


def exact_coverage(projected, faces, finer=24):
    """(SIZE, SIZE) coverage under a Gaussian as wide as the sigmoid of `SIGMA`, from a picture many times finer."""
    projected = torch.cat((projected[..., :2] * finer, projected[..., 2:]), -1)
    covered = (face_ids(projected, faces, SIZE * finer, SIZE * finer)[0] >= 0).float()
    # The variance of a step whose sigmoid is that of the squared distance: 2 sigma ln 2.
    spread = math.sqrt(2 * math.log(2) * SIGMA) * SIZE / 2 * finer
    middles = (torch.arange(SIZE) + 0.5)[:, None] * finer
    weights = torch.exp(-((torch.arange(SIZE * finer) + 0.5 - middles).square()) / (2 * spread**2))
    weights = weights / weights.sum(1, keepdim=True)
    return weights @ covered @ weights.T


def test_where_faces_are_smaller_ours_follow_the_true_coverage():
    vertices, faces = egg(3)
    cameras = orbit(torch.tensor([40.0]), torch.tensor([20.0]), torch.tensor([2.0]), torch.zeros(3), 60.0, SIZE, SIZE)
    draws = soft(faces, len(vertices), cameras), theirs_soft(faces, cameras)
    target = (face_ids(cameras.project(vertices + SHIFT), faces, SIZE, SIZE)[0] >= 0).float()
    ours, theirs = (pull(draw, vertices, target[None]) for draw in draws)
    # Smooth changes of the whole, as a body's shape and pose are made of.
    x, y, z = vertices.T
    zero = torch.zeros_like(x)
    moves = [(x, zero, zero), (zero, y, zero), (zero, zero, z), (y, zero, zero), (zero, x, zero)]
    moves += [(x * y, zero, zero), (zero, x * y, zero), (y * y, zero, zero), (zero, x * x, zero)]
    moves += [(1 + zero, zero, zero), (zero, 1 + zero, zero)]
    moves = torch.stack([torch.stack(move, -1) for move in moves])
    step = 0.02

    def loss(moved):
        return (exact_coverage(cameras.project(moved), faces) - target).square().sum()

    truth = torch.stack([(loss(vertices + step * m) - loss(vertices - step * m)) / (2 * step) for m in moves])
    along = [(moves * gradient).sum((1, 2)) for gradient in (ours, theirs)]
    assert cosine(along[0], truth) > 0.99
    assert cosine(along[0], truth) > cosine(along[1], truth)
