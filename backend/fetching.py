"""One file from the network, at the user's demand: resumed where it broke off, checked, all or nothing."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .files import explain_os_error, read_json, sha256_of, write_json
from .protocol import AssetsMissing, InvalidInput
from .remote import CHANGED, Answer, Dropped, Remote, ask, read

TRIES = 5
"""Connections in a row that bring nothing before it is given up."""
PAUSE_S = 0.5
"""Before the second of them; doubled each time."""
LONGEST_PAUSE_S = 60.0
SPARE = 64 << 20
"""Bytes of the disk that a download leaves free."""
PART, NOTE = ".part", ".part.json"
"""Endings of what has come of a file, and of what that is the beginning of."""

Progress = Callable[[int, int], None]
"""Called with the bytes that are here and those of the whole, 0 where that is not known."""
Check = Callable[[], None]
"""Called between chunks; what it raises ends the download, and what has come stays."""


@dataclass(frozen=True)
class Arrived:
    """What a finished download is."""

    bytes: int
    sha256: str
    known_from: str
    """Who said before what the sum would be: `published`, `server`, or nobody: empty."""


class _Part:
    """The bytes that have come, and beside them what they are the beginning of."""

    def __init__(self, target: Path, remote: Remote) -> None:
        self.path = target.with_name(target.name + PART)
        self.note = target.with_name(target.name + NOTE)
        self.remote = remote
        self.facts = self._read()

    def _read(self) -> dict[str, Any]:
        """The note, where it belongs to this address; else what lies there is thrown away."""
        if self.path.is_file() and self.note.is_file():
            try:
                facts = read_json(self.note)
            except InvalidInput:
                facts = {}
            usable = isinstance(facts, dict) and facts.get("url") == self.remote.address
            if usable and (facts.get("validator") or self.remote.sha256):
                return facts
        self.remove()
        return {}

    @property
    def size(self) -> int:
        """Bytes that are here."""
        return self.path.stat().st_size if self.path.is_file() else 0

    def remove(self) -> None:
        """Forget what has come."""
        self.facts = {}
        self.path.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)

    def prepare(self, answer: Answer) -> None:
        """Make ready for what an answer brings: go on, or start again.

        Raises:
            Dropped: it is another piece than the one that is missing.
        """
        facts = {"url": self.remote.address, "validator": answer.validator, "sha256": answer.sha256}
        if answer.first == 0:
            self.remove()
            self.facts = facts
            write_json(self.note, facts)
        elif answer.first != self.size or any(self.facts.get(k) != v for k, v in facts.items() if v):
            self.remove()
            raise Dropped(CHANGED)


def fetch_file(
    remote: Remote, target: Path, progress: Progress = lambda done, total: None, check: Check = lambda: None
) -> Arrived:
    """Download a file. One process at a time may do so; the caller sees to that.

    What has come lies beside `target` as `.part` until it is whole, and a later call goes on from there, if the
    server can and its file is still the same.

    Raises:
        AssetsMissing: the server cannot be reached, does not have it, or sends something else.
        InvalidInput: it does not fit on the disk, or cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part = _Part(target, remote)
        _receive_all(part, progress, check)
        return _finish(part, target)
    except OSError as error:
        raise explain_os_error(error, target) from error


def _receive_all(part: _Part, progress: Progress, check: Check) -> None:
    """Connect until all has come.

    Raises:
        AssetsMissing: nothing more comes.
    """
    failed = 0
    while True:
        check()
        before = part.size
        try:
            return _receive(part, progress, check)
        except Dropped as dropped:
            failed = 1 if part.size > before else failed + 1
            if failed >= TRIES:
                kept = "What has come is kept: the same again goes on from there."
                raise AssetsMissing(
                    f"{part.remote.name} could not be downloaded from {part.remote.host}: {dropped.why}.",
                    kept if part.size else "Check the network, then try again.",
                ) from dropped
            _wait(max(dropped.wait_s, PAUSE_S * 2 ** (failed - 1)), check)


def _wait(seconds: float, check: Check) -> None:
    """Sleep in small steps, so that a cancel is heard."""
    end = time.monotonic() + min(seconds, LONGEST_PAUSE_S)
    while (left := end - time.monotonic()) > 0:
        check()
        time.sleep(min(left, 0.1))


def _receive(part: _Part, progress: Progress, check: Check) -> None:
    """One connection: ask for what is missing and write what comes.

    Raises:
        Dropped: it ended too early.
    """
    try:
        answer = ask(part.remote, part.size, part.facts.get("validator", ""))
    except Dropped as dropped:
        if dropped.stale:
            part.remove()
        raise
    if answer is None:
        return
    with answer.response:
        part.prepare(answer)
        _check_space(part, answer.total)
        size = part.size
        progress(size, answer.total)
        with open(part.path, "ab") as out:
            while chunk := read(answer.response):
                out.write(chunk)
                size += len(chunk)
                progress(size, answer.total)
                check()
    if size < answer.total:
        raise Dropped("the connection ended early")


def _check_space(part: _Part, total: int) -> None:
    """Raises InvalidInput where the rest of the file does not fit."""
    free, need = shutil.disk_usage(part.path.parent).free, max(0, total - part.size) + SPARE
    if free < need:
        raise InvalidInput(
            f"{megabytes(need)} are needed in {part.path.parent}, and {megabytes(free)} are free.",
            "Free some space, or name another folder in IMPROMPTU_CACHE.",
        )


def _finish(part: _Part, target: Path) -> Arrived:
    """Compare the sum, then give the file its name.

    Raises:
        AssetsMissing: it is not what it should be; it is deleted.
    """
    remote, promised = part.remote, str(part.facts.get("sha256") or "")
    wanted, size, found = remote.sha256 or promised, part.size, sha256_of(part.path)
    if wanted and found != wanted:
        part.remove()
        raise AssetsMissing(
            f"What came from {remote.host} is not {remote.name}: its sha256 is {found[:12]}..., "
            f"not {wanted[:12]}.... It was deleted.",
            "Try again; if it happens twice, something between here and there changes files.",
        )
    with open(part.path, "rb+") as stream:
        os.fsync(stream.fileno())
    os.replace(part.path, target)
    part.note.unlink(missing_ok=True)
    return Arrived(size, found, "published" if remote.sha256 else "server" if promised else "")


def megabytes(count: float) -> str:
    """Such as `605 MB` or `1.7 GB`."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
