"""Where a library's files are: a folder, or one .zip file that is only read."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from ..files import atomic_path, explain_os_error, read_json, write_json
from ..protocol import InvalidInput
from .lock import file_lock
from .manifest import CLIP_FOLDER, MANIFEST, Manifest, dump_manifest, parse_manifest

JOURNAL = ".pending.json"
LOCK = ".lock"
CACHE = ".cache"
MAX_MEMBER = 1 << 30
"""Bytes that a file of a zipped library may unpack to."""


class Store(Protocol):
    """The files of a library."""

    root: Path

    def manifest(self) -> Manifest:
        """What is in the library now."""
        ...

    @contextlib.contextmanager
    def local(self, file: str) -> Iterator[Path]:
        """A path at which a file of the library can be read while the block runs."""
        ...

    def clip_files(self) -> list[str]:
        """The clip files that are there, `clips/NAME.npz`."""
        ...


class FolderStore:
    """A library in a folder. All changes go through `change`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def manifest(self) -> Manifest:
        path = self.root / MANIFEST
        try:
            content = path.read_bytes()
        except OSError as error:
            raise explain_os_error(error, path) from error
        return parse_manifest(content, str(self.root))

    @contextlib.contextmanager
    def local(self, file: str) -> Iterator[Path]:
        yield self.root / file

    def clip_files(self) -> list[str]:
        """Without those that a killed writer left behind, which the next writer removes."""
        left = set(self._journal())
        names = (p.name for p in (self.root / CLIP_FOLDER).glob("*.npz"))
        return sorted(f for n in names if not n.startswith(".") and (f := f"{CLIP_FOLDER}/{n}") not in left)

    def create(self) -> None:
        """Make an empty library unless there is one.

        Raises:
            InvalidInput: the folder holds something else, or cannot be made.
        """
        check_place(self.root)
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise explain_os_error(error, self.root) from error
        with file_lock(self.root / LOCK):
            if not (self.root / MANIFEST).exists():
                (self.root / CLIP_FOLDER).mkdir(exist_ok=True)
                self._write(Manifest())

    @contextlib.contextmanager
    def writing(self) -> Iterator[Manifest]:
        """Be the only writer; gives the manifest as it is now, with what a killed writer left cleared away."""
        with file_lock(self.root / LOCK):
            manifest = self.manifest()
            self._clear(manifest)
            yield manifest

    @contextlib.contextmanager
    def replacing(self, old: Manifest, files: list[str]) -> Iterator[list[Manifest]]:
        """Within `writing`: the block writes new clip files and appends the manifest that refers to them.

        Files are never changed in place: until the manifest is renamed into place the library is the old one,
        from then on the new one. The journal names every file that only one of them refers to, so that
        whoever writes next can remove what a killed process left.
        """
        journal = self.root / JOURNAL
        write_json(journal, {"files": files})
        result: list[Manifest] = []
        now = old
        try:
            (self.root / CLIP_FOLDER).mkdir(exist_ok=True)
            yield result
            self._write(result[0])
            now = result[0]
        finally:
            self._clear(now)

    def _write(self, manifest: Manifest) -> None:
        with atomic_path(self.root / MANIFEST) as temporary:
            temporary.write_text(dump_manifest(manifest), encoding="utf-8")

    def _journal(self) -> list[str]:
        journal = self.root / JOURNAL
        return [str(f) for f in read_json(journal)["files"]] if journal.exists() else []

    def _clear(self, manifest: Manifest) -> None:
        """Remove files of the journal that the manifest does not refer to, and half-written ones."""
        used = {e.file for e in manifest.entries}
        for file in self._journal():
            if file not in used:
                (self.root / file).unlink(missing_ok=True)
        halves = (".library-*.json", "..pending-*.json", f"{CLIP_FOLDER}/.*.npz")
        for half in (p for pattern in halves for p in self.root.glob(pattern)):
            half.unlink(missing_ok=True)
        (self.root / JOURNAL).unlink(missing_ok=True)


class ZipStore:
    """A library in one .zip file, as `Library.export` writes it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def _read(self, file: str) -> bytes:
        try:
            with zipfile.ZipFile(self.root) as archive:
                if archive.getinfo(file).file_size > MAX_MEMBER:
                    raise InvalidInput(f"{file} in {self.root.name} is too large.", "Export the library again.")
                return archive.read(file)
        except KeyError as error:
            raise InvalidInput(f"{self.root.name} holds no {file}.", "Give a library's .zip file.") from error
        except OSError as error:
            raise explain_os_error(error, self.root) from error
        except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, zlib.error) as error:
            raise InvalidInput(f"{self.root.name} is a damaged .zip file.", "Copy or export it again.") from error

    def manifest(self) -> Manifest:
        return parse_manifest(self._read(MANIFEST), str(self.root))

    @contextlib.contextmanager
    def local(self, file: str) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="impromptu-") as folder:
            path = Path(folder) / Path(file).name
            path.write_bytes(self._read(file))
            yield path

    def clip_files(self) -> list[str]:
        with zipfile.ZipFile(self.root) as archive:
            return sorted(n for n in archive.namelist() if n.startswith(f"{CLIP_FOLDER}/") and n.endswith(".npz"))


def check_place(path: Path) -> None:
    """Raises InvalidInput unless a library is at the path, or can be made there: a new or an empty folder."""
    if not path.exists() or (path / MANIFEST).is_file():
        return
    if not path.is_dir():
        open_store(path)
        return
    try:
        # Another process may be making the library at this moment.
        others = [p.name for p in path.iterdir() if p.name != CLIP_FOLDER and not p.name.startswith(".")]
    except OSError as error:
        raise explain_os_error(error, path) from error
    # Asked again: that other process may have finished between the two looks.
    if others and not (path / MANIFEST).is_file():
        raise InvalidInput(
            f"{path} is not a motion library and holds other files ({others[0]} ...).",
            "Name a library's folder, or an empty or new one.",
        )


def open_store(path: Path) -> FolderStore | ZipStore:
    """The store at a path.

    Raises:
        InvalidInput: nothing is there, or something else than a library.
    """
    if not path.exists():
        raise InvalidInput(
            f"There is no motion library at {path}.", "Check the path, or make one with `impromptu library add`."
        )
    if path.is_dir():
        if not (path / MANIFEST).is_file():
            raise InvalidInput(
                f"{path} is not a motion library: it has no {MANIFEST}.",
                "Name a library's folder, or a new folder for `impromptu library add`.",
            )
        return FolderStore(path)
    if not zipfile.is_zipfile(path):
        raise InvalidInput(f"{path} is not a motion library.", "Name a library's folder or its .zip file.")
    return ZipStore(path)


def write_zip(store: Store, manifest: Manifest, target: Path) -> None:
    """All files of a library as one .zip, the same bytes for the same library."""
    with atomic_path(target) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        head = zipfile.ZipInfo(MANIFEST)
        archive.writestr(head, dump_manifest(manifest), zipfile.ZIP_DEFLATED)
        for entry in manifest.entries:
            with store.local(entry.file) as path:
                # Clips are compressed already.
                archive.writestr(zipfile.ZipInfo(entry.file), read_bytes(path), zipfile.ZIP_STORED)


def write_folder(store: Store, manifest: Manifest, target: Path) -> None:
    """All files of a library as a new folder, complete or not there."""
    if target.exists():
        raise InvalidInput(f"{target} is there already.", "Name a new folder or a .zip file.")
    try:
        temporary = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-"))
    except OSError as error:
        raise explain_os_error(error, target) from error
    try:
        (temporary / CLIP_FOLDER).mkdir()
        for entry in manifest.entries:
            with store.local(entry.file) as path:
                (temporary / entry.file).write_bytes(read_bytes(path))
        (temporary / MANIFEST).write_text(dump_manifest(manifest), encoding="utf-8")
        temporary.chmod(0o755)
        os.rename(temporary, target)
    except OSError as error:
        raise explain_os_error(error, target) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def read_bytes(path: Path) -> bytes:
    """Raises InvalidInput where the file cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise explain_os_error(error, path) from error
