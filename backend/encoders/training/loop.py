"""The training loop: checkpoints that a killed run goes on from, a moving average of the weights, a log."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...files import atomic_path
from ...protocol import InvalidInput
from ..builtin.model import BodyEncoder, BodyEncoderConfig
from ..builtin.trunk import Block, fold_pretrained
from ..builtin.vocabulary import Vocabulary
from ..builtin.weights import for_training
from ..builtin.words import FEATURES
from .average import averaged_model, begin_average, update_average
from .batches import Batch, Batches
from .schedule import warmed
from .steps import Weights, loss_of

CHECKPOINT = "checkpoint.pt"
LOG = "log.jsonl"


@dataclass(frozen=True)
class Recipe:
    """All that decides a training run, beside the pictures."""

    model: BodyEncoderConfig = field(default_factory=BodyEncoderConfig)
    seed: int = 0
    steps: int = 2400
    batch: int = 112
    """Pictures a step."""
    sizes: tuple[tuple[float, int], ...] = ((0.5, 96), (0.85, 112), (1.0, 128))
    """Pixels of a side until a share of the steps is done: small pictures first teach most for their time."""
    frozen: int = 2
    """Stages of the trunk that keep their weights."""
    filters: bool = False
    """Whether the trunk's filters of single channels learn too: a step then takes half as long again."""
    trunk_rate: float = 5e-4
    rate: float = 1.2e-3
    """Learning rates of the trunk and of all else, at their highest."""
    warm: float = 0.04
    """Share of the steps in which the rates rise."""
    decay: float = 0.02
    average: float = 0.998
    """Share of the moving average of the weights that stays at a step."""
    clip: float = 1.0
    """Longest gradient."""
    weights: Weights = field(default_factory=Weights)
    hardened: float = 0.65
    """Share of the steps after which one batch in `apart` is changed against what the model sees in it ..."""
    apart: int = 2
    reach: float = 0.012
    """... by so much a colour channel at most, of 1."""
    start: str = ""
    """Digest of the weights that it begins with; none: the trunk's published ones."""

    def hardens(self, step: int) -> bool:
        """Whether a step's pictures are changed against the model."""
        return step >= self.hardened * self.steps and step % self.apart == 0

    def size_at(self, step: int) -> int:
        """Pixels of a side in a step."""
        return next(size for share, size in self.sizes if step < share * self.steps or share == self.sizes[-1][0])

    def rate_at(self, step: int) -> float:
        """Share of the highest rate in a step."""
        return warmed(step, self.steps, self.warm)


class Training:
    """A run in a folder: `step` by step, from where the folder's checkpoint left it.

    Args:
        folder: of the checkpoint and the log.
        batches: what it learns from.
        pretrained: published weights of the trunk, or none to begin with noise.
        start: weights to begin with instead, `.safetensors`.

    Raises:
        InvalidInput: the folder has a checkpoint of another recipe, or the start is another model's.
    """

    def __init__(
        self,
        folder: Path,
        recipe: Recipe,
        batches: Batches,
        pretrained: Mapping[str, Tensor] | None = None,
        start: Path | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.recipe, self.batches = folder, recipe, batches
        torch.manual_seed(recipe.seed)
        self.model = BodyEncoder(recipe.model)
        self.words = Vocabulary((), torch.empty(0, FEATURES))
        if start is not None:
            begun, self.words, _ = for_training(start)
            if begun.config != recipe.model:
                raise InvalidInput(f"{start.name} is of another shape.", "Give --trunk and --narrow as it was made.")
            self.model.load_state_dict(begun.state_dict())
        elif pretrained is not None:
            fold_pretrained(self.model.image.trunk, pretrained)
        self.model.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        for module in self.model.image.trunk.modules():
            if isinstance(module, Block):
                module.filter.requires_grad_(recipe.filters)
        self.averaged = begin_average(self.model)
        self.optimiser = self._optimiser()
        self.step = 0
        if (folder / CHECKPOINT).is_file():
            self._resume()

    def _optimiser(self) -> torch.optim.Optimizer:
        groups: dict[tuple[float, float], list[Tensor]] = {}
        for name, value in self.model.named_parameters():
            if not value.requires_grad:
                continue
            rate = self.recipe.trunk_rate if name.startswith("image.trunk") else self.recipe.rate
            decay = self.recipe.decay if value.ndim > 1 else 0.0
            groups.setdefault((rate, decay), []).append(value)
        return torch.optim.AdamW(
            [{"params": values, "lr": rate, "full": rate, "weight_decay": decay}
             for (rate, decay), values in groups.items()],
            betas=(0.9, 0.98),
        )  # fmt: skip

    def advance(self, batch: Batch) -> dict[str, Any]:
        """Take one step.

        Args:
            batch: the one of this step.

        Returns:
            what the log says of it.
        """
        began = time.perf_counter()
        recipe = self.recipe
        lots = torch.Generator().manual_seed(int(np.random.default_rng([recipe.seed, self.step]).integers(2**62)))
        size, reach = recipe.size_at(self.step), recipe.reach if recipe.hardens(self.step) else 0.0
        loss, parts = loss_of(self.model, self.words, batch, size, recipe.frozen, recipe.weights, reach, lots)
        for group in self.optimiser.param_groups:
            group["lr"] = group["full"] * recipe.rate_at(self.step)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        length = torch.nn.utils.clip_grad_norm_(self.model.parameters(), recipe.clip)
        self.optimiser.step()
        update_average(self.averaged, self.model, self.step, recipe.average)
        self.step += 1
        return {
            "step": self.step,
            "size": size,
            "reach": reach,
            "loss": float(loss.detach()),
            "gradient": float(length),
            **parts,
            "pictures_s": len(batch.pictures) / (time.perf_counter() - began),
        }

    def run(self, check: Callable[[dict[str, Any]], None], until: float = math.inf, every: int = 100) -> bool:
        """Go on to the end.

        Args:
            check: called with each step's log; what it raises ends the run, and the next one goes on.
            until: seconds of `time.time()` at which to stop early.
            every: steps between checkpoints.

        Returns:
            whether all steps are done.
        """
        rows: list[dict[str, Any]] = []
        coming = self.batches.since(self.step)
        try:
            while self.step < self.recipe.steps and time.time() < until:
                row = self.advance(next(coming))
                rows.append(row)
                if self.step % every == 0:
                    self._keep(rows)
                check(row)
        finally:
            coming.close()
            self._keep(rows)
        return self.step >= self.recipe.steps

    def average_model(self) -> BodyEncoder:
        """A model of the averaged weights."""
        return averaged_model(self.recipe.model, self.averaged)

    def _keep(self, rows: list[dict[str, Any]]) -> None:
        """Write the checkpoint whole, then the log of the steps that it has."""
        state = {
            "recipe": json.dumps(asdict(self.recipe)),
            "step": self.step,
            "model": self.model.state_dict(),
            "averaged": self.averaged,
            "optimiser": self.optimiser.state_dict(),
            "words": list(self.words.words),
            "features": self.words.rows,
        }
        with atomic_path(self.folder / CHECKPOINT) as path:
            torch.save(state, path)
        with open(self.folder / LOG, "a", encoding="utf-8") as log:
            log.writelines(json.dumps(row) + "\n" for row in rows)
        rows.clear()

    def _resume(self) -> None:
        state = torch.load(self.folder / CHECKPOINT, weights_only=True)
        if state["recipe"] != json.dumps(asdict(self.recipe)):
            raise InvalidInput(f"{self.folder} holds a run of another recipe.", "Name another folder, or remove it.")
        self.step = state["step"]
        self.model.load_state_dict(state["model"])
        self.averaged = state["averaged"]
        self.optimiser.load_state_dict(state["optimiser"])
        self.words = Vocabulary(state["words"], state["features"])
