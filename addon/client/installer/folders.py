"""The folders of a runtime, and the one rename that makes it the one in use."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any, BinaryIO

from .report import Failure, explain

STAMP = "impromptu.json"
"""In the environment: what it was made of; its presence says that the environment is whole."""
STATE = "install.json"
"""In the user folder, while an install is under way: what was decided, so that it can be resumed."""
LOCK = "install.lock"
LEFTOVERS = ("runtime.old", "runtime.trash", "tmp")


class Folders:
    """Where an install has its parts.

    Args:
        user: the extension's user folder; nothing outside it is written.
    """

    def __init__(self, user: Path) -> None:
        self.user = user
        self.runtime, self.new, self.old = user / "runtime", user / "runtime.new", user / "runtime.old"
        self.wheels, self.state, self.lock = user / "wheels", user / STATE, user / LOCK


def python_of(environment: Path) -> Path:
    """The interpreter of an environment."""
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def read_json(path: Path) -> dict[str, Any]:
    """A file that this installer wrote; empty where it is not there or not whole."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write a file all or not at all."""
    temporary = path.with_name(path.name + ".part")
    temporary.write_text(json.dumps(value, indent=1), encoding="utf-8")
    os.replace(temporary, path)


def take_lock(folders: Folders) -> BinaryIO:
    """Hold the folder against a second installer for as long as the returned file is open; death lets go of it.

    Raises:
        Failure: another process holds it, or the folder cannot be written to.
    """
    try:
        folders.user.mkdir(parents=True, exist_ok=True)
        stream = open(folders.lock, "ab")  # noqa: SIM115 - held until the process ends
    except OSError as error:
        raise explain(error, folders.user) from error
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        stream.close()
        raise Failure(
            "invalid_input", "Another Blender is installing the runtime.", "Wait for it to finish, or close it."
        ) from error
    return stream


def check_ours(folders: Folders) -> None:
    """Refuse to rename or remove what this installer did not make.

    Raises:
        Failure: `runtime` is a link, or a folder with something else in it than an environment.
    """
    for path in (folders.runtime, folders.new, folders.old):
        if path.is_symlink() or (path.exists() and not path.is_dir()):
            raise Failure("invalid_input", f"{path} leads elsewhere, so it is left alone.", "Remove it by hand.")
        if path.is_dir() and any(path.iterdir()) and not (path / "pyvenv.cfg").is_file():
            raise Failure(
                "invalid_input", f"{path} is not a runtime that Impromptu made, so it is left alone.", "Move it away."
            )


def settle(folders: Folders) -> None:
    """Put right what a process that was killed left: undo half a rename, remove what nobody needs."""
    check_ours(folders)
    if folders.old.is_dir() and not (folders.runtime / STAMP).is_file():
        if folders.runtime.is_dir():
            shutil.rmtree(folders.runtime)
        os.rename(folders.old, folders.runtime)
    for name in LEFTOVERS:
        if (folders.user / name).exists():
            shutil.rmtree(folders.user / name)


def publish(folders: Folders) -> None:
    """Make the new environment the one in use; the one before stays until the new one has its name.

    Raises:
        OSError: the old one is in use (Windows); it is then as it was.
    """
    if folders.runtime.exists():
        os.rename(folders.runtime, folders.old)
    try:
        os.rename(folders.new, folders.runtime)
    except OSError:
        if folders.old.exists():
            os.rename(folders.old, folders.runtime)
        raise
    for leftover in (folders.old, folders.wheels, folders.user / "tmp"):
        shutil.rmtree(leftover, ignore_errors=True)
    folders.state.unlink(missing_ok=True)


def remove(folders: Folders) -> int:
    """Remove the runtime and all that its installs left; jobs and whatever else the folder holds stay.

    Returns:
        bytes that were freed.

    Raises:
        Failure: something there is not this installer's.
        OSError: a file is in use or may not be removed.
    """
    check_ours(folders)
    freed = 0
    for name in ("runtime", "runtime.new", "wheels", *LEFTOVERS):
        path = folders.user / name
        if path.is_dir():
            freed += size_of(path)
            # Under another name first: what is half removed is never taken for a runtime.
            trash = folders.user / "runtime.trash"
            if path != trash:
                if trash.exists():
                    shutil.rmtree(trash)
                os.rename(path, trash)
            shutil.rmtree(trash)
    folders.state.unlink(missing_ok=True)
    return freed


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder, links not followed."""
    total = 0
    for where, _, names in os.walk(folder):
        total += sum(os.lstat(os.path.join(where, name)).st_size for name in names)
    return total
