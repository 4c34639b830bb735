"""`impromptu encoder`: encoders of texts and pictures: what they are worth, what they say, how one is made."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module
from typing import NamedTuple


class Part(NamedTuple):
    """One sub-command, in a module of its own."""

    about: str
    module: str
    add: str
    run: str


PARTS = {
    "eval": Part("measure an encoder on held-out pictures", "evaluation.command", "add_eval_arguments", "run_eval"),
    "score": Part("say how well texts fit pictures", "scoring", "add_score_arguments", "run_score"),
    "guide": Part("measure how well an encoder guides", "guidance.command", "add_guide_arguments", "run_guide"),
    "data": Part("make the pictures that one learns from", "training.shards", "add_data_arguments", "run_data"),
    "train": Part("train one", "training.command", "add_train_arguments", "run_train"),
    "tune": Part("tune a trained one's words", "training.tune_command", "add_tune_arguments", "run_tune"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The sub-commands and their options."""
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    for name, part in PARTS.items():
        about = part.about[0].upper() + part.about[1:] + "."
        _called(part.module, part.add)(kinds.add_parser(name, help=part.about, description=about))


def run(args: argparse.Namespace) -> int | None:
    """Run the chosen sub-command."""
    part = PARTS[args.kind]
    return _called(part.module, part.run)(args)


def _called(module: str, name: str) -> Callable[..., int | None]:
    """A function of a module, which is imported only now."""
    return getattr(import_module(f"..encoders.{module}", __package__), name)
