"""Baked textures against what they were baked from."""

import dataclasses

import numpy as np
import pytest
import torch
from impromptu.backend.body.kept import kept_body
from impromptu.backend.protocol import InvalidInput
from impromptu.backend.render.cameras import look_at
from impromptu.backend.render.own_renderer import OwnRenderer
from impromptu.backend.render.renderer import Mesh, RenderOptions
from impromptu.backend.style import texels
from impromptu.backend.style.bake import FLAT, Textures, bake_textures, vertex_values, write_textures
from impromptu.backend.style.tangents import blend, frames
from impromptu.backend.style.texels import texels_of
from PIL import Image

SIZE = 96
TURN = torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(2)).double())[0]
TURN = TURN * torch.linalg.det(TURN)


def grid(columns, rows):
    """(N, 2) points from 0 to 1, and (F, 3) faces, counter-clockwise."""
    x, y = np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, rows))
    a = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    faces = np.stack((a, a + 1, a + columns + 1, a, a + columns + 1, a + columns), 1).reshape(-1, 3)
    return np.stack((x.ravel(), y.ravel()), 1), faces


def body_of(vertices, faces, vt, ft=None):
    """A mesh with texture coordinates, as a body."""
    extras = {"vt": np.asarray(vt, np.float32), "ft": np.asarray(faces if ft is None else ft, np.uint32)}
    arrays = kept_body("neutral").arrays
    return dataclasses.replace(
        arrays, v_template=np.asarray(vertices, np.float32), faces=faces.astype(np.int32), extras=extras
    )


def plane(uv=lambda points: points, cells=9):
    """A square of 1 m somewhere in the room, (N, 2) places on it, and its normals."""
    points, faces = grid(cells, cells)
    flat = np.column_stack((points, np.zeros(len(points))))
    normal = np.tile(TURN[:, 2].numpy(), (len(points), 1))
    return body_of(flat @ TURN.T.numpy() + 0.3, faces, uv(points)), points, normal


def white(displacement, points, faces):
    """White, and a displacement as a function of (N, C) values of vertices."""
    corners = torch.from_numpy(points).double()[torch.from_numpy(faces).long()]

    def evaluate(face, weights):
        at = torch.einsum("pkc,pk->pc", corners[face], weights.double())
        return torch.cat((torch.ones(len(at), 3), displacement(at)[:, None].float()), 1)

    return evaluate


def shown(normal, arrays, vertices, size=SIZE):
    """(P, 3) normals that a mesh wearing the map shows, and the points they are shown at."""
    atlas = texels_of(arrays, size)
    points = atlas.points(0, size)
    worn = frames(torch.as_tensor(vertices).double(), torch.from_numpy(arrays.faces).long(), atlas)
    x, y, z = (torch.from_numpy(normal).double().reshape(-1, 3)[points.pixel] / 127.5 - 1).T[..., None]
    n, t = blend(worn.normals[worn.faces], points), blend(worn.tangents, points)
    bitangent = torch.linalg.cross(n, t) * worn.mirrored[points.face, None]
    return torch.nn.functional.normalize(x * t + y * bitangent + z * n, dim=1), points


def degrees(one, two):
    return torch.rad2deg((one * two).sum(1).clamp(-1, 1).acos())


def test_a_texel_shows_the_point_in_its_middle_and_v_goes_up():
    arrays, points, normal = plane(lambda p: p * [0.5, 1])
    colours = np.column_stack((points, np.zeros(len(points))))
    textures = bake_textures(vertex_values(colours, arrays.faces), arrays, points[:, 0] * 0, normal, 32)
    column, row = np.meshgrid(np.arange(32), np.arange(32))
    u, v = (column + 0.5) / 32, 1 - (row + 0.5) / 32
    assert textures.normal is None
    assert textures.albedo.dtype == np.uint8
    expected = np.stack((np.minimum(u / 0.5, 1), v), 2) * 255
    near = np.abs(textures.albedo[..., :2] - expected)
    assert near[:, :16].max() <= 0.51
    # Beside the island its last column goes on.
    assert (textures.albedo[:, 16:] == textures.albedo[:, 15:16]).all()


def test_without_texture_coordinates_there_is_none():
    arrays, points, normal = plane()
    arrays = dataclasses.replace(arrays, extras={})
    assert bake_textures(vertex_values(normal, arrays.faces), arrays, points[:, 0], normal, 32) is None


def test_what_does_not_fit_is_refused():
    arrays, points, normal = plane()
    evaluate = vertex_values(normal, arrays.faces)
    with pytest.raises(InvalidInput, match="displacement"):
        bake_textures(evaluate, arrays, points[1:, 0], normal, 32)
    with pytest.raises(InvalidInput, match="displacement"):
        bake_textures(evaluate, arrays, points[:, 0], normal, 32, at_vertices=points)
    with pytest.raises(InvalidInput, match="0 pixels"):
        bake_textures(evaluate, arrays, points[:, 0], normal, 0)
    with pytest.raises(InvalidInput, match=r"\(P, 3\)"):
        bake_textures(lambda face, weights: weights[:, :2], arrays, points[:, 0], normal, 32)
    wrong = dataclasses.replace(arrays, extras={**arrays.extras, "ft": arrays.extras["ft"][1:]})
    with pytest.raises(InvalidInput, match="texture coordinates"):
        bake_textures(evaluate, wrong, points[:, 0], normal, 32)


UNWRAPPED = {
    "upright": lambda p: 0.05 + 0.9 * p,
    "turned": lambda p: 0.5 + 0.6 * (p - 0.5) @ np.array([[0.8, 0.6], [-0.6, 0.8]]),
    "mirrored": lambda p: [0.95, 0.05] + p * [-0.9, 0.9],
    "mirrored and turned": lambda p: 0.5 + 0.9 * (p - 0.5)[:, ::-1],
    "stretched and skewed": lambda p: [0.1, 0.1] + p @ np.array([[0.2, 0.1], [0.1, 0.6]]),
}


@pytest.mark.parametrize("relief_in_mesh", [True, False])
@pytest.mark.parametrize("name", UNWRAPPED)
def test_a_wave_on_a_plane(name, relief_in_mesh):
    arrays, points, normal = plane(UNWRAPPED[name])

    def height(p):
        return 0.01 * torch.sin(11 * p[:, 0] + 5 * p[:, 1])

    moved = height(torch.from_numpy(points)).numpy()
    evaluate = white(height, points, arrays.faces)
    textures = bake_textures(evaluate, arrays, moved, normal, 256, relief_in_mesh=relief_in_mesh)
    worn = arrays.v_template + relief_in_mesh * moved[:, None] * normal
    found, at = shown(textures.normal, arrays, worn, 256)
    place = torch.einsum(
        "pkc,pk->pc", torch.from_numpy(points)[torch.from_numpy(arrays.faces).long()][at.face], at.weights
    )
    slope = 0.01 * torch.cos(11 * place[:, 0] + 5 * place[:, 1])
    expected = torch.stack((-11 * slope, -5 * slope, torch.ones_like(slope)), 1) @ TURN.T
    off = degrees(torch.nn.functional.normalize(expected, dim=1), found)
    inside = ((place > 0.13) & (place < 0.87)).all(1)  # further out the mesh's own slope has one side only
    assert off[inside].max() < 1.2
    assert off[inside].mean() < 0.4
    assert off.max() < 8


def test_green_is_up_and_red_to_the_right():
    """A bump's right side shines red, its upper side green."""
    arrays, points, normal = plane(cells=33)
    bump = np.exp(-((points - 0.5) ** 2).sum(1) / 0.02) * 0.1
    evaluate = vertex_values(normal * 0, arrays.faces)
    textures = bake_textures(evaluate, arrays, bump, normal, 64, relief_in_mesh=False)
    middle = textures.normal[32, 32].astype(int)
    assert np.abs(middle - FLAT).max() < 12
    assert textures.normal[32, 40, 0] > 170 > 90 > textures.normal[32, 24, 0]
    assert textures.normal[24, 32, 1] > 170 > 90 > textures.normal[40, 32, 1]


def test_a_mesh_that_has_the_relief_needs_none_of_it_again():
    arrays, points, normal = plane(cells=65)

    def height(p):
        return 0.01 * torch.sin(9 * p[:, 0]) * torch.cos(7 * p[:, 1])

    moved = height(torch.from_numpy(points)).numpy()
    evaluate = white(height, points, arrays.faces)
    within = slice(8, -8)
    textures = bake_textures(evaluate, arrays, moved, normal, SIZE)
    assert np.abs(textures.normal[within, within].astype(int) - FLAT).max() <= 1
    whole = bake_textures(evaluate, arrays, moved, normal, SIZE, relief_in_mesh=False)
    assert np.abs(whole.normal[within, within].astype(int) - FLAT).max() > 5
    assert bake_textures(vertex_values(normal, arrays.faces), arrays, moved, normal, SIZE).normal is None


def test_cloth_that_is_known_at_vertices_alone_shows_no_triangles():
    arrays, points, normal = plane()
    cloth = np.random.default_rng(0).uniform(0, 0.02, len(points))
    evaluate = white(lambda p: p[:, 0] * 0, points, arrays.faces)
    textures = bake_textures(evaluate, arrays, cloth, normal, SIZE, at_vertices=cloth * 0)
    assert (textures.normal == FLAT).all()


@pytest.mark.parametrize("relief_in_mesh", [True, False])
@pytest.mark.parametrize("fine", [True, False])
def test_a_fluted_column_around_its_seam(fine, relief_in_mesh):
    """Curved, closed, with a seam along it: beside the seam as elsewhere, and as steep as on the thicker column."""
    points, faces = grid(97, 40)
    welded = np.where(np.arange(len(points)) % 97 == 96, np.arange(len(points)) - 96, np.arange(len(points)))
    keep, number = np.unique(welded, return_inverse=True)
    angle = 2 * np.pi * points[keep, 0]
    out = np.stack((np.cos(angle), np.zeros(len(keep)), -np.sin(angle)), 1)
    vertices = 0.1 * out + points[keep, 1:] * [0, 0.6, 0]
    arrays = body_of(vertices, number[faces], 0.02 + 0.96 * points, faces)

    def height(p):
        return 0.02 + 0.01 * torch.sin(5 * torch.atan2(-p[:, 2], p[:, 0]))

    moved = height(torch.from_numpy(vertices)).numpy()
    evaluate = white(height, vertices, arrays.faces) if fine else vertex_values(vertices, arrays.faces)
    textures = bake_textures(evaluate, arrays, moved, out, 256, relief_in_mesh=relief_in_mesh)
    if relief_in_mesh and not fine:
        assert textures.normal is None
        return
    found, at = shown(textures.normal, arrays, vertices + relief_in_mesh * moved[:, None] * out, 256)
    place = blend(torch.from_numpy(vertices)[torch.from_numpy(arrays.faces).long()], at)
    turn = torch.atan2(-place[:, 2], place[:, 0])
    radius, rise = 0.12 + 0.01 * torch.sin(5 * turn), 0.05 * torch.cos(5 * turn)
    along = torch.stack((-turn.sin(), 0 * turn, -turn.cos()), 1)
    across = torch.stack((turn.cos(), 0 * turn, -turn.sin()), 1)
    expected = torch.nn.functional.normalize(radius[:, None] * across - rise[:, None] * along, dim=1)
    off = degrees(expected, found)
    inside = (place[:, 1] > 0.03) & (place[:, 1] < 0.57)
    assert off[inside].mean() < 1
    assert off[inside].max() < 4
    assert degrees(across, expected).max() > 20


def test_pieces_and_runs_make_no_difference(monkeypatch):
    arrays = kept_body("neutral").arrays
    vertices = arrays.v_template.astype(np.float64)
    direction = np.tile([0.0, 0.0, 1.0], (len(vertices), 1))

    def height(p):
        return 0.003 * torch.sin(200 * p).prod(1)

    moved = height(torch.from_numpy(vertices)).numpy()
    evaluate = white(height, vertices, arrays.faces)
    first = bake_textures(evaluate, arrays, moved, direction, SIZE)
    again = bake_textures(evaluate, arrays, moved, direction, SIZE)
    monkeypatch.setattr(texels, "MOST_TEXELS", SIZE)
    rows = bake_textures(evaluate, arrays, moved, direction, SIZE)
    for other in (again, rows):
        assert (first.albedo == other.albedo).all()
    assert (first.normal == again.normal).all()
    assert np.abs(first.normal.astype(int) - rows.normal).max() <= 1


def test_the_default_body_wears_its_texture_as_its_colours():
    arrays = kept_body("neutral").arrays
    vertices = arrays.v_template
    waves = (0.5 + 0.4 * np.sin(vertices * [25, 20, 30])).astype(np.float32)
    nothing = np.zeros(len(vertices))
    textures = bake_textures(vertex_values(waves, arrays.faces), arrays, nothing, vertices * 0, 1024)
    faces = torch.from_numpy(arrays.faces).long()
    shape = {"vertices": torch.from_numpy(vertices), "faces": faces}
    painted = Mesh(**shape, colours=torch.from_numpy(waves))
    wearing = Mesh(
        **shape,
        texture=torch.from_numpy(textures.albedo).float() / 255,
        uv=torch.tensor(arrays.extras["vt"]),
        uv_faces=torch.from_numpy(arrays.extras["ft"].astype(np.int64)),
    )
    middle = torch.from_numpy((vertices.min(0) + vertices.max(0)) / 2)
    cameras = look_at(middle + torch.tensor([[0.5, 0.2, 2.5], [-0.5, 0.2, -2.5]]), middle, 45.0, 384, 384)
    options = RenderOptions(shading="unlit", antialias=False)
    one, two = (OwnRenderer().render(mesh, cameras, options) for mesh in (painted, wearing))
    off = (one.colour - two.colour).abs()[one.face_ids >= 0]
    assert len(off) > 10_000
    assert off.mean() < 0.004
    assert off.quantile(0.999) < 0.05


def test_files_are_written_and_an_old_normal_map_does_not_stay(tmp_path):
    albedo = np.random.default_rng(0).integers(0, 255, (8, 8, 3), np.uint8)
    paths = write_textures(tmp_path, "_1", Textures(albedo, albedo[::-1]))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["albedo_1.png", "normal_1.png"]
    assert (np.asarray(Image.open(paths["albedo"])) == albedo).all()
    assert (np.asarray(Image.open(paths["normal"])) == albedo[::-1]).all()
    assert set(write_textures(tmp_path, "_1", Textures(albedo, None))) == {"albedo"}
    assert [p.name for p in tmp_path.iterdir()] == ["albedo_1.png"]
    with pytest.raises(InvalidInput):
        write_textures(tmp_path / "nowhere", "", Textures(albedo, None))
