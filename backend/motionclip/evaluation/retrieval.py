"""Finding a clip by its text, and a text by its clip, among those held out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..corpus import Corpus
from .latents import clip_latents, said_of, unit
from .ranking import chance, ranks, recall
from .sets import HeldOut


def retrieval(corpus: Corpus, of: HeldOut, latents: NDArray[np.floating]) -> dict[str, Any]:
    """Recall and median rank both ways, each with what random orders reach.

    Texts are asked once each, however many clips they belong to; a clip is right for a text that it is labelled with.

    Args:
        latents: (n, latent) of the set's windows.
    """
    said = said_of(corpus, of)
    texts, own = np.unique(said, return_inverse=True)
    vectors = unit(corpus.text_vectors[texts].astype(np.float64))
    return both_ways(vectors, clip_latents(latents, of), own)


def both_ways(texts: NDArray[np.floating], motions: NDArray[np.floating], own: NDArray[np.int64]) -> dict[str, Any]:
    """`retrieval` of unit vectors.

    Args:
        texts: (t, d), all different.
        motions: (m, d).
        own: (m,) each motion's text.
    """
    scores = motions @ texts.T
    right = own[:, None] == np.arange(len(texts))
    out: dict[str, Any] = {"texts": len(texts), "clips": len(motions)}
    for name, s, r in (("text_to_motion", scores.T, right.T), ("motion_to_text", scores, right)):
        out[name] = {"model": recall(ranks(s, r)), "chance": chance(r)}
    return out
