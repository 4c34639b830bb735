"""Words for a motion, and the library's motions that are most like it (paper, section 4.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..motion.clip import Clip
from ..motion.kinematics import unit
from .bank import Bank
from .features import features_of
from .passages import cut
from .weights import MotionModel

TEMPERATURE = 0.05
"""Difference in cosine that makes a label e times as likely."""


@dataclass(frozen=True)
class Told:
    """A label with its cosine and its share of all labels' odds."""

    label: str
    cosine: float
    share: float


@dataclass(frozen=True)
class Near:
    """A clip of the library."""

    clip: str
    label: str
    cosine: float


@dataclass(frozen=True)
class Recognised:
    """The answer."""

    labels: tuple[Told, ...]
    clips: tuple[Near, ...]

    def to_json(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "labels": [
                {"label": t.label, "cosine": round(t.cosine, 4), "share": round(t.share, 4)} for t in self.labels
            ],
            "clips": [{"clip": n.clip, "label": n.label, "cosine": round(n.cosine, 4)} for n in self.clips],
        }


def encode_clip(model: MotionModel, clip: Clip) -> NDArray[np.float32]:
    """(k, latent) of a clip's windows, at the places of `passages.spans`."""
    return model.encode(*cut(features_of(clip)))


def recognise(
    model: MotionModel, bank: Bank, latents: NDArray[np.floating], labels: Sequence[str] = (), top: int = 5
) -> Recognised:
    """What a motion is called.

    Args:
        latents: (k, latent) of its windows.
        labels: to choose from; none: those of the bank.
        top: how many labels, and clips.
    """
    mean = unit(unit(model.meaning(latents)).mean(0))
    if labels:
        texts, vectors = list(labels), model.space.texts(list(labels))
    else:
        first = {text: row for row, text in reversed(list(enumerate(bank.texts)))}
        texts, vectors = list(first), bank.text_vectors[list(first.values())]
    cosines = vectors @ mean
    odds = np.exp((cosines - cosines.max()) / TEMPERATURE)
    shares = odds / odds.sum()
    best = np.argsort(-cosines, kind="stable")[:top]
    told = tuple(Told(texts[i], float(cosines[i]), float(shares[i])) for i in best)
    alike = unit(model.meaning(bank.means())) @ mean
    clips = np.argsort(-alike, kind="stable")[:top]
    return Recognised(told, tuple(Near(bank.clips[c], _label(bank, int(c)), float(alike[c])) for c in clips))


def _label(bank: Bank, clip: int) -> str:
    return bank.texts[int(np.flatnonzero(bank.text_clip == clip)[0])]
