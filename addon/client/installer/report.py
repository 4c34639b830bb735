"""What the installer says: progress with an honest end, one result or one error."""

from __future__ import annotations

import errno
import json
import sys
import time
from pathlib import Path
from typing import Any

ID = "install"
INSTALL_RATE = 12e6
"""Bytes of wheels that are unpacked and compiled in a second, until this machine shows its own speed."""
INTERVAL_S = 0.2


class Failure(Exception):
    """A failure that a person can act upon: what `ImpromptuError` is on the other side of the pipe."""

    def __init__(self, code: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


def explain(error: OSError, folder: Path) -> Failure:
    """The sentence for a write that failed."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full(folder)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.EEXIST, errno.ENOTDIR):
        return Failure(
            "invalid_input",
            f"The folder {folder} cannot be written to.",
            "Close programs that use the runtime, and check the folder's permissions.",
        )
    return Failure("internal", f"{error.strerror or error}: {error.filename or folder}.", "Show the log.")


def disk_full(folder: Path) -> Failure:
    """The sentence for a disk without room."""
    return Failure("invalid_input", f"The disk of {folder} is full.", "Free some space, then press Resume.")


def send(type_: str, **fields: Any) -> None:
    """One message, at once."""
    sys.stdout.write(json.dumps({"type": type_, "id": ID, **fields}) + "\n")
    sys.stdout.flush()


def log(text: str) -> None:
    """A line for the log."""
    sys.stderr.write(text.rstrip("\n") + "\n")
    sys.stderr.flush()


class Progress:
    """Downloading and installing as one bar, in bytes.

    Args:
        download: bytes that are still to be fetched.
        install: bytes of the wheels that are still to be installed.
    """

    def __init__(self, download: int = 0, install: int = 0) -> None:
        self._parts = {"download": [0.0, float(download)], "install": [0.0, float(install)]}
        self._since: dict[str, tuple[float, float]] = {}
        self._last = 0.0

    def plan(self, part: str, total: float) -> None:
        """How many bytes a part has, now that it is known."""
        self._parts[part] = [0.0, float(total)]

    def show(self, stage: str, part: str = "", done: float = 0.0, force: bool = True) -> None:
        """Tell the stage and how many bytes of a part are done; without force, at most five times a second."""
        now = time.monotonic()
        if part:
            self._parts[part][0] = min(done, self._parts[part][1])
            self._since.setdefault(part, (now, self._parts[part][0]))
        if not force and now - self._last < INTERVAL_S:
            return
        self._last = now
        step = sum(done for done, _ in self._parts.values())
        total = sum(total for _, total in self._parts.values())
        send("progress", stage=stage, step=int(step), total=int(total), eta_s=self._eta(now))

    def _rate(self, part: str, now: float) -> float | None:
        """Bytes a second so far; None before there is anything to go by."""
        if part not in self._since:
            return None
        began, at = self._since[part]
        gained = self._parts[part][0] - at
        return gained / (now - began) if gained > 0 and now - began > 0.5 else None

    def _eta(self, now: float) -> float | None:
        """Seconds to the end; None while the speed of the network is not known."""
        left = {part: total - done for part, (done, total) in self._parts.items()}
        seconds = left["install"] / (self._rate("install", now) or INSTALL_RATE)
        if left["download"] > 0:
            rate = self._rate("download", now)
            if rate is None:
                return None
            seconds += left["download"] / rate
        return round(seconds, 1)
