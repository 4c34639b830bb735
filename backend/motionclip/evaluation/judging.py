"""Training the judge: on the windows that the auto-encoder trains on, stopped by those held out for that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ...protocol import InvalidInput
from ..batches import Augmentation, Sampler
from ..corpus import Corpus
from .judge import Judge, channels_of, judged, save_judge
from .sets import motions_of

RATE, DECAY, SMOOTHING, NOISE = 2e-3, 0.05, 0.1, 0.1
"""Noise: standard deviation on standardised channels' sources, the features, as a share of their own."""


@dataclass(frozen=True)
class JudgeOptions:
    """What decides a judge, beside the corpus."""

    steps: int = 3000
    batch: int = 64
    every: int = 250
    """Steps between looks at `valid`."""
    patience: int = 6
    """Looks without a better one after which it stops."""
    even: float = 0.5
    """0: every window as often as any other; 1: every action as often as any other."""
    seed: int = 0


def train_judge(
    corpus: Corpus, out: Path, options: JudgeOptions = JudgeOptions(), libraries: Sequence[str] = (),
    report: Callable[[str], None] = print,
) -> Judge:  # fmt: skip
    """A judge of the actions that the corpus trains, written to `out`.

    The figure that stops it is the mean over actions of the cross-entropy on `valid`; of training itself where
    nothing is held out to stop by.

    Args:
        libraries: of the corpus, to train on; none: all.

    Raises:
        InvalidInput: fewer than two actions are there to be told apart.
    """
    torch.manual_seed(options.seed)
    indices = _with_action(corpus, corpus.of_split("train", libraries))
    present = np.unique(corpus.windows.action[indices])
    if len(present) < 2:
        raise InvalidInput("The corpus trains fewer than two actions.", "Add libraries, or hold less out.")
    place = np.full(len(corpus.actions), -1)
    place[present] = np.arange(len(present))
    sampler = Sampler(corpus, indices, Augmentation())
    some = motions_of(corpus, indices[:: max(1, len(indices) // 2000)])
    seen = channels_of(some.features)[some.mask]
    judge = Judge([corpus.actions[a] for a in present], seen.mean(0), seen.std(0).clamp(min=0.01))
    sway = NOISE * some.features[some.mask].std(0)
    odds = np.bincount(place[corpus.windows.action[indices]])[place[corpus.windows.action[indices]]] ** -options.even
    odds = np.cumsum(odds / odds.sum())
    held = _with_action(corpus, corpus.of_split("valid", libraries), present)
    optimiser = torch.optim.AdamW(judge.parameters(), RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, options.steps)
    best, kept, since, running = np.inf, deepcopy(judge.state_dict()), 0, 0.0
    for step in range(options.steps):
        lots = np.random.default_rng([options.seed, step])
        chosen = indices[np.minimum(np.searchsorted(odds, lots.random(options.batch)), len(indices) - 1)]
        loss = _step(judge, sampler, chosen, lots, sway, place[corpus.windows.action[chosen]])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(judge.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        running += (float(loss.detach()) - running) / (step % options.every + 1)
        if (step + 1) % options.every and step + 1 != options.steps:
            continue
        value = held_out_loss(judge, corpus, held, place) if len(held) else running
        report(f"step {step + 1}: train {running:.3f}, held out {value:.3f}{' *' if value < best else ''}")
        since = 0 if value < best else since + 1
        if value < best:
            best, kept = value, deepcopy(judge.state_dict())
        if since >= options.patience:
            break
    judge.load_state_dict(kept)
    save_judge(out, judge.eval().requires_grad_(False), _origin(corpus, indices, options, best))
    return judge


def _step(
    judge: Judge, sampler: Sampler, chosen: NDArray[np.int64], lots: np.random.Generator, sway: Tensor,
    actions: NDArray[np.int64],
) -> Tensor:  # fmt: skip
    batch = sampler.batch(chosen, lots)
    judge.train()
    # One offset for a whole window: another body's way of standing, and no jitter that would teach what is smooth.
    features = batch.features + sway * torch.randn(len(chosen), 1, batch.features.shape[2])
    said = judge(features, batch.lengths)
    return nn.functional.cross_entropy(said, torch.from_numpy(actions), label_smoothing=SMOOTHING)


def held_out_loss(judge: Judge, corpus: Corpus, indices: NDArray[np.int64], place: NDArray[np.int64]) -> float:
    """Mean over actions of the mean cross-entropy of their windows.

    Args:
        place: (actions of the corpus,) each one's place among the judge's.
    """
    motions = motions_of(corpus, indices)
    said, _ = judged(judge.eval(), motions.features, motions.lengths)
    actions = place[corpus.windows.action[indices]]
    costs = -said[np.arange(len(said)), actions]
    return float(np.mean([costs[actions == a].mean() for a in np.unique(actions)]))


def _with_action(
    corpus: Corpus, indices: NDArray[np.int64], among: NDArray[np.int32] | None = None
) -> NDArray[np.int64]:
    actions = corpus.windows.action[indices]
    return indices[(actions >= 0) if among is None else np.isin(actions, among)]


def _origin(corpus: Corpus, indices: NDArray[np.int64], options: JudgeOptions, best: float) -> dict[str, Any]:
    clips = np.unique(corpus.windows.clip[indices])
    libraries = sorted({corpus.clips[c].library for c in clips})
    return {
        "windows": len(indices), "clips": len(clips), "libraries": libraries,
        "licences": sorted({corpus.clips[c].licence for c in clips}), "options": {**options.__dict__},
        "held_out_cross_entropy": round(float(best), 4),
    }  # fmt: skip
