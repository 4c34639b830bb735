"""The compiled search for silhouette edges finds what torch's finds."""

import pytest
import torch
from impromptu.backend.render.outlines import find_outline
from impromptu.backend.render.topology import build_topology

pytest.importorskip("numba")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("views", [1, 4])
def test_the_same_edges(dtype, views):
    # Random faces over few vertices: borders, edges of three faces, faces wound against each other and without area.
    g = torch.Generator().manual_seed(views)
    faces = torch.randint(25, (40, 3), generator=g)
    points = torch.rand(views, 25, 3, generator=g, dtype=dtype) * 20
    points[0, 3] = torch.nan
    points[-1, 5, 2] = -1.0
    points[-1, 7, 0] = torch.inf
    points[0, 9, 2] = 0.01
    topology = build_topology(faces, 25)
    found = [torch.stack(find_outline(points, topology, method=m), -1) for m in ("torch", "numba")]
    expected, compiled = (f[((f[:, 0] * 25 * views + f[:, 1]) * 25 * views + f[:, 2]).argsort()] for f in found)
    assert len(expected) > 20
    assert torch.equal(compiled, expected)


def test_no_edge_no_view():
    topology = build_topology(torch.tensor([[0, 0, 1]]), 2)
    assert [len(t) for t in find_outline(torch.rand(3, 2, 3) + 1, topology, method="numba")] == [0, 0, 0]
    assert [len(t) for t in find_outline(torch.rand(0, 2, 3), topology, method="numba")] == [0, 0, 0]
