"""What `impromptu motion` has for making the model: its corpus, its training, its file, its figures."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..cli import emit

CORPUS, RUN = "build/motion-corpus", "build/motion-model"


def add_arguments(kinds: Any) -> None:
    """`data`, `train`, `pack`, `judge` and `eval`."""
    _add_data(kinds)
    _add_train(kinds)
    _add_eval(kinds)


def _add_data(kinds: Any) -> None:
    data = kinds.add_parser("data", help="make a corpus of libraries", description="Make a corpus to train on.")
    data.add_argument("-o", "--output", default=CORPUS, metavar="FOLDER", help="default: %(default)s")
    data.add_argument("--library", action="append", default=[], metavar="LIB",
                      help="folder or .zip, or `default` (repeatable; default: the one that ships)")  # fmt: skip
    data.add_argument("--test-library", action="append", default=[], metavar="LIB",
                      help="a library that only measures (repeatable)")  # fmt: skip
    data.add_argument("--frames", action="append", default=[], metavar="FOLDER",
                      help="pictures that `impromptu render frames --each window` took (repeatable)")  # fmt: skip
    data.add_argument("--splits", default="", metavar="FILE", help="which clips are held out, by patterns of names")
    data.add_argument("--share", type=float, default=0.0, help="of all other clips held out by lot (default: none)")
    data.add_argument("--space", default="", help="encoders of the latent space, as minilm:0.8,body:0.2, or clip")
    data.add_argument("--join", default="ways", choices=("ways", "all"),
                      help="labels of the same frames: one, or all joined (default: %(default)s)")  # fmt: skip
    data.add_argument("--stride", type=int, default=20, help="frames between windows (default: %(default)s)")


def _add_train(kinds: Any) -> None:
    train = kinds.add_parser("train", help="train the model; goes on where it stopped", description="Train.")
    train.add_argument("--data", default=CORPUS, metavar="FOLDER", help="default: %(default)s")
    train.add_argument("--run", default=RUN, metavar="FOLDER", help="of checkpoints and logs (default: %(default)s)")
    train.add_argument("-o", "--output", default="", metavar="FILE", help="also write the model, .safetensors")
    train.add_argument("--profile", default="small", choices=("small", "paper"), help="sizes, rates and losses")
    train.add_argument("--steps", type=int, default=0, help="default: the profile's")
    train.add_argument("--batch", type=int, default=0, help="windows a step and process (default: the profile's)")
    train.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    train.add_argument("--without", action="append", default=[], choices=("text", "image"), help="leave a loss out")
    train.add_argument(
        "--only", action="append", default=[], metavar="LIB", help="train on these of the corpus alone"
    )
    train.add_argument("--workers", type=int, default=0, help="processes that make batches (default: none)")
    train.add_argument("--precision", default="auto", choices=("auto", "no", "bf16"), help="default: %(default)s")
    train.add_argument("--compile", action="store_true", help="compile the model, for GPUs")
    train.add_argument("--threads", type=int, default=0, help="of the processor (default: torch's)")
    _add_name(train)
    pack = kinds.add_parser("pack", help="write a run's best weights as a model", description="Write a model's file.")
    pack.add_argument("--data", default=CORPUS, metavar="FOLDER", help="default: %(default)s")
    pack.add_argument("--run", default=RUN, metavar="FOLDER", help="default: %(default)s")
    pack.add_argument("-o", "--output", required=True, metavar="FILE", help=".safetensors")
    _add_name(pack)


def _add_eval(kinds: Any) -> None:
    judge = kinds.add_parser("judge", help="train the judge of generated motions", description="Train the judge.")
    judge.add_argument("--data", default=CORPUS, metavar="FOLDER", help="default: %(default)s")
    judge.add_argument("-o", "--output", required=True, metavar="FILE", help=".safetensors")
    judge.add_argument("--threads", type=int, default=0, help="of the processor (default: torch's)")
    evaluate = kinds.add_parser("eval", help="measure a model on held-out clips", description="Measure a model.")
    evaluate.add_argument("--data", default="", metavar="FOLDER",
                          help="corpus (default: made of the library that ships, which is little)")  # fmt: skip
    evaluate.add_argument("--model", default="auto", metavar="FILE", help="default: the one that ships")
    evaluate.add_argument("--ablation", action="append", default=[], metavar="NAME=RUN",
                          help="also compare these runs (repeatable)")  # fmt: skip
    evaluate.add_argument("--seed", type=int, default=0, help="of generated motions (default: %(default)s)")
    evaluate.add_argument("--json", action="store_true", help="print one JSON document")


def _add_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", default="motion model", help="of the weights, as shown (default: %(default)s)")
    parser.add_argument("--licence", default="unknown", help="of the weights (default: %(default)s)")


def _data(args: argparse.Namespace) -> None:
    from ..encoders.torchvision_ops import ensure_torchvision_imports

    ensure_torchvision_imports()
    from ..motionclip.building import CorpusOptions, build_corpus

    names = [n for n in (*(args.library or ["default"]), *args.test_library)]
    libraries = ["" if name == "default" else name for name in names]
    options = CorpusOptions(
        stride=args.stride, splits=args.splits, share=args.share,
        test_only=tuple(Path(t).name for t in args.test_library), join=args.join, space=args.space,
        frames=tuple(args.frames),
    )  # fmt: skip
    corpus = build_corpus(libraries, Path(args.output), options, _progress)
    counts = ", ".join(f"{len(corpus.of_split(s)):,} {s}" for s in ("train", "valid", "test"))
    print(f"{args.output}: {corpus.facts['frames'] / 1800:.1f} minutes, windows: {counts}")
    if corpus.facts["left_out"]:
        print(f"left out, as second copies of held-out recordings: {', '.join(corpus.facts['left_out'])}")


def _progress(stage: str, step: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{stage} {step:,}/{total:,}   ", end="" if step < total else "\n", file=sys.stderr, flush=True)


def _train(args: argparse.Namespace) -> None:
    import torch

    from ..motionclip.corpus import Corpus
    from ..motionclip.packing import pack
    from ..motionclip.training import PROFILES, Training

    if args.threads:
        torch.set_num_threads(args.threads)
    recipe = PROFILES[args.profile]
    changes = {name: getattr(args, name) for name in ("steps", "batch") if getattr(args, name)}
    weights = replace(recipe.weights, **dict.fromkeys(args.without, 0.0))
    recipe = replace(recipe, weights=weights, libraries=tuple(args.only), seed=args.seed, **changes)
    corpus = Corpus.open(args.data)
    training = Training(corpus, recipe, Path(args.run), args.workers, args.precision, args.compile)
    training.run(lambda line: print(line, flush=True))
    if args.output and training.accelerator.is_main_process:
        pack(Path(args.run), corpus, Path(args.output), args.name, args.licence)
        print(args.output)


def _pack(args: argparse.Namespace) -> None:
    from ..motionclip.corpus import Corpus
    from ..motionclip.packing import pack

    pack(Path(args.run), Corpus.open(args.data), Path(args.output), args.name, args.licence)
    print(args.output)


def _judge(args: argparse.Namespace) -> None:
    import torch

    from ..motionclip.corpus import Corpus
    from ..motionclip.evaluation.judging import train_judge

    if args.threads:
        torch.set_num_threads(args.threads)
    train_judge(Corpus.open(args.data), Path(args.output))
    print(args.output)


def _eval(args: argparse.Namespace) -> None:
    from ..motionclip.measuring import measure_model

    runs = dict(pair.partition("=")[::2] for pair in args.ablation)
    report = measure_model(args.model, args.data, runs, args.seed, _progress)
    if args.json:
        emit(report.to_json())
    else:
        print(report.text())


RUNS: dict[str, Callable[[argparse.Namespace], Any]] = {
    "data": _data, "train": _train, "pack": _pack, "judge": _judge, "eval": _eval,
}  # fmt: skip
"""Kinds -> what runs them."""
