"""Which of several open Blenders works on a job: a file that its process locks until it ends."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

if os.name == "nt":
    import msvcrt
else:
    import fcntl

FOLDER = ".open"


class Claim:
    """A locked file in the folder of jobs, for as long as this object is not released.

    Raises:
        OSError: the file cannot be made.
    """

    def __init__(self, jobs: Path) -> None:
        self.name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._path = jobs / FOLDER / self.name
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        # Some network file systems have no locks: then two Blenders at once see each other's jobs as failed.
        with contextlib.suppress(OSError):
            _lock(self._file)

    def release(self) -> None:
        """Let go of it and remove the file."""
        os.close(self._file)
        with contextlib.suppress(OSError):
            self._path.unlink()


def is_claimed(jobs: Path, name: str) -> bool:
    """Does a living process hold this claim? A dead one's file is removed."""
    path = jobs / FOLDER / name
    if not name or path.parent != jobs / FOLDER:
        return False
    try:
        file = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        _lock(file)
    except OSError:
        return True
    finally:
        os.close(file)
    with contextlib.suppress(OSError):
        path.unlink()
    return False


def _lock(file: int) -> None:
    """Raises OSError where another holds it."""
    if os.name == "nt":
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
