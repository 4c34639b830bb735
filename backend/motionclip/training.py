"""The training loop, through accelerate: one process, several GPUs or machines; a killed run goes on exactly."""

from __future__ import annotations

import json
import math
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from ..body.kept import kept_body
from ..files import read_json, write_json
from ..protocol import InvalidInput, RuntimeMissing
from .batches import PLAIN, Augmentation, Sampler, loader
from .coding import fit_codes
from .corpus import Corpus
from .losses import PAPER_WEIGHTS, LossWeights, Targets, losses_of, total_of
from .model import PAPER, SMALL, Decoded, ModelConfig, MotionClip
from .surface import Surface
from .weights import FORMAT

CHECKPOINT, LOG, RECIPE, BEST = "checkpoint", "log.jsonl", "recipe.json", "best.pt"
OLD = f".{CHECKPOINT}-old"
AVERAGED, STATE = "averaged.pt", "state.json"
"""In the checkpoint, beside accelerate's own files."""


@dataclass(frozen=True)
class Recipe:
    """All that decides a run, beside the corpus."""

    model: ModelConfig = SMALL
    weights: LossWeights = field(default_factory=LossWeights)
    augmentation: Augmentation = field(default_factory=Augmentation)
    libraries: tuple[str, ...] = ()
    """Of the corpus, to train on; none: all."""
    steps: int = 5_000
    batch: int = 32
    """Windows a step and process."""
    rate: float = 1e-3
    warm: int = 100
    """Steps in which the rate rises; it then falls to a fiftieth, as a cosine."""
    decay: float = 0.01
    clip: float = 1.0
    """Longest gradient."""
    drawn: bool = True
    """Whether the decoder also gets latents that are drawn to their text."""
    jitter: float = 0.3
    """Standard deviations by which the encoder's numbers are off throughout a window: without it another actor's
    motions mean little to it."""
    noise: float = 0.02
    """Length of the noise that the decoder has to bear, as a share of the latent's: what lies between two motions is
    then a motion too."""
    average: float = 0.998
    """Share of the moving average of the weights that stays at a step: the average is what is kept."""
    every: int = 500
    """Steps between measurements on `valid`, and between checkpoints."""
    patience: int = 8
    """Measurements without a better one after which it stops."""
    seed: int = 0

    def rate_at(self, step: int) -> float:
        """Share of the highest rate."""
        if step < self.warm:
            return (step + 1) / self.warm
        done = (step - self.warm) / max(self.steps - self.warm, 1)
        return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return json.loads(json.dumps(asdict(self)))


PROFILES = {
    "small": Recipe(),
    "paper": Recipe(
        model=PAPER, weights=PAPER_WEIGHTS, augmentation=PLAIN, steps=100_000, batch=20, rate=1e-4, warm=1,
        average=0.0, drawn=False, jitter=0.0, noise=0.0,
    ),
}  # fmt: skip
"""What ships, and what was published: 8 + 8 layers of 512, AdamW 1e-4, batches of 20, both lambdas .01."""


@dataclass
class State:
    """What a checkpoint keeps beside weights and optimiser."""

    step: int = 0
    best: float = math.inf
    since: int = 0
    """Measurements since the best."""


class Training:
    """A run in a folder: what is there is gone on with.

    Args:
        corpus: open.
        folder: of the checkpoint, the log, TensorBoard's events and the best weights.
        workers: processes that make batches.
        precision: `no` or `bf16`; `auto` is bf16 on a GPU that has it.
        compiled: compile the model, which pays on a GPU.

    Raises:
        InvalidInput: the folder holds a run of another recipe or corpus.
    """

    def __init__(
        self, corpus: Corpus, recipe: Recipe, folder: Path, workers: int = 0, precision: str = "auto",
        compiled: bool = False,
    ) -> None:  # fmt: skip
        try:
            # Both now: the second is first used when a measurement is written, an hour's work later.
            from accelerate import Accelerator
            from torch.utils import tensorboard
        except ImportError as error:
            raise RuntimeMissing(
                f"Training needs {error.name}, which is not installed.", "Install it: pip install -e '.[motion]'"
            ) from error
        if precision == "auto":
            precision = "bf16" if torch.cuda.is_available() and torch.cuda.is_bf16_supported() else "no"
        self.accelerator = Accelerator(mixed_precision=precision)
        self.corpus, self.recipe, self.folder, self.workers = corpus, recipe, folder, workers
        torch.manual_seed(recipe.seed)
        self._claim()
        mean, std = statistics(corpus, self._indices("train"))
        config = recipe.model.in_space(corpus.text_vectors.shape[1])
        self.surface = Surface(kept_body("neutral"))
        codes = fit_codes(
            corpus, self._indices("train"), config, mean, std, self.surface, recipe.augmentation, recipe.seed
        )
        model = MotionClip(config, mean, std, codes)
        self.averaged = MotionClip(config, mean, std, codes).requires_grad_(False).eval()
        self.averaged.load_state_dict(model.state_dict())
        self.averaged.to(self.accelerator.device)
        self.surface.to(self.accelerator.device)
        optimiser = torch.optim.AdamW(_groups(model, recipe.decay), lr=recipe.rate)
        self.state = State()
        self.model, self.optimiser = self.accelerator.prepare(model, optimiser)
        self.stepped: Callable[..., Any] = torch.compile(self.model) if compiled else self.model
        self.train, self.valid = Sampler(corpus, self._indices("train"), recipe.augmentation), None
        held = self._indices("valid")
        if len(held):
            self.valid = Sampler(corpus, held, PLAIN)
        if self._found():
            self._load(folder / CHECKPOINT)
        self._board, self._writer = tensorboard.SummaryWriter, None

    def _indices(self, split: str) -> Any:
        known = {c.library for c in self.corpus.clips}
        unknown = [name for name in self.recipe.libraries if name not in known]
        if unknown:
            raise InvalidInput(f"The corpus has no library {unknown[0]}.", f"It has {', '.join(sorted(known))}.")
        found = self.corpus.of_split(split, self.recipe.libraries)
        if split == "train" and not len(found):
            raise InvalidInput("Nothing of the corpus may train.", "Add libraries, or hold less out.")
        return found

    def _claim(self) -> None:
        """The folder is this run's."""
        identity = {
            "recipe": self.recipe.to_json(),
            "corpus": self.corpus.digest(),
            "processes": self.accelerator.num_processes,
            "format": FORMAT,
        }
        if self.accelerator.is_main_process:
            self.folder.mkdir(parents=True, exist_ok=True)
            if (self.folder / RECIPE).is_file():
                if read_json(self.folder / RECIPE) != json.loads(json.dumps(identity)):
                    raise InvalidInput(f"{self.folder} holds another run.", "Name another folder, or remove it.")
            else:
                write_json(self.folder / RECIPE, identity)
        self.accelerator.wait_for_everyone()

    @property
    def seen(self) -> slice:
        """Where pictures have their place in the latent; nowhere without pictures."""
        return slice(*self.corpus.facts["space"]["seen"]) if self.corpus.pictures.size else slice(0, 0)

    def run(self, report: Callable[[str], None] = print, until: int | None = None) -> bool:
        """Train to the end, or to a step.

        Returns:
            whether the run is over.
        """
        recipe, state, begun = self.recipe, self.state, time.monotonic()
        end = recipe.steps if until is None else min(until, recipe.steps)
        accelerator = self.accelerator
        batches = loader(
            self.train, recipe.batch, recipe.seed, state.step, end, accelerator.process_index, self.workers
        )
        first, sums, count = state.step, {}, 0
        for tensors in batches if not self.over else ():
            # Dropout's lots are the step's own, so that going on from a checkpoint changes nothing.
            torch.manual_seed(recipe.seed * 1_000_003 + state.step * 64 + accelerator.process_index)
            terms = self._step(Targets(*tensors).to(accelerator.device))
            state.step += 1
            for name, value in terms.items():
                sums[name] = sums.get(name, 0.0) + value
            count += 1
            if state.step % recipe.every == 0 or state.step == recipe.steps:
                means = {k: float(cast(Tensor, accelerator.reduce(v, "mean"))) / count for k, v in sums.items()}
                sums, count = {}, 0
                rate = (state.step - first) * recipe.batch * accelerator.num_processes / (time.monotonic() - begun)
                self._measure(means, rate, report)
                self.save()
                if self.over:
                    break
        return self.over

    @property
    def over(self) -> bool:
        """Whether all steps are done, or nothing has got better for long."""
        return self.state.step >= self.recipe.steps or self.state.since >= self.recipe.patience

    def _step(self, targets: Targets) -> dict[str, Tensor]:
        recipe = self.recipe
        for group in self.optimiser.param_groups:
            group["lr"] = recipe.rate * recipe.rate_at(self.state.step)
        self.model.train()
        texts = targets.text if recipe.drawn else None
        latents, decoded = self.stepped(targets.features, targets.lengths, recipe.noise, texts, recipe.jitter)
        terms = self._terms(targets, latents, decoded)
        loss = total_of(terms, recipe.weights)
        self.optimiser.zero_grad(set_to_none=True)
        self.accelerator.backward(loss)
        self.accelerator.clip_grad_norm_(self.model.parameters(), recipe.clip)
        self.optimiser.step()
        self._average()
        return {"loss": loss.detach(), **{k: v.detach() for k, v in terms.items()}}

    def _terms(self, targets: Targets, latents: Tensor, decoded: Decoded) -> dict[str, Tensor]:
        meant = self.averaged.meaning(latents)
        std, weights = self.averaged.std, self.recipe.weights
        return losses_of(targets, meant, decoded, std, self.surface, weights, self.seen)

    @torch.no_grad()
    def _average(self) -> None:
        keep = min(self.recipe.average, (1 + self.state.step) / (10 + self.state.step))
        ours = dict(self.accelerator.unwrap_model(self.model).named_parameters())
        names = [n for n, _ in self.averaged.named_parameters()]
        mine = [p for _, p in self.averaged.named_parameters()]
        torch._foreach_lerp_(mine, [ours[n].detach() for n in names], 1 - keep)  # pyright: ignore

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """Terms of the averaged weights on the held-out windows that decide when to stop."""
        assert self.valid is not None
        sums: dict[str, float] = {}
        indices = self.valid.indices
        for i in range(0, len(indices), 128):
            chosen = indices[i : i + 128]
            targets = self.valid.batch(chosen).to(self.accelerator.device)
            latents, decoded = self.averaged(targets.features, targets.lengths)
            terms = self._terms(targets, latents, decoded)
            terms["loss"] = total_of(terms, self.recipe.weights)
            for name, value in terms.items():
                sums[name] = sums.get(name, 0.0) + float(value) * len(chosen) / len(indices)
        return sums

    def _held(self, means: dict[str, float]) -> dict[str, float]:
        """What decides: measured by one process and told to the others, so that all stop at the same step."""
        from accelerate.utils import broadcast_object_list

        told: list[Any] = [None]
        if self.accelerator.is_main_process:
            told = [self.validate() if self.valid is not None else dict(means)]
        return broadcast_object_list(told)[0] if self.accelerator.num_processes > 1 else told[0]

    def _measure(self, means: dict[str, float], rate: float, report: Callable[[str], None]) -> None:
        state = self.state
        held = self._held(means)
        better = held["loss"] < state.best
        state.best, state.since = (held["loss"], 0) if better else (state.best, state.since + 1)
        if not self.accelerator.is_main_process:
            return
        row = {
            "step": state.step,
            "windows_per_second": round(rate, 1),
            "train": _rounded(means),
            "valid": _rounded(held),
        }
        with open(self.folder / LOG, "a", encoding="utf-8") as log:
            log.write(json.dumps(row) + "\n")
        self._tensorboard(row)
        if better:
            _replace(self.folder / BEST, lambda path: torch.save(self.averaged.state_dict(), path))
        report(
            f"step {state.step:,}: train {means['loss']:.4f}, held out {held['loss']:.4f}"
            f"{' *' if better else ''}, {rate:.0f} windows a second"
        )

    def _tensorboard(self, row: dict[str, Any]) -> None:
        if self._writer is None:
            self._writer = self._board(str(self.folder))
        for split in ("train", "valid"):
            for name, value in row[split].items():
                self._writer.add_scalar(f"{name}/{split}", value, row["step"])
        self._writer.add_scalar("windows_per_second", row["windows_per_second"], row["step"])
        self._writer.flush()

    def _found(self) -> bool:
        """Whether there is a checkpoint; the one before where a kill came between the two renames of `save`."""
        target, old = self.folder / CHECKPOINT, self.folder / OLD
        if self.accelerator.is_main_process and old.is_dir() and not target.is_dir():
            old.rename(target)
        self.accelerator.wait_for_everyone()
        return target.is_dir()

    def _load(self, folder: Path) -> None:
        """Go on from a checkpoint. What accelerate itself would keep for us it would read as code, so we keep it."""
        self.accelerator.load_state(str(folder))
        weights = torch.load(folder / AVERAGED, weights_only=True, map_location=self.accelerator.device)
        self.averaged.load_state_dict(weights)
        kept = read_json(folder / STATE)
        best = math.inf if kept["best"] is None else float(kept["best"])
        self.state = State(int(kept["step"]), best, int(kept["since"]))
        if self.accelerator.is_main_process:
            self._cut_log()

    def _cut_log(self) -> None:
        """Rows of steps that the checkpoint does not know are written again."""
        lines = (self.folder / LOG).read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if line.endswith("\n") and json.loads(line)["step"] <= self.state.step]
        _replace(self.folder / LOG, lambda path: path.write_text("".join(kept), encoding="utf-8"))

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        temporary, target = self.folder / f".{CHECKPOINT}", self.folder / CHECKPOINT
        if self.accelerator.is_main_process:
            shutil.rmtree(temporary, ignore_errors=True)
        self.accelerator.wait_for_everyone()
        self.accelerator.save_state(str(temporary))
        if self.accelerator.is_main_process:
            torch.save(self.averaged.state_dict(), temporary / AVERAGED)
            finite = self.state.best if math.isfinite(self.state.best) else None
            write_json(temporary / STATE, {**asdict(self.state), "best": finite})
        self.accelerator.wait_for_everyone()
        if self.accelerator.is_main_process:
            old = self.folder / OLD
            shutil.rmtree(old, ignore_errors=True)
            if target.exists():
                target.rename(old)
            temporary.rename(target)
            shutil.rmtree(old, ignore_errors=True)
        self.accelerator.wait_for_everyone()


def statistics(corpus: Corpus, indices: Sequence[int] | Any, most: int = 200_000) -> tuple[Tensor, Tensor]:
    """(136,) mean and standard deviation of the frames of windows.

    Each deviation is at least .2, so that no joint that hardly turns counts more than the others.
    """
    clips = np.unique(corpus.windows.clip[indices])
    rows = np.concatenate(
        [np.arange(corpus.clips[c].start, corpus.clips[c].start + corpus.clips[c].frames) for c in clips]
    )
    rows = rows[:: max(1, len(rows) // most)]
    frames = torch.from_numpy(corpus.features[rows].astype(np.float32))
    return frames.mean(0), frames.std(0).clamp(min=0.2)


def _groups(model: nn.Module, decay: float) -> list[dict[str, Any]]:
    """Only matrices decay."""
    matrices = [p for p in model.parameters() if p.ndim > 1]
    return [
        {"params": matrices, "weight_decay": decay},
        {"params": [p for p in model.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ]


def _replace(path: Path, write: Callable[[Path], Any]) -> None:
    temporary = path.with_name(f".{path.name}")
    write(temporary)
    temporary.replace(path)


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {k: round(v, 6) for k, v in values.items()}
