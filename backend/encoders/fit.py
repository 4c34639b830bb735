"""How well texts fit pictures: by the whole, and by each of their phrases wherever it fits best.

A picture's one vector mixes up which colour is which garment's; its cells know. So what a text names is looked for
by itself, as in late interaction (Yao et al. 2022, FILIP), but in nats above what the phrase fits pictures at large.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .base import JointEncoder
from .phrases import phrases_of

WEIGHT = 0.25
"""Of the phrases beside the whole: chosen on held-out pictures of another seed than the evaluation's."""
LEAST = -1.0
"""Nats: a phrase that is nowhere counts no more against a picture."""


class Fit:
    """Texts, ready to be compared with pictures.

    Args:
        encoder: one that does not ground compares by the whole alone.
        texts: what does not fit into the tower is refused, as by `JointEncoder.encode_texts`.
    """

    def __init__(self, encoder: JointEncoder, texts: Sequence[str]) -> None:
        self._encoder = encoder
        self._whole = encoder.encode_texts(texts)
        self._phrases, named = named_phrases(texts if encoder.grounds else ())
        self._named = named.to(self._whole.device)

    def __call__(self, images: Tensor) -> Tensor:
        """(n, t) logits of n pictures and t texts, to be compared with one another both ways; differentiable.

        Args:
            images: as `JointEncoder.encode_images` takes them.
        """
        return self.beside_cosine(images)[1]

    def beside_cosine(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """(n, t) cosines with the wholes, and (n, t) what calling gives, in one pass through the tower."""
        if not self._phrases:
            cosine = self._encoder.encode_images(images) @ self._whole.T
            return cosine, self._encoder.scale * cosine
        whole, cells = self._encoder.see(images)
        cosine = whole @ self._whole.T
        fits = self._encoder.phrase_fit(self._phrases, cells)
        return cosine, combined(self._encoder.scale * cosine, fits, self._named)


def named_phrases(texts: Sequence[str]) -> tuple[list[str], Tensor]:
    """All k phrases of t texts, and (t, k) 1 where a text has one."""
    each = [phrases_of(text) for text in texts]
    at = {phrase: i for i, phrase in enumerate(dict.fromkeys(phrase for phrases in each for phrase in phrases))}
    named = torch.zeros(len(texts), len(at))
    for row, phrases in enumerate(each):
        named[row, [at[phrase] for phrase in phrases]] = 1.0
    return list(at), named


def combined(whole: Tensor, fits: Tensor, named: Tensor) -> Tensor:
    """(n, t) logits.

    Args:
        whole: (n, t) of the whole; fits: (n, k) of `JointEncoder.phrase_fit`.
        named: (t, k) 1 where a text has a phrase.
    """
    return whole + WEIGHT * fits.clamp(min=LEAST) @ named.T
