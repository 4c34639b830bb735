"""`impromptu motion`: the motion model: its data, training and figures; motions mixed, edited, recognised by it."""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..cli import emit
from ..outputs import check_writable, publish
from ..protocol import (
    ACTOR_FORMATS,
    EDITS,
    PREVIEW_FORMATS,
    ClassifyRequest,
    EditRequest,
    InvalidInput,
    check_suffix,
    parse_betas,
)
from ..workplace import workplace
from . import motion_training
from .act import add_outputs, show_progress

if TYPE_CHECKING:
    from ..motion.clip import Clip

MOST_STEPS = 32


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`interpolate`, `edit` and `classify`, and what `motion_training` has."""
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    mix = kinds.add_parser("interpolate", help="motions between two motions", description="Motions between two.")
    mix.add_argument("first", metavar="MOTION", help="a motion file, or the name of a clip of the library")
    mix.add_argument("second", metavar="MOTION")
    how = mix.add_mutually_exclusive_group()
    how.add_argument("--amount", type=float, default=0.5, help="0 is the first, 1 the second (default: %(default)g)")
    how.add_argument("--steps", type=int, help=f"so many, up to {MOST_STEPS}, evenly between, FILE_1, FILE_2 ...")
    _add_result(mix)
    edit = kinds.add_parser("edit", help="change a motion by words or other motions", description="Change a motion.")
    edit.add_argument("motion", metavar="MOTION", help="a motion file, or the name of a clip of the library")
    edit.add_argument("--words", default="", help='what it is to be like, as "like a zombie"')
    edit.add_argument("--without", default="", help="what it is to be less like (default: what it is recognised as)")
    edit.add_argument("--upper", default="", metavar="MOTION", help="take the upper body of this motion")
    edit.add_argument("--minus", default="", metavar="MOTION", help="take this motion away ...")
    edit.add_argument("--plus", default="", metavar="MOTION", help="... and add this one")
    edit.add_argument("--then", default="", metavar="MOTION", help="go over into this motion")
    edit.add_argument("--seconds", type=float, default=1.0, help="length of that way, to 10 (default: %(default)g)")
    edit.add_argument("--amount", type=float, default=0.5, help="0 changes nothing, 1 all (default: %(default)g)")
    _add_result(edit)
    classify = kinds.add_parser("classify", help="words for a motion", description="Words for a motion.")
    classify.add_argument("motion", metavar="MOTION", help="a motion file, or the name of a clip of the library")
    classify.add_argument(
        "--label", action="append", default=[], help="to choose from (repeatable; default: known ones)"
    )
    classify.add_argument("--top", type=int, default=5, help="default: %(default)s")
    for sub in (edit, classify):
        sub.add_argument(
            "--library", default="", help="whose clips are named and compared (default: the one that ships)"
        )
    mix.add_argument("--library", default="", help="whose clips are named (default: the one that ships)")
    for sub in (mix, edit, classify):
        sub.add_argument("--json", action="store_true", help="print one JSON document")
    motion_training.add_arguments(kinds)


def _add_result(parser: argparse.ArgumentParser) -> None:
    add_outputs(parser)
    parser.add_argument(
        "--body", default="neutral", help="neutral, male, female or a model file (default: %(default)s)"
    )
    parser.add_argument("--betas", default="", help='shape of who performs, as "1,0,-2" or "stature=1,weight=-2"')
    parser.add_argument("--fps", type=float, default=30.0, help="frames a second (default: %(default)g)")


def run(args: argparse.Namespace) -> int | None:
    """Run the chosen part."""
    own: dict[str, Callable[[argparse.Namespace], Any]] = {
        "interpolate": _interpolate, "edit": _edit, "classify": _classify,
    }  # fmt: skip
    return (own | motion_training.RUNS)[args.kind](args)


def _interpolate(args: argparse.Namespace) -> None:
    if args.steps is not None and not 1 <= args.steps <= MOST_STEPS:
        raise InvalidInput(f"{args.steps} motions between are wanted.", f"Give 1 to {MOST_STEPS}.")
    _check_outputs(args)
    with _Motions(args.library) as motions:
        first, second = motions.file(args.first), motions.file(args.second)
        count = args.steps or 1
        wanted = []
        for i in range(1, count + 1):
            amount = i / (count + 1) if args.steps else args.amount
            request = EditRequest(
                motion=first,
                how="mix",
                other=second,
                amount=amount,
                fps=args.fps,
                body=args.body,
                betas=parse_betas(args.betas),
            )
            number = i if args.steps else 0
            wanted.append(_Wanted(request, _numbered(args.output, number), _numbered(args.preview, number)))
        told = _make(wanted)
    if args.json:
        emit(told if args.steps else told[0])
        return
    for facts in told:
        _tell(facts)


def _edit(args: argparse.Namespace) -> None:
    wanted = {
        "words": args.words, "parts": args.upper, "between": args.then, "difference": args.plus or args.minus,
    }  # fmt: skip
    chosen = [how for how in EDITS if wanted.get(how)]
    if len(chosen) != 1:
        raise InvalidInput("One change is made at a time.", "Give --words, --upper, --then, or --minus with --plus.")
    if bool(args.plus) != bool(args.minus):
        raise InvalidInput("A difference is of two motions.", "Give --minus MOTION and --plus MOTION.")
    if args.without and not args.words:
        raise InvalidInput("--without only says more to --words.", "Give --words too, or neither.")
    _check_outputs(args)
    with _Motions(args.library) as motions:
        request = EditRequest(
            motion=motions.file(args.motion), how=chosen[0], words=args.words, without=args.without,
            other=motions.file(args.upper or args.then or args.plus), minus=motions.file(args.minus),
            amount=args.amount, seconds=args.seconds, fps=args.fps, body=args.body, betas=parse_betas(args.betas),
            library=args.library,
        )  # fmt: skip
        (told,) = _make([_Wanted(request, args.output, args.preview)])
    if args.json:
        emit(told)
    else:
        _tell(told)


def _classify(args: argparse.Namespace) -> None:
    from ..kinds.classify import classify

    with _Motions(args.library) as motions:
        request = ClassifyRequest(motions.file(args.motion), tuple(args.label), args.library, args.top)
        found, model = classify(request)
    if args.json:
        emit({**found.to_json(), "model": model.facts()})
        return
    for told in found.labels:
        print(f"{told.share:6.1%}  {told.cosine:.3f}  {told.label}")
    print("nearest clips")
    for near in found.clips:
        print(f"        {near.cosine:.3f}  {near.clip} ({near.label})")


def _check_outputs(args: argparse.Namespace) -> None:
    if not args.output and not args.preview:
        raise InvalidInput("There is nothing to write.", "Name a file with -o FILE.blend or --preview FILE.mp4.")
    for path in args.output:
        check_suffix(path, ACTOR_FORMATS, "A character")
    for path in args.preview:
        check_suffix(path, PREVIEW_FORMATS, "A preview")


def _numbered(paths: list[str], number: int) -> list[str]:
    if not number:
        return paths
    return [str(Path(p).with_stem(f"{Path(p).stem}_{number}")) for p in paths]


@dataclass(frozen=True)
class _Wanted:
    """An edit, and where its result goes."""

    request: EditRequest
    outputs: list[str]
    previews: list[str]


def _make(wanted: Sequence[_Wanted]) -> list[dict[str, Any]]:
    """Edit, perform, write all files of all of them, or none; tells of each."""
    check_writable([file for each in wanted for file in (*each.outputs, *each.previews)])
    staged: dict[Path, Path] = {}
    told = []
    with contextlib.ExitStack() as stack:
        for each in wanted:
            # Blender starts beside the imports, which take longer.
            place = stack.enter_context(workplace([*each.outputs, *each.previews]))
            from ..actor_files import stage_actor
            from ..kinds.edit import perform_edit
            from ..takes import no_progress

            done = perform_edit(each.request, show_progress if sys.stderr.isatty() else no_progress)
            facts = {**done.facts, "files": [*each.outputs, *each.previews]}
            staged |= stage_actor(place, done.body, done.betas, done.performance, facts, each.outputs, each.previews)
            told.append(facts)
        publish(staged)
    return told


def _tell(facts: dict[str, Any]) -> None:
    print(f"{facts['label']}: {facts['frames']} frames at {facts['fps']:g} fps")
    for remark in facts["remarks"]:
        print(remark)
    for file in facts["files"]:
        print(file)


class _Motions:
    """Motion files by path, and clips of a library by name, as files while the block runs."""

    def __init__(self, library: str) -> None:
        self._library, self._folder = library, tempfile.TemporaryDirectory(prefix="impromptu-")

    def __enter__(self) -> _Motions:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def file(self, name: str) -> str:
        """The path of a motion; nothing of nothing.

        Raises:
            InvalidInput: neither a file nor a clip.
        """
        if not name or Path(name).expanduser().is_file():
            return name
        from ..motion.clip import save_clip
        from ..motion.library import Library

        library = Library.open(self._library or None)
        if name not in {entry.name for entry in library.entries}:
            raise InvalidInput(
                f"There is no motion file {name}, and the library has no such clip.",
                "Name a file, or a clip that `impromptu library list` shows.",
            )
        clip: Clip = library.load(name)
        path = Path(self._folder.name) / f"{name}.npz"
        save_clip(path, clip)
        return str(path)
