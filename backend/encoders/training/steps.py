"""One step: a batch through both towers, and how far it is from what is asked."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..builtin.image_tower import normalised
from ..builtin.model import BodyEncoder
from ..builtin.vocabulary import Vocabulary
from . import losses
from .augment import augment
from .batches import Batch, Words

SHARPEST = 50.0
"""The most that cosines are multiplied by: a guide's gradient dies in a softmax that is too sure."""
WORD_NOISE = 0.25
"""Length of the noise on a word's features, of their own: words near to those of the captions are then read alike."""
BUCKETS = 16
"""Into which texts are sorted by length, so that little is padded."""


@dataclass(frozen=True)
class Weights:
    """How much each loss counts."""

    contrast: float = 1.0
    prefer: float = 0.5
    regions: float = 0.5
    locate: float = 0.4
    phrases: float = 0.5
    named: float = 0.5
    attend: float = 0.3


def read(model: BodyEncoder, words: Vocabulary, texts: list[str], noise: float, lots: torch.Generator):
    """(t, dim) unit vectors of texts as captions, and as phrases.

    Args:
        words: rows of features; noise: relative length.
    """
    numbers, there = words.read(texts)
    used, compact = numbers[there].unique(return_inverse=True)
    features = words.rows[used]
    if noise:
        grain = torch.randn(features.shape, generator=lots) * features.norm(dim=-1, keepdim=True)
        features = features + noise * features.shape[-1] ** -0.5 * grain
    vectors = model.text.project(features)
    at = torch.zeros_like(numbers)
    at[there] = compact
    length = there.sum(1)
    order = length.argsort(stable=True)
    captions, phrases = [], []
    for some in order.chunk(BUCKETS):
        longest = max(1, int(length[some].max()))
        caption, phrase = model.text(vectors[at[some, :longest]], there[some, :longest])
        captions.append(caption)
        phrases.append(phrase)
    back = order.argsort()
    return torch.cat(captions)[back], torch.cat(phrases)[back]


def loss_of(
    model: BodyEncoder, words: Vocabulary, batch: Batch, size: int, frozen: int, weights: Weights, reach: float,
    lots: torch.Generator,
) -> tuple[Tensor, dict[str, float]]:  # fmt: skip
    """What a step descends, and its parts by name.

    Args:
        size: pixels of a side that the tower sees; frozen: stages of the trunk that do not learn.
        reach: how far each channel may be changed against the model; 0: not at all.
        lots: decides augmentation and noise.
    """
    x, parts = augment(batch.pictures, batch.parts, batch.mirrors, batch.near, size, lots)
    captions, phrases = read(model, words, batch.texts, WORD_NOISE, lots)
    scale = model.scale.exp().clamp(max=SHARPEST)
    if reach:
        x = _against(model, batch, x, captions.detach(), scale.detach(), reach, lots)
    image, cells, where = model.image(normalised(x), frozen)
    shown = losses.region_weights(parts, batch.slots, cells.shape[-1])
    # What the crop has cut off is not asked for.
    there = (batch.phrases >= 0) & (shown.flatten(2).sum(-1) > losses.LEAST_CELLS)
    region = losses.regions(cells, shown)
    every = torch.arange(where.shape[1], device=parts.device).expand(len(parts), -1)
    phrase, twin = (phrases[which.clamp(min=0)] for which in (batch.phrases, batch.twins))
    return weighed(weights, {
        **of_captions(batch, image, captions, scale),
        **of_phrases(model, batch, image, region, there, captions, phrases),
        "locate": losses.locate(cells, shown, phrase, twin, batch, model.slope.exp(), model.level),
        "attend": losses.attend(where, losses.region_weights(parts, every, cells.shape[-1])),
    })  # fmt: skip


def weighed(weights: Weights, found: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
    """The sum that is descended, and its parts by name."""
    total = sum(getattr(weights, name) * value for name, value in found.items())
    assert isinstance(total, Tensor)
    return total, {name: float(value.detach()) for name, value in found.items()}


def of_captions(said: Words, image: Tensor, captions: Tensor, scale: Tensor) -> dict[str, Tensor]:
    """The losses about whole pictures.

    Args:
        image: (n, d) unit vectors; captions: (t, d) of `said.texts`; scale: the temperature's inverse.
    """
    changed = said.false >= 0
    first, false = captions[said.captions[:, 0]], captions[said.false.clamp(min=0)]
    contrast = [
        losses.contrast(image, captions[said.captions[:, k]], said.allowed[:, k], false[changed], scale)
        for k in range(2)
    ]
    return {
        "contrast": (contrast[0] + contrast[1]) / 2,
        "prefer": losses.prefer(image[changed], first[changed], false[changed], scale),
        "named": _named(said, image, captions, scale),
    }


def _named(said: Words, image: Tensor, captions: Tensor, scale: Tensor) -> Tensor:
    """InfoNCE of pictures and a phrase of each by itself: one garment and its colour tell pictures apart."""
    some = (said.phrases[:, 0] >= 0).nonzero()[:, 0]
    none = captions.new_empty(0, captions.shape[1])
    return losses.contrast(image[some], captions[said.phrases[some, 0]], said.elsewhere[some][:, some], none, scale)


def _against(
    model: BodyEncoder, batch: Batch, x: Tensor, captions: Tensor, scale: Tensor, reach: float, lots: torch.Generator
) -> Tensor:
    """Pictures changed, by one step along the sign of the gradient from a random start, so that captions fit worse.

    A model that learns from them has gradients that follow what is seen instead of noise (Goodfellow et al. 2015;
    Wong et al. 2020 for the start): what a guide's gradients are for.

    Args:
        x: (n, 3, S, S) in [0, 1]; reach: the farthest that a channel may go.
    """
    start = (torch.rand(x.shape, generator=lots) * 2 - 1) * reach
    tried = (x + start).clamp_(0, 1).requires_grad_()
    image = model.image.whole(normalised(tried))
    none = image.new_empty(0, image.shape[1])
    fit = losses.contrast(image, captions[batch.captions[:, 0]], batch.allowed[:, 0], none, scale)
    (uphill,) = torch.autograd.grad(fit, tried)
    changed = tried.detach() + 1.25 * reach * uphill.sign()
    return torch.minimum(torch.maximum(changed, x - reach), x + reach).clamp_(0, 1)


def of_phrases(
    model: BodyEncoder, said: Words, image: Tensor, region: Tensor, there: Tensor, captions: Tensor, phrases: Tensor
) -> dict[str, Tensor]:
    """The losses about single parts of a picture, but for where they are.

    Args:
        region: (n, K, d) unit vectors of what phrases are about; there: (n, K) whether that is seen.
        captions, phrases: (t, d) of `said.texts`.
    """
    doubled = there & (said.twins >= 0)
    flat, owner = there.flatten(), doubled.nonzero()[:, 0]
    return {
        "regions": losses.match_regions(
            region[there], phrases[said.phrases[there]], phrases[said.twins[doubled]],
            said.same[flat][:, flat], model.region_scale.exp().clamp(max=SHARPEST),
        ),
        "phrases": losses.prefer(
            image[owner], captions[said.phrases[doubled]], captions[said.twins[doubled]],
            model.scale.exp().clamp(max=SHARPEST),
        ),
    }  # fmt: skip
