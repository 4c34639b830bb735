"""The two towers together, and what makes two of them the same."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ...people.spec import PARTS
from .image_tower import ImageTower
from .text_tower import TextTower


@dataclass(frozen=True)
class BodyEncoderConfig:
    """Sizes of a built-in encoder."""

    trunk: str = "lite0"
    """EfficientNet-Lite's variant."""
    size: int = 128
    """Pixels of a side of a picture."""
    width: int = 192
    """Channels of the pyramid and of the text tower."""
    image_layers: int = 1
    text_layers: int = 2
    heads: int = 4
    questions: int = 6
    parts: int = len(PARTS)
    """Of a person that are looked at by themselves."""
    told: int = 32
    """Values that each of them tells."""
    dim: int = 256
    """Of the embeddings."""


class BodyEncoder(nn.Module):
    """Text and image tower; `scale` (as its logarithm) sharpens cosines, `slope` and `level` those of cells."""

    usual: Tensor

    def __init__(self, config: BodyEncoderConfig) -> None:
        super().__init__()
        self.config = config
        c = config
        self.image = ImageTower(
            c.trunk, c.size, c.width, c.image_layers, c.heads, c.questions, c.parts, c.told, c.dim
        )
        self.text = TextTower(c.width, c.text_layers, c.heads, c.dim)
        self.scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))
        self.region_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))
        self.slope = nn.Parameter(torch.tensor(math.log(10.0)))
        self.level = nn.Parameter(torch.tensor(-4.0))
        self.register_buffer("usual", torch.zeros(c.dim + 1))

    def usual_fit(self, phrases: Tensor) -> Tensor:
        """(k,) how well (k, dim) phrases fit pictures at large, linear in the phrase: `training.usual` found how."""
        return phrases @ self.usual[:-1] + self.usual[-1]
