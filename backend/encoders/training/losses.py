"""What training asks of the two towers."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from ..builtin.image_tower import presence
from .batches import Batch

NEVER = -1e4
LEAST_CELLS = 0.25
"""Of a part, from which on it counts as seen."""


def contrast(image: Tensor, text: Tensor, allowed: Tensor, extra: Tensor, scale: Tensor) -> Tensor:
    """InfoNCE in both directions; a caption that may be true of another picture is not held against it.

    Args:
        image, text: (n, d) unit vectors of pictures and of a true caption of each.
        allowed: (n, n) whether caption i may count as false of picture j.
        extra: (m, d) captions that are false of all pictures, or nearly.
        scale: the temperature's inverse.
    """
    own = torch.eye(len(image), dtype=torch.bool, device=image.device)
    logits = (scale * text @ image.T).masked_fill(~(allowed | own), NEVER)
    truth = torch.arange(len(image), device=image.device)
    among_texts = torch.cat((logits.T, scale * image @ extra.T), 1)
    return (F.cross_entropy(logits, truth) + F.cross_entropy(among_texts, truth)) / 2


def prefer(image: Tensor, true: Tensor, false: Tensor, scale: Tensor) -> Tensor:
    """log(1 + exp(s (cos(image, false) - cos(image, true)))): what is true before its false twin; (n, d) each."""
    return F.softplus(scale * ((image * false).sum(-1) - (image * true).sum(-1))).mean()


def region_weights(parts: Tensor, slots: Tensor, side: int) -> Tensor:
    """(n, K, side, side) how much of each cell shows the part that a phrase is about.

    Args:
        parts: (n, s, s) uint8 maps; slots: (n, K) parts.
    """
    shown = (parts[:, None] == slots[:, :, None, None]).float()
    return F.adaptive_avg_pool2d(shown, side)


def regions(cells: Tensor, weights: Tensor) -> Tensor:
    """(n, K, d) unit vectors of regions: the mean of their cells, by how much of each belongs to them."""
    n, dim = cells.shape[:2]
    return F.normalize(weights.flatten(2) @ cells.view(n, dim, -1).transpose(1, 2), dim=-1, eps=1e-6)


def match_regions(region: Tensor, phrase: Tensor, twin: Tensor, same: Tensor, scale: Tensor) -> Tensor:
    """InfoNCE between regions and their phrases; phrases that name the same do not compete.

    Args:
        region, phrase: (p, d) unit vectors.
        twin: (q, d) phrases that are false of the regions they are about.
        same: (p, p) whether two phrases name the same.
    """
    own = torch.eye(len(region), dtype=torch.bool, device=region.device)
    logits = (scale * region @ phrase.T).masked_fill(same & ~own, NEVER)
    truth = torch.arange(len(region), device=region.device)
    among_phrases = torch.cat((logits, scale * region @ twin.T), 1)
    return (F.cross_entropy(among_phrases, truth) + F.cross_entropy(logits.T, truth)) / 2


def locate(cells: Tensor, weights: Tensor, phrase: Tensor, twin: Tensor, batch: Batch, slope: Tensor, level: Tensor):
    """Binary cross-entropy of every cell: the phrase is there, or not; a false phrase is nowhere.

    Inside and outside of the part weigh the same, so that small parts count.

    Args:
        cells: (n, d, h, w); weights: (n, K, h, w); phrase, twin: (n, K, d), of which the batch tells which there are.
    """
    n, dim = cells.shape[:2]
    flat = cells.view(n, dim, -1)
    inside = weights.flatten(2)
    outside = 1 - inside
    # A part of a quarter of a cell and less gives little to go by.
    there = (batch.phrases >= 0) & (inside.sum(-1) > LEAST_CELLS)

    def mean(values: Tensor, weight: Tensor) -> Tensor:
        return (values * weight).sum(-1) / weight.sum(-1).clamp(min=1e-3)

    seen = slope * phrase @ flat + level
    true = mean(F.softplus(-seen), inside) + mean(F.softplus(seen), outside)
    seen = slope * twin @ flat + level
    false = mean(F.softplus(seen), inside) + mean(F.softplus(seen), outside)
    doubled = there & (batch.twins >= 0)
    return (true * there).sum() / there.sum().clamp(min=1) + (false * doubled).sum() / doubled.sum().clamp(min=1) / 2


def attend(where: Tensor, shown: Tensor) -> Tensor:
    """Cross-entropy of where parts are said to be, and binary cross-entropy of whether they are there at all.

    Args:
        where: (n, K, L) logits; shown: (n, K, h, w) how much of each of the L cells shows the part.
    """
    inside = shown.flatten(2)
    amount = inside.sum(-1)
    seen = amount > LEAST_CELLS
    # Of a part of which there is a trace, nothing is asked.
    clear = seen | (amount == 0)
    placed = -(inside[seen] / amount[seen][:, None] * where[seen].log_softmax(-1)).sum(-1).mean()
    told = F.binary_cross_entropy_with_logits(presence(where)[clear], seen[clear].float())
    return placed + told
