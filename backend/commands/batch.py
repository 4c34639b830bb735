"""`impromptu batch FILE -o FOLDER`: a file of prompts, one after the other, going on where the last run stopped."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import Any

from ..protocol import ACTOR_FORMATS, PREVIEW_FORMATS, ImpromptuError, InvalidInput, from_wire

FORMATS = tuple(f[1:] for f in (*ACTOR_FORMATS, *PREVIEW_FORMATS))
WORK = ".batch"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument(
        "file", metavar="FILE",
        help="one JSON value a line (a prompt in quotes, or an object with options), or .csv with a column prompt",
    )  # fmt: skip
    parser.add_argument("-o", "--output", required=True, metavar="FOLDER", help="made if absent")
    parser.add_argument(
        "--format", action="append", choices=FORMATS, metavar="FORMAT", default=[],
        help=f"{', '.join(FORMATS)} (repeatable; default: npz)",
    )  # fmt: skip
    parser.add_argument("--again", action="store_true", help="make every row again, not only what is not done")
    parser.add_argument(
        "--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="default: %(default)s"
    )


def run(args: argparse.Namespace) -> int:
    """Make the rows; one line each.

    Returns:
        0, or 2 if any row failed.
    """
    from ..batch import MANIFEST, Manifest, read_rows, run_rows
    from ..files import explain_os_error

    folder = Path(args.output)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise explain_os_error(error, folder) from error
    rows = read_rows(
        Path(args.file), folder.absolute(), tuple(f".{f}" for f in dict.fromkeys(args.format or ["npz"]))
    )
    if args.again:
        (folder / MANIFEST).unlink(missing_ok=True)
    maker = Maker(folder.absolute() / WORK, args.device)
    try:
        counts = run_rows(rows, Manifest(folder / MANIFEST), maker, lambda line: print(line, flush=True))
    finally:
        maker.close()
    print(f"{counts['made']} made, {counts['kept']} were done, {counts['failed']} failed.")
    return 2 if counts["failed"] else 0


class Maker:
    """Does a row as a job of the kind `write`, in a folder of its own that stays, with its log, where it fails.

    Args:
        folder: holds the jobs' folders.
    """

    def __init__(self, folder: Path, device: str) -> None:
        from ..jobs import Executor

        self.folder = folder
        self._said: dict[str, Any] = {}
        self._executor = Executor(self._hear, device)

    def __call__(self, row: Any) -> dict[str, Any] | ImpromptuError:
        """The metrics of the row's job, or what went wrong."""
        from ..jobs import Job

        job_folder = self.folder / f"{row.number:04d}"
        shutil.rmtree(job_folder, ignore_errors=True)
        try:
            job_folder.mkdir(parents=True)
        except OSError as error:
            return InvalidInput(f"{job_folder} cannot be made: {error.strerror}.", "Write elsewhere.")
        self._said = {}
        state = self._executor.run(Job(str(row.number), "write", row.request, job_folder))
        if state == "done":
            shutil.rmtree(job_folder, ignore_errors=True)
            return self._said["metrics"]
        return from_wire(self._said)

    def close(self) -> None:
        """Remove the folder, where nothing failed."""
        if self.folder.is_dir() and not any(self.folder.iterdir()):
            self.folder.rmdir()

    def _hear(self, type_: str, **fields: Any) -> None:
        """Keep the last message; show progress where somebody watches."""
        if type_ != "progress":
            self._said = fields
            return
        if sys.stderr.isatty():
            from .act import show_progress

            show_progress(fields["stage"], fields["step"], fields["total"])
