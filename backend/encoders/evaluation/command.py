"""`impromptu encoder eval`: how well an encoder of texts and pictures knows people that it never saw."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ...protocol import AssetsMissing, InvalidInput, check_suffix

if TYPE_CHECKING:
    from ..base import JointEncoder
    from .heldout import HeldOut

COUNT, SEED = 1000, 7001
"""Pictures of the set that is made, and its seed; as in the figures of the model card."""
CYCLES = 100
"""Pictures that are also taken with Cycles."""
MOST = 20_000
"""Pictures that are compared with one another."""
TELL_S, TELL_LOG_S = 0.5, 15.0
"""Seconds between two notes of progress: to a terminal, which overwrites them, and to a file."""


def add_eval_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "--encoder", default="body", metavar="NAME",
        help="body, judge, clip, open_clip:MODEL:PATH or a folder (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--device", default="auto", help="cpu, cuda, mps or auto (default: %(default)s)")
    parser.add_argument(
        "--set", metavar="FOLDER", help="a set of impromptu render captions --split test --parts; else one is made"
    )
    parser.add_argument(
        "--count", type=int, default=None, help=f"pictures; of --set the first (default: {COUNT}, or all of --set)"
    )
    parser.add_argument("--seed", type=int, default=None, help=f"of the set that is made (default: {SEED})")
    parser.add_argument(
        "--cycles", type=int, default=CYCLES, metavar="N",
        help="scenes that are also taken with Cycles, where Blender is found; 0: none (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--guidance", default="judge", metavar="JUDGE",
        help="the encoder that judges what this one makes of a grey body, or none (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--quick", action="store_true", help="leave out changed pictures, Cycles and guidance, and most of the time"
    )
    parser.add_argument("--sheet", metavar="FILE", help="write a picture of what is found and what is not (.png)")
    parser.add_argument("-o", "--output", metavar="JSON", help="write all figures")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")


def run_eval(args: argparse.Namespace) -> None:
    """Make the set where it is not there, measure, print.

    Raises:
        InvalidInput: an option, a path or the set is no good. AssetsMissing: the encoder is not on this machine.
    """
    from ...cli import emit
    from ...files import write_json
    from ...outputs import check_writable
    from ..base import EncoderOptions
    from ..factory import load_joint_encoder

    sheet = check_suffix(args.sheet, (".png",), "A sheet") if args.sheet else None
    check_writable([Path(path) for path in (sheet, args.output) if path])
    if args.cycles < 0:
        raise InvalidInput(f"--cycles is {args.cycles}.", "Give a number of pictures, or 0.")
    encoder = load_joint_encoder(args.encoder, EncoderOptions(device=args.device))
    judge = _judge(args, encoder)
    held = _set(args)
    from ..guidance.losses import forms_of
    from ..guidance.trial import table
    from .cycles import beside_cycles
    from .evaluate import evaluate

    begun = time.monotonic()
    evaluated = evaluate(encoder, held, _Teller(), changed=not args.quick)
    report = evaluated.report
    if args.cycles and not args.quick:
        beside_cycles(encoder, held, evaluated, args.cycles, _Teller())
    else:
        report.notes.append("Cycles was left out.")
    if isinstance(judge, str):
        report.notes.append(judge)
    else:
        teller, form = _Teller(), forms_of(encoder)[-1]
        report.guidance = table(encoder, judge, check=lambda: teller("guiding and judging"), forms=(form,))
    report.seconds = time.monotonic() - begun
    if sheet is not None:
        from .sheet import write_sheet

        write_sheet(held, evaluated, sheet)
    if args.output:
        write_json(args.output, report.to_json())
    if args.json:
        emit(report.to_json())
    else:
        print(report.text())


def _judge(args: argparse.Namespace, encoder: JointEncoder) -> JointEncoder | str:
    """Who judges how the encoder guides, or why nobody does.

    Raises:
        InvalidInput, AssetsMissing: a judge that was asked for is no good.
    """
    from ..base import EncoderOptions
    from ..factory import load_joint_encoder
    from ..guidance.trial import check_judge

    if args.quick or args.guidance == "none":
        return "Guidance was left out."
    try:
        judge = load_joint_encoder(args.guidance, EncoderOptions(device=args.device))
        check_judge(encoder, judge)
    except (InvalidInput, AssetsMissing) as error:
        if args.guidance != "judge":
            raise
        return f"Guidance was left out: {error}"
    return judge


def _set(args: argparse.Namespace) -> HeldOut:
    """The set that is named, or the cached one."""
    from .heldout import HeldOut, held_out

    count = (0 if args.set else COUNT) if args.count is None else args.count
    least = 0 if args.set and args.count is None else 2
    if not least <= count <= MOST:
        raise InvalidInput(f"--count is {count:,}.", f"Give 2 to {MOST:,}.")
    if args.set:
        if args.seed is not None:
            raise InvalidInput("--seed is of a set that is made.", "Leave it out beside --set.")
        held = HeldOut(Path(args.set), count or MOST)
    else:
        held = held_out(count, SEED if args.seed is None else args.seed, _Teller())
    if len(held) < 2:
        raise InvalidInput("The set has fewer than two pictures.", "Make a larger one.")
    return held


class _Teller:
    """Notes of progress on standard error, not too often."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._last = time.monotonic()

    def __call__(self, line: str) -> None:
        now = time.monotonic()
        if now - self._last < (TELL_S if self._terminal else TELL_LOG_S):
            return
        self._last = now
        print(f"\r{line:70}" if self._terminal else line, end="" if self._terminal else "\n", file=sys.stderr)
        sys.stderr.flush()
