"""A mesh's edges and what is summed over them."""

import pytest
import torch
from impromptu.backend.protocol.errors import InvalidInput
from impromptu.backend.render.topology import build_topology

TETRAHEDRON = torch.tensor([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])


def pairs(topology):
    """{edge: faces} of every row."""
    rows: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
    for edge, faces in zip(topology.edges.tolist(), topology.edge_faces.tolist(), strict=True):
        rows.setdefault(tuple(edge), []).append(tuple(faces))
    return rows


def test_closed_mesh_has_two_faces_at_every_edge():
    topology = build_topology(TETRAHEDRON, 4)
    rows = pairs(topology)
    assert sorted(rows) == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    for edge, (faces,) in rows.items():
        assert all(set(edge) <= set(TETRAHEDRON[face].tolist()) for face in faces)
        assert faces[0] != faces[1]
    assert (topology.along.sum(1) == 0).all()


def test_borders_have_one_face():
    rows = pairs(build_topology(torch.tensor([[0, 1, 2], [0, 2, 3]]), 5))
    assert set(rows.pop((0, 2))[0]) == {0, 1}
    assert rows == {(0, 1): [(0, -1)], (0, 3): [(1, -1)], (1, 2): [(0, -1)], (2, 3): [(1, -1)]}


def test_an_edge_of_three_faces_is_a_border_of_each():
    topology = build_topology(torch.tensor([[0, 1, 2], [1, 0, 3], [0, 1, 4]]), 5)
    assert sorted(pairs(topology)[0, 1]) == [(0, -1), (1, -1), (2, -1)]
    assert topology.links.tolist().count([0, 1]) == 1


def test_faces_wound_against_each_other_are_told():
    topology = build_topology(torch.tensor([[0, 1, 2], [1, 2, 3]]), 4)
    shared = (topology.edges == torch.tensor([1, 2])).all(1)
    assert topology.along[shared, 0] == topology.along[shared, 1]


def test_a_face_that_names_a_vertex_twice_has_no_edge():
    for bad in ([2, 2, 1], [2, 1, 2], [1, 2, 2]):
        rows = pairs(build_topology(torch.tensor([bad, [0, 1, 2]]), 3))
        assert rows == {(0, 1): [(1, -1)], (0, 2): [(1, -1)], (1, 2): [(1, -1)]}


def test_two_sides_of_cloth_are_one_surface():
    faces = torch.tensor([[0, 1, 2], [2, 1, 0], [1, 2, 3], [3, 2, 1], [1, 2, 3]])
    rows = pairs(build_topology(faces, 4))
    assert rows == {(0, 1): [(0, -1)], (0, 2): [(0, -1)], (1, 2): [(2, 0)], (1, 3): [(2, -1)], (2, 3): [(2, -1)]}


def test_no_faces_no_edges():
    topology = build_topology(torch.zeros(0, 3, dtype=torch.int64), 2)
    assert topology.edges.shape == (0, 2)
    assert topology.laplacian(torch.ones(2, 3)).eq(0).all()


@pytest.mark.parametrize("face", [[0, 1, 3], [-1, 0, 1]])
def test_a_vertex_that_there_is_not(face):
    with pytest.raises(InvalidInput, match="outside 0 to 2"):
        build_topology(torch.tensor([face]), 3)


def test_laplacian_is_the_way_to_the_mean_of_the_neighbours():
    topology = build_topology(torch.tensor([[0, 1, 2], [0, 2, 3]]), 5)
    vertices = torch.rand(2, 5, 3, dtype=torch.float64)
    expected = torch.zeros_like(vertices)
    for vertex, neighbours in {0: [1, 2, 3], 1: [0, 2], 2: [0, 1, 3], 3: [0, 2]}.items():
        expected[:, vertex] = vertices[:, neighbours].mean(1) - vertices[:, vertex]
    assert torch.allclose(topology.laplacian(vertices), expected)
