"""How much each view counts: by how much of it the mesh fills."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor

from ..protocol import InvalidInput

Attention = Literal["weighted", "rejected", "mean"]
ATTENTIONS = get_args(Attention)
LEAST_FOREGROUND = 0.05
"""Share of a picture below which the published code leaves it out."""


def foreground(masks: Tensor) -> Tensor:
    """(views,) share of each (views, H, W) mask that is covered."""
    return masks.flatten(1).mean(1)


def attention_weights(ratios: Tensor, attention: Attention = "weighted") -> Tensor:
    """(views,) weights that sum to one.

    Args:
        ratios: (views,) of `foreground`.
        attention: `weighted`: by the ratio (CLIP-Actor, Eq. 5); `rejected`: all alike, but none to those below
            `LEAST_FOREGROUND`, as the published code does; `mean`: all alike (Eq. 4).

    Raises:
        InvalidInput: no view sees the mesh.
    """
    if attention == "mean":
        return torch.full_like(ratios, 1 / len(ratios))
    weights = ratios if attention == "weighted" else (ratios >= LEAST_FOREGROUND).to(ratios)
    total = weights.sum()
    if not bool(total > 0):
        raise InvalidInput("No view sees the mesh.", "Look from farther away, or at more of it.")
    return weights / total


def foreground_attention(embeddings: Tensor, masks: Tensor, attention: Attention = "weighted") -> Tensor:
    """Mean of the view embeddings, weighted by how much of each view the mesh fills.

    CLIP-Actor, Eq. 5.

    Args:
        embeddings: (views, d).
        masks: (views, height, width), 1 where the mesh covers the pixel.

    Returns:
        (d,) the attended embedding, of no particular length.

    Raises:
        InvalidInput: no view sees the mesh.
    """
    return attention_weights(foreground(masks), attention) @ embeddings
