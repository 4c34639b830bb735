"""`impromptu encoder guide`: how well an encoder guides, measured on a grey body whose vertices take colour."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..base import JointEncoder
    from .fit import GuidanceOptions

FORMS = ("cosine", "global", "close-ups", "grounded")
"""As `losses.FORMS`; here, so that `--help` needs no torch."""
KINDS = ("vertices", "field")
"""As `colours.COLOURS`."""


def add_guide_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--guide", default="body", metavar="ENCODER", help="what guides (default: %(default)s)")
    parser.add_argument(
        "--judge", default="judge", metavar="ENCODER", help="what judges and never guides (default: %(default)s)"
    )
    parser.add_argument("--device", default="auto", help="cpu, cuda, mps or auto (default: %(default)s)")
    parser.add_argument("--prompts", metavar="FILE", help="prompts, one a line (default: the ten of the trial)")
    parser.add_argument(
        "--form", action="append", choices=FORMS, default=[],
        help="how the encoder is asked; may be given again (default: all but cosine that the guide can do)",
    )  # fmt: skip
    parser.add_argument(
        "--colours", action="append", choices=KINDS, default=[],
        help="what is optimised: each vertex, or a field over the body; may be given again (default: vertices)",
    )  # fmt: skip
    parser.add_argument("--steps", type=int, default=100, help="steps for each prompt (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of views, lights and colours (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--sheet", metavar="FILE", help="write the results as one picture, .png or .jpg")
    parser.add_argument("-o", "--output", metavar="JSON", help="write the table")
    parser.add_argument(
        "--keep-failures", metavar="FOLDER",
        help="write pictures of the way there, what they truly show and the guide's score, to train against",
    )  # fmt: skip


def run_guide(args: argparse.Namespace) -> None:
    """Guide, judge, write and print.

    Raises:
        InvalidInput: an option, a prompt or a path is no good. AssetsMissing: an encoder is not on this machine.
    """
    from ...cli import emit
    from ...files import write_json
    from ...outputs import check_writable
    from ..base import EncoderOptions
    from ..factory import load_joint_encoder
    from .body import guidance_body
    from .failures import Failures, moments_of
    from .prompts import read_briefs
    from .sheet import write_sheet
    from .trial import summary, trials

    briefs = read_briefs(args.prompts)
    for path in (args.sheet, args.output):
        if path:
            check_writable([Path(path)])
    guide, judge = (load_joint_encoder(spec, EncoderOptions(device=args.device)) for spec in (args.guide, args.judge))
    options = _options(args, guide)
    body, failures, done = guidance_body(), None, []
    if args.keep_failures:
        failures = Failures(guide, body, moments_of(args.steps), args.seed)
    watch = failures.watch if failures else lambda brief, step, srgb: None
    for trial in trials(guide, judge, briefs, options, body, watch):
        done.append(trial)
        print(f"{len(done)} of {len(briefs) * len(options)}: {trial.brief.text}", file=sys.stderr)
    result = summary(guide, judge, done)
    if args.sheet:
        write_sheet(Path(args.sheet), done, body)
    if args.output:
        write_json(args.output, result)
    if failures:
        print(f"{failures.write(Path(args.keep_failures))} pictures in {args.keep_failures}", file=sys.stderr)
    emit(result) if args.json else print(show(result))


def show(result: dict[str, Any]) -> str:
    """A summary as a table of text."""
    lines = [
        f"{len(result['prompts'])} prompts, {result['steps']} steps; {result['guide']['name']} guides, "
        f"{result['judge']['name']} judges",
        f"{'':20s}                                        | judge                 | guide",
        f"{'':20s} colour distance  leak  uneven   noise | rise   choice    swap | rise   choice    swap  s/step",
    ]
    for name, row in result["forms"].items():
        colours = f"{row['colour']:6.2f} {row['distance']:8.3f}  {row['leak']:4.2f}  {row['uneven']:6.3f}"
        said = _said(row["judge"]["after"], row["guide"]["after"])
        lines.append(f"{name:20s} {colours}  {row['noise']:6.4f} | {said}  {row['seconds']:6.2f}")
    some = next(iter(result["forms"].values()))
    for name, key in (("grey body", "before"), ("painted by regions", "painted")):
        lines.append(f"{name:59s} | {_said(some['judge'][key], some['guide'][key])}")
    chance = result["chance"]
    named = f"{chance['choice']:15.2f}  {chance['swap']:6.2f}"
    return "\n".join((*lines, f"{'chance':20s} {chance['colour']:6.2f}{'':32s} | {named} | {named}"))


def _said(judge: dict[str, float], guide: dict[str, float]) -> str:
    """Two encoders' opinions, beside each other."""
    return " | ".join(f"{one['rise']:5.3f}  {one['choice']:7.2f}  {one['swap']:6.2f}" for one in (judge, guide))


def _options(args: argparse.Namespace, guide: JointEncoder) -> list[GuidanceOptions]:
    """One for each form and what is optimised."""
    from .fit import GuidanceOptions
    from .losses import forms_of

    return [
        GuidanceOptions(form=form, kind=kind, steps=args.steps, seed=args.seed)
        for form in args.form or forms_of(guide)
        for kind in args.colours or ("vertices",)
    ]
