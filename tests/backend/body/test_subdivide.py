import pytest
import torch
from impromptu.backend.body.load import load_body
from impromptu.backend.body.subdivide import subdivide
from impromptu.backend.protocol import InvalidInput


def test_the_default_body_becomes_four_times_as_fine_and_stays_closed():
    body = load_body("neutral")
    fine = subdivide(body.faces)
    assert len(fine.faces) == 4 * len(body.faces)
    # every edge of a closed surface belongs to two triangles
    assert len(fine.edges) == 3 * len(body.faces) // 2
    again = subdivide(fine.faces)
    assert len(again.edges) == 3 * len(fine.faces) // 2


def test_children_lie_in_their_parent_with_its_winding_and_a_quarter_of_its_area():
    vertices = torch.rand(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    faces = torch.tensor([[0, 1, 2], [2, 1, 3], [3, 1, 4]])
    fine = subdivide(faces)

    def normals(values, faces):
        a, b, c = values[faces].unbind(1)
        return torch.linalg.cross(b - a, c - a)

    children = normals(fine.carry(vertices), fine.faces).reshape(-1, 4, 3)
    assert torch.allclose(children, normals(vertices, faces)[:, None] / 4)
    middles = fine.carry(vertices)[fine.faces].reshape(-1, 4, 3, 3).mean((1, 2))
    assert torch.allclose(middles, vertices[faces].mean(1))


def test_weights_still_sum_to_one_and_gradients_reach_the_coarse_values():
    body = load_body("neutral")
    fine = subdivide(body.faces, body.num_vertices)
    assert torch.allclose(fine.carry(body.lbs_weights).sum(1), torch.ones(1), atol=1e-5)
    batch = torch.rand(2, body.num_vertices, 3, requires_grad=True)
    fine.carry(batch).sum().backward()
    degree = torch.bincount(fine.edges.flatten(), minlength=body.num_vertices)
    assert torch.allclose(batch.grad[0, :, 0], 1 + degree / 2)


def test_texture_coordinates_subdivide_alongside():
    body = load_body("neutral")
    ft = torch.tensor(body.arrays.extras["ft"]).long()
    vt = torch.tensor(body.arrays.extras["vt"]).float()
    mesh, atlas = subdivide(body.faces), subdivide(ft, len(vt))
    seen = torch.zeros(body.num_vertices, 2).index_put((body.faces,), vt[ft])
    whole = torch.ones(body.num_vertices, dtype=torch.bool)
    whole[body.faces[(seen[body.faces] - vt[ft]).abs().amax((1, 2)) > 0]] = False
    inside = whole[body.faces].all(1).repeat_interleave(4)
    assert inside.sum() > len(inside) / 2
    assert torch.allclose(mesh.carry(seen)[mesh.faces][inside], atlas.carry(vt)[atlas.faces][inside], atol=1e-6)


def test_loose_vertices_at_the_end_are_kept_where_they_are_told_of():
    fine = subdivide(torch.tensor([[0, 1, 2]]), vertices=5)
    assert len(fine.carry(torch.zeros(5, 3))) == 8
    assert fine.faces.max() == 7


@pytest.mark.parametrize("faces", [torch.zeros(0, 3), torch.zeros(4, 4), torch.zeros(3)])
def test_what_is_no_mesh_is_refused(faces):
    with pytest.raises(InvalidInput):
        subdivide(faces)


def test_values_of_another_mesh_are_refused():
    with pytest.raises(InvalidInput, match="3 vertices"):
        subdivide(torch.tensor([[0, 1, 2]])).carry(torch.zeros(4, 3))
