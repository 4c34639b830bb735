"""The image tower: a convolutional trunk, a pyramid of its features, and learned questions put to them."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .text_tower import Layer
from .trunk import Trunk

MEAN, STD = 127 / 255, 128 / 255
"""Of the pictures that the trunk's weights were trained on: one of each, for all channels."""
CELL = 8
"""Pixels of a side of a cell of the grid that `ground` gives."""


class Pyramid(nn.Module):
    """Features of three strides to two maps: of stride 16 with what is around, and of stride 8 with both above it."""

    def __init__(self, channels: list[int], width: int) -> None:
        super().__init__()
        self.fine, self.middle, self.coarse = (nn.Conv2d(c, width, 1) for c in channels)
        self.smooth = nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.finish = nn.Conv2d(width, width, 1)

    def around(self, features: list[Tensor]) -> Tensor:
        """(n, width, S / 16, S / 16)."""
        _, middle, coarse = features
        return self.middle(middle) + F.interpolate(self.coarse(coarse), size=middle.shape[2:], mode="bilinear")

    def near(self, features: list[Tensor], around: Tensor) -> Tensor:
        """(n, width, S / 8, S / 8)."""
        fine = self.fine(features[0])
        fine = fine + F.interpolate(around, size=fine.shape[2:], mode="bilinear")
        return fine + self.finish(F.gelu(self.smooth(fine)))


class Questions(nn.Module):
    """Learned queries that each gather from all cells what they are about; their answers together make one vector."""

    def __init__(self, width: int, count: int, heads: int, dim: int) -> None:
        super().__init__()
        self.heads = heads
        self.asked = nn.Parameter(torch.randn(count, width) * 0.02)
        self.norm = nn.LayerNorm(width)
        self.keys = nn.Linear(width, 2 * width)
        self.answer = nn.Linear(count * width, dim)

    def forward(self, cells: Tensor) -> Tensor:
        """(n, dim) of (n, L, width)."""
        n, length, width = cells.shape
        k, v = self.keys(self.norm(cells)).view(n, length, 2, self.heads, -1).permute(2, 0, 3, 1, 4)
        q = self.asked.view(1, -1, self.heads, width // self.heads).transpose(1, 2).expand(n, -1, -1, -1)
        seen = F.scaled_dot_product_attention(q, k, v)
        return self.answer(seen.transpose(1, 2).reshape(n, -1))


class ImageTower(nn.Module):
    """Pictures to unit vectors: one of the whole, and one of each cell.

    Args:
        trunk: of `trunk.VARIANTS`.
        size: pixels of a side; width: of the pyramid; questions: how many; dim: of the vectors.
    """

    def __init__(self, trunk: str, size: int, width: int, layers: int, heads: int, questions: int, dim: int) -> None:
        super().__init__()
        self.trunk = Trunk(trunk)
        self.pyramid = Pyramid(self.trunk.channels, width)
        side = size // 16
        self.place = nn.Parameter(torch.randn(1, width, side, side) * 0.02)
        self.layers = nn.ModuleList(Layer(width, heads, 3 * width) for _ in range(layers))
        self.questions = Questions(width, questions, heads, dim)
        self.cell = nn.Conv2d(width, dim, 1)

    def forward(self, pictures: Tensor, frozen: int = 0) -> tuple[Tensor, Tensor]:
        """
        Args:
            pictures: (n, 3, S, S) normalised; S a multiple of 32, best the `size`.
            frozen: as of `Trunk.forward`.

        Returns:
            (n, dim) and (n, dim, S / 8, S / 8) unit vectors.
        """
        features = self.trunk(pictures, frozen)
        around = self.pyramid.around(features)
        return self._whole(around), self._cells(features, around)

    def whole(self, pictures: Tensor) -> Tensor:
        """The first of `forward`'s alone."""
        return self._whole(self.pyramid.around(self.trunk(pictures)))

    def cells(self, pictures: Tensor) -> Tensor:
        """The second of `forward`'s alone."""
        features = self.trunk(pictures)
        return self._cells(features, self.pyramid.around(features))

    def _whole(self, around: Tensor) -> Tensor:
        place = self.place
        if place.shape[2:] != around.shape[2:]:
            place = F.interpolate(place, size=around.shape[2:], mode="bilinear")
        cells = (around + place).flatten(2).transpose(1, 2)
        for layer in self.layers:
            cells = layer(cells)
        return F.normalize(self.questions(cells), dim=-1)

    def _cells(self, features: list[Tensor], around: Tensor) -> Tensor:
        return F.normalize(self.cell(self.pyramid.near(features, around)), dim=1)
