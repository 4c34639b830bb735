"""Sliders named by words, as both sides read them: a small .npz that numpy alone evaluates.

`protocol` does not import this module by itself, since it needs numpy.

A slider's value is a reading of the coefficients, `read[i] @ (coefficients - mean)`, in standard deviations of the
bodies that it was made from; moving it by one adds `move[:, i]`. `read @ move` is the identity wherever there are no
more sliders than coefficients, so that one slider moves no other, and what no slider reads stays as it was.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .errors import AssetsMissing, Incompatible, InvalidInput

FORMAT = "impromptu-sliders"
VERSION = 1
MOST_BYTES = 1 << 20
"""A larger file is no file of sliders."""
ARRAYS = {
    "mean": "k", "read": "dk", "move": "kd", "low": "d", "high": "d", "knots": "dm", "scores": "dm",
    "gain": "kf", "usual": "f", "score_mean": "d", "score_scale": "d",
}  # fmt: skip
"""Name -> its axes: d sliders, k coefficients, m knots, f features of the scores; `least` and `expected` may miss."""
EVEN = 1e-9


def shipped_file(family: str, template: str = "neutral") -> Path:
    """Where the sliders of a family lie that ship.

    Args:
        family: such as `body`.
        template: `neutral`, `male` or `female` of a body; another model's variant.
    """
    return Path(__file__).parents[1] / "semantify" / "data" / f"{family}_{template}.npz"


@dataclass(frozen=True)
class SliderMap:
    """d sliders over k coefficients."""

    words: tuple[str, ...]
    """What each slider says at its upper end."""
    opposites: tuple[str, ...]
    """What it says at its lower end; empty where there is no word for it."""
    mean: np.ndarray
    """(k,) coefficients where every slider is 0."""
    read: np.ndarray
    """(d, k) slider values of coefficients."""
    move: np.ndarray
    """(k, d) change of the coefficients for each slider's unit."""
    low: np.ndarray
    """(d,) least value that the sampled models reach."""
    high: np.ndarray
    """(d,) greatest value."""
    knots: np.ndarray
    """(d, m) rising slider values at which `scores` are known."""
    scores: np.ndarray
    """(d, m) the encoder's score there, never falling."""
    gain: np.ndarray
    """(k, f) change of the expected coefficients for each unit of the scores' features."""
    usual: np.ndarray
    """(f,) mean of the features of the sampled models' scores."""
    score_mean: np.ndarray
    """(d,) mean of the scores of the sampled models."""
    score_scale: np.ndarray
    """(d,) and their standard deviation."""
    limit: float
    """No coefficient is moved beyond +-limit."""
    about: dict[str, Any]
    """`family`, `template`, `coefficients` (`betas` or `expression`), `model_sha256`, and where it comes from."""
    least: float = -np.inf
    """No coefficient is moved below it either: 0 for blend shapes."""
    expected: np.ndarray | None = None
    """(k,) mean of the sampled models' coefficients; None where it is `mean`."""

    def index(self, word: str) -> int:
        """The number of a slider.

        Raises:
            InvalidInput: there is none of that word.
        """
        if word not in self.words:
            raise InvalidInput(f"There is no slider {word!r}.", f"Use one of {', '.join(self.words)}.")
        return self.words.index(word)

    def coefficients(self, values: np.ndarray) -> np.ndarray:
        """(k,) coefficients nearest the mean at which the sliders stand at (d,) values."""
        return self._within(self.mean + self.move @ self.clip(values))

    def clip(self, values: np.ndarray) -> np.ndarray:
        """(d,) values within each slider's range."""
        return np.clip(np.asarray(values, np.float64), self.low, self.high)

    def values(self, coefficients: np.ndarray) -> np.ndarray:
        """(d,) where the sliders of (k,) coefficients stand; the inverse of `coefficients`."""
        return self.read @ (np.asarray(coefficients, np.float64) - self.mean)

    def moved(self, coefficients: np.ndarray, slider: int, value: float) -> np.ndarray:
        """(k,) coefficients with one slider at a value, as far as `limit` lets it; the least change that does so.

        No other slider moves, and neither does what no slider reads.

        Args:
            coefficients: (k,) present ones.
            slider: its number, from `index`.
            value: within the slider's range; beyond it, the range's end.
        """
        present = np.asarray(coefficients, np.float64)
        wanted = float(np.clip(value, self.low[slider], self.high[slider]))
        step = (wanted - float(self.values(present)[slider])) * self.move[:, slider]
        return present + self._share(present, step) * step

    def reach(self, coefficients: np.ndarray, slider: int) -> tuple[float, float]:
        """Least and greatest value that `moved` can give one slider, from (k,) present coefficients."""
        ends = [self.moved(coefficients, slider, end) for end in (self.low[slider], self.high[slider])]
        low, high = (float(self.values(end)[slider]) for end in ends)
        return low, high

    def score(self, slider: int, value: float) -> float:
        """The encoder's score that one slider's value stands for, by the monotone calibration."""
        return float(np.interp(value, self.knots[slider], self.scores[slider]))

    def from_scores(self, scores: np.ndarray) -> np.ndarray:
        """(k,) coefficients that are expected of a model or a picture with (d,) scores (Semantify, section 4.2)."""
        standard = (np.asarray(scores, np.float64) - self.score_mean) / self.score_scale
        start = self.mean if self.expected is None else self.expected
        return self._within(start + self.gain @ (features(standard) - self.usual))

    def _within(self, coefficients: np.ndarray) -> np.ndarray:
        return coefficients.clip(max(-self.limit, self.least), self.limit)

    def _share(self, present: np.ndarray, step: np.ndarray) -> float:
        """The share of a step after which the first coefficient reaches its limit; 1 where none does."""
        moving = np.abs(step) > EVEN
        # One that lies beyond already may come back, but go no further.
        end = np.where(step > 0, self.limit, max(-self.limit, self.least))
        room = np.maximum((end - present) * np.sign(step), 0.0)
        return float(min(1.0, (room[moving] / np.abs(step[moving])).min(initial=1.0)))


def features(standard: np.ndarray) -> np.ndarray:
    """(..., f) scores and the products of any two of them: f = d + d (d + 1) / 2.

    Args:
        standard: (..., d) scores in standard deviations.
    """
    first, second = np.triu_indices(standard.shape[-1])
    return np.concatenate((standard, standard[..., first] * standard[..., second]), -1)


def to_arrays(sliders: SliderMap) -> dict[str, np.ndarray]:
    """Plain arrays for an .npz file."""
    numbers = {name: np.asarray(getattr(sliders, name), np.float32) for name in ARRAYS}
    if sliders.expected is not None:
        numbers["expected"] = np.asarray(sliders.expected, np.float32)
    if np.isfinite(sliders.least):
        numbers["least"] = np.array(sliders.least, np.float32)
    return {
        **numbers,
        "format": np.array(FORMAT),
        "version": np.array(VERSION),
        "words": np.array(sliders.words, dtype=str),
        "opposites": np.array(sliders.opposites, dtype=str),
        "limit": np.array(sliders.limit, np.float32),
        "about": np.array(json.dumps(sliders.about, sort_keys=True)),
    }


def read_sliders(path: str | Path) -> SliderMap:
    """Sliders from a file, never executing what is in it.

    Raises:
        AssetsMissing: there is no such file.
        Incompatible: it is of a later version.
        InvalidInput: it is damaged, or not a file of sliders.
    """
    path = Path(path)
    if not path.is_file():
        raise AssetsMissing(f"There are no sliders in {path}.", "Make them: impromptu semantify train.")
    if path.stat().st_size > MOST_BYTES:
        raise InvalidInput(f"{path.name} is too large for a file of sliders.", "Give one that semantify wrote.")
    try:
        with np.load(path, allow_pickle=False) as file:
            held = {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise InvalidInput(f"{path.name} is damaged or no .npz file.", "Make it again.") from error
    return from_arrays(held, path.name)


def from_arrays(held: dict[str, np.ndarray], name: str = "The file") -> SliderMap:
    """Sliders from the arrays of a file.

    Raises:
        Incompatible: they are of a later version.
        InvalidInput: an array is missing, of another shape than it has to be, or not finite.
    """
    wrong = InvalidInput(f"{name} is no file of sliders.", "Give one that impromptu semantify train wrote.")
    if str(held.get("format")) != FORMAT:
        raise wrong
    try:
        version = int(held["version"])
        words, opposites = (tuple(map(str, held[key])) for key in ("words", "opposites"))
        about, limit = json.loads(str(held["about"])), float(held["limit"])
        numbers = {key: np.asarray(held[key], np.float64) for key in ARRAYS}
        least = float(held.get("least", -np.inf))
        expected = np.asarray(held["expected"], np.float64) if "expected" in held else None
    except (KeyError, TypeError, ValueError) as error:
        raise wrong from error
    if version > VERSION:
        raise Incompatible(f"{name} is of a later version.", "Update Impromptu.")
    sizes = {"d": len(words), "k": numbers["mean"].size, "m": numbers["knots"].shape[-1]}
    sizes["f"] = sizes["d"] + sizes["d"] * (sizes["d"] + 1) // 2
    fits = all(numbers[key].shape == tuple(sizes[axis] for axis in axes) for key, axes in ARRAYS.items())
    fits = fits and (expected is None or expected.shape == numbers["mean"].shape)
    given = [*numbers.values(), *([] if expected is None else [expected])]
    finite = all(np.isfinite(values).all() for values in given) and np.isfinite(limit) and not np.isnan(least)
    rising = fits and bool((np.diff(numbers["knots"]) > 0).all() and (np.diff(numbers["scores"]) >= 0).all())
    if not (fits and finite and rising and len(opposites) == len(words) and isinstance(about, dict)):
        raise wrong
    return SliderMap(words, opposites, **numbers, limit=limit, about=about, least=least, expected=expected)
