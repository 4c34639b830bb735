"""The folder of a set: pictures, their manifest, and an account of what is done that survives any end.

    request.json          what the set is of; another request is refused
    pictures/000/000123.png, parts/000/000123.png    a thousand a folder
    manifest.jsonl        a line of JSON a picture, by index, written when the set is whole
    .journal.jsonl        the same lines as they come, until then

A picture is written under a temporary name and renamed, and its line is added after that: what has a line and the
sha256 that the line says is done. A killed run loses the one picture between the two.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..files import atomic_path, explain_os_error, read_json, write_json
from ..motion.lock import file_lock
from ..protocol import InvalidInput
from .taking import Taken

REQUEST, MANIFEST, JOURNAL, LOCK = "request.json", "manifest.jsonl", ".journal.jsonl", ".lock"
LOCK_S = 3.0
"""Seconds to wait for another run: the processes of one that was killed notice it a moment later."""
FOLDERS = ("pictures", "parts")
AGAIN = "Name another folder, or begin anew with --again."


class Store:
    """An open folder; made by `open_store`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lines: dict[int, bytes] = {}
        self._made: set[Path] = set()
        for name in (MANIFEST, JOURNAL):
            self._read(folder / name)
        self._journal = open(folder / JOURNAL, "ab")  # noqa: SIM115 - closed by `close`

    def _read(self, path: Path) -> None:
        """Know the pictures of a file of lines that are whole; cut off a line that a kill tore."""
        if not path.exists():
            return
        content = path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            os.truncate(path, len(whole))
        for line in whole.splitlines(keepends=True):
            with contextlib.suppress(ValueError, KeyError, TypeError):
                # A damaged line, after a power cut, is a picture that is taken again.
                row = json.loads(line)
                if self._is_whole(row):
                    self._lines[int(row["index"])] = line

    def _is_whole(self, row: Mapping[str, Any]) -> bool:
        """Whether the files of a row are there and what the row says."""
        files = [(row["file"], row["sha256"])]
        if "parts" in row:
            files.append((row["parts"], row["parts_sha256"]))
        for name, said in files:
            path = self.folder / name
            if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != said:
                return False
        return True

    def missing(self, total: int) -> list[int]:
        """Which of the indices below `total` are still to be taken."""
        return [i for i in range(total) if i not in self._lines]

    def add(self, taken: Taken) -> None:
        """Keep a picture.

        Raises:
            InvalidInput: the disk is full or may not be written to.
        """
        if taken.index in self._lines:
            return  # Two machines may both have taken what one was thought to have lost.
        self._write(taken.row["file"], taken.picture)
        if taken.parts:
            self._write(taken.row["parts"], taken.parts)
        line = json.dumps(taken.row, sort_keys=True, ensure_ascii=False).encode() + b"\n"
        try:
            self._journal.write(line)
            self._journal.flush()
        except OSError as error:
            raise explain_os_error(error, self.folder / JOURNAL) from error
        self._lines[taken.index] = line

    def _write(self, name: str, content: bytes) -> None:
        path = self.folder / name
        try:
            if path.parent not in self._made:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._made.add(path.parent)
            # One run writes to a folder at a time: the name need not be unique, and a killed one's is used again.
            temporary = path.with_name(f".{path.name}")
            temporary.write_bytes(content)
            os.replace(temporary, path)
        except OSError as error:
            raise explain_os_error(error, path) from error

    def finish(self, total: int) -> Path:
        """Write the manifest of a set that is whole.

        Raises:
            InvalidInput: the disk is full or may not be written to.
        """
        assert not self.missing(total)
        path = self.folder / MANIFEST
        with atomic_path(path) as temporary, open(temporary, "wb") as stream:
            stream.writelines(self._lines[i] for i in range(total))
        self._journal.close()
        (self.folder / JOURNAL).unlink()
        return path

    def close(self) -> None:
        """Let go of the folder's files."""
        # A line that a full disk did not take is tried again here; `add` has told of it.
        with contextlib.suppress(OSError):
            self._journal.close()


@contextlib.contextmanager
def open_store(folder: Path, identity: Mapping[str, Any], total: int, again: bool = False) -> Iterator[Store]:
    """A set's folder, made if absent, for this process alone while the block runs.

    Args:
        identity: `request` and `fingerprint`: what the set is of. A larger count goes on with the set.
        total: pictures of the set.
        again: take everything anew.

    Raises:
        InvalidInput: the folder holds another set or something else, cannot be written to, or another process is
            writing to it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        foreign = not (folder / REQUEST).exists() and any(not p.name.startswith(".") for p in folder.iterdir())
    except OSError as error:
        raise explain_os_error(error, folder) from error
    if foreign:
        raise InvalidInput(f"{folder} holds other files.", "Name a new or empty folder.")
    with file_lock(folder / LOCK, LOCK_S):
        if again:
            _empty(folder)
        if (folder / REQUEST).exists():
            _check_same(folder, read_json(folder / REQUEST), identity, total)
        write_json(folder / REQUEST, {**identity, "pictures": total})
        store = Store(folder)
        try:
            yield store
        finally:
            store.close()


def _empty(folder: Path) -> None:
    """Remove what a run wrote, and nothing else."""
    for name in FOLDERS:
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in (MANIFEST, JOURNAL, REQUEST):
        (folder / name).unlink(missing_ok=True)


def _check_same(folder: Path, old: Any, new: Mapping[str, Any], total: int) -> None:
    """Raises InvalidInput where the folder's set is another one."""
    if not (isinstance(old, dict) and isinstance(old.get("request"), dict)):
        raise InvalidInput(f"{folder / REQUEST} is damaged.", AGAIN)
    before, now = old["request"], new["request"]
    for name in sorted({*before, *now} - {"count"}):
        if before.get(name) != now.get(name):
            said = f"{name} was {before.get(name)} and is {now.get(name)}"
            raise InvalidInput(f"{folder} holds pictures of another request: {said}.", AGAIN)
    if old.get("pictures", 0) > total:
        raise InvalidInput(f"{folder} has {old['pictures']:,} pictures, more than {total:,}.", AGAIN)
    if old.get("fingerprint") != new["fingerprint"]:
        raise InvalidInput(f"{folder} holds pictures of another library, body or version of Impromptu.", AGAIN)
