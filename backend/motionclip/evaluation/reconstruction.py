"""How well a motion comes back from its latent, beside the mean motion and principal components."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..corpus import Corpus
from ..features import mirrored
from ..model import MotionClip
from .geometry import (
    Posed,
    path_error,
    place_error,
    pose_error,
    posed,
    rotation_error,
    slide,
    speed,
    velocity_error,
)
from .sets import HeldOut, Motions, motions_of, trained

Coder = Callable[[Motions], Tensor]
"""Windows to the (n, 60, 136) that come back of them."""
ERRORS: Mapping[str, Callable[[Posed, Posed, Tensor], Tensor]] = {
    "pose_mm": pose_error, "place_mm": place_error, "rotation_deg": rotation_error,
    "velocity_mm_per_frame": velocity_error, "path_end_cm": path_error,
}  # fmt: skip
Metric = tuple[Tensor, Tensor]
"""(136, 136) from standardised numbers to others, and its inverse: see `coding.metric_of`."""
CHUNK = 250
EXACT = 3000
"""Windows up to which components come from the exact decomposition of their products."""


@dataclass(frozen=True)
class Components:
    """Principal components of windows, y ~ c + B^T B (y - c), with y = (x - mean) / std, or that by a metric."""

    centre: Tensor
    """(60 * 136,)."""
    basis: Tensor
    """(k, 60 * 136) orthonormal rows, the largest variance first."""
    mean: Tensor
    std: Tensor
    """(136,) by which features are standardised."""
    metric: Metric | None = None

    def coder(self, count: int) -> Coder:
        """Windows by their first so many components."""
        basis = self.basis[:count]

        def code(motions: Motions) -> Tensor:
            x = _measured(motions.features, self.mean, self.std, self.metric) - self.centre
            back = ((x @ basis.T) @ basis + self.centre).unflatten(1, motions.features.shape[1:])
            return (back if self.metric is None else back @ self.metric[1]) * self.std + self.mean

        return code


def _measured(features: Tensor, mean: Tensor, std: Tensor, metric: Metric | None) -> Tensor:
    x = (features - mean) / std
    return (x if metric is None else x @ metric[0]).flatten(1)


def fit_components(
    features: Tensor, count: int, mean: Tensor, std: Tensor, metric: Metric | None = None
) -> Components:
    """Components of (n, 60, 136) training windows; fewer than `count` where there are fewer windows."""
    x = _measured(features, mean, std, metric)
    centre = x.mean(0)
    x = x - centre
    count = min(count, *x.shape)
    if len(x) <= EXACT:
        values, vectors = torch.linalg.eigh((x @ x.T).double())
        # Directions of no variance, among them the one that centring took, are rounding errors.
        sure = torch.flip(values, (0,))[:count] > 1e-6 * values[-1]
        basis = torch.flip(vectors, (1,))[:, :count][:, sure].float().T @ x
        basis = torch.linalg.qr(basis.T)[0].T
    else:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            basis = torch.svd_lowrank(x, min(count + 20, *x.shape), niter=2)[2][:, :count].T
    return Components(centre, basis.contiguous(), mean, std, metric)


def training_motions(corpus: Corpus, libraries: Sequence[str], most: int, seed: int = 0) -> Tensor:
    """(n, 60, 136) training windows by lot, every other one mirrored, as the model trains on both."""
    features = motions_of(corpus, trained(corpus, libraries, most, seed)).features
    features[1::2] = torch.from_numpy(mirrored(features[1::2].numpy()))
    return features


def coded_by(model: MotionClip) -> Coder:
    """Windows by the auto-encoder."""

    @torch.no_grad()
    def code(motions: Motions) -> Tensor:
        return model(motions.features, motions.lengths)[1].features

    return code


def plain_coders(
    corpus: Corpus, model: MotionClip, libraries: Sequence[str] = (), counts: Sequence[int] = (32, 128),
    most: int = 10_000,
) -> dict[str, Coder]:  # fmt: skip
    """The baselines: the mean of the training windows, and principal components.

    Args:
        model: of which only the standardisation, the latent's width and the metric of its codes are taken.
        counts: of components, besides as many as the latent has numbers.
        most: windows that they are fitted to, by lot.
    """
    features = training_motions(corpus, libraries, most)
    mean = features.mean(0)
    width = model.config.latent
    found = fit_components(features, max(width, *counts), model.mean, model.std)
    coders: dict[str, Coder] = {"mean motion": lambda motions: mean.expand_as(motions.features)}
    for count in sorted({*counts, width}):
        # With few windows there are not so many directions: the name says how many there are.
        coders[f"PCA {min(count, len(found.basis))}"] = found.coder(count)
    if model.config.codes:
        # As the model's own codes are, which is what they gain: but these are as many as all its numbers.
        found = fit_components(features, width, model.mean, model.std, (model.metric, model.inverse))
        coders[f"PCA {len(found.basis)} of the surface"] = found.coder(width)
    return coders


def errors(code: Coder, motions: Motions) -> dict[str, float]:
    """Means over windows of a coder's errors, its slide by the data's contacts, and how fast its joints move."""
    sums = {name: 0.0 for name in (*ERRORS, "speed_m_per_s")}
    slides: list[tuple[float, int]] = []
    for start in range(0, len(motions), CHUNK):
        part = part_of(motions, slice(start, start + CHUNK))
        true, ours, mask = posed(part.features), posed(code(part)), part.mask
        for name, error in ERRORS.items():
            sums[name] += float(error(ours, true, mask).sum())
        sums["speed_m_per_s"] += float(speed(ours, mask).sum())
        both = part.contacts[:, 1:] & part.contacts[:, :-1] & mask[:, 1:, None]
        if both.any():
            slides.append((slide(ours, part.contacts, mask), int(both.sum())))
    out = {name: value / max(len(motions), 1) for name, value in sums.items()}
    out["slide_mm_per_frame"] = _weighted(slides)
    return out


def _weighted(parts: Sequence[tuple[float, int]]) -> float:
    return float(np.average([v for v, _ in parts], weights=[n for _, n in parts])) if parts else float("nan")


def part_of(motions: Motions, part: slice | NDArray[np.int64]) -> Motions:
    """Some of the windows."""
    return Motions(motions.features[part], motions.lengths[part], motions.contacts[part])


def reconstruction(
    corpus: Corpus, sets: Sequence[HeldOut], coders: Mapping[str, Coder]
) -> dict[str, dict[str, dict[str, float]]]:
    """Errors of each coder on each set, and as `data` what the recordings themselves do."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for each in sets:
        motions = motions_of(corpus, each.indices)
        found[each.name] = {name: errors(code, motions) for name, code in coders.items()}
        found[each.name]["data"] = errors(lambda m: m.features, motions)
    return found
