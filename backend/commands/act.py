"""`impromptu act PROMPT -o FILE`: the main job from the command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import Any

from ..cli import emit
from ..protocol import ACTOR_FORMATS, MOTIONS, PREVIEW_FORMATS, ActRequest, InvalidInput, PerformRequest, parse_betas
from ..workplace import workplace


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `ActRequest`."""
    d = ActRequest.__dataclass_fields__
    parser.add_argument("prompt", help='what the person does, as in "a man walking backwards"')
    add_outputs(parser)
    parser.add_argument(
        "--seconds",
        type=float,
        default=d["seconds"].default,
        help="length; default: the clip's own; longer ones loop",
    )
    parser.add_argument("--fps", type=float, default=d["fps"].default, help="frames a second (default: %(default)g)")
    parser.add_argument(
        "--seed",
        type=int,
        default=d["seed"].default,
        help="decides among clips of the same label, and how a motion is generated (default: %(default)s)",
    )
    parser.add_argument(
        "--body",
        default=d["body"].default,
        help="auto (from the prompt's words), neutral, male, female, or a model file",
    )
    parser.add_argument("--betas", default="", help='shape, as "1,0,-2" or "stature=1,weight=-2"')
    parser.add_argument(
        "--library", default=d["library"].default, help="motion library (default: the one that ships)"
    )
    parser.add_argument(
        "--order", default=d["order"].default, help="encoders that rank, as for `retrieve` (default: %(default)s)"
    )
    parser.add_argument("--clip", default="", help="play this clip of the library, whatever ranks first")
    parser.add_argument("--label", default="", help="play a clip of this label, as `retrieve` lists them")
    _add_motion_arguments(parser, d)
    parser.add_argument(
        "--style",
        default=d["style"].default,
        metavar="TEXT",
        help="the look in words of its own, auto (what the prompt says of it) or none (the plain outfit)",
    )
    parser.add_argument(
        "--style-steps",
        type=int,
        default=d["style_steps"].default,
        help="steps of the look's optimisation (default: %(default)s)",
    )
    parser.add_argument("--top", type=int, default=d["top"].default, help="labels to report (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def _add_motion_arguments(parser: argparse.ArgumentParser, d: Mapping[str, Any]) -> None:
    """The options of the motion model, by the fields of `ActRequest`."""
    parser.add_argument(
        "--motion", default=d["motion"].default, choices=MOTIONS,
        help="of the library, from the motion model, or as the score says (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--temperature", type=float, default=d["temperature"].default,
        help="of a generated motion: how freely it is drawn, 0 to 3 (default: %(default)g)",
    )  # fmt: skip
    parser.add_argument(
        "--neighbours", type=int, default=d["neighbours"].default,
        help="of a generated motion: motions of the library that it may begin with, 0 to 64 (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--refine", type=float, default=d["refine"].default,
        help="of a generated motion: how far it is drawn to the library's best clip, 0 to 1 (default: %(default)g)",
    )  # fmt: skip


def add_outputs(parser: argparse.ArgumentParser) -> None:
    """Where a character and pictures of it go."""
    parser.add_argument(
        "-o",
        "--output",
        action="append",
        default=[],
        metavar="FILE",
        help=f"write {', '.join(ACTOR_FORMATS)} (repeatable)",
    )
    parser.add_argument(
        "--preview",
        action="append",
        default=[],
        metavar="FILE",
        help=f"render {', '.join(PREVIEW_FORMATS)} (repeatable)",
    )


def run(args: argparse.Namespace) -> int:
    """Act, report progress on standard error and the result on standard output."""
    if not args.output and not args.preview:
        raise InvalidInput("There is nothing to write.", "Name a file with -o FILE.blend or --preview FILE.mp4.")
    request = PerformRequest(
        prompt=args.prompt,
        library=args.library,
        top=args.top,
        order=args.order,
        seed=args.seed,
        outputs=tuple(args.output),
        previews=tuple(args.preview),
        seconds=args.seconds,
        fps=args.fps,
        body=args.body,
        betas=parse_betas(args.betas),
        clip=args.clip,
        label=args.label,
        style=args.style,
        style_steps=args.style_steps,
        motion=args.motion,
        temperature=args.temperature,
        neighbours=args.neighbours,
        refine=args.refine,
    )
    # Blender starts beside the imports, which take longer.
    with workplace([*args.output, *args.preview]) as place:
        from ..act import act

        result = act(request, show_progress if sys.stderr.isatty() else None, place=place)
    if args.json:
        emit(result.to_json())
        return 0
    report(result.to_json())
    return 0


def report(facts: dict[str, Any]) -> None:
    """The result in a few lines for a person."""
    clip, slide = facts["clip"], facts["slide_mm_per_frame"]
    made = facts.get("generated")
    if made:
        begun = f", begun with the clip {made['anchor']}" if made["anchor"] else ""
        origin = f"generated by the {made['model']['name']}{begun}, {clip['licence']}"
    else:
        origin = f"clip {clip['name']}, {clip['kind']}, {clip['licence']}"
    print(f"{facts['prompt']!r} -> {facts['label']!r} ({origin})")
    print(f"{facts['frames']} frames at {facts['fps']:g} fps, body {facts['body']['name']}")
    for remark in facts["remarks"]:
        print(remark)
    stand = f"feet stand in {facts['frames_in_contact']} frames"
    print(f"{stand} and slide {slide['after']:.2f} mm a frame there ({slide['before']:.2f} before the clean-up)")
    for file in facts["files"]:
        print(file)


def show_progress(stage: str, step: int, total: int) -> None:
    """One line that rewrites itself."""
    print(f"\r{stage} {step}/{total}   ", end="" if step < total else "\n", file=sys.stderr, flush=True)
