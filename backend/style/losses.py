"""What is made small: how surprising the prompt is, of all pictures; and what keeps a look smooth and plausible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor
from torch.nn import functional as F

from ..people.colours import TO_LAB, TO_LMS
from ..render.topology import Topology
from .appearance import Shown
from .attention import Attention, attention_weights
from .targets import PartTarget, Target

Objective = Literal["choice", "cosine"]
OBJECTIVES = get_args(Objective)
LEAST_CELLS = 0.5
"""Cells of a grid that a region must fill to be asked about."""
LOWEST, HIGHEST = 0.03, 0.97
"""sRGB of a colour; beyond them a penalty pulls it back."""


@dataclass(frozen=True)
class Weights:
    """Of the terms; a term of weight 0 is not computed."""

    whole: float = 1.0
    close: float = 1.0
    ground: float = 1.0
    grey: float = 0.5
    outside: float = 3.0
    """Colours that no screen shows."""
    rough_colour: float = 2.0
    """Unevenness of the field's colour: mean square of its uniform Laplacian, sRGB."""
    rough_shape: float = 30.0
    """Mean length of the displaced surface's uniform Laplacian, metres; the published code has 250 in its units."""
    volume: float = 60.0
    """Mean square of what the field moves the surface by, centimetres."""
    tint: float = 10.0
    """Mean square of the colours that the field adds, sRGB."""
    tint_free: float = 40.0
    """The same where no garment is known, and the encoder, which may not know the words either, is free to paint."""
    drift: float = 100.0
    """Mean square by which garments' colours leave those that words gave them, sRGB."""
    palette: float = 4.0
    """How far a garment's mean colour is from what its name means, beyond `PALETTE_ROOM`."""


PALETTE_ROOM = 0.08
"""Distance in OKLab within which a colour passes for its name's most typical shade."""


def whole_loss(
    embeddings: Tensor,
    ratios: Tensor,
    frames: Tensor,
    texts: Tensor,
    scale: float,
    objective: Objective,
    attention: Attention,
) -> Tensor:
    """CLIP-Actor's semantic loss over the frames (Eq. 4 and 5), or how surprising the prompt is among other texts.

    Args:
        embeddings: (n, dim) of pictures, ratios: (n,) of foreground, frames: (n,) which frame each shows.
        texts: (N, dim), the first one wanted.
    """  # fmt: skip
    losses = []
    for frame in torch.unique(frames):
        own = frames == frame
        attended = F.normalize(attention_weights(ratios[own], attention) @ embeddings[own], dim=-1)
        losses.append(_asked(attended[None], texts, scale, objective))
    return torch.cat(losses).mean()


def _asked(embedded: Tensor, texts: Tensor, scale: float, objective: Objective) -> Tensor:
    if objective == "cosine":
        return 1 - embedded @ texts[0]
    return F.cross_entropy(scale * embedded @ texts.T, torch.zeros(len(embedded), dtype=torch.long), reduction="none")


def close_loss(embeddings: Tensor, parts: Sequence[PartTarget], scale: float) -> Tensor:
    """How surprising each close-up's own colour is; embeddings (P, dim), one for each part."""
    # Colours without a basic name of their own are one more among the others: the parts' choices differ in number.
    losses = [
        F.cross_entropy(scale * part.close @ one, torch.tensor(part.own))
        for one, part in zip(embeddings, parts, strict=True)
    ]
    return torch.stack(losses).mean()


def ground_loss(cells: Tensor, shares: Tensor, target: Target) -> Tensor:
    """Whether the cells of each part's region tell its phrase from the same in other colours.

    Args:
        cells: (B, dim_g, h, w); shares: (B, R, H, W), a region for each of the target's parts.
    """
    pooled = F.adaptive_avg_pool2d(shares, (cells.shape[2], cells.shape[3])).to(cells)
    regions = F.normalize(torch.einsum("bdhw,brhw->brd", cells, pooled), dim=-1)
    seen = (pooled.sum((2, 3)) > LEAST_CELLS).to(cells)
    losses = [
        F.cross_entropy(
            target.cell_scale * regions[:, i] @ part.phrases.T, torch.full((len(cells),), part.own), reduction="none"
        )
        for i, part in enumerate(target.parts)
    ]
    return (torch.stack(losses, 1) * seen).sum() / seen.sum().clamp(min=1)


def held(
    shown: Shown, direction: Tensor, topology: Topology, weights: Weights, begun: Shown, bounded: bool = True
) -> Tensor:
    """The regularisers: of colours and of the shape.

    Args:
        direction: (V, 3) that the surface is displaced along.
        bounded: whether garments are known; see `Weights.tint_free`.
        begun: the look before anything was optimised, whose garments' edges and thickness cost nothing.
    """
    loss = shown.colour.new_zeros(())
    if weights.outside:
        outside = shown.colour - shown.colour.detach().clamp(LOWEST, HIGHEST)
        loss = loss + weights.outside * outside.square().mean()
    if weights.rough_colour:
        rough = topology.laplacian(shown.colour - begun.colour)
        loss = loss + weights.rough_colour * rough.square().mean()
    tint = weights.tint if bounded else weights.tint_free
    if tint:
        loss = loss + tint * (shown.colour - begun.colour).square().mean()
    moved = shown.displacement - begun.displacement
    if weights.rough_shape:
        rough = topology.laplacian(moved[:, None] * direction)
        loss = loss + weights.rough_shape * (rough.square().sum(-1) + 1e-12).sqrt().mean()
    if weights.volume:
        loss = loss + weights.volume * (100 * moved).square().mean() / 100
    return loss


def oklab(linear: Tensor) -> Tensor:
    """(..., 3) OKLab of linear RGB, differentiable where channels are above zero."""
    to_lms, to_lab = (torch.from_numpy(matrix).to(linear) for matrix in (TO_LMS, TO_LAB))
    return (linear.clamp(min=1e-5) @ to_lms.T).pow(1 / 3) @ to_lab.T


def palette_loss(means: Tensor, anchors: Tensor) -> Tensor:
    """How far colours are from what they are called, beyond `PALETTE_ROOM`; both (P, 3), linear and OKLab."""
    away = (oklab(means) - anchors).square().sum(-1).add(1e-12).sqrt()
    return F.relu(away - PALETTE_ROOM).mean()
