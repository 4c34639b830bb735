"""Colours of vertices as what an optimiser can change: each by itself but smooth, or as a field over the body."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp
import torch
from scipy.sparse.linalg import SuperLU, splu
from torch import Tensor, nn

from .body import GuidanceBody

Kind = Literal["vertices", "field"]
GREY = 0.5
"""sRGB of the body before."""
REACH = 20.0
"""Weight of the Laplacian: colours are smooth over about its square root of edges."""
WAVES, HIDDEN = 48, 96
"""Fourier features of the field, and units of a layer."""
FREQUENCY = 2.5
"""Standard deviation of the features' frequencies, per standard deviation of the places."""


class _Solve(torch.autograd.Function):
    """Solves with a symmetric matrix that has been factorised, so backwards is the same solve."""

    @staticmethod
    def forward(ctx: Any, right: Tensor, factors: SuperLU) -> Tensor:
        ctx.factors = factors
        return torch.from_numpy(factors.solve(right.detach().double().numpy())).to(right)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        return torch.from_numpy(ctx.factors.solve(grads[0].double().numpy())).to(grads[0]), None


class VertexColours(nn.Module):
    """Every vertex its own colour, through (I + r L)^-1 with the mesh's Laplacian L, so that steps are smooth.

    Nicolet et al., "Large Steps in Inverse Rendering of Geometry", 2021, Eq. 13: it is a change of variables, no
    penalty, and any colours can still be reached.
    """

    rate = 0.03

    def __init__(self, body: GuidanceBody) -> None:
        super().__init__()
        count = body.topology.num_vertices
        i, j = body.topology.links.numpy().T
        links = sp.coo_matrix((np.ones(len(i)), (i, j)), (count, count))
        links = (links + links.T).tocsr()
        laplacian = sp.diags(np.asarray(links.sum(1)).ravel()) - links
        self._factors = splu((sp.identity(count) + REACH * laplacian).tocsc())
        self.offsets = nn.Parameter(torch.zeros(count, 3))

    def forward(self) -> Tensor:
        """(V, 3) sRGB, unbounded."""
        return GREY + torch.as_tensor(_Solve.apply(self.offsets, self._factors))


class FieldColours(nn.Module):
    """A small network on Fourier features of the place at rest, the same left and right."""

    rate = 2e-3

    def __init__(self, body: GuidanceBody, generator: torch.Generator) -> None:
        super().__init__()
        self.features = waves(body, WAVES, FREQUENCY, generator)
        first, second, last = (nn.Linear(a, b) for a, b in pairwise((self.features.shape[1], HIDDEN, HIDDEN, 3)))
        with torch.no_grad():
            for layer in (first, second):
                layer.weight.normal_(0, (2 / layer.in_features) ** 0.5, generator=generator)
            for zero in (first.bias, second.bias, last.weight, last.bias):
                zero.zero_()
        self.net = nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), last)

    def forward(self) -> Tensor:
        """(V, 3) sRGB, unbounded."""
        return GREY + self.net(self.features)


COLOURS: dict[Kind, Callable[[GuidanceBody, torch.Generator], VertexColours | FieldColours]] = {
    "vertices": lambda body, _: VertexColours(body),
    "field": FieldColours,
}


def waves(body: GuidanceBody, count: int, frequency: float, generator: torch.Generator) -> Tensor:
    """(V, 2 * count + 3) sines and cosines of the places at rest, and the places, mirrored to one side.

    Args:
        frequency: standard deviation, per standard deviation of the places.
    """
    places = torch.cat((body.rest[:, :1].abs(), body.rest[:, 1:]), 1)
    places = (places - places.mean(0)) / places.std(0)
    phases = places @ (frequency * torch.randn(3, count, generator=generator))
    return torch.cat((phases.sin(), phases.cos(), places), 1)
