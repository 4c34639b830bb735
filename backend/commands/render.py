"""`impromptu render frames | shapes | captions`: sets of pictures for training, gone on with where they stopped."""

from __future__ import annotations

import argparse
import dataclasses
import inspect
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..cli import emit
from ..pictures import requests
from ..pictures.options import field_help
from ..pictures.requests import KINDS, PicturesRequest
from ..protocol import DENOISERS, DEVICES, InvalidInput, check_suffix, parse_betas

if TYPE_CHECKING:
    from ..pictures.taking import Taken

CHOICES = {
    "format": requests.FORMATS,
    "engine": requests.ENGINES,
    "denoiser": ("auto", *DENOISERS),
    "device": DEVICES,
    "what": requests.SHAPES,
    "each": requests.EACH,
    "split": requests.SPLITS,
}
SHEETS = (".jpg", ".png")
TELL_S, TELL_LOG_S = 0.5, 15.0
"""Seconds between two notes of progress: to a terminal, which overwrites them, and to a file."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A sub-command a kind of set; its options are the fields of its request."""
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    for name, kind in KINDS.items():
        about = inspect.getdoc(kind) or ""
        sub = kinds.add_parser(name, help=about[0].lower() + about[1:].rstrip("."), description=about)
        sub.add_argument("-o", "--output", required=True, metavar="FOLDER", help="made if absent")
        words = field_help(kind)
        for field in dataclasses.fields(kind):
            _add_option(sub, field, words[field.name])
        sub.add_argument("--again", action="store_true", help="take every picture anew, not only those missing")
        sub.add_argument(
            "--sheet", metavar="FILE", help="also put some pictures with their words on one (.jpg, .png)"
        )
        sub.add_argument(
            "--scheduler", default="", metavar="ADDRESS", help="have a Dask cluster take them, as tcp://HOST:8786"
        )
        sub.add_argument("--json", action="store_true", help="print one JSON document at the end")


def _add_option(parser: argparse.ArgumentParser, field: dataclasses.Field[Any], words: str) -> None:
    """One field of a request as an option of the same name."""
    option, default = f"--{field.name}", field.default
    if isinstance(default, bool):
        parser.add_argument(option, action="store_true", help=words)
    elif field.name == "betas":
        parser.add_argument(option, default="", metavar="LIST", help=f'{words}; as "1,0,2" or "stature=1,weight=-2"')
    elif isinstance(default, tuple):
        parser.add_argument(option, nargs="+", default=[], metavar="PATH", help=words)
    else:
        said = f"{words} (default: %(default)s)"
        parser.add_argument(
            option, type=type(default), default=default, choices=CHOICES.get(field.name),
            metavar=field.name.upper() if field.name not in CHOICES else "NAME", help=said,
        )  # fmt: skip


def request_of(args: argparse.Namespace) -> PicturesRequest:
    """The request that the options make.

    Raises:
        InvalidInput: an option that cannot be, alone or beside the others.
    """
    kind = KINDS[args.kind]
    given: dict[str, Any] = {f.name: getattr(args, f.name) for f in dataclasses.fields(kind)}
    if "betas" in given:
        given["betas"] = parse_betas(given["betas"])
    fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in given.items()}
    return kind(**fields)


def run(args: argparse.Namespace) -> int:
    """Take what is missing of the set and write its manifest.

    Returns:
        0, or 130 when interrupted: what is done stays.
    """
    request = request_of(args)
    sheet = check_suffix(args.sheet, SHEETS, "A sheet") if args.sheet else None
    if sheet is not None and not sheet.absolute().parent.is_dir():
        raise InvalidInput(f"There is no folder {sheet.parent} for the sheet.", "Make it first.")
    from ..pictures.store import open_store
    from ..pictures.taking import fingerprint, plan_of

    folder = Path(args.output)
    plan = plan_of(request)
    total = len(plan)
    for sentence in getattr(plan, "refused", ()):
        print(f"impromptu: left out: {sentence}", file=sys.stderr)
    identity = {"request": requests.to_json(request), "fingerprint": fingerprint(request)}
    with open_store(folder, identity, total, args.again) as store:
        todo = store.missing(total)
        begun = time.monotonic()
        try:
            for taken in _told(_taken(request, todo, args.scheduler), len(todo)):
                store.add(taken)
        except KeyboardInterrupt:
            kept = total - len(store.missing(total))
            print(
                f"\nimpromptu: stopped; {kept:,} of {total:,} pictures are in {folder}. "
                "The same command goes on from there.",
                file=sys.stderr,
            )
            return 130
        seconds = time.monotonic() - begun
        manifest = store.finish(total)
    _report(args, manifest, total, len(todo), seconds)
    if sheet is not None:
        from ..pictures.sheets import write_sheet

        write_sheet(folder, manifest, sheet)
    return 0


def _taken(request: PicturesRequest, todo: Sequence[int], scheduler: str) -> Iterator[Taken]:
    """The missing pictures, from here or from a cluster."""
    if not todo:
        return
    if scheduler:
        from ..pictures import cluster

        yield from cluster.run(request, todo, scheduler, tell=_say)
    else:
        from ..pictures import local

        yield from local.run(request, todo)


def _say(line: str) -> None:
    """A line on standard error, in the place of the note of progress that stands there."""
    print(f"\r{line:70}" if sys.stderr.isatty() else line, file=sys.stderr, flush=True)


def _told(pictures: Iterator[Taken], total: int) -> Iterator[Taken]:
    """The same pictures, with how many, how fast and how long still on standard error."""
    terminal = sys.stderr.isatty()
    last, first = time.monotonic(), 0.0
    for done, taken in enumerate(pictures, 1):
        now = time.monotonic()
        # The first pictures wait for Blender, or for code to be compiled: they say nothing about the rest.
        first = first or now
        if now - last >= (TELL_S if terminal else TELL_LOG_S) or (terminal and done == total):
            line = f"{done:,} of {total:,} pictures"
            if now > first:
                rate = (done - 1) / (now - first)
                line += f", {rate:.3g} a second, {_duration((total - done) / rate)} left"
            end = "\n" if not terminal or done == total else ""
            print(f"\r{line:70}" if terminal else line, end=end, file=sys.stderr, flush=True)
            last = now
        yield taken


def _duration(seconds: float) -> str:
    """Seconds as a person says them."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _report(args: argparse.Namespace, manifest: Path, total: int, made: int, seconds: float) -> None:
    """What is there now, and how fast it came."""
    rate = made / seconds if made and seconds else 0.0
    if args.json:
        facts = {"folder": args.output, "manifest": str(manifest), "pictures": total, "made": made}
        emit({**facts, "kept": total - made, "seconds": round(seconds, 2), "per_second": round(rate, 2)})
        return
    now = f"{made:,} taken in {seconds:.1f} s, {rate:.1f} a second" if made else "all were there"
    print(f"{total:,} pictures in {args.output}: {now}.")
