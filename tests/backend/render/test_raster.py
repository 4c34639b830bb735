"""Face ids against a plain loop in float64, in torch and compiled."""

import importlib.util
import os
import subprocess
import sys

import pytest
import torch
from impromptu.backend.protocol import InvalidInput, RuntimeMissing
from impromptu.backend.render import compiled
from impromptu.backend.render.raster import face_ids

H, W = 30, 40
METHODS = [
    "torch",
    pytest.param("numba", marks=pytest.mark.skipif(not importlib.util.find_spec("numba"), reason="numba")),
]


def reference(projected, faces, height=H, width=W, near=0.01, cull=False):
    """One pixel and face after another would do; a face at a time in float64 is the same."""
    y, x = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    best = torch.full((len(projected), height, width), torch.inf, dtype=torch.float64)
    ids = torch.full(best.shape, -1, dtype=torch.int32)
    for view, points in enumerate(projected.double()):
        for face, corners in enumerate(faces.tolist()):
            (x0, y0, z0), (x1, y1, z1), (x2, y2, z2) = q = points[corners]
            if not q.isfinite().all() or (q[:, 2] < near).any():
                continue
            e0 = (x1 - x) * (y2 - y) - (x2 - x) * (y1 - y)
            e1 = (x2 - x) * (y0 - y) - (x0 - x) * (y2 - y)
            e2 = (x0 - x) * (y1 - y) - (x1 - x) * (y0 - y)
            area = e0 + e1 + e2
            back, front = (e0 >= 0) & (e1 >= 0) & (e2 >= 0), (e0 <= 0) & (e1 <= 0) & (e2 <= 0)
            inside = (front if cull else front | back) & (area != 0)
            depth = torch.where(inside, area / (e0 / z0 + e1 / z1 + e2 / z2), torch.inf)
            nearer = depth < best[view]
            best[view] = torch.where(nearer, depth, best[view])
            ids[view][nearer] = face
    return ids


def soup(count, spread, views=2, seed=0):
    """Loose triangles all over the picture and beyond its borders."""
    g = torch.Generator().manual_seed(seed)
    middle = torch.rand(views, count, 1, 3, generator=g) * torch.tensor([W * 1.2, H * 1.2, 2.0]) + torch.tensor(
        [-4, -3, 1.0]
    )
    points = middle + torch.randn(views, count, 3, 3, generator=g) * torch.tensor([spread, spread, 0.3])
    return points.reshape(views, -1, 3), torch.arange(3 * count).reshape(-1, 3)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("cull", [False, True])
@pytest.mark.parametrize("spread", [0.4, 3.0, 15.0, 300.0])
def test_every_pixel_is_the_references(method, spread, cull):
    projected, faces = soup(60, spread)
    expected = reference(projected, faces, cull=cull)
    assert (expected >= 0).any()
    assert torch.equal(face_ids(projected, faces, H, W, method=method, cull=cull), expected)


@pytest.mark.parametrize("method", METHODS)
def test_neighbours_leave_no_gap_and_the_lower_number_wins_a_tie(method):
    # A flat grid whose vertices and edges lie on the middles of pixels: those have two candidates or more.
    x, y = torch.meshgrid(torch.arange(9.0), torch.arange(9.0), indexing="xy")
    points = torch.stack((x * 4 + 0.5, y * 3 + 0.5, torch.ones_like(x)), -1).reshape(1, -1, 3)
    corner = (torch.arange(8)[:, None] * 9 + torch.arange(8)).reshape(-1)
    faces = torch.stack((corner, corner + 9, corner + 1, corner + 1, corner + 9, corner + 10), -1).reshape(-1, 3)
    ids = face_ids(points, faces, H, W, method=method)[0]
    assert (ids[:24, :32] >= 0).all()
    twice = face_ids(points, torch.cat((faces, faces)), H, W, method=method)[0]
    assert torch.equal(twice, ids)


@pytest.mark.parametrize("method", METHODS)
def test_the_nearer_face_wins_by_perspective_depth(method):
    # A slope from 1 m to 9 m is at 1.8 m in the picture's middle, where a linear depth would be 5 m.
    slope = torch.tensor([[0.0, 0, 1], [0, 30, 1], [40, 15, 9]])
    wall = torch.tensor([[0.0, 0, 3], [0, 30, 3], [40, 15, 3]])
    ids = face_ids(torch.cat((slope, wall))[None], torch.tensor([[0, 1, 2], [3, 4, 5]]), H, W, method=method)
    assert ids[0, 15, 20] == 0
    assert ids[0, 15, 36] == 1


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "vertex",
    [
        (torch.nan, 5.0, 1.0),
        (5.0, torch.inf, 1.0),
        (5.0, 5.0, torch.nan),
        (5.0, 5.0, torch.inf),
        (5.0, 5.0, -1.0),
        (5.0, 5.0, 0.0),
        (5.0, 5.0, 0.009),
        (1e30, 5.0, 1.0),
        (-3e38, 3e38, 1.0),
    ],
)
def test_a_face_with_a_broken_vertex_is_left_out_alone(method, vertex):
    whole = torch.tensor([[10.0, 10, 2], [20, 10, 2], [10, 25, 2]])
    broken = torch.tensor([[0.0, 0, 1], [40, 0, 1], list(vertex)])
    ids = face_ids(torch.cat((broken, whole))[None], torch.tensor([[0, 1, 2], [3, 4, 5]]), H, W, method=method)
    assert set(ids.unique().tolist()) == {-1, 1}


@pytest.mark.parametrize("method", METHODS)
def test_faces_without_area_or_off_the_picture_cover_nothing(method):
    points = torch.tensor(
        [[5.5, 5.5, 1], [9.5, 9.5, 1], [7.5, 7.5, 1], [-9, 3, 1], [-1, 3, 1], [-3, 9, 1], [50, 50, 1], [60, 50, 1]]
    )
    faces = torch.tensor([[0, 1, 2], [0, 0, 1], [2, 2, 2], [3, 4, 5], [6, 7, 6], [1, 6, 1]])
    assert (face_ids(points[None], faces, H, W, method=method) == -1).all()


@pytest.mark.parametrize("method", METHODS)
def test_a_close_up_of_huge_triangles(method):
    projected, faces = soup(40, 2e5, seed=3)
    assert torch.equal(
        face_ids(projected, faces, H, W, method=method),
        face_ids(projected, faces, H, W, method="torch", max_fragments=4001),
    )


@pytest.mark.parametrize("most", [5, 64, 1000])
def test_chunks_of_any_size_give_the_same(most):
    projected, faces = soup(30, 5.0, views=3)
    whole = face_ids(projected, faces, H, W, method="torch")
    assert torch.equal(face_ids(projected, faces, H, W, method="torch", max_fragments=most), whole)


@pytest.mark.parametrize("method", METHODS)
def test_views_together_are_views_alone(method):
    projected, faces = soup(80, 4.0, views=4)
    together = face_ids(projected, faces, H, W, method=method)
    alone = [face_ids(p[None], faces, H, W, method=method) for p in projected]
    assert torch.equal(together, torch.cat(alone))


@pytest.mark.parametrize("threads", [1, 3, 8])
def test_bands_of_one_view_meet(threads):
    pytest.importorskip("numba")
    projected, faces = soup(80, 6.0, views=1)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        assert torch.equal(face_ids(projected, faces, H, W, method="numba"), reference(projected, faces))
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(0, 5), (2, 0)])
def test_nothing_to_draw(method, shape):
    views, vertices = shape
    faces = torch.zeros((1 if vertices else 0, 3), dtype=torch.int64)
    ids = face_ids(torch.rand(views, vertices, 3), faces, H, W, method=method)
    assert ids.shape == (views, H, W)
    assert (ids == -1).all()


@pytest.mark.parametrize("method", METHODS)
def test_half_precision_integers_of_any_size_and_gradients_are_taken(method):
    projected, faces = soup(20, 5.0)
    given = projected.half().requires_grad_(True)
    ids = face_ids(given, faces.int(), H, W, method=method)
    assert ids.dtype == torch.int32
    assert not ids.requires_grad
    assert torch.equal(ids, reference(projected.half(), faces))


def test_what_does_not_fit_is_told():
    points, faces = soup(2, 3.0)
    for arguments in [
        (points[0], faces, H, W),
        (points, faces[:, :2], H, W),
        (points, faces + 1, H, W),
        (points, faces - 1, H, W),
        (points, faces, 0, W),
        (points, faces, H, 40000),
    ]:
        with pytest.raises(InvalidInput):
            face_ids(*arguments)
    with pytest.raises(InvalidInput):
        face_ids(points, faces, H, W, near=0.0)


def test_without_numba_torch_does_it(monkeypatch):
    monkeypatch.setattr(compiled, "numba_there", lambda: False)
    points, faces = soup(20, 3.0)
    assert torch.equal(face_ids(points, faces, H, W), reference(points, faces))
    with pytest.raises(RuntimeMissing):
        face_ids(points, faces, H, W, method="numba")


@pytest.mark.parametrize("writable", [True, False])
def test_machine_code_is_kept_in_the_cache_folder(tmp_path, writable):
    pytest.importorskip("numba")
    folder = tmp_path if writable else tmp_path / "a file" / "cache"
    (tmp_path / "a file").touch()
    code = (
        "import torch, numba\n"
        "from impromptu.backend.render.raster import face_ids\n"
        "face_ids(torch.rand(1, 3, 3) + 1, torch.tensor([[0, 1, 2]]), 8, 8, method='numba')\n"
        "print(numba.config.CACHE_DIR)"
    )
    there = {**os.environ, "IMPROMPTU_CACHE": str(folder), "NUMBA_CACHE_DIR": ""}
    ran = subprocess.run([sys.executable, "-c", code], env=there, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""
    assert bool(list(tmp_path.rglob("*.nbi"))) == writable
    assert ("are not kept" in ran.stderr) == (not writable)
