"""The whole evaluation of a model: what `impromptu motion eval` does."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..corpus import Corpus
from ..model import MotionClip
from ..space import LatentSpace
from .generated import Generate, generation, nearest_labels
from .judge import Judge
from .latents import meanings_of
from .prompts import labels, paraphrases, seen_among
from .recognition import recognition, scorers, trained_actions
from .reconstruction import coded_by, plain_coders, reconstruction, training_motions
from .report import as_text
from .retrieval import retrieval
from .sets import MOST, held_out_sets, trained

Say = Callable[[str], None]


@dataclass(frozen=True)
class EvalOptions:
    """What decides an evaluation, beside model and corpus."""

    libraries: tuple[str, ...] = ()
    """That the model trained on; none: all of the corpus. Baselines are fitted to the same."""
    sets: tuple[str, ...] = ()
    """Libraries whose held-out clips are measured on; none: all that have any."""
    split: str = "test"
    """`valid` while a model is still being chosen."""
    most: int = MOST
    """Windows of a set at most: of a larger one whole clips by lot."""
    components: tuple[int, ...] = (32, 128)
    """Principal components, besides as many as the latent has numbers."""
    fitted: int = 10_000
    """Training windows that the baselines are fitted to at most."""
    repeats: int = 3
    """Seeds a prompt."""
    seed: int = 0


@dataclass(frozen=True)
class Report:
    """All figures."""

    found: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As JSON values; what is not defined is null."""
        return _plain(self.found)

    def text(self) -> str:
        """As tables for a person."""
        return as_text(self.found)


def evaluate(
    model: MotionClip, corpus: Corpus, judge: Judge | None = None,
    generate: Generate | Mapping[str, Generate] | None = None, options: EvalOptions = EvalOptions(),
    space: LatentSpace | None = None, say: Say = lambda text: None,
) -> Report:  # fmt: skip
    """Measure a model on what its corpus holds out.

    Args:
        judge: of generated motions; none: they are not measured.
        generate: prompts and a seed to (n, 60, 136); several by name; none: they are not measured.
        space: of prompts and of the bare names of actions; none: the corpus's own, whose encoders are loaded.
        say: is told what is being done.
    """
    sets = held_out_sets(corpus, options.sets, options.most, options.split, options.seed)
    indices = trained(corpus, options.libraries, options.fitted, options.seed)
    known = trained_actions(corpus, indices)
    space = space or LatentSpace.from_json(corpus.facts["space"])
    found: dict[str, Any] = {
        "model": {"parameters": sum(p.numel() for p in model.parameters()), "latent": model.config.latent},
        "split": options.split, "sets": {each.name: each.counts() for each in sets},
        "trained": {
            "windows": len(indices), "clips": len(np.unique(corpus.windows.clip[indices])), "actions": len(known),
        },
    }  # fmt: skip
    say("Fitting baselines")
    coders = {"model": coded_by(model)}
    coders |= plain_coders(corpus, model, options.libraries, options.components, options.fitted)
    say("Measuring reconstruction")
    found["reconstruction"] = reconstruction(corpus, sets, coders)
    say("Measuring recognition and retrieval")
    judges = scorers(corpus, model, indices, space.texts(list(corpus.actions)), judge)
    latents = {each.name: meanings_of(model, corpus, each.indices) for each in sets}
    found["recognition"] = {s.name: recognition(corpus, s, latents[s.name], judges, list(known)) for s in sets}
    found["retrieval"] = {s.name: retrieval(corpus, s, latents[s.name]) for s in sets}
    if judge is not None and generate is not None:
        say("Measuring generation")
        ways = dict(generate) if isinstance(generate, Mapping) else {"generated": generate}
        actions = {corpus.actions[a] for a in known} & set(judge.actions)
        found["generation"] = _generation(corpus, judge, ways, actions, options, space)
    return Report(found)


def _generation(
    corpus: Corpus, judge: Judge, ways: Mapping[str, Generate], actions: set[str], options: EvalOptions,
    space: LatentSpace,
) -> dict[str, Any]:  # fmt: skip
    mean = training_motions(corpus, options.libraries, 2000).mean(0)
    # A corpus of somebody's own may hold the very words: then they are no paraphrase.
    seen = set(seen_among(paraphrases(), corpus.texts))
    lists = {"labels": labels(), "paraphrases": tuple(p for p in paraphrases() if p[0] not in seen)}
    found = {}
    for name, prompts in lists.items():
        chosen = [p for p in prompts if p[1] in actions]
        if not chosen:
            found[name] = {}
            continue
        plain = nearest_labels(corpus, options.libraries, space.texts([text for text, _ in chosen]))
        found[name] = generation(
            corpus, judge, {**ways, "nearest label": plain}, chosen, mean, options.libraries, options.repeats,
            options.seed, options.split,
        )  # fmt: skip
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def as_json(report: Report) -> str:
    """The report as text of JSON."""
    return json.dumps(report.to_json(), indent=1)
