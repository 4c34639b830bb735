"""`impromptu encoder train`: from a folder of training pictures to a file of weights."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...files import sha256_of
from ...protocol import InvalidInput, check_positive

if TYPE_CHECKING:
    from .loop import Recipe, Training
    from .shards import Pictures, Shards

NARROW = {"width": 96, "dim": 160}
EVERY = 20
"""Steps between lines of progress."""


def add_train_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument(
        "--data", required=True, nargs="+", metavar="FOLDER", help="one or several, made by impromptu encoder data"
    )
    parser.add_argument("-o", "--output", required=True, metavar="FILE", help="weights to write, .safetensors")
    parser.add_argument("--run", required=True, metavar="FOLDER", help="checkpoint and log; a run that ended goes on")
    parser.add_argument("--steps", type=int, default=2400, help="default: %(default)s")
    parser.add_argument("--batch", type=int, default=112, help="pictures a step (default: %(default)s)")
    parser.add_argument("--trunk", default="lite0", choices=("lite0", "lite1", "lite2"), help="default: %(default)s")
    parser.add_argument("--narrow", action="store_true", help="smaller layers beside the trunk, for a smaller file")
    parser.add_argument(
        "--start", default="", metavar="WEIGHTS", help="a last stage for these: full size, a third of the rates"
    )
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    parser.add_argument("--minutes", type=float, default=0, help="stop after so many; the same command goes on")
    parser.add_argument("--check", default="", metavar="FOLDER", help="held-out pictures (--split test) to look at")
    parser.add_argument("--check-every", type=int, default=500, help="steps (default: %(default)s)")


def run_train(args: argparse.Namespace) -> None:
    """Train, go on with training, or write the weights of a run that is done."""
    from ..torchvision_ops import ensure_torchvision_imports

    ensure_torchvision_imports()
    from .allocator import keep_memory
    from .batches import Batches
    from .loop import Training
    from .pretrained import published
    from .shards import Joined, Shards

    check_positive("--steps", args.steps, 10_000_000)
    check_positive("--batch", args.batch, 100_000)
    shards = Joined([Shards(folder) for folder in args.data])
    if len(shards) < 2 * args.batch:
        raise InvalidInput(f"There are only {len(shards)} pictures.", "Make more: impromptu encoder data.")
    keep_memory()
    recipe = recipe_of(args)
    batches = Batches(shards, args.batch, args.seed)
    start = Path(args.start) if args.start else None
    training = Training(Path(args.run), recipe, batches, published(args.trunk), start)
    until = time.time() + 60 * args.minutes if args.minutes else float("inf")
    done = training.run(_Progress(training, Shards(args.check) if args.check else None, args.check_every), until)
    export(training, Path(args.output), shards, [one.request for one in shards.sets])
    print(f"{args.output}: {training.step:,} of {recipe.steps:,} steps" + ("." if done else ", not yet done."))


def recipe_of(args: argparse.Namespace) -> Recipe:
    """The recipe that the options ask for."""
    from ..builtin.model import BodyEncoderConfig
    from .loop import Recipe

    model = replace(BodyEncoderConfig(), trunk=args.trunk, **(NARROW if args.narrow else {}))
    recipe = Recipe(model=model, seed=args.seed, steps=args.steps, batch=args.batch)
    if not args.start:
        return recipe
    return replace(
        recipe, start=sha256_of(Path(args.start)), sizes=((1.0, model.size),), hardened=0.0, apart=4, average=0.99,
        trunk_rate=recipe.trunk_rate / 3, rate=recipe.rate / 3,
    )  # fmt: skip


def export(training: Training, path: Path, shards: Pictures, data: Sequence[Mapping[str, Any]]) -> None:
    """Write the averaged weights of a run, with what they come from."""
    from ..builtin.weights import save
    from .usual import learn_usual

    origin = {
        "recipe": asdict(training.recipe),
        "steps": training.step,
        "pictures": len(shards),
        "data": [{k: v for k, v in one.items() if k != "part_names"} for one in data],
    }
    model = training.average_model()
    learn_usual(model, training.words, shards, training.recipe.seed)
    save(path, model, training.words.words, training.words.rows, origin)


class _Progress:
    """Tells how a run goes, on standard error."""

    def __init__(self, training: Training, held_out: Shards | None, every: int) -> None:
        self.training, self.held_out, self.every = training, held_out, every
        self._mean: dict[str, Any] = {}

    def __call__(self, row: dict[str, Any]) -> None:
        for name, value in row.items():
            self._mean[name] = 0.95 * self._mean.get(name, value) + 0.05 * value
        step, steps = row["step"], self.training.recipe.steps
        if step % EVERY == 0:
            left = (steps - step) * self.training.recipe.batch / self._mean["pictures_s"] / 60
            values = " ".join(f"{k} {self._mean[k]:.3f}" for k in ("loss", "contrast", "prefer", "regions", "locate"))
            rate = f"{self._mean['pictures_s']:.0f} pictures a second"
            print(
                f"step {step:,} of {steps:,}, {row['size']} px: {values}; {rate}, {left:.0f} min left",
                file=sys.stderr,
            )
        if self.held_out and step % self.every == 0:
            from .checks import look

            found = look(self.training.average_model(), self.training.words, self.held_out)
            print(
                json.dumps({"step": step, **{k: round(v, 4) for k, v in found.items()}}), file=sys.stderr, flush=True
            )
