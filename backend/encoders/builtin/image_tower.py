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


def normalised(pictures: Tensor) -> Tensor:
    """(n, 3, S, S) in [0, 1] as the trunk wants them, channels last."""
    return ((pictures - MEAN) / STD).contiguous(memory_format=torch.channels_last)


class Pyramid(nn.Module):
    """Features of three strides to two maps: of stride 16 with what is around, and of stride 8 with both above it."""

    def __init__(self, channels: list[int], width: int) -> None:
        super().__init__()
        self.fine, self.middle, self.coarse = (nn.Conv2d(c, width, 1) for c in channels)
        self.smooth = nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.finish = nn.Conv2d(width, width, 1)

    def forward(self, features: list[Tensor]) -> tuple[Tensor, Tensor]:
        """(n, width, S / 16, S / 16) and (n, width, S / 8, S / 8)."""
        fine, middle, coarse = features
        around = self.middle(middle) + F.interpolate(self.coarse(coarse), size=middle.shape[2:], mode="bilinear")
        near = self.fine(fine) + F.interpolate(around, size=fine.shape[2:], mode="bilinear")
        return around, near + self.finish(F.gelu(self.smooth(near)))


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
        return self.answer(self.gather(cells))

    def gather(self, cells: Tensor) -> Tensor:
        """(n, count width): what each question finds."""
        n, length, width = cells.shape
        k, v = self.keys(self.norm(cells)).view(n, length, 2, self.heads, -1).permute(2, 0, 3, 1, 4)
        q = self.asked.view(1, -1, self.heads, width // self.heads).transpose(1, 2).expand(n, -1, -1, -1)
        seen = F.scaled_dot_product_attention(q, k, v)
        return seen.transpose(1, 2).reshape(n, -1)


class ImageTower(nn.Module):
    """Pictures to unit vectors: one of the whole, and one of each cell.

    Args:
        trunk: of `trunk.VARIANTS`.
        size: pixels of a side; width: of the pyramid; questions: how many; dim: of the vectors.
        near: whether the questions are put to the fine cells too.
    """

    def __init__(
        self, trunk: str, size: int, width: int, layers: int, heads: int, questions: int, near: bool, dim: int
    ) -> None:
        super().__init__()
        self.trunk = Trunk(trunk)
        self.pyramid = Pyramid(self.trunk.channels, width)
        side = size // 16
        self.place = nn.Parameter(torch.randn(1, width, side, side) * 0.02)
        self.layers = nn.ModuleList(Layer(width, heads, 3 * width) for _ in range(layers))
        self.questions = Questions(width, questions, heads, dim)
        self.cell = nn.Conv2d(width, dim, 1)
        self.near = near

    def forward(self, pictures: Tensor, frozen: int = 0) -> tuple[Tensor, Tensor]:
        """
        Args:
            pictures: (n, 3, S, S) normalised; S a multiple of 32, best the `size`.
            frozen: as of `Trunk.forward`.

        Returns:
            (n, dim) and (n, dim, S / 8, S / 8) unit vectors.
        """
        around, near = self.pyramid(self.trunk(pictures, frozen))
        return self._whole(around, near), self._cells(near)

    def found(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """What `forward`'s first is answered from, (n, questions width), and its second."""
        around, near = self.pyramid(self.trunk(pictures))
        return self.questions.gather(self._tokens(around, near)), self._cells(near)

    def answer(self, found: Tensor) -> Tensor:
        """(n, dim) unit vectors of what `found` tells."""
        return F.normalize(self.questions.answer(found), dim=-1)

    def whole(self, pictures: Tensor) -> Tensor:
        """The first of `forward`'s alone."""
        return self._whole(*self.pyramid(self.trunk(pictures)))

    def cells(self, pictures: Tensor) -> Tensor:
        """The second of `forward`'s alone."""
        return self._cells(self.pyramid(self.trunk(pictures))[1])

    def _whole(self, around: Tensor, near: Tensor) -> Tensor:
        return F.normalize(self.questions(self._tokens(around, near)), dim=-1)

    def _tokens(self, around: Tensor, near: Tensor) -> Tensor:
        """(n, L, width): what the questions are put to."""
        tokens = self._placed(around)
        for layer in self.layers:
            tokens = layer(tokens)
        return torch.cat((tokens, self._placed(near)), 1) if self.near else tokens

    def _placed(self, features: Tensor) -> Tensor:
        """(n, h w, width) cells that know where they are."""
        place = self.place
        if place.shape[2:] != features.shape[2:]:
            place = F.interpolate(place, size=features.shape[2:], mode="bilinear")
        return (features + place).flatten(2).transpose(1, 2)

    def _cells(self, near: Tensor) -> Tensor:
        return F.normalize(self.cell(near), dim=1)
