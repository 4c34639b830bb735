"""A training run as one file: the best weights, and what generation has to know of the corpus."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..files import read_json
from ..motion.kinematics import axis_angle_from_matrix
from ..protocol import InvalidInput
from .batches import PLAIN, Sampler
from .corpus import Corpus
from .features import rotations_of
from .model import ModelConfig, MotionClip
from .training import BEST, LOG, RECIPE
from .weights import MotionModel, save_model

DIRECTIONS = 32
"""In which motions of one text differ most."""
MARGIN = 0.1
"""Radians beyond what recordings show that a joint may turn."""


def load_run(run: Path, latent: int) -> MotionClip:
    """The best weights of a run.

    Raises:
        InvalidInput: it has none, since nothing was measured or the loss was never a number.
    """
    if not (run / BEST).is_file():
        raise InvalidInput(f"{run} holds no trained weights.", "Train with `impromptu motion train`.")
    recipe = read_json(run / RECIPE)["recipe"]
    model = MotionClip(ModelConfig(**recipe["model"]).in_space(latent))
    model.load_state_dict(torch.load(run / BEST, weights_only=True, map_location="cpu"))
    return model.eval()


def pack(run: Path, corpus: Corpus, path: Path, name: str, licence: str) -> None:
    """Write a run's best weights as a motion model.

    Args:
        name, licence: of the weights, as shown to people.
    """
    model = load_run(run, corpus.text_vectors.shape[1])
    recipe = read_json(run / RECIPE)["recipe"]
    indices = corpus.of_split("train", recipe["libraries"])
    wrapped = MotionModel(model, {"norm": 1.0}, torch.zeros(0, model.config.latent))
    latents, texts = latents_of(wrapped, corpus, indices)
    norms = np.linalg.norm(wrapped.meaning(latents), axis=1)
    about = {
        "name": name, "licence": licence, "space": corpus.facts["space"], "norm": float(norms.mean()),
        "limits": limits_of(corpus, indices), "trained": facts_of(corpus, indices, run),
    }  # fmt: skip
    save_model(path, model, about, torch.from_numpy(spread_of(latents, texts)))


def latents_of(
    model: MotionModel, corpus: Corpus, indices: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """(n, latent) of windows as the corpus has them, and (n,) the first text of each."""
    sampler = Sampler(corpus, indices, PLAIN)
    rows = []
    for i in range(0, len(indices), 256):
        batch = sampler.batch(indices[i : i + 256])
        rows.append(model.encode(batch.features.numpy(), batch.lengths.numpy()))
    first = np.array([corpus.windows.texts[int(i)][0] for i in indices], np.int32)
    return np.concatenate(rows), first


def spread_of(latents: NDArray[np.floating], texts: NDArray[np.integer]) -> NDArray[np.float32]:
    """(k, latent) principal directions of what is left of latents beside their text's mean, each a deviation long."""
    _, group, counts = np.unique(texts, return_inverse=True, return_counts=True)
    means = np.zeros((len(counts), latents.shape[1]))
    np.add.at(means, group, latents)
    left = (latents - (means / counts[:, None])[group])[counts[group] > 1]
    variances, directions = np.linalg.eigh(left.T @ left / max(len(left), 1))
    deviations = np.sqrt(np.maximum(variances[::-1][:DIRECTIONS], 0))
    return (directions.T[::-1][:DIRECTIONS] * deviations[:, None]).astype(np.float32)


def limits_of(corpus: Corpus, indices: NDArray[np.int64], most: int = 60_000) -> list[Any]:
    """(22, 3, 2) lowest and highest angle of each joint's axes, but for one frame in a thousand, with a margin."""
    start, last = corpus.windows.start[indices], corpus.windows.length[indices] - 1
    rows = np.unique(np.concatenate([start, start + last // 3, start + 2 * last // 3]))
    rows = rows[:: max(1, len(rows) // most)]
    rotations = rotations_of(torch.from_numpy(corpus.features[rows].astype(np.float32))).numpy()
    angles = axis_angle_from_matrix(rotations)
    low, high = np.quantile(angles, (0.0005, 0.9995), axis=0)
    return np.round(np.stack([low - MARGIN, high + MARGIN], -1), 4).tolist()


def facts_of(corpus: Corpus, indices: NDArray[np.int64], run: Path) -> dict[str, Any]:
    """What it was trained on and how, for the card and the file."""
    clips = [corpus.clips[i] for i in np.unique(corpus.windows.clip[indices])]
    log = [line for line in (run / LOG).read_text(encoding="utf-8").splitlines() if line]
    return {
        "windows": len(indices), "clips": len(clips), "minutes": round(sum(c.frames for c in clips) / 1800, 1),
        "libraries": dict(Counter(c.library for c in clips)), "licences": dict(Counter(c.licence for c in clips)),
        "recipe": read_json(run / RECIPE)["recipe"], "measured": len(log),
    }  # fmt: skip
