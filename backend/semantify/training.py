"""From a family of models to sliders: samples, scores, words that the encoder knows, choice, fit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..encoders.base import JointEncoder
from ..files import save_npz
from ..protocol import InvalidInput
from ..protocol.slider_map import SliderMap, to_arrays
from .choosing import Choice, choose
from .dataset import Dataset, Progress, make_dataset
from .evaluation import Known, known_words, overshadowed
from .families import Descriptor, Family, View
from .fitting import directions, fit_sliders, shown_apart, sides
from .measured import tape, wanted
from .scores import Words, score
from .studio import Studio

HELD_OUT = 0.2
"""Share of the samples that nothing is learnt from (Semantify, section 3.4)."""
LEAST_SAMPLES = 100
LICENCE = "GPL-3.0-or-later"
BY_PICTURES, BY_TAPE = "pictures", "tape"
"""Where a word's scores come from."""


@dataclass(frozen=True)
class Options:
    """How sliders are made."""

    count: int = 1500
    """Samples, the held-out ones among them. The paper takes 3,000; directions no longer change from 400 on."""
    seed: int = 0
    way: str = "odds"
    """Of `scores.WAYS`."""
    kind: str = "even"
    """Of `fitting.KINDS`."""
    words: int = 0
    """How many sliders; 0: as many as the choice finds."""
    forced: tuple[str, ...] = ()
    """Words that become sliders in any case, whether or not the encoder knows them."""
    preferred: tuple[str, ...] = ()
    """The same, but only those that the encoder knows."""
    least: float = 0.5
    """Rank correlation with what a tape says from which a word counts as known."""
    unproved: bool = False
    """Whether words may be chosen for which nothing is measured."""
    fill: bool = False
    """Whether words that the encoder does not know are scored by what a tape says of them, where that is measured."""
    outfit: str = ""
    """Of `families.OUTFITS`; empty: the family's."""
    paper_views: bool = False
    """The published two cameras instead of the family's own."""
    one_text: bool = False
    """Ask each word in a single text."""

    def __post_init__(self) -> None:
        if not LEAST_SAMPLES <= self.count <= 1_000_000:
            raise InvalidInput(f"{self.count:,} samples are wanted.", f"Give {LEAST_SAMPLES} to 1,000,000.")


class Work:
    """Samples of one model with their scores.

    Args:
        family: of the model; spec: as `load_body` takes it.
        encoder: sees the pictures.
        options: how it is done; cache: folder of sets.
        progress: is told of samples.

    Raises:
        InvalidInput: the model has no such coefficients, or a word is more than the encoder can read.
    """

    def __init__(
        self, family: Family, spec: str, encoder: JointEncoder, options: Options, cache: Path,
        progress: Progress = lambda i, n: None,
    ) -> None:  # fmt: skip
        self.family, self.options, self.encoder = family, options, encoder
        views: tuple[View, ...] = family.paper_views if options.paper_views else ()
        self.studio = Studio(family, spec, views, options.outfit)
        self.template = self.studio.figures.person.template
        self.words = Words(encoder, family, self.template, options.one_text)
        self.descriptors: tuple[Descriptor, ...] = self.words.descriptors
        data = make_dataset(self.studio, encoder, options.count, options.seed, cache, progress)
        split = round(len(data) * (1 - HELD_OUT))
        self.train: Dataset = data.some(slice(0, split))
        self.held_out: Dataset = data.some(slice(split, None))
        self.seen = score(self.words, self.train.embeddings, options.way)
        """(n, words) the encoder's own scores of the samples to learn from."""
        self.held_out_seen = score(self.words, self.held_out.embeddings, options.way)

    @cached_property
    def known(self) -> list[Known]:
        """What speaks for each word, on the samples to learn from."""
        return known_words(self.descriptors, self.seen, self.measured, self.family.beyond, self.words.read)

    def source(self, word: str) -> str:
        """Where a word's scores come from: of `BY_PICTURES` and `BY_TAPE`."""
        known = self.known[self.words.words.index(word)]
        measured = known.rank is not None and self.options.fill and word not in self.options.forced
        return BY_TAPE if measured and not known.trusted(self.options.least) else BY_PICTURES

    @cached_property
    def scores(self) -> np.ndarray:
        """(n, words) of the samples to learn from: the encoder's, or a tape's."""
        return self._filled(self.seen, held_out=False)

    @cached_property
    def held_out_scores(self) -> np.ndarray:
        """(n, words) of the held-out samples."""
        return self._filled(self.held_out_seen, held_out=True)

    def _filled(self, seen: np.ndarray, held_out: bool) -> np.ndarray:
        """Scores by tape vary no more than any of a word that the encoder knows, so that those go first."""
        if not any(self.source(word) == BY_TAPE for word in self.words.words):
            return seen
        measured = self.held_out_measured if held_out else self.measured
        known = [i for i, k in enumerate(self.known) if k.trusted(self.options.least)]
        unit = float(self.seen[:, known].std(0).min()) if known else 1.0
        found = seen.copy()
        for i, descriptor in enumerate(self.descriptors):
            if self.source(descriptor.word) == BY_TAPE:
                told = wanted(descriptor, measured, self.measured)
                assert told is not None, "a word by tape is measured"
                found[:, i] = unit * told
        return found

    @cached_property
    def measured(self) -> dict[str, np.ndarray]:
        """What a tape says of the samples to learn from."""
        return tape(self.studio, self.train.coefficients)

    @cached_property
    def held_out_measured(self) -> dict[str, np.ndarray]:
        """What a tape says of the held-out samples."""
        return tape(self.studio, self.held_out.coefficients)

    def usable(self) -> list[str]:
        """Words that may be chosen.

        Raises:
            InvalidInput: there are fewer than two.
        """
        found = [
            k.word
            for k in self.known
            if k.trusted(self.options.least)
            or (self.options.unproved and k.rank is None)
            or self.source(k.word) == BY_TAPE
        ]
        if len(found) < 2:
            raise InvalidInput(
                f"This encoder knows {len(found)} of the {len(self.known)} words.",
                "Use another encoder, lower --least, or allow words by measure (--fill) or without (--unproved).",
            )
        return found

    def choose(self, count: int = 0, forced: bool = True) -> Choice:
        """Words for sliders.

        Args:
            count: how many; 0: as the options say.
            forced: whether those that the options force or prefer are among them.
        """
        number = count or self.options.words
        usable = self.usable()
        first = (*self.options.forced, *(word for word in self.options.preferred if word in usable))
        return choose(
            self.descriptors, self.scores, self.train.embeddings.mean(1), seed=self.options.seed, count=number,
            forced=first if forced else (), standardised=self.options.way != "cosine", among=usable,
        )  # fmt: skip

    def proved(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """The words whose sliders move what they mean more than stature or heaviness.

        The worst is left out and the others are fitted again, until none is left to leave out; forced words stay. Of
        blend shapes, words that are made of those before them are left out first.
        """
        if self.studio.one_sided:
            towards = directions(
                self.scores[:, self.columns(words)], self.train.coefficients, sides(self.studio.names)
            )
            words = tuple(words[i] for i in shown_apart(towards))
        while len(words) > 1:
            meant = [self.descriptors[i] for i in self.columns(words)]
            bad = overshadowed(meant, self.fit(words), self.studio, self.measured)
            bad = {word: times for word, times in bad.items() if word not in self.options.forced}
            if not bad:
                break
            worst = max(bad, key=lambda word: bad[word])
            words = tuple(word for word in words if word != worst)
        return words

    def columns(self, words: tuple[str, ...]) -> list[int]:
        """Where words stand among the scores."""
        return [self.words.words.index(word) for word in words]

    def fit(self, words: tuple[str, ...], kind: str = "") -> SliderMap:
        """Sliders for words, from the samples to learn from."""
        against = {d.word: "" if self.studio.one_sided else d.against for d in self.descriptors}
        return fit_sliders(
            words, tuple(against[w] for w in words), self.scores[:, self.columns(words)], self.train.coefficients,
            self.studio.limit, kind or self.options.kind,
            {**self.about(), "source": [self.source(w) for w in words]}, self.studio.one_sided,
            sides(self.studio.names),
        )  # fmt: skip

    def about(self) -> dict[str, Any]:
        """Where sliders come from."""
        return {
            **self.train.facts,
            "title": self.family.title,
            "names": list(self.studio.names),
            "way": self.options.way,
            "learnt_from": len(self.train),
            "held_out": len(self.held_out),
            "licence": LICENCE,
        }


def save_sliders(path: Path, sliders: SliderMap) -> None:
    """Write sliders, all or nothing.

    Raises:
        InvalidInput: the folder is missing or cannot be written.
    """
    save_npz(path, compress=True, **to_arrays(sliders))
