"""Making a corpus of libraries: windows, joined labels in several wordings, splits without leaks, vectors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..files import atomic_path, save_npz, write_json
from ..motion.clip import Label
from ..motion.contacts import detect_contacts
from ..motion.library import Library
from ..motion.ops import mirror_words, resample
from ..protocol import InvalidInput
from .actions import action_names, action_of_labels
from .corpus import (
    CONTACTS,
    FEATURES,
    FILE,
    LENGTH,
    PICTURES,
    SHORTEST,
    TEXT_VECTORS,
    TEXTS,
    WINDOWS,
    Corpus,
    CorpusClip,
    Ragged,
)
from .features import FPS, WIDTH, features_of
from .frames_seen import Pictures
from .leaks import find_leaks
from .rows import Rows
from .space import DEFAULT, LatentSpace
from .splits import origins, read_patterns, split_of
from .wording import wordings

SHIPPED = "default"
"""What the corpus calls the library that ships."""
MOST_TEXTS = 24
"""Texts a window at most."""
Report = Callable[[str, int, int], None]


@dataclass(frozen=True)
class CorpusOptions:
    """What decides a corpus, beside the libraries."""

    stride: int = 20
    """Frames between the starts of windows: training starts them anywhere between."""
    splits: str = ""
    """File of patterns of what is held out; empty: the one that ships."""
    share: float = 0.0
    """Of the clips that no pattern names, held out by lot, and as many to stop by."""
    test_only: tuple[str, ...] = ()
    """Names of libraries of which nothing may train: all of them is `test`."""
    join: str = "ways"
    """`ways`: labels of the same frames say the same thing, and one is drawn; `all`: all are joined, as published."""
    space: str = ""
    frames: tuple[str, ...] = ()
    """Folders that `impromptu render frames --each window` wrote."""


@dataclass(frozen=True)
class _Draft:
    """A clip whose rows are written."""

    placed: CorpusClip
    kind: str
    labels: tuple[Label, ...]
    """At 30 frames a second."""
    rate: float
    """Frames of the clip's own to one of the corpus's."""


def build_corpus(
    libraries: Sequence[str], folder: Path, options: CorpusOptions = CorpusOptions(), tell: Report | None = None
) -> Corpus:
    """Write a corpus.

    Args:
        libraries: folders or .zip files; an empty name is the library that ships.
        folder: made if absent; replaced only when all is done.
        tell: stage, step and number of steps.

    Raises:
        InvalidInput: a library cannot be read, two have one name, none has a labelled clip, or pictures are given
            to a space that does not see.
    """
    tell = tell or (lambda stage, step, total: None)
    patterns = read_patterns(Path(options.splits)) if options.splits else read_patterns()
    space = LatentSpace(options.space or DEFAULT)
    pictures = Pictures(options.frames, space)
    folder.mkdir(parents=True, exist_ok=True)
    features, contacts = Rows(folder / FEATURES, WIDTH, np.float16), Rows(folder / CONTACTS, 4, np.bool_)
    try:
        drafts = list(_drafts(_named(libraries), options, patterns, features, contacts, tell))
        if not drafts:
            raise InvalidInput("The libraries have no labelled clip.", "Give labels with `impromptu library add`.")
        leaks = _leaks(drafts, features)
        kept = [d for i, d in enumerate(drafts) if i not in leaks]
        texts = _Texts()
        actions = action_names()
        rows = [row for i, d in enumerate(kept) for row in _windows(i, d, options, texts, pictures, actions)]
        tell("Reading texts", 0, 2)
        vectors = space.texts(texts.all).astype(np.float16)
        tell("Seeing pictures", 1, 2)
        seen = pictures.vectors()
        facts = {
            "space": space.to_json(), "options": {**options.__dict__}, "frames": features.count,
            "windows": len(rows), "texts": len(texts.all), "pictures": len(seen) // 2,
            "left_out": [drafts[i].placed.name for i in sorted(leaks)],
        }  # fmt: skip
        (folder / FILE).unlink(missing_ok=True)  # what is half replaced is no corpus
        features.finish()
        contacts.finish()
    finally:
        features.drop()
        contacts.drop()
    corpus = Corpus(folder, tuple(d.placed for d in kept), actions, facts)
    _write(corpus, rows, texts.all, vectors, seen)
    return Corpus.open(folder)


def _named(libraries: Sequence[str]) -> dict[str, Library]:
    """Libraries by the names that the corpus has for them: their folders'.

    Raises:
        InvalidInput: two of one name.
    """
    found: dict[str, Library] = {}
    for path in libraries:
        name = Path(path).name.removesuffix(".zip") if path else SHIPPED
        if name in found:
            raise InvalidInput(f"Two libraries are called {name}.", "Rename the folder of one.")
        found[name] = Library.open(path or None)
    return found


def _drafts(
    libraries: dict[str, Library], options: CorpusOptions, patterns: Any, features: Rows, contacts: Rows,
    tell: Report,
) -> Iterator[_Draft]:  # fmt: skip
    total, done = sum(len(library.entries) for library in libraries.values()), 0
    known: set[str] = set()
    for name, library in libraries.items():
        for entry in library.entries:
            done += 1
            tell("Reading motions", done, total)
            if not entry.labels or entry.sha256 in known:
                continue
            known.add(entry.sha256)
            clip = library.load(entry.name)
            split = "test" if name in options.test_only else split_of(origins(clip), patterns, options.share)
            if split == "left_out":
                continue
            rate = clip.fps / FPS
            clip = resample(clip, FPS)
            stands = clip.contacts if clip.contacts is not None else detect_contacts(clip)
            start = features.append(features_of(clip))
            contacts.append(np.asarray(stands, bool))
            placed = CorpusClip(
                clip.name, name, split, start, len(clip), clip.licence, clip.source, entry.digest,
                tuple(dict.fromkeys(l.text for l in clip.labels)), origins(clip),
            )  # fmt: skip
            yield _Draft(placed, clip.kind, clip.labels, rate)


def _leaks(drafts: Sequence[_Draft], features: Rows) -> set[int]:
    """Recordings that hold a held-out one. Gestures posed by hand may be alike; that makes them no copies."""
    recorded = [i for i, d in enumerate(drafts) if d.kind == "mocap"]
    rows = features.read()
    clips = [rows[d.start : d.start + d.frames] for d in (drafts[i].placed for i in recorded)]
    return {recorded[i] for i in find_leaks(clips, [drafts[i].placed.split for i in recorded])}


class _Texts:
    """All texts, each once."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self._place: dict[str, int] = {}

    def ids(self, texts: Sequence[str]) -> list[int]:
        out = []
        for text in dict.fromkeys(texts):
            if text not in self._place:
                self._place[text] = len(self.all)
                self.all.append(text)
            out.append(self._place[text])
        return out


def labels_of(labels: Sequence[Label], start: int, end: int) -> list[Label]:
    """The labels of at least six of the frames [start, end), or of all that they have, in order of time."""
    here = [l for l in labels if min(l.end, end) - max(l.start, start) >= min(6, l.end - l.start)]
    return sorted(here, key=lambda l: (l.start, l.end))


def joined_texts(labels: Sequence[Label], start: int, end: int, join: str) -> list[str]:
    """Texts for the frames [start, end): the labels that they carry, joined in order of time (paper, section 4.1).

    Args:
        join: `ways` or `all`, as of `CorpusOptions`.
    """
    ranges: dict[tuple[int, int], list[str]] = defaultdict(list)
    for label in labels_of(labels, start, end):
        ranges[label.start, label.end].append(label.text)
    if not ranges:
        return []
    if join == "all":
        return [", ".join(dict.fromkeys(text for texts in ranges.values() for text in texts))]
    # A label of a part of the frames says more than one of the whole clip, and stands beside it.
    groups = list(ranges.values())
    if len(groups) == 1:
        return [way for text in groups[0] for way in wordings(text)][:MOST_TEXTS]
    most = max(len(g) for g in groups)
    out = [", ".join(dict.fromkeys(g[i % len(g)] for g in groups)) for i in range(most)]
    return [*out, *(way for text in groups[0] for way in wordings(text))][:MOST_TEXTS]


def _windows(
    index: int, draft: _Draft, options: CorpusOptions, texts: _Texts, pictures: Pictures, actions: Sequence[str]
) -> Iterator[tuple[int, int, int, int, int, list[int], list[int]]]:
    """Rows of a clip's windows: clip, start, length, picture, action, texts, the mirror's texts."""
    frames, placed = draft.placed.frames, draft.placed
    last = max(frames - LENGTH, 0)
    ends = [last] if last % options.stride >= SHORTEST else []
    for start in sorted({*range(0, last + 1, options.stride), *ends}):
        end = min(start + LENGTH, frames)
        said = joined_texts(draft.labels, start, end, options.join)
        if said:
            action = action_of_labels(l.text for l in labels_of(draft.labels, start, end))
            yield (
                index, placed.start + start, end - start, pictures.near(placed.sha256, start, end, draft.rate),
                actions.index(action) if action else -1, texts.ids(said), texts.ids([mirror_words(t) for t in said]),
            )  # fmt: skip


def _write(corpus: Corpus, rows: Sequence[Any], texts: list[str], vectors: Any, seen: Any) -> None:
    folder = corpus.folder
    _save(folder / TEXT_VECTORS, vectors)
    _save(folder / PICTURES, seen)
    write_json(folder / TEXTS, texts)
    columns = list(zip(*rows, strict=True))
    said, mirrored = Ragged.of(columns[5]), Ragged.of(columns[6])
    save_npz(
        folder / WINDOWS, True, clip=np.array(columns[0], np.int32), start=np.array(columns[1], np.int64),
        length=np.array(columns[2], np.int32), picture=np.array(columns[3], np.int32),
        action=np.array(columns[4], np.int32), text_offsets=said.offsets, text_values=said.values,
        mirrored_offsets=mirrored.offsets, mirrored_values=mirrored.values,
    )  # fmt: skip
    write_json(folder / FILE, corpus.to_json())


def _save(path: Path, array: NDArray[Any]) -> None:
    with atomic_path(path) as temporary, open(temporary, "wb") as stream:
        np.save(stream, array, allow_pickle=False)
