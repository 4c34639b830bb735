"""What sliders are worth, on samples that they were not made from: errors, coverage, monotonicity, purity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import nnls
from scipy.stats import spearmanr

from ..protocol.slider_map import SliderMap
from .coverage import Vertices, of_ends
from .families import Descriptor, Family
from .measured import Table, tape, trait, wanted
from .mlp import MlpMapper
from .studio import Studio

STEPS = 11
"""Places along a slider's range."""
REPORTED = ("height", "heaviness", "volume", "chest", "waist", "hips", "shoulders", "legs", "thighs", "arms")
"""Traits of bodies that tables tell of, besides those that a family's words are measured by."""
SIZES = ("height", "heaviness", "volume")
"""The same of any other model."""
MESHES = 200
"""Held-out samples whose vertices are compared."""


def reported(family: Family) -> tuple[str, ...]:
    """Traits that tables tell of for a family."""
    named = [name for d in family.descriptors for name, _ in d.measure]
    return tuple(dict.fromkeys((*(REPORTED if family.beyond else SIZES), *named)))


def principal_axes(vertices: Vertices, count: int) -> np.ndarray:
    """(k, k) rows of unit length, by falling variance of the mesh: the principal axes of the meshes of k coefficients
    that are drawn from a standard normal distribution.

    Args:
        count: k.
    """
    rest, *moved = vertices(np.concatenate((np.zeros((1, count)), np.eye(count)))).astype(np.float64)
    basis = (np.stack(moved) - rest).reshape(count, -1)
    values, axes = np.linalg.eigh(basis @ basis.T)
    return axes[:, np.argsort(-values)].T


def spearman(a: np.ndarray, b: np.ndarray) -> float:
    """Rank correlation of (n,) values; 0 where one of them does not vary."""
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(np.asarray(spearmanr(a, b)[0]))


@dataclass(frozen=True)
class Known:
    """How well the encoder knows one word."""

    word: str
    rank: float | None
    """Rank correlation of its scores with what a tape says of it; None where nothing is measured for it."""
    own: float | None
    """The same of what neither stature nor heaviness explain: thin people have thin arms, but a word for arms has to
    mean more. None where nothing is measured."""

    def trusted(self, least: float) -> bool:
        """Whether the evidence is there, and enough: `least` of the whole, half of it of what is its own."""
        return self.rank is not None and self.own is not None and self.rank >= least and self.own >= least / 2


def known_words(
    descriptors: Sequence[Descriptor], scores: np.ndarray, measured: Table, beyond: Sequence[str], read: np.ndarray
) -> list[Known]:
    """Evidence for each word.

    Args:
        descriptors: w of them; scores: (n, w).
        measured: of the same samples, by `measured.tape`.
        beyond: of the family: what a word has to mean more than.
        read: (w,) whether the encoder has anything to say of each.
    """
    found = []
    for i, descriptor in enumerate(descriptors):
        truth = wanted(descriptor, measured)
        if truth is None:
            found.append(Known(descriptor.word, None, None))
            continue
        if not read[i]:
            found.append(Known(descriptor.word, 0.0, 0.0))
            continue
        others = [v for name in _others(descriptor, beyond) if (v := trait(name, measured)) is not None]
        rest = _unexplained(np.stack((scores[:, i], truth), 1), others)
        found.append(Known(descriptor.word, spearman(scores[:, i], truth), spearman(rest[:, 0], rest[:, 1])))
    return found


def _others(descriptor: Descriptor, beyond: Sequence[str]) -> list[str]:
    """Of stature and heaviness, as the family says, what a word does not mean by itself."""
    named = dict(descriptor.measure)
    return [] if "volume" in named else [name for name in beyond if name not in named]


def overshadowed(
    descriptors: Sequence[Descriptor], sliders: SliderMap, studio: Studio, measured: Table
) -> dict[str, float]:
    """Sliders that move stature or heaviness more than what their word means, and how many times as much.

    Args:
        descriptors: of the sliders' words, in their order; a word for which nothing is measured is never among them.
        measured: of samples: changes are compared in their standard deviations.
    """
    beyond = studio.family.beyond
    found = {}
    for i, descriptor in enumerate(descriptors):
        ends = tape(studio, sweep(sliders, i)[[0, -1]])
        truth = wanted(descriptor, ends, measured)
        alone = [Descriptor("", measure=((name, 1.0),)) for name in _others(descriptor, beyond)]
        others = [wanted(one, ends, measured) for one in alone]
        most = max((abs(float(o[1] - o[0])) for o in others if o is not None), default=0.0)
        own = 0.0 if truth is None else float(truth[1] - truth[0])
        if truth is not None and own < most:
            found[descriptor.word] = most / max(own, 1e-6)
    return found


def _unexplained(values: np.ndarray, by: Sequence[np.ndarray]) -> np.ndarray:
    """(n, m) what is left of (n, m) values without their linear dependence on others, (n,) each."""
    given = np.stack((np.ones(len(values)), *by), 1)
    return values - given @ np.linalg.lstsq(given, values, rcond=None)[0]


def errors(vertices: Vertices, found: np.ndarray, true: np.ndarray) -> dict[str, float]:
    """`betas`: mean over samples of the root of the mean squared error of coefficients, in standard deviations;
    `vertices_mm`: mean distance of vertices, of the first `MESHES` samples.

    Args:
        found, true: (n, k).
    """
    root = np.sqrt(((found - true) ** 2).mean(1)).mean()
    a, b = vertices(found[:MESHES]), vertices(true[:MESHES])
    return {"betas": float(root), "vertices_mm": float(1000 * np.linalg.norm(a - b, axis=2).mean())}


def predictions(sliders: SliderMap, mlp: MlpMapper, scores: np.ndarray) -> dict[str, np.ndarray]:
    """By mapper, (n, k) coefficients of (n, d) held-out scores."""
    ours = np.stack([sliders.from_scores(row) for row in scores])
    return {"ours": ours, "paper's MLP": mlp.coefficients(scores), "mean": np.zeros_like(ours)}


def nearest(sliders: SliderMap, row: np.ndarray) -> np.ndarray:
    """(k,) the nearest coefficients to (k,) given ones that sliders can be set to; those that only go up are not set
    below 0."""
    if sliders.least == 0:
        return sliders.coefficients(nnls(sliders.move, row - sliders.mean)[0])
    return sliders.coefficients(sliders.values(row))


def reconstructions(
    vertices: Vertices, sliders: SliderMap, mlp: MlpMapper, true: np.ndarray
) -> dict[str, np.ndarray]:
    """By mapper, (n, k) the nearest that sliders can be set to (section 5.2); beside as many single coefficients, and
    as many principal axes of the mesh.

    Args:
        true: (n, k) coefficients of held-out samples.
    """
    ours = np.stack([nearest(sliders, row) for row in true])
    principal = principal_axes(vertices, true.shape[1])[: len(sliders.words)]
    axes = np.where(np.arange(true.shape[1]) < len(sliders.words), true, 0.0)
    return {
        "ours": ours,
        "paper's MLP": mlp.reconstruct(true),
        "first coefficients": axes,
        "PCA axes": true @ principal.T @ principal,
        "mean": np.zeros_like(true),
    }


def reach(
    vertices: Vertices, sliders: SliderMap, mlp: MlpMapper, scores: np.ndarray
) -> dict[str, tuple[float, float]]:
    """By mapper, coverage and overlap; of single coefficients and of principal axes from -2 to 2 too.

    Args:
        scores: (n, d): the published sliders go from their 1st to their 99th percentile; the default is their mean.
    """
    count, width = len(sliders.words), len(sliders.mean)
    ends = [
        np.stack([sliders.moved(sliders.mean, i, e[i]) for i in range(count)]) for e in (sliders.low, sliders.high)
    ]
    published = []
    for level in np.percentile(scores, (1, 99), axis=0):
        rows = np.tile(scores.mean(0), (count, 1))
        np.fill_diagonal(rows, level)
        published.append(mlp.coefficients(rows))
    axes = 2 * np.eye(width)[: min(count, width)]
    principal = 2 * principal_axes(vertices, width)[: min(count, width)]
    return {
        "ours": of_ends(vertices, *ends),
        "paper's MLP": of_ends(vertices, *published),
        "first coefficients": of_ends(vertices, -axes, axes),
        "PCA axes": of_ends(vertices, -principal, principal),
    }


def sweep(sliders: SliderMap, slider: int) -> np.ndarray:
    """(STEPS, k) coefficients along one slider's range, from the mean model."""
    values = np.linspace(sliders.low[slider], sliders.high[slider], STEPS)
    return np.stack([sliders.moved(sliders.mean, slider, value) for value in values])


def effects(studio: Studio, sliders: SliderMap, spread: dict[str, float]) -> list[dict[str, Any]]:
    """For each slider what a tape says along its range.

    Args:
        spread: standard deviation of each trait of `reported` among samples.

    Returns:
        `word`; `from_to`: of those, the trait at both ends; `change`: the difference in standard deviations of
        the samples; `monotone`: traits that change by half a deviation or more, and whether each only ever rises or
        falls along the range.
    """
    rows = []
    for i, word in enumerate(sliders.words):
        measured = tape(studio, sweep(sliders, i))
        found = {
            name: values for name, sd in spread.items() if sd > 0 and (values := trait(name, measured)) is not None
        }
        change = {name: float((v[-1] - v[0]) / spread[name]) for name, v in found.items()}
        steps = {name: np.diff(v) * np.sign(v[-1] - v[0]) for name, v in found.items()}
        rows.append({
            "word": word,
            "from_to": {name: (float(v[0]), float(v[-1])) for name, v in found.items()},
            "change": change,
            "monotone": {n: bool((steps[n] > 0).all()) for n, c in change.items() if abs(c) >= 0.5},
        })  # fmt: skip
    return rows


def faithful(sliders: SliderMap, scores: np.ndarray, coefficients: np.ndarray) -> list[float]:
    """(d,) rank correlation of each slider's value with its word's score, on held-out samples.

    Args:
        scores: (n, d); coefficients: (n, k).
    """
    values = np.asarray(coefficients, np.float64) @ sliders.read.T
    return [spearman(values[:, i], scores[:, i]) for i in range(len(sliders.words))]


def seen(scores: np.ndarray, spread: np.ndarray) -> dict[str, float]:
    """What the encoder itself sees when sliders are moved, pictured anew.

    Args:
        scores: (d, 2, d) of every word with each slider at its low and its high end.
        spread: (d,) standard deviation of each word's scores among samples.

    Returns:
        `rises`: share of the sliders whose own word's score rises; `own`: mean rise of the own word, and `others`:
        mean absolute change of the other words, both in standard deviations; `purity`: own / (own + others).
    """
    change = (scores[:, 1] - scores[:, 0]) / spread
    own = np.diag(change)
    apart = ~np.eye(len(change), dtype=bool)
    others = float(np.abs(change[apart]).mean()) if len(change) > 1 else 0.0
    rise = float(own.mean())
    return {
        "rises": float((own > 0).mean()),
        "own": rise,
        "others": others,
        "purity": max(rise, 0.0) / max(max(rise, 0.0) + others, 1e-12),
    }
