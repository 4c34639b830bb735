"""The image tower: a convolutional trunk, a pyramid of its features, and what is read from them.

That is the answers to learned questions, and what each part of a person looks like, to which training points.
"""

from __future__ import annotations

import math
from typing import NamedTuple

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
    """Learned queries that each gather from all cells what they are about; `answer` makes one vector of what they
    find, and of what else there is to tell.

    Args:
        width: of the cells; count: of the queries; more: values that are told besides; dim: of the vector.
    """

    def __init__(self, width: int, count: int, heads: int, more: int, dim: int) -> None:
        super().__init__()
        self.heads = heads
        self.asked = nn.Parameter(torch.randn(count, width) * 0.02)
        self.norm = nn.LayerNorm(width)
        self.keys = nn.Linear(width, 2 * width)
        self.answer = nn.Linear(count * width + more, dim)

    def forward(self, cells: Tensor) -> Tensor:
        """(n, count width) of (n, L, width): what each question finds."""
        n, length, width = cells.shape
        k, v = self.keys(self.norm(cells)).view(n, length, 2, self.heads, -1).permute(2, 0, 3, 1, 4)
        q = self.asked.view(1, -1, self.heads, width // self.heads).transpose(1, 2).expand(n, -1, -1, -1)
        seen = F.scaled_dot_product_attention(q, k, v)
        return seen.transpose(1, 2).reshape(n, -1)


class Parts(nn.Module):
    """What each part of a person looks like, a garment say: the vector of the region where features say that it is.

    Args:
        width: of the features; dim: of the cells' vectors; count: of the parts; told: values a part.
    """

    def __init__(self, width: int, dim: int, count: int, told: int) -> None:
        super().__init__()
        self.count = count
        self.where = nn.Conv2d(width, count, 1)
        self.tell = nn.Linear(dim, told, bias=False)

    def forward(self, features: Tensor, cells: Tensor) -> tuple[Tensor, Tensor]:
        """
        Args:
            features: (n, width, h, w); cells: (n, dim, h, w) unit vectors.

        Returns:
            (n, count (dim + 1)), about zeros for a part that is not there; (n, count, h w) logits of where it is.
        """
        where = self.where(features).flatten(2)
        looks = F.normalize(where.softmax(-1) @ cells.flatten(2).transpose(1, 2), dim=-1)
        there = presence(where).sigmoid()[..., None]
        return torch.cat((there * looks, there), -1).flatten(1), where

    def told(self, found: Tensor) -> Tensor:
        """(n, count (told + 1)) of what `forward` gives first: few values for each part."""
        each = found.unflatten(1, (self.count, -1))
        return torch.cat((self.tell(each[..., :-1]), each[..., -1:]), -1).flatten(1)


def presence(where: Tensor) -> Tensor:
    """(...) logits of something being there at all: the logarithm of the mean odds of (..., L) cells."""
    return where.logsumexp(-1) - math.log(where.shape[-1])


class Seen(NamedTuple):
    """What the tower makes of n pictures."""

    whole: Tensor
    """(n, dim) unit vectors."""
    cells: Tensor
    """(n, dim, S / 8, S / 8) unit vectors."""
    where: Tensor
    """(n, parts, cells) logits of each part in each cell."""


class ImageTower(nn.Module):
    """Pictures to unit vectors: one of the whole, and one of each cell.

    Args:
        trunk: of `trunk.VARIANTS`.
        size: pixels of a side; width: of the pyramid; questions: how many; dim: of the vectors.
        parts: of a person that are looked at by themselves; told: values each.
    """

    def __init__(
        self, trunk: str, size: int, width: int, layers: int, heads: int, questions: int, parts: int, told: int,
        dim: int,
    ) -> None:  # fmt: skip
        super().__init__()
        self.trunk = Trunk(trunk)
        self.pyramid = Pyramid(self.trunk.channels, width)
        side = size // 16
        self.place = nn.Parameter(torch.randn(1, width, side, side) * 0.02)
        self.layers = nn.ModuleList(Layer(width, heads, 3 * width) for _ in range(layers))
        self.parts = Parts(width, dim, parts, told)
        self.questions = Questions(width, questions, heads, parts * (told + 1), dim)
        self.cell = nn.Conv2d(width, dim, 1)

    def forward(self, pictures: Tensor, frozen: int = 0) -> Seen:
        """
        Args:
            pictures: (n, 3, S, S) normalised; S a multiple of 32, best the `size`.
            frozen: as of `Trunk.forward`.
        """
        around, near = self.pyramid(self.trunk(pictures, frozen))
        cells = self._cells(near)
        found, where = self._found(around, near, cells)
        return Seen(self.answer(found), cells, where)

    def found(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """(n, f) what a picture's vector is answered from, and the vectors of its cells."""
        around, near = self.pyramid(self.trunk(pictures))
        cells = self._cells(near)
        return self._found(around, near, cells)[0], cells

    def answer(self, found: Tensor) -> Tensor:
        """(n, dim) unit vectors of what `found` tells."""
        asked = self.questions.asked.numel()
        found = torch.cat((found[:, :asked], self.parts.told(found[:, asked:])), 1)
        return F.normalize(self.questions.answer(found), dim=-1)

    def whole(self, pictures: Tensor) -> Tensor:
        """The first of `forward`'s alone."""
        return self.answer(self.found(pictures)[0])

    def cells(self, pictures: Tensor) -> Tensor:
        """The second of `forward`'s alone."""
        return self._cells(self.pyramid(self.trunk(pictures))[1])

    def _found(self, around: Tensor, near: Tensor, cells: Tensor) -> tuple[Tensor, Tensor]:
        """(n, f) what questions find and parts look like, and (n, parts, L) where the parts are."""
        tokens = self._placed(around)
        for layer in self.layers:
            tokens = layer(tokens)
        found = self.questions(torch.cat((tokens, self._placed(near)), 1))
        looks, where = self.parts(near, cells)
        return torch.cat((found, looks), 1), where

    def _placed(self, features: Tensor) -> Tensor:
        """(n, h w, width) cells that know where they are."""
        place = self.place
        if place.shape[2:] != features.shape[2:]:
            place = F.interpolate(place, size=features.shape[2:], mode="bilinear")
        return (features + place).flatten(2).transpose(1, 2)

    def _cells(self, near: Tensor) -> Tensor:
        return F.normalize(self.cell(near), dim=1)
