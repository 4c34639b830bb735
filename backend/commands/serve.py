"""`impromptu serve`: the host process that Blender starts; docs/protocol.md has its language."""

from __future__ import annotations

import argparse

from ..protocol import InvalidInput


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The host's options."""
    from ..memory import DEVICES
    from ..server import IDLE_S

    parser.add_argument(
        "--idle", type=float, default=IDLE_S, metavar="SECONDS",
        help="drop the models after so long without a job; 0: never (default: %(default)g)",
    )  # fmt: skip
    parser.add_argument("--device", choices=DEVICES, default="auto", help="what to compute on (default: %(default)s)")
    parser.add_argument("--log", default="", metavar="FILE", help="append what is printed to this file")
    parser.add_argument("--cold", action="store_true", help="load no model before the first job needs it")


def run(args: argparse.Namespace) -> None:
    """Serve until standard input ends."""
    from ..files import explain_os_error
    from ..server import serve

    if not args.idle >= 0:
        raise InvalidInput(f"--idle is {args.idle:g}.", "Give seconds, or 0 for never.")
    try:
        serve(args.device, args.idle, args.log, warm_up=not args.cold)
    except OSError as error:
        from pathlib import Path

        raise explain_os_error(error, Path(args.log)) from error
