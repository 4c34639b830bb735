"""Latents of windows and of clips, and vectors of what is said of clips."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from ..corpus import Corpus
from ..model import MotionClip
from .reconstruction import part_of
from .sets import HeldOut, motions_of, per_clip


@torch.no_grad()
def meanings_of(
    model: MotionClip, corpus: Corpus, indices: NDArray[np.int64], chunk: int = 500
) -> NDArray[np.float32]:
    """(n, latent) what windows mean (see `MotionClip.meaning`), of the length that the encoder gives them."""
    out = []
    for start in range(0, len(indices), chunk):
        motions = motions_of(corpus, indices[start : start + chunk])
        for i in range(0, len(motions), 128):
            part = part_of(motions, slice(i, i + 128))
            out.append(model.meaning(model.encode(part.features, part.lengths)).numpy())
    return np.concatenate(out) if out else np.empty((0, model.config.latent), np.float32)


def unit(vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    """(n, d) of length 1; zeros stay."""
    v = np.asarray(vectors, np.float64)
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-12)


def clip_latents(latents: NDArray[np.floating], of: HeldOut) -> NDArray[np.float64]:
    """(clips, latent) unit vectors: means of the directions of each clip's windows."""
    return unit(per_clip(unit(latents), of.clips, len(of.of)))


def said_of(corpus: Corpus, of: HeldOut) -> NDArray[np.int64]:
    """(clips,) index of each clip's text: its first label, or where the corpus has that only joined, as joined."""
    known = {text: i for i, text in reversed(list(enumerate(corpus.texts)))}
    out = []
    for number, clip in enumerate(of.of):
        label = " ".join(corpus.clips[clip].labels[0].lower().split()) if corpus.clips[clip].labels else ""
        first = of.indices[np.flatnonzero(of.clips == number)[0]]
        out.append(known.get(label, int(corpus.windows.texts[int(first)][0])))
    return np.array(out, np.int64)
