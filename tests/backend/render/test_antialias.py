"""Coverage of silhouettes: true areas, gradients that finite differences confirm, and what breaks neither."""

import math

import pytest
import torch
from impromptu.backend.render.antialias import antialias, find_crossings
from impromptu.backend.render.cameras import orbit
from impromptu.backend.render.outlines import find_outline
from impromptu.backend.render.raster import face_ids
from impromptu.backend.render.topology import build_topology

F64 = torch.float64


def sphere(rings: int, around: int):
    """A closed UV sphere of radius 1."""
    rows = []
    for i in range(1, rings):
        t = math.pi * i / rings
        turn = [2 * math.pi * j / around + 0.1 for j in range(around)]
        rows += [[math.sin(t) * math.cos(a), math.cos(t), math.sin(t) * math.sin(a)] for a in turn]
    vertices = torch.tensor([*rows, [0, 1, 0], [0, -1, 0]], dtype=F64)
    top, bottom, faces = len(rows), len(rows) + 1, []
    for j in range(around):
        k = (j + 1) % around
        faces.append([top, k, j])
        last = (rings - 2) * around
        faces.append([bottom, last + j, last + k])
        for i in range(rings - 2):
            a, b = i * around, (i + 1) * around
            faces += [[a + j, a + k, b + k], [a + j, b + k, b + j]]
    return vertices, torch.tensor(faces)


def flat(corners, depth=1.0):
    """One polygon in pixels, as a fan."""
    vertices = torch.tensor([[x, y, depth] for x, y in corners], dtype=F64)
    return vertices, torch.tensor([[0, i, i + 1] for i in range(1, len(corners) - 1)])


def joined(*meshes):
    """Several meshes as one, and which each face came from."""
    offsets = [0]
    for vertices, _ in meshes:
        offsets.append(offsets[-1] + len(vertices))
    faces = torch.cat([f + o for (_, f), o in zip(meshes, offsets, strict=False)])
    owner = torch.cat([torch.full((len(f),), i) for i, (_, f) in enumerate(meshes)])
    return torch.cat([v for v, _ in meshes]), faces, owner


def on_screen(mesh, size):
    """A mesh of radius 1 in pixels, in the picture's middle, seen in perspective."""
    vertices, faces = mesh
    camera = orbit(torch.tensor([25.0]), torch.tensor([12.0]), torch.tensor([3.0]), torch.zeros(3), 50.0, size, size)
    return camera.to("cpu", F64).project(vertices)[0], faces


def picture(points, faces, size, colours=None):
    """(H, W, C) anti-aliased: each face in its colour (its coverage, without colours) before black."""
    return pictures(points[None], faces, size, colours)[0]


def pictures(points, faces, size, colours=None):
    """(B, H, W, C) of (B, V, 3) points."""
    ids = face_ids(points, faces, size, size)
    colours = torch.ones(len(faces), 1, dtype=points.dtype) if colours is None else colours
    image = torch.where((ids >= 0)[..., None], colours[ids.clamp(min=0).long()], 0)
    return antialias(image, points, find_crossings(points, ids, build_topology(faces, points.shape[1])))


HOUSE = [(6.3, 25.2), (6.9, 12.4), (15.8, 4.1), (26.2, 11.7), (25.4, 26.6)]
SMALL = 24


def scenes():
    """Name to projected vertices, faces and a colour for each face."""
    tetrahedron = torch.tensor([[-0.9, -0.6, -0.5], [0.9, -0.5, -0.4], [0.05, -0.55, 0.9], [0.1, 0.8, 0]], dtype=F64)
    meshes = {
        "triangle": flat([(3.2, 4.1), (20.4, 7.3), (9.6, 21.2)]),
        "square": flat([(5.2, 4.6), (18.3, 5.4), (17.6, 18.7), (4.4, 17.9)]),
        "tetrahedron": on_screen((tetrahedron, torch.tensor([[0, 1, 2], [0, 3, 1], [1, 3, 2], [0, 2, 3]])), SMALL),
        "sphere of 96 faces": on_screen(sphere(7, 8), SMALL),
        "faces under a pixel": on_screen(sphere(40, 60), SMALL),
    }
    out = {name: (*mesh, torch.ones(len(mesh[1]), 3, dtype=F64)) for name, mesh in meshes.items()}
    front, back = flat([(8.3, 6.4), (21.2, 8.1), (19.7, 16.3), (6.4, 14.9)], 1.0), meshes["square"]
    points, faces, owner = joined(front, (back[0] + torch.tensor([0, 0, 1.0], dtype=F64), back[1]))
    out["two squares"] = (points, faces, torch.tensor([[0.9, 0.1, 0.3], [0.2, 0.8, 0.5]], dtype=F64)[owner])
    return out


SCENES = scenes()


def moves(points):
    """Name to a direction in which all vertices, or some, go."""
    centre = points[:, :2].mean(0)
    away = points[:, :2] - centre
    zero = torch.zeros(len(points), 1, dtype=F64)
    turned = torch.stack((-away[:, 1], away[:, 0]), -1) / away.norm(dim=1).max()
    out = {
        "right": torch.tensor([1.0, 0, 0], dtype=F64).expand_as(points),
        "down": torch.tensor([0, 1.0, 0], dtype=F64).expand_as(points),
        "turned": torch.cat((turned, zero), 1),
        "grown": torch.cat((away / away.norm(dim=1).max(), zero), 1),
    }
    generator = torch.Generator().manual_seed(3)
    out["each by chance"] = torch.randn(points.shape, generator=generator, dtype=F64) * torch.tensor([1, 1, 0])
    one = torch.zeros_like(points)
    one[points[:, 0].argmax(), :2] = torch.tensor([0.6, -0.8])
    return out | {"one vertex": one}


def weighted(size, channels):
    """A smooth loss that looks at every pixel differently."""
    y, x = torch.meshgrid(torch.arange(size, dtype=F64), torch.arange(size, dtype=F64), indexing="ij")
    weight = torch.stack([torch.sin(0.31 * x + 0.17 * y * (c + 1)) + 0.03 * x for c in range(channels)], -1)
    return lambda image: (weight * (image + 0.3 * image**2)).sum()


@pytest.mark.parametrize("name", SCENES)
def test_gradient_is_that_of_finite_differences(name):
    """Relative error below 1e-5, for moves of all vertices and of one."""
    points, faces, colours = SCENES[name]
    loss = weighted(SMALL, 3)
    variable = points.clone().requires_grad_()
    loss(picture(variable, faces, SMALL, colours)).backward()
    for direction in moves(points).values():
        step = 1e-6
        ahead, behind = (loss(picture(points + s * direction, faces, SMALL, colours)) for s in (step, -step))
        expected = float((ahead - behind) / (2 * step))
        assert abs(expected) > 1e-3
        assert float((variable.grad * direction).sum()) == pytest.approx(expected, rel=1e-5)


def test_gradient_to_colours_is_that_of_finite_differences():
    points, faces, colours = SCENES["two squares"]
    loss = weighted(SMALL, 3)
    variable = colours.clone().requires_grad_()
    loss(picture(points, faces, SMALL, variable)).backward()
    for i in range(len(colours)):
        step = torch.zeros_like(colours)
        step[i] = 1e-5 * torch.tensor([1.0, -2.0, 0.5])
        ahead, behind = (loss(picture(points, faces, SMALL, colours + s * step)) for s in (1, -1))
        assert float((variable.grad * step).sum()) == pytest.approx(float((ahead - behind) / 2), rel=1e-6)


def shoelace(points):
    x, y = points[:, 0], points[:, 1]
    return (x * y.roll(-1) - y * x.roll(-1)).sum().abs() / 2


@pytest.mark.parametrize("corners", [HOUSE, [(3.3, 5.1), (28.4, 9.6), (11.2, 27.7)]])
def test_coverage_of_a_polygon_is_its_area_and_so_is_its_gradient(corners):
    points, faces = flat(corners)
    exact, variable = points.clone().requires_grad_(), points.clone().requires_grad_()
    area, covered = shoelace(exact), picture(variable, faces, 32).sum()
    assert float(covered.detach()) == pytest.approx(float(area.detach()), rel=0.004)
    ids = face_ids(points[None], faces, 32, 32)
    assert abs(covered - area) < abs(float((ids >= 0).sum()) - area)
    area.backward()
    covered.backward()
    assert float((exact.grad - variable.grad).norm() / exact.grad.norm()) < 0.05


def test_twice_the_area_is_what_growing_adds_to_faces_under_a_pixel():
    """The area is of second degree in the vertices (Euler): its gradient times them is twice the area."""
    points, faces, _ = SCENES["faces under a pixel"]
    variable = points.clone().requires_grad_()
    area = picture(variable, faces, SMALL).sum()
    area.backward()
    away = points[:, :2] - points[:, :2].mean(0)
    assert float((variable.grad[:, :2] * away).sum()) == pytest.approx(2 * float(area.detach()), rel=0.01)


@pytest.mark.parametrize("degrees", [3, 31, 44, 60, 88, 130, 222])
def test_an_edge_that_passes_the_middles_of_pixels_moves_no_pixel_by_a_jump(degrees):
    """Half the picture, edge on, before a wall further away: no pixel moves by more than its edge does."""
    turn = math.radians(degrees)
    across, along = (math.cos(turn), math.sin(turn)), (-math.sin(turn), math.cos(turn))
    corners = [
        (10.3 + 60 * (u * across[0] + w * along[0]), 10.1 + 60 * (u * across[1] + w * along[1]))
        for u, w in ((0, -1), (0, 1), (-1, 1), (-1, -1))
    ]
    wall = flat([(-9, -9), (40, -9), (40, 40), (-9, 40)], 2.0)
    points, faces, owner = joined(flat(corners), wall)
    colours = torch.tensor([[1.0], [0.0]], dtype=F64)[owner]
    way = 0.02 * torch.tensor([*across, 0], dtype=F64) * (owner == 0)[:1]
    moved = torch.cat((way.expand(4, 3), torch.zeros(4, 3, dtype=F64)))
    inside = pictures(points + torch.arange(90)[:, None, None] * moved, faces, 20, colours)[:, 2:-2, 2:-2]
    steps = inside.diff(dim=0)
    assert float(steps.max()) < 0.02 * math.sqrt(2) + 1e-6
    assert float(steps.min()) > -1e-6
    assert float((inside[-1] - inside[0]).max()) > 0.9


@pytest.mark.parametrize("name", ["square", "sphere of 96 faces", "faces under a pixel", "two squares"])
def test_jumps_are_left_to_corners(name):
    points, faces, colours = SCENES[name]
    way = torch.tensor([0.0083, 0.0057, 0.0], dtype=F64)
    frames = pictures(points + torch.arange(120)[:, None, None] * way, faces, SMALL, colours)
    steps = frames.diff(dim=0).abs().amax(-1)
    assert float((steps > 0.05).sum() / (steps > 1e-6).sum()) < 0.003


@pytest.mark.parametrize("name", SCENES)
def test_a_shift_of_one_pixel_shifts_the_picture(name):
    points, faces, colours = SCENES[name]
    shift = torch.tensor([1.0, -1.0, 0.0], dtype=F64)
    moved = picture(points + shift, faces, SMALL, colours)[:-1, 1:]
    assert torch.allclose(moved, picture(points, faces, SMALL, colours)[1:, :-1], atol=1e-9)


def test_edges_of_45_degrees_count_once():
    corners = [(16.2, 4.4), (27.2, 15.4), (16.2, 26.4), (5.2, 15.4)]
    assert float(picture(*flat(corners), 32).sum()) == pytest.approx(242, rel=0.004)


def test_inner_silhouettes_are_blended_and_hidden_ones_are_not():
    front, behind = flat([(5.2, 5.3), (12.3, 5.3), (12.3, 12.4), (5.2, 12.4)], 1.0), 3.0
    wall = flat([(-5, -5), (30, -5), (30, 30), (-5, 30)], 2.0)
    hidden = flat([(7.6, 6.1), (14.7, 6.1), (14.7, 18.2), (7.6, 18.2)], behind)
    colours = torch.tensor([[1.0], [0.2], [0.6]], dtype=F64)

    def drawn(*meshes):
        points, faces, owner = joined(*meshes)
        return picture(points, faces, 20, colours[owner])[..., 0]

    image = drawn(front, wall, hidden)
    assert torch.equal(image, drawn(front, wall))
    assert image[8, 4] == pytest.approx(0.2)
    assert image[8, 5] == pytest.approx(1 - 0.2 * 0.8)
    assert image[8, 12] == pytest.approx(0.2 + 0.3 * 0.8)
    assert image[5, 8] == pytest.approx(1 - 0.3 * 0.8)


def test_what_is_hidden_behind_many_faces_does_not_matter():
    sphere_points, sphere_faces, _ = SCENES["faces under a pixel"]
    behind = flat([(9.2, 8.1), (14.7, 9.3), (13.1, 15.8)], 9.0)
    points, faces, owner = joined((sphere_points, sphere_faces), behind)
    colours = torch.rand(len(faces), 1, dtype=F64)
    alone = picture(sphere_points, sphere_faces, SMALL, colours[owner == 0])
    assert torch.equal(picture(points, faces, SMALL, colours), alone)


def bar(left, right, depth):
    """A bar from top to bottom of a picture of 20 pixels."""
    return flat([(left, -5), (right, -5), (right, 25), (left, 25)], depth)


def test_of_edges_between_the_same_pixels_the_outer_one_counts():
    points, faces, _ = joined(bar(-5, 10.8, 1.0), bar(-5, 11.2, 2.0))
    assert torch.allclose(picture(points, faces, 20)[10, 10:13, 0], torch.tensor([1.0, 0.2, 0.0], dtype=F64))


def test_what_no_middle_shows_is_not_blended():
    """A bar thinner than a pixel before the border of two others: its edges are not taken for theirs."""
    colours = torch.tensor([[1.0], [0.5], [0.0]], dtype=F64)

    def drawn(*bars):
        points, faces, owner = joined(*bars)
        return picture(points, faces, 20, colours[owner])[..., 0]

    two = bar(-5, 25, 2.0), bar(10.7, 25, 1.5)
    assert torch.allclose(drawn(*two)[10, 9:13], torch.tensor([1, 1 - 0.3 * 0.5, 0.5, 0.5], dtype=F64))
    assert torch.equal(drawn(*two, bar(10.9, 11.35, 1.0)), drawn(*two))


def test_a_closed_surface_has_no_silhouette_inside():
    points, faces, _ = SCENES["faces under a pixel"]
    image = picture(points, faces, SMALL, torch.rand(len(faces), 3, dtype=F64))
    ids = face_ids(points[None], faces, SMALL, SMALL)[0]
    plain = torch.nn.functional.max_pool2d((ids < 0).double()[None], 3, 1, 1)[0] == 0
    again = picture(points, faces, SMALL, torch.rand(len(faces), 3, dtype=F64))
    touched = find_crossings(points[None], ids[None], build_topology(faces, len(points)))
    changed = torch.zeros(SMALL * SMALL, dtype=torch.bool)
    changed[torch.cat((touched.inner, touched.outer))] = True
    assert plain.sum() > 100
    assert not (changed.reshape(SMALL, SMALL) & plain).any()
    assert not torch.equal(image, again)


def test_winding_does_not_matter():
    points, faces, colours = SCENES["sphere of 96 faces"]
    turned = faces.clone()
    turned[::3] = turned[::3].flip(1)
    expected = picture(points, faces, SMALL, colours)
    assert torch.allclose(picture(points, turned, SMALL, colours), expected)
    assert len(find_outline(points[None], build_topology(turned, len(points))).view) == len(
        find_outline(points[None], build_topology(faces, len(points))).view
    )


def test_broken_vertices_take_their_faces_with_them_and_no_gradient():
    points, faces, colours = SCENES["sphere of 96 faces"]
    for value in (math.nan, math.inf, -math.inf, 1e30):
        for column in range(3):
            broken = points.clone()
            broken[5, column] = value
            variable = broken.clone().requires_grad_()
            image = picture(variable, faces, SMALL, colours)
            assert image.isfinite().all()
            image.square().sum().backward()
            assert variable.grad.isfinite().all()
            assert (variable.grad[5] == 0).all()
            assert variable.grad.abs().sum() > 1


@pytest.mark.parametrize("depth", [-1.0, 0.0, 0.009])
def test_what_is_nearer_than_the_near_plane_leaves_a_hole_with_smooth_edges(depth):
    points, faces, colours = SCENES["sphere of 96 faces"]
    gone = int(points[:, 0].argmax())
    behind = points.clone()
    behind[gone, 2] = depth
    left = (faces != gone).all(1)
    expected = picture(points, faces[left], SMALL, colours[left])
    assert torch.equal(picture(behind, faces, SMALL, colours), expected)


def test_faces_without_area_do_not_matter():
    points, faces, colours = SCENES["square"]
    points = torch.cat((points, points[:1], (points[:1] + points[1:2]) / 2))
    more = torch.cat((faces, torch.tensor([[0, 4, 0], [0, 4, 1], [0, 5, 1], [2, 2, 2]])))
    variable = points.clone().requires_grad_()
    image = picture(variable, more, SMALL, torch.ones(len(more), 3, dtype=F64))
    assert torch.allclose(image, picture(points, faces, SMALL, colours), atol=1e-9)
    image.square().sum().backward()
    assert variable.grad.isfinite().all()


def test_nothing_in_the_picture_changes_nothing():
    points, faces, _ = SCENES["square"]
    variable = (points + torch.tensor([500.0, 0, 0])).requires_grad_()
    image = picture(variable, faces, SMALL)
    assert (image == 0).all()
    image.sum().backward()
    assert (variable.grad == 0).all()


def test_colours_stay_between_those_of_the_pixels():
    """Thin and pointed shapes, of which many edges pass one pixel."""
    generator = torch.Generator().manual_seed(1)
    corners = torch.rand(300, 3, 3, generator=generator, dtype=F64) * torch.tensor([20.0, 20.0, 1.0]) + 1
    corners[:, 1:, :2] = corners[:, :1, :2] + 3 * (corners[:, 1:, :2] / 10 - 1)
    image = picture(corners.reshape(-1, 3), torch.arange(900).reshape(-1, 3), SMALL)
    assert 0 <= float(image.min()) < 0.2
    assert 0.9 < float(image.max()) <= 1


def test_views_and_chunks_do_not_mix(monkeypatch):
    points, faces, _ = SCENES["sphere of 96 faces"]
    batch = torch.stack([points + torch.tensor([0.7 * i, 0.4 * i, 0]) for i in range(5)])
    topology = build_topology(faces, len(points))
    ids = face_ids(batch, faces, SMALL, SMALL + 5)
    image = (ids >= 0).to(F64)
    together = antialias(image, batch, find_crossings(batch, ids, topology))
    for i in range(5):
        one = slice(i, i + 1)
        alone = antialias(image[one], batch[one], find_crossings(batch[one], ids[one], topology))
        assert torch.equal(together[one], alone)
    monkeypatch.setattr("impromptu.backend.render.outlines.CHUNK", 2 * len(faces))
    assert torch.equal(antialias(image, batch, find_crossings(batch, ids, topology)), together)


def test_half_precision_is_computed_in_single_and_twice_the_same():
    points, faces, _ = SCENES["faces under a pixel"]
    single = points.float()[None].requires_grad_()
    ids = face_ids(single, faces, SMALL, SMALL)
    crossings = find_crossings(single, ids, build_topology(faces, len(points)))
    image = torch.rand(*ids.shape, 2).bfloat16().float()
    with torch.autocast("cpu", torch.bfloat16):
        half = antialias(image.bfloat16(), single, crossings)
    whole = antialias(image, single, crossings)
    assert (half.dtype, whole.dtype) == (torch.bfloat16, torch.float32)
    assert torch.equal(half, whole.bfloat16())
    gradients = [torch.autograd.grad(antialias(image, single, crossings).square().sum(), single)[0] for _ in range(2)]
    assert torch.equal(*gradients)


def test_all_steps_have_a_deterministic_way():
    points, faces, colours = SCENES["two squares"]
    variable = points.clone().requires_grad_()
    torch.use_deterministic_algorithms(True)
    try:
        picture(variable, faces, SMALL, colours).sum().backward()
    finally:
        torch.use_deterministic_algorithms(False)
    assert variable.grad.abs().sum() > 0


def test_a_sphere_finds_its_target_by_gradient_descent():
    points, faces, _ = SCENES["faces under a pixel"]
    target = picture(points, faces, SMALL)
    offset = torch.tensor([4.3, -3.6], dtype=F64, requires_grad=True)
    optimiser = torch.optim.Adam([offset], betas=(0.8, 0.9))
    for step in range(60):
        optimiser.param_groups[0]["lr"] = 0.4 * (1 - step / 60)
        optimiser.zero_grad()
        moved = points + torch.cat((offset, offset.new_zeros(1)))
        (picture(moved, faces, SMALL) - target).square().mean().backward()
        optimiser.step()
    assert float(offset.detach().norm()) < 0.05
