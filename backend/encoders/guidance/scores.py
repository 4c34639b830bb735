"""What a coloured body is worth: to an encoder that never guided, and by the colours of its regions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ...people.colours import ANCHORS, from_hex, to_linear, to_oklab, to_srgb
from ..base import JointEncoder
from .body import GuidanceBody
from .colours import GREY
from .prompts import Brief, colours, rules

STAINED = 0.1
"""Distance in OKLab from the grey of the start from which a vertex is no longer grey."""


@dataclass(frozen=True)
class Opinion:
    """What an encoder says of pictures and a prompt; means over the pictures."""

    cosine: float
    """To the prompt."""
    choice: float
    """Probability of the prompt among its `alternatives`."""
    swap: float
    """The same among `swapped`, where only the order of its colours tells it."""


@dataclass(frozen=True)
class RegionColour:
    """One part's region, by the mean of its linear colours."""

    name: str
    """The nearest of the basic colours, in OKLab."""
    distance: float
    """In OKLab, from the wanted colour's anchor."""
    uneven: float
    """Root of the mean square of the vertices' distances from that mean, in OKLab."""
    margin: float
    """How much farther the second nearest basic colour is than the nearest, in OKLab."""


@dataclass(frozen=True)
class ColourScores:
    """The colours themselves, without any encoder."""

    regions: tuple[RegionColour, ...]
    """One for each part of the prompt."""
    leak: float
    """Share of the skin (face, hands) that has taken one of the prompt's colours."""
    noise: float
    """Root of the mean square, over vertices, of the distance in sRGB to the mean of the neighbours: what a texture
    made for the encoder alone has much of."""


def painted(body: GuidanceBody, brief: Brief) -> Tensor:
    """(V, 3) sRGB of the grey body, every named region in its colour: what guidance should come near."""
    srgb = torch.full_like(body.rest, GREY)
    for part in brief.parts:
        srgb[body.region(part.regions)] = torch.from_numpy(to_srgb(from_hex(ANCHORS[part.colour]))).to(srgb)
    return srgb


@torch.inference_mode()
def opinion(encoder: JointEncoder, images: Tensor, brief: Brief) -> Opinion:
    """What an encoder says.

    Args:
        images: (B, 3, H, W) sRGB.
    """
    embedded = encoder.encode_images(images)
    texts, swapped = encoder.encode_texts(brief.alternatives), encoder.encode_texts(brief.swapped)
    choice, swap = (torch.softmax(encoder.scale * embedded @ t.T, -1)[:, 0].mean() for t in (texts, swapped))
    return Opinion(float((embedded @ texts[0]).mean()), float(choice), float(swap))


def score_colours(srgb: Tensor, body: GuidanceBody, brief: Brief) -> ColourScores:
    """Measure colours.

    Args:
        srgb: (V, 3).
    """
    linear, areas = to_linear(srgb.double().numpy()), body.areas.double().numpy()
    lab = to_oklab(linear)
    regions = []
    for part in brief.parts:
        mask = body.region(part.regions).numpy()
        mean = np.average(linear[mask], axis=0, weights=areas[mask])
        regions.append(_region(mean, lab[mask], areas[mask], part.colour))
    worn = {name for part in brief.parts for name in part.regions}
    skin = body.region([name for name in rules()["skin"] if name not in worn]).numpy()
    stained = np.isin(nearest(lab[skin]), [colours().index(name) for name in brief.own])
    stained &= np.linalg.norm(lab[skin] - to_oklab(to_linear(np.full(3, GREY))), axis=1) > STAINED
    laplacian = body.topology.laplacian(srgb)
    noise = float(laplacian.square().sum(-1).mean().sqrt())
    return ColourScores(tuple(regions), float(np.average(stained, weights=areas[skin])), noise)


def nearest(lab: np.ndarray) -> np.ndarray:
    """(n,) rows of `colours` of (n, 3) places in OKLab."""
    return np.linalg.norm(lab[:, None] - anchors(), axis=-1).argmin(-1)


def anchors() -> np.ndarray:
    """(11, 3) OKLab of the basic colours."""
    return to_oklab(np.stack([from_hex(ANCHORS[name]) for name in colours()]))


def _region(mean: np.ndarray, lab: np.ndarray, areas: np.ndarray, wanted: str) -> RegionColour:
    middle = to_oklab(mean)
    away = np.linalg.norm(anchors() - middle, axis=-1)
    first, second = np.sort(away)[:2]
    spread = np.average(((lab - middle) ** 2).sum(-1), weights=areas)
    distance = float(away[colours().index(wanted)])
    return RegionColour(colours()[int(away.argmin())], distance, float(np.sqrt(spread)), float(second - first))
