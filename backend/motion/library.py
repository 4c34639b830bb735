"""The motion library: a folder, or one .zip file, of clips and labels that is copied as a whole.

    library.json   manifest: entries (name, file, sha256, labels ...) and texts (labels without a clip)
    clips/*.npz    one clip a file, see `clip.save_clip`
    .cache/        what can be computed again, such as label embeddings

Two processes may write at once, and one may be killed at any point: see `library_store.FolderStore.replacing`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..assets import cache_folder
from ..files import sha256_of
from ..protocol import InvalidInput
from .clip import Clip, Label, load_clip, save_clip
from .library_store import (
    CACHE,
    FolderStore,
    ZipStore,
    check_place,
    open_store,
    write_folder,
    write_zip,
)
from .manifest import CLIP_FOLDER, Entry, LabelRef, Manifest, Text, build_manifest

__all__ = ["Entry", "LabelRef", "Library"]

DEFAULT = Path(__file__).parent / "data" / "library"
"""The library that ships."""


class Library:
    """Clips and labels. What is read is as of the time of opening, or of this object's last change."""

    def __init__(self, store: FolderStore | ZipStore) -> None:
        self._store = store
        self._manifest = store.manifest()

    @classmethod
    def open(cls, path: str | Path | None = None) -> Library:
        """Open a library's folder or .zip file; without a path, the library that ships.

        Raises:
            InvalidInput: nothing is there, or something else. Incompatible: of a later version.
        """
        return cls(open_store(Path(path) if path and str(path) else DEFAULT))

    @classmethod
    def create(cls, path: str | Path) -> Library:
        """Make an empty library in a new or empty folder; one that is there already is opened."""
        store = FolderStore(Path(path))
        store.create()
        return cls(store)

    @staticmethod
    def check_place(path: str | Path) -> None:
        """Raises InvalidInput unless a library is at the path, or `create` could make one there."""
        check_place(Path(path))

    @classmethod
    def open_or_create(cls, path: str | Path) -> Library:
        """Open what is there; where nothing is, or an empty folder, make a library."""
        return cls.open(path) if Path(path).is_file() else cls.create(path)

    @property
    def root(self) -> Path:
        """The folder, or the .zip file."""
        return self._store.root

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All clips, sorted by name."""
        return self._manifest.entries

    @property
    def texts(self) -> tuple[Text, ...]:
        """Labels without a clip."""
        return self._manifest.texts

    def labels(self) -> list[LabelRef]:
        """All labels: those of the clips by name and frame, then those without a clip. The order is stable."""
        return self._manifest.labels

    def digest(self) -> str:
        """sha256 of all labels in their order: what embeddings of them are cached by."""
        return self._manifest.digest

    def entry(self, name: str) -> Entry:
        """Raises InvalidInput where there is no such clip."""
        if name not in self._manifest.by_name:
            raise InvalidInput(
                f"The library {self.root} has no clip named {name!r}.",
                "See their names with `impromptu library list`.",
            )
        return self._manifest.by_name[name]

    def load(self, name: str) -> Clip:
        """A clip, with the labels and flags that the library has for it.

        Raises:
            InvalidInput: no such clip, or its file is missing or damaged.
        """
        entry = self.entry(name)
        with self._store.local(entry.file) as path:
            clip = load_clip(path)
        return clip.with_(name=name, labels=entry.labels, flags=entry.flags)

    def add(self, clips: Iterable[Clip], overwrite: bool = False) -> list[str]:
        """Add clips, all or none.

        A clip that is in the library already (same motion and labels) is not added again; another one of the same
        name gets a number, or with `overwrite` takes the other's place.

        Returns:
            the names under which the clips are in the library, in order.

        Raises:
            InvalidInput: the library cannot be written to.
        """
        clips = [_as_stored(clip) for clip in clips]
        with self._folder().writing() as old:
            plan, names = _plan(old, clips, overwrite)
            if plan:
                entries = dict(old.by_name)
                replaced = [entries[n].file for n in plan if n in entries]
                files = [file for _, file, _ in plan.values()]
                with self._folder().replacing(old, files + replaced) as result:
                    for name, (clip, file, digest) in plan.items():
                        save_clip(self.root / file, clip.with_(name=name))
                        entries[name] = _entry(name, clip, file, digest, sha256_of(self.root / file))
                    # Labels that came before their clips have waited as texts.
                    _, texts = _attach(entries, ((t.id, t.text) for t in old.texts), plan)
                    result.append(build_manifest(entries.values(), texts))
                old = result[0]
            self._manifest = old
        return names

    def add_labels(self, pairs: Iterable[tuple[str | None, str]]) -> int:
        """Attach texts to clips by id, or keep them as labels without a clip.

        Args:
            pairs: (id or None, text). An id stands for the clips of that name, with or without a first word or two
                (`02_01`: `02_01`, `cmu_02_01`), and for recordings from a file of that name.

        Returns:
            how many labels are new.
        """
        with self._folder().writing() as old:
            entries, known = dict(old.by_name), set(old.texts)
            new, left = _attach(entries, pairs, entries)
            texts = known.union(left)
            new += len(texts) - len(known)
            self._replace(old, build_manifest(entries.values(), texts), [])
        return new

    def remove(self, names: Iterable[str]) -> list[str]:
        """Take clips out, all or none.

        Raises:
            InvalidInput: a name that is not there.
        """
        names = list(dict.fromkeys(names))
        with self._folder().writing() as old:
            self._manifest = old
            files = [self.entry(name).file for name in names]
            kept = (e for e in old.entries if e.name not in set(names))
            self._replace(old, build_manifest(kept, old.texts), files)
        return names

    def export(self, target: str | Path) -> Path:
        """Copy the library to a new folder, or to one .zip file that `open` reads."""
        target = Path(target)
        if isinstance(self._store, FolderStore) and os.access(self.root, os.W_OK):
            with self._store.writing() as manifest:
                return self._export(manifest, target)
        return self._export(self._manifest, target)

    def _export(self, manifest: Manifest, target: Path) -> Path:
        write = write_zip if target.suffix.lower() == ".zip" else write_folder
        write(self._store, manifest, target)
        return target

    def verify(self) -> list[str]:
        """Every clip read and compared with the manifest; a sentence for each problem, none if all is well."""
        manifest = self._store.manifest()
        problems = [p for entry in manifest.entries if (p := self._problem(entry))]
        used = {e.file for e in manifest.entries}
        extra = [f for f in self._store.clip_files() if f not in used]
        return problems + [f"{f}: is not in the manifest." for f in extra]

    def _problem(self, entry: Entry) -> str:
        try:
            with self._store.local(entry.file) as path:
                if not path.is_file():
                    return f"{entry.name}: {entry.file} is missing."
                if sha256_of(path) != entry.sha256:
                    return f"{entry.name}: {entry.file} was changed or damaged."
                clip = load_clip(path)
        except InvalidInput as error:
            return f"{entry.name}: {error.message}"
        if (len(clip), clip.fps) != (entry.frames, entry.fps):
            return f"{entry.name}: {entry.file} has other frames than the manifest says."
        return ""

    @property
    def cache_dir(self) -> Path:
        """A folder for what can be computed again: in the library, or the user's where that is read-only or ships.

        Blender replaces the code's own folder at an update, and nothing else is to be written there.
        """
        inside = self.root / CACHE
        ships = Path(__file__).resolve().parent in self.root.resolve().parents
        if not ships and isinstance(self._store, FolderStore) and _can_write(inside):
            return inside
        path = cache_folder() / self.digest()[:16]
        path.mkdir(exist_ok=True)
        return path

    def _folder(self) -> FolderStore:
        if not isinstance(self._store, FolderStore):
            raise InvalidInput(f"{self.root} is one .zip file, which is only read.", "Unpack it and name the folder.")
        return self._store

    def _replace(self, old: Manifest, new: Manifest, files: list[str]) -> None:
        if new != old:
            with self._folder().replacing(old, files) as result:
                result.append(new)
        self._manifest = new


def _can_write(folder: Path) -> bool:
    """Whether a cache folder is there, or can be made, and takes files."""
    try:
        folder.mkdir(exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def _as_stored(clip: Clip) -> Clip:
    """With the precision that a file keeps, so that a clip is known again after a round trip."""
    return clip.with_(poses=clip.poses.astype(np.float16).astype(np.float32))


def _plan(old: Manifest, clips: list[Clip], overwrite: bool) -> tuple[dict[str, tuple[Clip, str, str]], list[str]]:
    """Names and files for clips: {name: (clip, file, digest)} of those to write, and the name of every clip."""
    known = {e.digest: e.name for e in old.entries}
    taken = {e.name.lower() for e in old.entries}
    stems = {e.file.lower()[len(CLIP_FOLDER) + 1 : -len(".npz")] for e in old.entries}
    plan: dict[str, tuple[Clip, str, str]] = {}
    names = []
    for clip in clips:
        digest = clip.digest()
        if digest not in known:
            name = _safe(clip.name)
            if not (overwrite and name in old.by_name and name not in plan):
                name = _free(name, "_", taken)
            stem = _free(name, ".", stems)
            file = f"{CLIP_FOLDER}/{stem}.npz"
            plan[name] = (clip, file, digest)
            known[digest] = name
            taken.add(name.lower())
            stems.add(stem.lower())
        names.append(known[digest])
    return plan, names


def _safe(name: str) -> str:
    """Letters, digits, `_`, `-` and `.` only, starting with a letter or digit, 100 characters at most."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", name).strip("._-")[:100] or "clip"


def _free(name: str, mark: str, taken: set[str]) -> str:
    """The name, numbered from 2 where it is taken; capitals do not tell names apart, as on some file systems."""
    free, number = name, 2
    while free.lower() in taken:
        free, number = f"{name}{mark}{number}", number + 1
    return free


def _entry(name: str, clip: Clip, file: str, digest: str, sha256: str) -> Entry:
    return Entry(
        name=name,
        file=file,
        sha256=sha256,
        digest=digest,
        labels=clip.labels,
        fps=clip.fps,
        frames=len(clip),
        kind=clip.kind,
        source=clip.source,
        licence=clip.licence,
        flags=clip.flags,
    )


def _ids(entry: Entry) -> set[str]:
    """What a clip answers to: its name, that without its first word or two (`cmu_02_01`: `02_01`), its file's stem.

    What was derived from a recording does not answer to the recording's file: it may be mirrored or reversed.
    """
    parts = entry.name.lower().split("_")
    ids = {"_".join(parts[i:]) for i in range(3) if i == 0 or len(parts) - i >= 2}
    return ids | {Path(entry.source).stem.lower()} if entry.kind == "mocap" and entry.source else ids


def _attach(
    entries: dict[str, Entry], pairs: Iterable[tuple[str | None, str]], among: Iterable[str]
) -> tuple[int, list[Text]]:
    """Put texts on the clips that answer to their ids.

    Args:
        entries: changed in place.
        pairs: (id or None, text).
        among: names of the clips that may answer.

    Returns:
        how many labels are new, and the texts to which no clip answers.
    """
    answers: dict[str, list[str]] = {}
    for name in among:
        for id in _ids(entries[name]):
            answers.setdefault(id, []).append(name)
    new, left = 0, []
    for id, text in pairs:
        text = " ".join(text.split())
        names = answers.get(id.lower(), []) if id else []
        for name in names:
            new += _label(entries, name, text)
        if text and not names:
            left.append(Text(text, id))
    return new, left


def _label(entries: dict[str, Entry], name: str, text: str) -> int:
    """Put a label over a whole clip unless it has it; 1 if it is new."""
    entry = entries[name]
    if not text or any(l.text == text for l in entry.labels):
        return 0
    flags = tuple(f for f in entry.flags if f != "unlabelled")
    entries[name] = replace(entry, labels=(*entry.labels, Label(text, 0, entry.frames)), flags=flags)
    return 1
