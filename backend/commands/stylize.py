"""`impromptu stylize FILE PROMPT -o FILE`: another look for an actor of a .blend file."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..cli import emit
from ..protocol import ACTOR_FORMATS, PREVIEW_FORMATS, REGIONS, InvalidInput, StylizeRequest
from .act import show_progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `StylizeRequest`."""
    d = StylizeRequest.__dataclass_fields__
    parser.add_argument("file", metavar="FILE", help="a .blend file with an actor, as `impromptu act` writes it")
    parser.add_argument("prompt", nargs="?", default="", help='the look, as in "a red shirt and blue jeans"')
    parser.add_argument("-o", "--output", action="append", default=[], metavar="FILE",
                        help=f"write {', '.join(ACTOR_FORMATS)} (repeatable)")  # fmt: skip
    parser.add_argument("--preview", action="append", default=[], metavar="FILE",
                        help=f"render {', '.join(PREVIEW_FORMATS)} (repeatable)")  # fmt: skip
    parser.add_argument("--text", default="", help="the look in words that are taken as they are")
    parser.add_argument("--negative", action="append", default=[], metavar="TEXT", help="what it shall not look like")
    parser.add_argument("--image", default="", metavar="FILE", help="a picture that it shall look like")
    parser.add_argument("--start", default="plain", choices=("plain", "present", "grey"),
                        help="plain clothes, what is worn now, or a grey body (default: %(default)s)")  # fmt: skip
    parser.add_argument("--only", action="append", default=[], choices=REGIONS, help="regions that may change")
    parser.add_argument("--keep", action="append", default=[], choices=REGIONS, help="regions that stay")
    parser.add_argument("--relief", type=float, default=d["relief"].default, help="0: colours alone; up to 1")
    parser.add_argument("--steps", type=int, default=d["steps"].default, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=d["seed"].default, help="default: %(default)s")
    parser.add_argument("--variants", type=int, default=d["variants"].default, help="looks, each in files of its own")
    parser.add_argument("--encoder", default="", help="what guides, as `impromptu models list` has it")
    parser.add_argument("--texture", type=int, default=d["texture"].default, help="pixels of a side; 0: none")
    parser.add_argument("--actor", default="", help="its name, where the file holds several")
    parser.add_argument("--blend", action="store_true", help="keep the look that it has, and blend both by a slider")
    parser.add_argument("--job", default="", metavar="FOLDER", help="keep checkpoints there, and go on from them")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(args: argparse.Namespace) -> int:
    """Restyle, report progress on standard error and the result on standard output."""
    if not args.output and not args.preview:
        raise InvalidInput("There is nothing to write.", "Name a file with -o FILE.blend or --preview FILE.png.")
    request = StylizeRequest(
        prompt=args.prompt, style_text=args.text, negative=tuple(args.negative), image=args.image,
        only=tuple(args.only), keep=tuple(args.keep), relief=args.relief, steps=args.steps, seed=args.seed,
        variants=args.variants, encoder=args.encoder, texture=args.texture,
    )  # fmt: skip
    if args.start == "present":
        # The look itself is read from the file.
        request = replace(request, start="present", look=args.file)
    elif args.start != request.start:
        request = replace(request, start=args.start)
    from ..restyle import restyle

    result = restyle(
        Path(args.file), request, [Path(p) for p in args.output], [Path(p) for p in args.preview], args.actor,
        args.blend, Path(args.job) if args.job else None, show_progress if sys.stderr.isatty() else lambda *_: None,
    )  # fmt: skip
    if args.json:
        emit(result)
    else:
        report(result)
    return 0


def report(facts: dict[str, Any]) -> None:
    """The result in a few lines for a person."""
    scores = facts["scores"]
    before, after = (scores[state]["choice"] for state in ("before", "after"))
    print(f"{facts['style_text']!r} on {facts['actor']}: {before:.2f} -> {after:.2f}")
    for part in scores["parts"]:
        print(f"{part['garment']}: {part['wanted']}, and it is {part['found']}")
    for file in facts["files"]:
        print(file)
