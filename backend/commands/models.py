"""`impromptu models`: list, fetch, verify and remove model files."""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

from ..cli import emit
from ..fetched import fetch, remove
from ..fetching import megabytes
from ..model import Model
from ..models_list import MODELS, model_named
from ..protocol import AssetsMissing

EVERY_S, EVERY_SHARE = 0.2, 0.1
"""How often progress is drawn anew on a terminal, and how often it is a line of a log."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The sub-commands and their options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--json", action="store_true", help="print JSON")
    names = argparse.ArgumentParser(add_help=False, parents=[shared])
    names.add_argument("names", nargs="+", metavar="NAME", help="as `impromptu models list` shows it")
    actions.add_parser("list", parents=[shared], help="what is known, what is here, and where the rest comes from")
    actions.add_parser(
        "fetch",
        parents=[names],
        help="download into the cache; goes on with what was broken off",
        description="Download models into the cache, or go on with downloads that were broken off. Calling this is "
        "the consent to do so; host, size and licence are printed first.",
    )
    verify = actions.add_parser("verify", parents=[shared], help="compare sha256 sums; exit code 2 where one differs")
    verify.add_argument("names", nargs="*", metavar="NAME", help="default: all that are here")
    actions.add_parser("remove", parents=[names], help="delete what `fetch` has downloaded, and nothing else")


def run(args: argparse.Namespace) -> int:
    """Run the chosen action."""
    return {"list": _list, "fetch": _fetch, "verify": _verify, "remove": _remove}[args.action](args)


def _list(args: argparse.Namespace) -> int:
    states = [model.state() for model in MODELS]
    if args.json:
        emit({"models": states})
        return 0
    rows = [("NAME", "STATE", "SIZE", "LICENCE", "SHA256", "FROM", "WHAT")]
    for state in states:
        source = state["source"].removeprefix("https://") or "comes with Impromptu"
        size = megabytes(state["bytes"]) if state["bytes"] else ""
        sum_ = state["sha256"][:12]
        rows.append((state["name"], _standing(state), size, state["licence"], sum_, source, state["what"]))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    for state in states:
        if state["problem"]:
            print(f"{state['name']}: {state['problem']}")
    return 0


def _standing(state: dict[str, Any]) -> str:
    """Whether a model is here, in a word or two."""
    if state["found"]:
        return "fetched" if state["fetched"] else "here"
    if state["begun"] and state["bytes"]:
        return f"begun, {min(99, 100 * state['begun'] // state['bytes'])} %"
    return "missing"


def _fetch(args: argparse.Namespace) -> int:
    models = [model_named(name) for name in args.names]
    records = []
    for model in models:
        _refuse(model)
        state = model.state()
        if state["found"]:
            print(f"{model.name} is here already: {state['path']}", file=sys.stderr)
            records.append({"name": model.name, "path": state["path"]})
            continue
        size = f"about {megabytes(model.bytes)}"
        print(f"Fetching {model.name} from {model.host}: {size}, {model.licence} licence.", file=sys.stderr)
        line = _Line(model.name)
        try:
            record = fetch(model, line.show)
        except KeyboardInterrupt:
            line.end()
            print("impromptu: stopped. What has come is kept: the same command goes on from there.", file=sys.stderr)
            return 130
        finally:
            line.end()
        records.append({**record, "path": model.state()["path"]})
        if not args.json:
            print(f"{model.name}: {records[-1]['path']}")
    if args.json:
        emit({"models": records})
    return 0


def _refuse(model: Model) -> None:
    """Raises AssetsMissing where a model cannot be fetched, with what to do instead."""
    if model.ships and not model.state()["found"]:
        raise AssetsMissing(f"{model.name} is missing and cannot be fetched by itself.", model.how)
    if not model.ships and not model.files:
        raise AssetsMissing(f"{model.name} cannot be fetched.", model.how)


class _Line:
    """Progress on standard error: one line drawn anew on a terminal, a few lines in a log.

    Args:
        name: of the model.
    """

    def __init__(self, name: str) -> None:
        self._name, self._live = name, sys.stderr.isatty()
        self._since, self._first, self._told, self._share = time.monotonic(), -1, 0.0, 0.0

    def show(self, done: int, total: int) -> None:
        """Tell that `done` bytes of `total` are here."""
        now = time.monotonic()
        if self._first < 0:
            self._since, self._first = now, done
        share = done / total if total else 0.0
        if not (now - self._told >= EVERY_S if self._live else share - self._share >= EVERY_SHARE):
            return
        self._told, self._share = now, share
        speed = (done - self._first) / max(now - self._since, 1e-3)
        left = f", {(total - done) / speed:.0f} s left" if speed and total > done else ""
        text = f"{self._name}: {megabytes(done)} of {megabytes(total)}, {megabytes(speed)} a second{left}"
        print(f"\r\033[K{text}" if self._live else text, end="" if self._live else "\n", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the line."""
        if self._live and self._told:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
        self._told = 0.0


def _verify(args: argparse.Namespace) -> int:
    models = [model_named(name) for name in args.names] or MODELS
    states = [model.state(verify=True) for model in models]
    missing = [state for state in states if args.names and not state["found"]]
    bad = [state for state in states if state["sha256_ok"] is False or state["problem"]]
    if args.json:
        emit({"models": states})
        return 2 if bad or missing else 0
    for state in states:
        if state["found"] and not state["problem"]:
            print(f"{state['name']}: {'sha256 agrees' if state['sha256_ok'] else 'here; no sum is published'}")
    for state in (*missing, *bad):
        print(f"impromptu: {state['name']}: {state['problem'] or 'It is not here. ' + state['how']}", file=sys.stderr)
    return 2 if bad or missing else 0


def _remove(args: argparse.Namespace) -> int:
    freed = {model.name: remove(model) for model in [model_named(name) for name in args.names]}
    if args.json:
        emit({"freed": freed})
    else:
        for name, count in freed.items():
            print(f"{name}: {megabytes(count)} freed ({count} bytes).")
    return 0
