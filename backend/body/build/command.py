"""The command that builds a default model: its data, the file to write, what it measured."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from typing import Any

from ...files import save_npz
from ...protocol import ImpromptuError

Log = Callable[[str], None]
Build = Callable[[argparse.Namespace, Log], tuple[dict[str, Any], dict[str, Any]]]
"""Of the options and of what is called before each stage: the file's arrays, and figures about them."""


def run_build(parser: argparse.ArgumentParser, build: Build, arguments: list[str] | None) -> int:
    """Build the file; print its figures as JSON, and the stages with their seconds to standard error.

    Args:
        parser: with the options for the data; `--output` is added.
    """
    parser.add_argument("-o", "--output", required=True, help="the .npz to write")
    options = parser.parse_args(arguments)
    start = time.monotonic()

    def log(stage: str) -> None:
        print(f"{time.monotonic() - start:6.1f} s  {stage}", file=sys.stderr)

    try:
        arrays, figures = build(options, log)
        save_npz(options.output, compress=True, **arrays)
    except ImpromptuError as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(figures, indent=1))
    return 0
