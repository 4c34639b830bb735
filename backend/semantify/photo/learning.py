"""How the map from photos to betas is learnt, from drawn photos alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ...body.kept import kept_body
from ...encoders.factory import load_joint_encoder
from ...files import save_npz
from ...protocol import InvalidInput
from ..families import load_family
from ..fitting import LEAST
from ..scores import Words
from .dataset import PhotoSet, make_photos
from .drawn import LIMIT
from .reading import MOST, PhotoMap, to_arrays

HELD_OUT = 0.15
"""Share of the photos that the network is not fitted to: they tell how far it errs."""
HIDDEN = (128, 64)
EPOCHS, BATCH, RATE, DECAY, DROPOUT, NOISE = 14, 128, 3e-3, 0.05, 0.3, 0.3
"""Passes, photos of a step, the greatest step, weights' decay, share of hidden units that is left out, and noise on
the inputs in deviations: there are more weights than photos."""
RIDGE = 30.0
"""Of the linear map from scores, for inputs of unit variance."""
LEAST_PHOTOS = 200
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Learnt:
    """The map, and what it is worth on photos that were held out."""

    photo_map: PhotoMap
    explained: dict[str, float]
    """Share of each beta's variance, of people seen from head to foot."""


def learn(count: int, seed: int, cache: Path, progress: Progress = lambda i, n: None) -> Learnt:
    """Draw photos of the neutral body and fit the map.

    Args:
        count: photos; seed: decides them and the network's beginning; cache: folder of sets.

    Raises:
        InvalidInput: too few photos, or the cache cannot be written. RuntimeMissing: nothing finds people here.
    """
    if count < LEAST_PHOTOS:
        raise InvalidInput(f"{count} photos are too few.", f"Give {LEAST_PHOTOS} at least.")
    photos = make_photos(seed, count, cache, progress)
    encoder, body = load_joint_encoder("body"), kept_body("neutral")
    words = Words(encoder, load_family("body"), "neutral")
    about = {
        "seed": seed, "photos": len(photos.betas), "missed": photos.missed, "names": list(body.beta_names),
        "body_sha256": body.sha256, "encoder": encoder.name, "encoder_digest": encoder.digest,
        "limit": LIMIT, "licence": "GPL-3.0-or-later",
    }  # fmt: skip
    towards = words.scale * (words.vectors - words.contraries)
    return fit_map(photos, words.words, towards, seed, about)


def fit_map(
    photos: PhotoSet, words: tuple[str, ...], towards: NDArray[Any], seed: int, about: dict[str, Any]
) -> Learnt:
    """Fit the map to some photos, measured on those that are held out.

    Args:
        words: w of them; towards: (w, dim) as of `PhotoMap`.
        seed: of the network; about: kept with the map.
    """
    n = len(photos.betas)
    train = np.random.default_rng([seed, 53]).permutation(n) < round(n * (1 - HELD_OUT))
    betas = photos.betas.astype(np.float64)
    scores = photos.embeddings.astype(np.float64) @ towards.T
    both = photos.measured[train].reshape(-1, photos.measured.shape[2]).astype(np.float64)
    numbers: dict[str, NDArray[Any]] = {
        "mean": both.mean(0), "scale": np.maximum(both.std(0), 1e-4), "towards": towards,
        "score_mean": scores[train].mean(0), "score_scale": np.maximum(scores[train].std(0), LEAST),
    }  # fmt: skip
    standard = np.clip((scores - numbers["score_mean"]) / numbers["score_scale"], -MOST, MOST)
    within = standard[train].T @ standard[train]
    numbers["gain"] = np.linalg.solve(within + RIDGE * np.eye(len(words)), standard[train].T @ betas[train])
    measured = np.clip((photos.measured - numbers["mean"]) / numbers["scale"], -MOST, MOST)
    inputs = np.concatenate((measured, standard[:, None].repeat(2, 1)), 2)
    numbers |= _trained(inputs[train], betas[train], seed)
    empty = {"share": np.ones(betas.shape[1])}
    spreads = {f"spread_{k}": np.eye(betas.shape[1]) for k in ("whole", "part", "scores")}
    raw = PhotoMap({**numbers, **empty, **spreads}, words, about)
    return _calibrated(raw, photos, scores, betas, ~train)


def _calibrated(
    raw: PhotoMap, photos: PhotoSet, scores: NDArray[Any], betas: NDArray[Any],
    held: NDArray[np.bool_],
) -> Learnt:  # fmt: skip
    """The map with estimates as bold as they are right, and with the covariance of what they miss."""
    rows = np.flatnonzero(held)
    told = np.stack([raw.read(photos.measured[i], scores[i], True).betas for i in rows])
    true, whole = betas[rows], photos.whole[rows]
    share = np.clip((told * true).sum(0) / np.maximum((told**2).sum(0), 1e-9), 0.0, 1.2)
    told = told * share
    alone = np.stack([raw.from_scores(scores[i]).betas for i in rows])
    spreads = {
        "spread_whole": _covariance(true - told, whole),
        "spread_part": _covariance(true - told, ~whole),
        "spread_scores": _covariance(true - alone, whole | ~whole),
    }
    names = raw.about.get("names") or [str(i) for i in range(true.shape[1])]
    seen = whole if whole.any() else ~whole
    left = ((true - told)[seen] ** 2).mean(0) / (true[seen] ** 2).mean(0)
    explained = {name: float(1 - v) for name, v in zip(names, left, strict=True)}
    about = {**raw.about, "explained": {k: round(v, 4) for k, v in explained.items()}, "held_out": len(rows)}
    return Learnt(PhotoMap({**raw.numbers, "share": share, **spreads}, raw.words, about), explained)


def _covariance(missed: NDArray[Any], which: NDArray[np.bool_]) -> NDArray[Any]:
    """(k, k) of some rows; of few rows drawn towards that of all, so that it has an inverse."""
    everybody = missed.T @ missed / len(missed)
    some = missed[which]
    return (some.T @ some + 30 * everybody) / (len(some) + 30)


def _trained(inputs: NDArray[Any], betas: NDArray[Any], seed: int) -> dict[str, NDArray[Any]]:
    """The network's weights.

    Args:
        inputs: (n, 2, f) of each person and of the mirror; betas: (n, k).
    """
    lots = torch.Generator().manual_seed(seed)
    x = torch.from_numpy(inputs.reshape(-1, inputs.shape[2]).astype(np.float32))
    y = torch.from_numpy(betas.repeat(2, 0).astype(np.float32))
    sizes = (x.shape[1], *HIDDEN, y.shape[1])
    layers = [nn.Linear(a, b) for a, b in pairwise(sizes)]
    with torch.no_grad():
        for layer in layers:
            # Small, so that training does not have to unlearn it.
            layer.weight.copy_((2 * torch.rand(layer.weight.shape, generator=lots) - 1) / layer.in_features**0.5)
            layer.bias.zero_()
    weights = [p for layer in layers for p in layer.parameters()]
    optimiser = torch.optim.AdamW(weights, RATE, weight_decay=DECAY)
    steps = EPOCHS * max(len(x) // BATCH, 1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps + 1)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(x), generator=lots)[: max(len(x) // BATCH, 1) * BATCH].split(BATCH):
            seen = x[rows] + NOISE * torch.randn(len(rows), x.shape[1], generator=lots)
            for layer in layers[:-1]:
                seen = torch.relu(layer(seen))
                seen = seen * (torch.rand(seen.shape, generator=lots) > DROPOUT) / (1 - DROPOUT)
            optimiser.zero_grad()
            (layers[-1](seen) - y[rows]).square().mean().backward()
            optimiser.step()
            schedule.step()
    names = ("first", "second", "last")
    found = {}
    for name, layer in zip(names, layers, strict=True):
        found[name] = layer.weight.detach().double().numpy().T
        found[f"{name}_bias"] = layer.bias.detach().double().numpy()
    return found


def save_photo_map(path: Path, photo_map: PhotoMap) -> None:
    """Write a map, all or nothing.

    Raises:
        InvalidInput: the folder is missing or cannot be written.
    """
    save_npz(path, compress=True, **to_arrays(photo_map))
