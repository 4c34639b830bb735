"""The last stage of training: pictures are seen once and kept, and words learn to tell them apart in batches of many.

A text tower that meets several times the pictures a step learns finer differences where nothing has to be looked at
again (Zhai et al. 2022, LiT). What pictures are answered with, a matrix or two, learns along; the trunk, the cells
and where a phrase's part is stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from ..builtin.model import BodyEncoder
from ..builtin.vocabulary import Vocabulary
from .average import averaged_model, begin_average, update_average
from .batches import Batches, Words
from .memory import Memory
from .schedule import warmed
from .steps import SHARPEST, WORD_NOISE, Weights, of_captions, of_phrases, read, weighed


@dataclass(frozen=True)
class Tuning:
    """All that decides this stage, beside the weights and the pictures."""

    seed: int = 0
    pictures: int = 60_000
    steps: int = 450
    batch: int = 384
    """Pictures a step."""
    rate: float = 8e-4
    """Learning rate of the text tower at its highest."""
    answer_rate: float = 6e-4
    """Of what pictures are answered with."""
    warm: float = 0.05
    decay: float = 0.02
    average: float = 0.99
    """Share of the moving average that stays at a step."""
    weights: Weights = field(default_factory=Weights)


class Tuned:
    """A model whose words are tuned in place, `step` by step.

    Args:
        model: of finished weights; words: its vocabulary, rows of features.
        memory: what its image tower found in the pictures that `batches` are made of.
    """

    def __init__(
        self, model: BodyEncoder, words: Vocabulary, memory: Memory, batches: Batches, options: Tuning
    ) -> None:
        self.model, self.words, self.options = model, words, options
        self._memory, self._batches = memory, batches
        model.requires_grad_(False)
        text = [*model.text.parameters(), model.scale, model.region_scale]
        answer = [*model.image.questions.answer.parameters(), *model.image.parts.tell.parameters()]
        self._learning = [*text, *answer]
        for value in self._learning:
            value.requires_grad_(True)
        self._optimiser = torch.optim.AdamW(
            [
                {"params": text, "lr": 0.0, "full": options.rate},
                {"params": answer, "lr": 0.0, "full": options.answer_rate},
            ],
            betas=(0.9, 0.98), weight_decay=options.decay,
        )  # fmt: skip
        self.averaged = begin_average(model)
        self.step = 0

    def advance(self) -> dict[str, float]:
        """Take one step; returns its losses by name."""
        options = self.options
        lots = torch.Generator().manual_seed(int(np.random.default_rng([options.seed, self.step]).integers(2**62)))
        indices, said = self._batches.words_at(self.step)
        image = self.model.image.answer(self._memory.found(indices))
        region, there = self._memory.regions(indices, said.slots)
        loss, parts = self._loss(image, region, there, said, lots)
        for group in self._optimiser.param_groups:
            group["lr"] = group["full"] * warmed(self.step, options.steps, options.warm)
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._learning, 1.0)
        self._optimiser.step()
        update_average(self.averaged, self.model, self.step, options.average)
        self.step += 1
        return parts

    def average_model(self) -> BodyEncoder:
        """A model of the averaged weights."""
        return averaged_model(self.model.config, self.averaged)

    def _loss(
        self, image: Tensor, region: Tensor, there: Tensor, said: Words, lots: torch.Generator
    ) -> tuple[Tensor, dict[str, float]]:
        captions, phrases = read(self.model, self.words, said.texts, WORD_NOISE, lots)
        scale = self.model.scale.exp().clamp(max=SHARPEST)
        there = there & (said.phrases >= 0)
        return weighed(self.options.weights, {
            **of_captions(said, image, captions, scale),
            **of_phrases(self.model, said, image, region, there, captions, phrases),
        })  # fmt: skip
