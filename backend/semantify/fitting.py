"""Our sliders: one direction a word, found by regression, told apart, with ranges and scores by monotone calibration.

Of samples drawn from a standard normal distribution a score's slope over the coefficients is what the word means to
the encoder: thousands of samples average out what it sees besides. Directions of different words overlap; `pure`
sliders move each word with all other words held, `even` ones are the nearest set of directions that do not overlap.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..protocol import InvalidInput
from ..protocol.slider_map import SliderMap, features

KINDS = ("even", "pure", "plain")
"""`plain` sliders follow each word's own direction, and move others with it: for comparison."""
FAINT = 0.2
"""Of blend shapes: what a word's strongest one is times as strong as, does not belong to the word."""
ENDS = (0.5, 99.5)
"""Per cent of the samples that lie beyond a slider's ends."""
OWN = 0.2
"""Of blend shapes: what a word needs of its own besides what earlier words have."""
KNOTS = 11
RIDGE = 1e-3
"""Of the variance of each feature."""
LEAST = 1e-9
MARGIN = 1.5
"""No slider moves a coefficient further than so many times what samples reach."""


def sides(names: Sequence[str]) -> list[tuple[int, int]]:
    """Numbers of coefficients that do the same on the left and on the right, by their names."""
    return [
        (i, names.index(other))
        for i, name in enumerate(names)
        if "left" in name and (other := name.replace("left", "right")) in names
    ]


def directions(scores: np.ndarray, coefficients: np.ndarray, pairs: Sequence[tuple[int, int]] = ()) -> np.ndarray:
    """(d, k) unit vectors along which the scores of d words rise fastest.

    Args:
        scores: (n, d); coefficients: (n, k).
        pairs: coefficients of both sides of a face, as of `sides`: no word tells left from right.

    Raises:
        InvalidInput: too few samples, or a score that does not change.
    """
    if len(scores) <= coefficients.shape[1] + 1:
        raise InvalidInput(f"{len(scores)} samples are too few.", f"Take more than {coefficients.shape[1] + 1}.")
    slopes = np.linalg.lstsq(np.c_[np.ones(len(scores)), coefficients], scores, rcond=None)[0][1:].T
    for left, right in pairs:
        slopes[:, [left, right]] = slopes[:, [left, right]].mean(1, keepdims=True)
    length = np.linalg.norm(slopes, axis=1, keepdims=True)
    if (length < LEAST).any():
        raise InvalidInput(
            "A word's score is the same for every sample.", "Leave the word out, or change its wordings."
        )
    return slopes / length


def told_apart(towards: np.ndarray, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """(d, k) how sliders are read, and (k, d) how each moves the coefficients.

    Args:
        towards: (d, k) unit vectors of words.
        kind: of `KINDS`. `even` is Loewdin's: the orthonormal rows with the least squared distance from `towards`.
    """
    if kind == "plain":
        return towards, towards.T
    if kind == "even":
        u, _, vt = np.linalg.svd(towards, full_matrices=False)
        towards = u @ vt
    return towards, np.linalg.pinv(towards)


def shown_apart(towards: np.ndarray) -> list[int]:
    """Numbers of words that blend shapes tell apart: none of them is nearly made of the shapes of those before it.

    Args:
        towards: (d, k) unit vectors of words.
    """
    kept: list[int] = []
    up = _rising_shapes(towards)
    for i, row in enumerate(up):
        before = up[kept].T
        left = row - before @ np.linalg.lstsq(before, row, rcond=None)[0] if kept else row
        if np.linalg.norm(left) > OWN:
            kept.append(i)
    return kept


def _rising_shapes(towards: np.ndarray) -> np.ndarray:
    """(d, k) unit vectors of the shapes that words rise with; zero for a word that rises with none."""
    up = np.where(towards < FAINT * np.maximum(towards.max(1, keepdims=True), LEAST), 0.0, towards)
    return up / np.maximum(np.linalg.norm(up, axis=1, keepdims=True), LEAST)


def only_up(towards: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """As `told_apart`, for blend shapes: each slider adds the shapes that its word rises with, and takes none away.

    Directions stay as they are; what is read is their dual basis, so that a slider still shows what it was set to,
    whatever the others add.

    Args:
        towards: (d, k) unit vectors of words.

    Raises:
        InvalidInput: a word rises with no shape, or two with the same ones.
    """
    up = _rising_shapes(towards)
    if len(shown_apart(towards)) < len(up):
        raise InvalidInput("Two words are shown by the same shapes, or one by none.", "Leave one of the words out.")
    return np.linalg.pinv(up.T), up.T


def rising(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(m,) the nearest values that never fall: pool adjacent violators.

    Args:
        values: (m,); weights: (m,) above 0.
    """
    blocks: list[list[float]] = []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        blocks.append([value, weight, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (a, p, m), (b, q, n) = blocks[-2], blocks.pop()
            blocks[-1] = [(a * p + b * q) / (p + q), p + q, m + n]
    return np.concatenate([np.full(int(count), value) for value, _, count in blocks])


def calibrated(values: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(KNOTS,) rising slider values and (KNOTS,) never falling scores: one slider's monotone calibration.

    Args:
        values: (n,) where one slider stands at each sample; scores: (n,) of its word.
    """
    edges = np.unique(np.quantile(values, np.linspace(0, 1, KNOTS + 1)))
    which = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
    sizes = np.bincount(which, minlength=len(edges) - 1).astype(np.float64)
    middle, mean = (np.bincount(which, v, len(edges) - 1) / np.maximum(sizes, 1) for v in (values, scores))
    there = sizes > 0
    evenly = np.linspace(middle[there][0], middle[there][-1], KNOTS)
    return evenly, np.interp(evenly, middle[there], rising(mean[there], sizes[there]))


def posterior(scores: np.ndarray, coefficients: np.ndarray) -> dict[str, np.ndarray]:
    """What `SliderMap.from_scores` needs: coefficients that are expected of scores.

    A linear-Gaussian model of the coefficients and the features f of the scores (themselves and their products, since
    scores bend): E[x | f] = E[x] + C_xf (C_ff + ridge)^-1 (f - E[f]); coefficients are drawn with mean 0.

    Args:
        scores: (n, d); coefficients: (n, k).
    """
    mean, scale = scores.mean(0), np.maximum(scores.std(0), LEAST)
    given = features((scores - mean) / scale)
    usual = given.mean(0)
    centred = given - usual
    within = centred.T @ centred / len(scores)
    within += RIDGE * np.diag(np.diag(within)) + LEAST * np.eye(len(within))
    across = centred.T @ (coefficients - coefficients.mean(0)) / len(scores)
    return {"gain": np.linalg.solve(within, across).T, "usual": usual, "score_mean": mean, "score_scale": scale}


def fit_sliders(
    words: tuple[str, ...],
    opposites: tuple[str, ...],
    scores: np.ndarray,
    coefficients: np.ndarray,
    limit: float,
    kind: str = "even",
    about: dict[str, Any] | None = None,
    one_sided: bool = False,
    pairs: Sequence[tuple[int, int]] = (),
) -> SliderMap:
    """Sliders for words.

    Args:
        words: d of them; opposites: (d,) what they say at their lower ends, or empty.
        scores: (n, d) of the samples to learn from; coefficients: (n, k) of the same.
        limit: standard deviations that samples stay within.
        kind: of `KINDS`.
        about: kept with them.
        one_sided: coefficients only go up from 0; sliders then do too, as far as their strongest shape does.
        pairs: as of `directions`.

    Raises:
        InvalidInput: as `directions`, `only_up`.
    """
    scores, coefficients = np.asarray(scores, np.float64), np.asarray(coefficients, np.float64)
    towards = directions(scores, coefficients, pairs)
    read, move = only_up(towards) if one_sided else told_apart(towards, kind)
    values = coefficients @ read.T
    low, high = np.percentile(values, ENDS, axis=0)
    if one_sided:
        low, high = np.zeros(len(words)), limit / move.max(0)
    knots, levels = zip(*(calibrated(values[:, i], scores[:, i]) for i in range(len(words))), strict=True)
    return SliderMap(
        words=words, opposites=opposites, mean=np.zeros(coefficients.shape[1]), read=read, move=move, low=low,
        high=high, knots=np.array(knots), scores=np.array(levels), **posterior(scores, coefficients),
        limit=limit if one_sided else MARGIN * limit, about={**(about or {}), "kind": "up" if one_sided else kind},
        least=0.0 if one_sided else -np.inf, expected=coefficients.mean(0) if one_sided else None,
    )  # fmt: skip
