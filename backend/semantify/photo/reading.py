"""From measures and scores of a photo to betas: a small fitted file that numpy alone evaluates.

A network of two hidden layers gives the betas that are expected of a person with such an outline, such joints and
such scores, of people whose betas are drawn from a standard normal distribution. How far it errs, on people that it
never saw, is kept as a covariance: knowing more than the photo tells, as the body's height, is then a matter of
Bayes' rule. Where no joints were found, a linear map of the scores alone stands in (Semantify, section 4.2).
"""

from __future__ import annotations

import json
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...files import load_npz
from ...protocol import AssetsMissing, Incompatible, InvalidInput

FORMAT, VERSION = "impromptu-photo", 1
SHIPPED = Path(__file__).parents[1] / "data" / "photo.npz"
ARRAYS = {
    "mean": "f", "scale": "f", "first": "fa", "first_bias": "a", "second": "ab", "second_bias": "b", "last": "bk",
    "last_bias": "k", "share": "k", "spread_whole": "kk", "spread_part": "kk", "spread_scores": "kk", "towards": "wd",
    "score_mean": "w", "score_scale": "w", "gain": "wk",
}  # fmt: skip
"""Name -> its axes: f inputs, a and b hidden units, k betas, w words, d dimensions of the encoder."""
MOST = 4.0
"""Deviations that an input is taken for at most: what is stranger is a fault of what found it."""

Array = NDArray[Any]


@dataclass(frozen=True)
class Estimate:
    """What is believed of somebody's betas."""

    betas: Array
    """(k,) expected."""
    spread: Array
    """(k, k) covariance of the error."""

    @property
    def deviation(self) -> Array:
        """(k,) standard deviations."""
        return np.sqrt(np.diag(self.spread))

    def given(self, along: Array, missing: float, noise: float = 1e-6) -> Estimate:
        """The same, now that a linear measure of the betas is known.

        Args:
            along: (k,) by how much each beta changes the measure.
            missing: by how much the measure is greater than of `betas`; noise: its variance.
        """
        gain = self.spread @ along / (along @ self.spread @ along + noise)
        return Estimate(self.betas + gain * missing, self.spread - np.outer(gain, along @ self.spread))

    def about(self, mean: Array) -> Estimate:
        """The same for somebody of a group whose betas lie about a mean, with the same variance: a gender's.

        The estimate is N(m, S) under a prior N(0, 1), so its likelihood has precision 1/S - 1; under a prior N(u, 1)
        the precision is 1/S again and the expectation m + S u.
        """
        return Estimate(self.betas + self.spread @ mean, self.spread)


@dataclass(frozen=True)
class PhotoMap:
    """The fitted numbers; see `ARRAYS` for their shapes."""

    numbers: dict[str, Array]
    words: tuple[str, ...]
    """What `towards` asks the encoder for: each row is a word's direction, its contrary taken away."""
    about: dict[str, Any]
    """`names` of the betas, `body_sha256`, `encoder_digest`, how it was made and measured."""

    def scores(self, embedding: Array) -> Array:
        """(w,) how well each word fits the picture, against its contrary, in nats, of a (dim,) unit vector."""
        return self.numbers["towards"] @ np.asarray(embedding, np.float64)

    def standard(self, scores: Array) -> Array:
        """(..., w) scores in deviations from those of other photos."""
        return np.clip((scores - self.numbers["score_mean"]) / self.numbers["score_scale"], -MOST, MOST)

    def from_scores(self, scores: Array) -> Estimate:
        """What (w,) scores alone tell."""
        return Estimate(self.standard(scores) @ self.numbers["gain"], self.numbers["spread_scores"])

    def read(self, measured: Array, scores: Array, whole: bool) -> Estimate:
        """What measures and scores tell.

        Args:
            measured: (2, m) of the person and of the person in the mirror, whose mean is taken.
            scores: (w,); whole: whether the person is seen from head to foot.
        """
        told = np.tile(self.standard(scores), (len(measured), 1))
        inputs = np.concatenate(((measured - self.numbers["mean"]) / self.numbers["scale"], told), 1)
        betas = self.numbers["share"] * self._network(np.clip(inputs, -MOST, MOST)).mean(0)
        return Estimate(betas, self.numbers["spread_whole" if whole else "spread_part"])

    def _network(self, inputs: Array) -> Array:
        n = self.numbers
        hidden = np.maximum(inputs @ n["first"] + n["first_bias"], 0)
        return np.maximum(hidden @ n["second"] + n["second_bias"], 0) @ n["last"] + n["last_bias"]


def to_arrays(photo_map: PhotoMap) -> dict[str, NDArray]:
    """Plain arrays for an .npz file; weights in half precision."""
    half = ("first", "second", "last", "towards", "gain")
    numbers = {k: v.astype(np.float16 if k in half else np.float32) for k, v in photo_map.numbers.items()}
    return {
        **numbers,
        "format": np.array(FORMAT),
        "version": np.array(VERSION),
        "words": np.array(photo_map.words, dtype=str),
        "about": np.array(json.dumps(photo_map.about, sort_keys=True)),
    }


def read_photo_map(path: str | Path = SHIPPED) -> PhotoMap:
    """The map of a file, never executing what is in it.

    Raises:
        AssetsMissing: there is no such file. Incompatible: it is of a later version.
        InvalidInput: it is damaged, or no map of photos.
    """
    path = Path(path)
    if not path.is_file():
        raise AssetsMissing(f"There is no map of photos in {path}.", "Make it: impromptu semantify fit-train.")
    try:
        return from_arrays(load_npz(path), path.name)
    except (OSError, zipfile.BadZipFile, zlib.error) as error:
        raise InvalidInput(f"{path.name} is damaged.", "Make it again.") from error


def from_arrays(held: dict[str, NDArray], name: str) -> PhotoMap:
    """A map from the arrays of a file.

    Raises:
        Incompatible, InvalidInput: as `read_photo_map`.
    """
    wrong = InvalidInput(f"{name} is no map of photos.", "Give one that impromptu semantify fit-train wrote.")
    if str(held.get("format")) != FORMAT:
        raise wrong
    try:
        version, about = int(held["version"]), json.loads(str(held["about"]))
        numbers = {key: np.asarray(held[key], np.float64) for key in ARRAYS}
        words = tuple(map(str, held["words"]))
    except (KeyError, TypeError, ValueError) as error:
        raise wrong from error
    if version > VERSION:
        raise Incompatible(f"{name} is of a later version.", "Update Impromptu.")
    sizes: dict[str, int] = {"w": len(words)}
    for key, axes in ARRAYS.items():
        if numbers[key].ndim != len(axes) or not np.isfinite(numbers[key]).all():
            raise wrong
        for axis, size in zip(axes, numbers[key].shape, strict=True):
            # The network's inputs are the measures and then the words.
            own = axis if key not in ("mean", "scale") else "m"
            if sizes.setdefault(own, size) != size:
                raise wrong
    if sizes["f"] != sizes["m"] + sizes["w"] or not isinstance(about, dict):
        raise wrong
    return PhotoMap(numbers, words, about)
