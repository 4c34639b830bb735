"""Libraries of labelled motions as one corpus to train on: numbers a frame, windows, texts and pictures' vectors.

corpus.json     what it was made of: clips with licence, source and split; the space; counts
features.npy    (N, 136) float16, all clips one after the other: read through a memory map, whatever its size
contacts.npy    (N, 4) bool
windows.npz     clip, start, length, picture, action; texts a window, as ragged lists; the same of its mirror
texts.npy       (n, dim) float16 unit vectors of `texts.json`
pictures.npy    (n, d) float16 unit vectors
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..files import read_json
from ..protocol import InvalidInput

FILE, FEATURES, CONTACTS, WINDOWS = "corpus.json", "features.npy", "contacts.npy", "windows.npz"
TEXTS, TEXT_VECTORS, PICTURES = "texts.json", "texts.npy", "pictures.npy"
LENGTH = 60
"""Frames of a window, at 30 a second."""
SHORTEST = 20
"""Frames beyond the last window of the stride that make another one at a clip's end."""
VERSION = 1


@dataclass(frozen=True)
class CorpusClip:
    """A clip of the corpus."""

    name: str
    library: str
    split: str
    start: int
    """Its first row."""
    frames: int
    licence: str
    source: str
    sha256: str
    labels: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ragged:
    """A list of numbers for each window."""

    offsets: NDArray[np.int64]
    """(n + 1,)"""
    values: NDArray[np.int32]

    def __getitem__(self, i: int) -> NDArray[np.int32]:
        return self.values[self.offsets[i] : self.offsets[i + 1]]

    @classmethod
    def of(cls, lists: Sequence[Sequence[int]]) -> Ragged:
        """From lists."""
        offsets = np.cumsum([0, *(len(l) for l in lists)])
        return cls(offsets.astype(np.int64), np.array([v for l in lists for v in l], np.int32))


@dataclass(frozen=True)
class Windows:
    """n windows."""

    clip: NDArray[np.int32]
    """(n,) index of the clip."""
    start: NDArray[np.int64]
    """(n,) row of the first frame."""
    length: NDArray[np.int32]
    """(n,) frames, at most `LENGTH`."""
    picture: NDArray[np.int32]
    """(n,) row of a picture of a frame in or near it; -1: none."""
    action: NDArray[np.int32]
    """(n,) index into the corpus's actions; -1: none."""
    texts: Ragged
    mirrored_texts: Ragged

    def __len__(self) -> int:
        return len(self.clip)


@dataclass
class Corpus:
    """An open corpus; arrays are read as they are needed."""

    folder: Path
    clips: tuple[CorpusClip, ...] = ()
    actions: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: str | Path) -> Corpus:
        """A corpus that `building.build_corpus` wrote.

        Raises:
            InvalidInput: none is there, or of another version.
        """
        folder = Path(folder)
        if not (folder / FILE).is_file():
            raise InvalidInput(f"There is no corpus in {folder}.", "Make one with `impromptu motion data -o FOLDER`.")
        read = read_json(folder / FILE)
        if read.get("version") != VERSION:
            raise InvalidInput(f"{folder} is of another version.", "Make it again with `impromptu motion data`.")
        clips = tuple(
            CorpusClip(**{**c, "labels": tuple(c["labels"]), "origins": tuple(c["origins"])}) for c in read["clips"]
        )
        return cls(folder, clips, tuple(read["actions"]), read)

    @cached_property
    def features(self) -> NDArray[np.float16]:
        """(N, 136)."""
        return np.load(self.folder / FEATURES, mmap_mode="r", allow_pickle=False)

    @cached_property
    def contacts(self) -> NDArray[np.bool_]:
        """(N, 4)."""
        return np.load(self.folder / CONTACTS, mmap_mode="r", allow_pickle=False)

    @cached_property
    def texts(self) -> list[str]:
        """All texts."""
        return json.loads((self.folder / TEXTS).read_text(encoding="utf-8"))

    @cached_property
    def text_vectors(self) -> NDArray[np.float16]:
        """(n, dim)."""
        return np.load(self.folder / TEXT_VECTORS, allow_pickle=False)

    @cached_property
    def pictures(self) -> NDArray[np.float16]:
        """(n, d); none where no pictures were given."""
        return np.load(self.folder / PICTURES, allow_pickle=False)

    @cached_property
    def windows(self) -> Windows:
        """All windows, of all splits."""
        with np.load(self.folder / WINDOWS, allow_pickle=False) as read:
            a = {name: read[name] for name in read.files}
        return Windows(
            a["clip"], a["start"], a["length"], a["picture"], a["action"],
            Ragged(a["text_offsets"], a["text_values"]), Ragged(a["mirrored_offsets"], a["mirrored_values"]),
        )  # fmt: skip

    def of_split(self, split: str, libraries: Sequence[str] = ()) -> NDArray[np.int64]:
        """Indices of the windows of a split, of some libraries or all."""
        wanted = [c.split == split and (not libraries or c.library in libraries) for c in self.clips]
        return np.flatnonzero(np.array(wanted, bool)[self.windows.clip])

    def digest(self) -> str:
        """sha256 of which motions are in which split, in which space: what a training run depends on."""
        h = hashlib.sha256(json.dumps(self.facts.get("space"), sort_keys=True).encode())
        for clip in self.clips:
            h.update(f"{clip.sha256} {clip.split} {clip.start} {clip.frames}".encode())
        return h.hexdigest()

    def __getstate__(self) -> dict[str, Any]:
        """For workers that are given a copy: what is read through memory maps they map themselves."""
        return {name: self.__dict__[name] for name in ("folder", "clips", "actions", "facts")}

    def to_json(self) -> dict[str, Any]:
        """The content of `corpus.json`."""
        return {
            **self.facts,
            "version": VERSION,
            "actions": list(self.actions),
            "clips": [asdict(c) for c in self.clips],
        }
