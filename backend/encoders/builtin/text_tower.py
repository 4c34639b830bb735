"""The text tower: a small transformer over words."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .words import FEATURES, MOST


class Layer(nn.Module):
    """A transformer's layer, norms first."""

    def __init__(self, width: int, heads: int, inner: int) -> None:
        super().__init__()
        self.heads = heads
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mix, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.widen, self.narrow = nn.Linear(width, inner), nn.Linear(inner, width)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """
        Args:
            x: (n, L, width).
            mask: (n, 1, 1, L), true where there is something to attend to.
        """
        n, length, width = x.shape
        q, k, v = self.mix(self.before(x)).view(n, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(q, k, v, mask)
        x = x + self.out(seen.transpose(1, 2).reshape(n, length, width))
        return x + self.narrow(F.gelu(self.widen(self.between(x))))


class TextTower(nn.Module):
    """Words to unit vectors: one of a caption as a whole, one of a phrase that is looked for in a picture.

    Args:
        width: of the layers; layers, heads: how many; dim: of the vectors.
    """

    def __init__(self, width: int, layers: int, heads: int, dim: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(FEATURES)
        self.enter = nn.Linear(FEATURES, width)
        self.place = nn.Parameter(torch.randn(MOST, width) * 0.02)
        self.layers = nn.ModuleList(Layer(width, heads, 3 * width) for _ in range(layers))
        self.weigh = nn.Linear(width, 1)
        self.caption = nn.Linear(width, dim)
        self.phrase = nn.Linear(width, dim)

    def project(self, features: Tensor) -> Tensor:
        """(..., width) of words' features (..., FEATURES); the same in every text, so a vocabulary's can be kept."""
        return self.enter(self.norm(features))

    def forward(self, words: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """
        Args:
            words: (n, L, width) as `project` gives them.
            mask: (n, L), true where there is a word.

        Returns:
            (n, dim) unit vectors as captions, and as phrases.
        """
        x = words + self.place[: words.shape[1]]
        for layer in self.layers:
            x = layer(x, mask[:, None, None])
        weight = self.weigh(x).masked_fill(~mask[..., None], -1e4).softmax(1)
        pooled = (weight * x).sum(1)
        return F.normalize(self.caption(pooled), dim=-1), F.normalize(self.phrase(pooled), dim=-1)
