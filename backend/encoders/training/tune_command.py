"""`impromptu encoder tune`: the last stage, from finished weights to better ones."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path

from ...protocol import check_positive

EVERY = 25
"""Steps between lines of progress."""


def add_tune_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("weights", metavar="WEIGHTS", help="of impromptu encoder train, .safetensors")
    parser.add_argument(
        "--data", required=True, nargs="+", metavar="FOLDER", help="one or several, made by impromptu encoder data"
    )
    parser.add_argument("-o", "--output", required=True, metavar="FILE", help="weights to write, .safetensors")
    parser.add_argument(
        "--run",
        required=True,
        metavar="FOLDER",
        help="keeps what was found in the pictures, so that a run goes on",
    )
    parser.add_argument("--pictures", type=int, default=60_000, help="how many are looked at (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=450, help="default: %(default)s")
    parser.add_argument("--batch", type=int, default=384, help="pictures a step (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    parser.add_argument("--check", default="", metavar="FOLDER", help="held-out pictures (--split test) to look at")
    parser.add_argument("--check-every", type=int, default=300, help="steps (default: %(default)s)")


def run_tune(args: argparse.Namespace) -> None:
    """Look at the pictures, or go on with that, tune the words, and write the weights."""
    from ..torchvision_ops import ensure_torchvision_imports

    ensure_torchvision_imports()
    from ..base import digest_files
    from ..builtin import weights
    from .allocator import keep_memory
    from .batches import Batches
    from .memory import Memory
    from .shards import Joined, Shards, Thinned
    from .tuning import Tuned, Tuning
    from .usual import learn_usual

    for name in ("pictures", "steps", "batch"):
        check_positive(f"--{name}", getattr(args, name), 100_000_000)
    options = Tuning(seed=args.seed, pictures=args.pictures, steps=args.steps, batch=args.batch)
    keep_memory()
    model, words, origin = weights.for_training(Path(args.weights))
    whole = Joined([Shards(folder) for folder in args.data])
    shards = Thinned(whole, options.pictures)
    folder = Path(args.run) / digest_files(Path(args.weights))[:16]
    memory = Memory(folder, model, shards, lambda done: _tell(f"looked at {done:,} of {len(shards):,} pictures"))
    tuned = Tuned(model, words, memory, Batches(shards, options.batch, options.seed), options)
    held_out, mean = Shards(args.check) if args.check else None, {}
    while tuned.step < options.steps:
        for name, value in tuned.advance().items():
            mean[name] = 0.9 * mean.get(name, value) + 0.1 * value
        if tuned.step % EVERY == 0:
            values = " ".join(f"{name} {value:.3f}" for name, value in mean.items())
            _tell(f"step {tuned.step:,} of {options.steps:,}: {values}")
        if held_out and (tuned.step % args.check_every == 0 or tuned.step == options.steps):
            from .checks import look

            found = look(tuned.average_model(), words, held_out)
            _tell(", ".join(f"{name} {value:.4f}" for name, value in found.items()))
    origin = {**origin, "tuning": asdict(options)}
    model = tuned.average_model()
    explained = learn_usual(model, words, shards, options.seed)
    _tell(f"usual fit of phrases: {explained:.3f} of its variance explained")
    weights.save(Path(args.output), model, words.words, words.rows, origin)
    print(f"{args.output}: tuned in {tuned.step:,} steps.")


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
