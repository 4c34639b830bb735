"""The command line: one sub-command a module of `commands`, imported only when it is the one called for."""

from __future__ import annotations

import argparse
import contextlib
import errno
import gc
import importlib
import io
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from .. import __version__
from .protocol import ImpromptuError

COMMANDS = {
    "act": "turn a prompt into a keyframed character",
    "stylize": "give an actor of a .blend file another look",
    "retrieve": "rank the motion library's labels by a prompt",
    "motion": "mix, edit and recognise motions; train and measure the motion model",
    "library": "add, list, remove, export and verify motions",
    "body": "describe a body model and its shape axes",
    "models": "list, fetch, verify and remove model files",
    "batch": "act a file of prompts, one after the other",
    "render": "make sets of pictures for training: frames, shapes, captioned people",
    "encoder": "measure, use and train encoders of texts and pictures",
    "semantify": "make and use sliders named by words for a morphable model; fit a shape to a photo",
    "serve": "do jobs for Blender over standard input and output",
    "bench": "measure retrieval precision, looks, speed against public peers, or how rendering scales",
}


def build_parser(command: str | None) -> argparse.ArgumentParser:
    """The parser, with the arguments of `command` alone filled in."""
    parser = argparse.ArgumentParser(prog="impromptu", description="Text-driven 3D humans for Blender.")
    parser.add_argument("--version", action="version", version=f"impromptu {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in COMMANDS.items():
        sub = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
        if name == command:
            importlib.import_module(f".commands.{name}", __package__).add_arguments(sub)
    return parser


def emit(value: Any, sort_keys: bool = True) -> None:
    """Print a result as one JSON document, its keys in a fixed order: the same bytes for the same result."""
    text = json.dumps(value, indent=1, sort_keys=sort_keys, ensure_ascii=False)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        # A pipe on Windows is seldom UTF-8; JSON has escapes for what it cannot carry.
        text = json.dumps(value, indent=1, sort_keys=sort_keys)
    print(text)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        0 on success, 2 for what the user can mend (one sentence on standard error), 1 for our own faults,
        130 when interrupted.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    argv = _join_negative(sys.argv[1:] if argv is None else argv)
    command = next((a for a in argv if not a.startswith("-")), None)
    args = build_parser(command).parse_args(argv)
    module = importlib.import_module(f".commands.{args.command}", __package__)
    try:
        with _ended_by_term(args):
            code = module.run(args) or 0
        sys.stdout.flush()
        return code
    except ImpromptuError as error:
        print(f"impromptu: {error}", file=sys.stderr)
        return 1 if error.code == "internal" else 2
    except KeyboardInterrupt:
        print("impromptu: cancelled; nothing was written.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        # A path that is too long fails wherever it is first looked at.
        from .files import explain_os_error

        if error.filename is None and error.errno != errno.ENOSPC:
            raise
        if error.filename is None:
            # What is left in the buffer would fail once more at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        place = Path(os.fsdecode(error.filename or "standard output"))
        print(f"impromptu: {explain_os_error(error, place)}", file=sys.stderr)
        return 2


@contextlib.contextmanager
def _ended_by_term(args: argparse.Namespace) -> Iterator[None]:
    """A polite request to end is heard as Ctrl-C is, so that no temporary file and no Blender is left.

    The host and trainings, which go on where they were, have their own ways.
    """
    own = args.command == "serve" or getattr(args, "kind", None) in ("train", "judge")
    if own or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)


def console() -> int:
    """`main` as a program of its own, which ends soon after its work.

    The interpreter looks for cycles among all objects before it goes, and imported libraries leave half a million:
    that takes longer than a second, for memory that goes anyway.
    """
    code = main()
    gc.freeze()
    return code


def _join_negative(argv: Sequence[str]) -> list[str]:
    """`--betas -1,2` as `--betas=-1,2`: argparse takes a value of more than one number for an option."""
    joined: list[str] = []
    for arg in argv:
        if joined and joined[-1] == "--betas" and arg.startswith("-") and arg[1:2] in set("0123456789."):
            joined[-1] += f"={arg}"
        else:
            joined.append(arg)
    return joined


if __name__ == "__main__":
    sys.exit(console())
