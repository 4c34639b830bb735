"""Outputs of a job: checked before the work, staged during it, published all together after it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from .files import atomic_paths, explain_os_error
from .protocol import InvalidInput


def check_writable(paths: Sequence[str | Path]) -> None:
    """Raise before any work is done if a path cannot be written or is named twice.

    Raises:
        InvalidInput: the folder is missing or may not be written to, or the path is a folder.
    """
    seen: set[Path] = set()
    for path in map(Path, paths):
        folder = path.parent if str(path.parent) else Path(".")
        if not folder.is_dir():
            raise InvalidInput(f"There is no folder {folder}.", "Make it first or choose another.")
        if path.is_dir():
            raise InvalidInput(f"{path} is a folder.", "Name a file in it.")
        if path.resolve() in seen:
            raise InvalidInput(f"{path} is named twice.", "Give each output a name of its own.")
        seen.add(path.resolve())
        try:
            # A trial file says more than os.access: it also meets read-only mounts and full disks.
            with tempfile.NamedTemporaryFile(dir=folder, prefix=".impromptu-", buffering=0) as trial:
                trial.write(b"\0")
        except OSError as error:
            raise explain_os_error(error, folder) from error


def publish(staged: Mapping[Path, Path]) -> None:
    """Move finished files to where the user wants them: all of them, or none.

    Each is first copied beside its goal under a temporary name, so that a disk that fills up half way leaves every
    earlier file as it was; the renames come last.

    Args:
        staged: finished file -> goal.

    Raises:
        InvalidInput: a copy or a rename failed.
    """
    with atomic_paths(list(staged.values())) as copies:
        for copy, (source, goal) in zip(copies, staged.items(), strict=True):
            try:
                with open(source, "rb") as stream, open(copy, "wb") as target:
                    shutil.copyfileobj(stream, target, 1 << 20)
            except OSError as error:
                raise explain_os_error(error, goal) from error
