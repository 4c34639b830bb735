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
    course = _Course(corpus, libraries, options)
    judge, best, kept, since, running = course.judge, np.inf, {}, 0, 0.0
    optimiser = torch.optim.AdamW(judge.parameters(), RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, options.steps)
    for step in range(options.steps):
        loss = course.loss(step)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(judge.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        running += (float(loss.detach()) - running) / (step % options.every + 1)
        if (step + 1) % options.every and step + 1 != options.steps:
            continue
        value = course.held_out_loss() if len(course.held) else running
        report(f"step {step + 1}: train {running:.3f}, held out {value:.3f}{' *' if value < best else ''}")
        since = 0 if value < best else since + 1
        if value < best:
            best, kept = value, deepcopy(judge.state_dict())
        if since >= options.patience:
            break
    judge.load_state_dict(kept)
    save_judge(out, judge.eval().requires_grad_(False), course.origin(best))
    return judge


class _Course:
    """What a judge is trained on.

    Raises:
        InvalidInput: as `train_judge`.
    """

    def __init__(self, corpus: Corpus, libraries: Sequence[str], options: JudgeOptions) -> None:
        self.corpus, self.options = corpus, options
        self.indices = _with_action(corpus, corpus.of_split("train", libraries))
        actions = corpus.windows.action[self.indices]
        present, counts = np.unique(actions, return_counts=True)
        if len(present) < 2:
            raise InvalidInput("The corpus trains fewer than two actions.", "Add libraries, or hold less out.")
        self.place = np.full(len(corpus.actions), -1)
        self.place[present] = np.arange(len(present))
        self.held = _with_action(corpus, corpus.of_split("valid", libraries), present)
        odds = counts[self.place[actions]].astype(float) ** -options.even
        self._odds = np.cumsum(odds / odds.sum())
        self._sampler = Sampler(corpus, self.indices, Augmentation())
        some = motions_of(corpus, self.indices[:: max(1, len(self.indices) // 2000)])
        seen = channels_of(some.features)[some.mask]
        self._sway = NOISE * some.features[some.mask].std(0)
        self.judge = Judge([corpus.actions[a] for a in present], seen.mean(0), seen.std(0).clamp(min=0.01))

    def loss(self, step: int) -> Tensor:
        """Of a batch that seed and step decide."""
        lots = np.random.default_rng([self.options.seed, step])
        size = self.options.batch
        chosen = self.indices[np.minimum(np.searchsorted(self._odds, lots.random(size)), len(self.indices) - 1)]
        batch = self._sampler.batch(chosen, lots)
        # One offset for a whole window: another way of standing, and no jitter that would teach what is smooth.
        features = batch.features + self._sway * torch.randn(size, 1, batch.features.shape[2])
        right = torch.from_numpy(self.place[self.corpus.windows.action[chosen]])
        said = self.judge.train()(features, batch.lengths)
        return nn.functional.cross_entropy(said, right, label_smoothing=SMOOTHING)

    def held_out_loss(self) -> float:
        """Mean over actions of the mean cross-entropy of their windows that are held out to stop by."""
        motions = motions_of(self.corpus, self.held)
        said, _ = judged(self.judge.eval(), motions.features, motions.lengths)
        actions = self.place[self.corpus.windows.action[self.held]]
        costs = -said[np.arange(len(said)), actions]
        return float(np.mean([costs[actions == a].mean() for a in np.unique(actions)]))

    def origin(self, best: float) -> dict[str, Any]:
        """For the file."""
        clips = [self.corpus.clips[c] for c in np.unique(self.corpus.windows.clip[self.indices])]
        return {
            "windows": len(self.indices), "clips": len(clips), "libraries": sorted({c.library for c in clips}),
            "licences": sorted({c.licence for c in clips}), "options": {**self.options.__dict__},
            "held_out_cross_entropy": round(float(best), 4),
        }  # fmt: skip


def _with_action(
    corpus: Corpus, indices: NDArray[np.int64], among: NDArray[np.int32] | None = None
) -> NDArray[np.int64]:
    actions = corpus.windows.action[indices]
    return indices[(actions >= 0) if among is None else np.isin(actions, among)]
