"""The labelled motions that frames are drawn from: a library, or whatever files of motions there are."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..motion.clip import Clip, Label
from ..motion.importers import import_file
from ..motion.library import Library
from ..motion.manifest import MANIFEST
from ..protocol import InvalidInput

MOTION_FILES = (".npz", ".bvh")
"""What is looked for in a folder that is no library; other files are named one by one."""


@dataclass(frozen=True)
class Motion:
    """A labelled clip that is read when it is wanted."""

    name: str
    frames: int
    fps: float
    labels: tuple[Label, ...]
    sha256: str
    """`Clip.digest`: of the motion and its labels."""
    licence: str
    load: Callable[[], Clip]


@dataclass(frozen=True)
class Motions:
    """All of them, in a stable order."""

    clips: tuple[Motion, ...]
    sha256: str
    """Of all clips: what a set of pictures depends on."""
    refused: tuple[str, ...] = ()
    """A sentence for each file of a folder that holds no motion."""


def open_motions(paths: Sequence[str] = ()) -> Motions:
    """The labelled clips of a library, or of motion files and folders of them.

    Args:
        paths: none for the library that ships; one library (folder or .zip); or files and folders.

    Raises:
        InvalidInput: nothing is there, a named file cannot be read, or no clip has a label.
    """
    refused: list[str] = []
    if not paths or (len(paths) == 1 and _is_library(Path(paths[0]))):
        clips = list(_of_library(Library.open(paths[0] if paths else None)))
    else:
        clips = list(_of_files(paths, refused))
    clips = sorted((c for c in clips if c.labels), key=lambda c: (c.name, c.sha256))
    if not clips:
        where = ", ".join(paths) or "The library"
        raise InvalidInput(f"{where} has no labelled motion.", "Give a library, .npz or .bvh files, or their folder.")
    sum = hashlib.sha256("".join(c.sha256 for c in clips).encode()).hexdigest()
    return Motions(tuple(clips), sum, tuple(refused))


def _is_library(path: Path) -> bool:
    return path.suffix.lower() == ".zip" or (path / MANIFEST).exists()


def _of_library(library: Library) -> Iterator[Motion]:
    for entry in library.entries:

        def load(name: str = entry.name) -> Clip:
            return library.load(name)

        yield Motion(entry.name, entry.frames, entry.fps, entry.labels, entry.digest, entry.licence, load)


def _of_files(paths: Sequence[str], refused: list[str]) -> Iterator[Motion]:
    for path in (Path(p) for p in paths):
        if _is_library(path):
            yield from _of_library(Library.open(path))
            continue
        named = not path.is_dir()
        for file in [path] if named else _motion_files(path):
            try:
                read = import_file(file)
            except InvalidInput as error:
                # AMASS keeps a body's shape beside its motions; a file that was named is to be read.
                if named:
                    raise
                refused.append(str(error))
                continue
            for item in read:
                yield _of_clip(item.clip)


def _motion_files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() in MOTION_FILES and p.is_file())


def _of_clip(clip: Clip) -> Motion:
    return Motion(clip.name, len(clip), clip.fps, clip.labels, clip.digest(), clip.licence, lambda: clip)
