"""`impromptu motion eval`: a model's file, or the one that ships, measured as people use it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..motion.library import Library
from ..protocol import Incompatible
from .bank import Bank, open_bank
from .building import SHIPPED, CorpusOptions, build_corpus
from .corpus import LENGTH, Corpus
from .evaluation.generated import Generate
from .evaluation.judge import load_judge
from .evaluation.runs import ablation
from .evaluation.whole import EvalOptions, Report, evaluate
from .features import ROTATIONS, features_of
from .generation import Draw, generate
from .weights import MotionModel, load_model

Progress = Callable[[str, int, int], None]
REPEATS = 2
"""Seeds a prompt: cleaning some five hundred motions takes minutes."""


def measure_model(spec: str, data: str, runs: Mapping[str, str], seed: int, progress: Progress) -> Report:
    """All figures of a model.

    Args:
        spec: as `load_model` takes it.
        data: folder of a corpus; empty: one is made of the library that ships, for this once.
        runs: name -> folder of runs that are compared beside it.
        seed: of generated motions.
        progress: stage, step and number of steps.

    Raises:
        AssetsMissing, InvalidInput: no such model, corpus or run.
        Incompatible: the corpus's texts are vectors of another space than the model's.
    """
    model = load_model(spec)
    if data:
        return _measure(model, Corpus.open(data), runs, seed, progress)
    with tempfile.TemporaryDirectory() as folder:
        options = CorpusOptions(space=model.space.spec)
        return _measure(model, build_corpus([""], Path(folder), options, progress), runs, seed, progress)


def _measure(model: MotionModel, corpus: Corpus, runs: Mapping[str, str], seed: int, progress: Progress) -> Report:
    if corpus.facts["space"] != model.about["space"]:
        raise Incompatible(
            "The corpus's texts are vectors of another space than the model's.",
            f"Make the corpus with `--space {model.about['space']['spec']}`.",
        )
    bank = trained_bank(open_bank(Library.open(), model), corpus)
    ways = {"words alone": drawn(model, None, 0)}
    if bank.clips:
        ways["as by default"] = drawn(model, bank, Draw().neighbours)
    stages: list[str] = []

    def say(stage: str) -> None:
        stages.append(stage)
        progress(stage, len(stages), len(stages) + 1)

    known = {c.library for c in corpus.clips if c.split == "train"}
    libraries = tuple(sorted(known & set(model.about.get("trained", {}).get("libraries", known))))
    options = EvalOptions(libraries=libraries, repeats=REPEATS, seed=seed)
    report = evaluate(model.net, corpus, load_judge(), ways, options, model.space, say)
    if runs:
        say("Comparing runs")
        report.found["ablation"] = ablation({name: Path(run) for name, run in runs.items()}, corpus, libraries)
    return report


def trained_bank(bank: Bank, corpus: Corpus, library: str = SHIPPED) -> Bank:
    """Only the clips of a library of the corpus that train.

    A draw that began with a held-out clip would be measured against itself.
    """
    known = {c.name for c in corpus.clips if c.split == "train" and c.library == library}
    keep = np.array([name in known for name in bank.clips], bool)
    place = np.cumsum(keep) - 1
    windows, texts = keep[bank.clip], keep[bank.text_clip]
    return replace(
        bank, clips=tuple(np.array(bank.clips)[keep]), frames=bank.frames[keep], clip=place[bank.clip[windows]],
        latents=bank.latents[windows], texts=tuple(t for t, k in zip(bank.texts, texts, strict=True) if k),
        text_clip=place[bank.text_clip[texts]], text_vectors=bank.text_vectors[texts],
    )  # fmt: skip


def drawn(model: MotionModel, bank: Bank | None, neighbours: int) -> Generate:
    """Motions as they are made for people, cleaned, two seconds of each."""

    def draw(prompts: Sequence[str], seed: int) -> NDArray[np.floating]:
        made = (generate(model, bank, prompt, Draw(seed, neighbours=neighbours)) for prompt in prompts)
        return np.stack([middle(features_of(one.clip)) for one in made])

    return draw


def middle(features: NDArray[np.floating]) -> NDArray[np.floating]:
    """(60, 136) of (frames, 136): the middle; a shorter motion stands still in its last pose."""
    if len(features) >= LENGTH:
        start = (len(features) - LENGTH) // 2
        return features[start : start + LENGTH]
    out = features[np.minimum(np.arange(LENGTH), len(features) - 1)].copy()
    out[len(features) - 1 :, ROTATIONS:-1] = 0
    return out
