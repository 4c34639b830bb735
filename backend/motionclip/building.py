"""Making a corpus of libraries: windows, joined labels in several wordings, splits without leaks, vectors."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..files import atomic_path, save_npz, write_json
from ..motion.clip import Clip, Label
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
from .features import FPS, features_of
from .leaks import find_leaks
from .space import LatentSpace
from .splits import origins, read_patterns, split_of
from .wording import wordings

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
    """Libraries of which nothing may train: all of them is `test`."""
    join: str = "ways"
    """`ways`: labels of the same frames say the same thing, and one is drawn; `all`: all are joined, as published."""
    space: str = ""
    frames: tuple[str, ...] = ()
    """Folders that `impromptu render frames --each window` wrote."""


@dataclass
class _Draft:
    """A clip before it has its place."""

    clip: Clip
    library: str
    split: str
    digest: str
    features: NDArray[np.float32]
    contacts: NDArray[np.bool_]


def build_corpus(
    libraries: Sequence[str], folder: Path, options: CorpusOptions = CorpusOptions(), tell: Report | None = None
) -> Corpus:
    """Write a corpus.

    Args:
        libraries: folders or .zip files; an empty name is the library that ships.
        folder: made if absent; replaced only when all is done.
        tell: stage, step and number of steps.

    Raises:
        InvalidInput: a library cannot be read, or has no labelled clip.
    """
    tell = tell or (lambda stage, step, total: None)
    patterns = read_patterns(Path(options.splits)) if options.splits else read_patterns()
    drafts = list(_drafts(libraries, options, patterns, tell))
    if not drafts:
        raise InvalidInput(
            "The libraries have no labelled clip.", "Add labels with `impromptu library add --labels`."
        )
    # Gestures that are posed by hand may be alike; that makes them no copies.
    recorded = [i for i, d in enumerate(drafts) if d.clip.kind == "mocap"]
    found = find_leaks([drafts[i].features for i in recorded], [drafts[i].split for i in recorded])
    leaks = {recorded[i] for i in found}
    kept = [d for i, d in enumerate(drafts) if i not in leaks]
    clips, start = [], 0
    for d in kept:
        clips.append(CorpusClip(
            d.clip.name, d.library, d.split, start, len(d.features), d.clip.licence, d.clip.source, d.digest,
            tuple(dict.fromkeys(l.text for l in d.clip.labels)), origins(d.clip),
        ))  # fmt: skip
        start += len(d.features)
    texts = _Texts()
    pictures = _Pictures(options.frames)
    actions = action_names()
    rows = [
        row for i, d in enumerate(kept) for row in _windows(i, clips[i], d.clip, options, texts, pictures, actions)
    ]
    space = LatentSpace(options.space) if options.space else LatentSpace()
    tell("Reading texts", 0, 2)
    vectors = space.texts(texts.all).astype(np.float16)
    tell("Seeing pictures", 1, 2)
    seen = pictures.vectors(space)
    facts = {
        "space": space.to_json(), "options": {**options.__dict__}, "frames": start, "windows": len(rows),
        "texts": len(texts.all), "pictures": len(seen), "left_out": [drafts[i].clip.name for i in sorted(leaks)],
    }  # fmt: skip
    corpus = Corpus(folder, tuple(clips), actions, facts)
    _write(corpus, kept, rows, texts.all, vectors, seen)
    return Corpus.open(folder)


def _drafts(libraries: Sequence[str], options: CorpusOptions, patterns: Any, tell: Report) -> Iterator[_Draft]:
    opened = [(name or "default", Library.open(name or None)) for name in libraries]
    total, done = sum(len(library.entries) for _, library in opened), 0
    known: set[str] = set()
    for name, library in opened:
        stem = Path(name).name
        for entry in library.entries:
            done += 1
            if not entry.labels or entry.digest in known:
                continue
            known.add(entry.digest)
            clip = resample(library.load(entry.name), FPS)
            held = stem in options.test_only or name in options.test_only
            split = "test" if held else split_of(origins(clip), patterns, options.share)
            if split == "left_out":
                continue
            contacts = clip.contacts if clip.contacts is not None else detect_contacts(clip)
            tell("Reading motions", done, total)
            yield _Draft(clip, stem, split, entry.digest, features_of(clip), np.asarray(contacts, bool))


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


class _Pictures:
    """Rendered frames of windows, found by clip and time."""

    def __init__(self, folders: Sequence[str]) -> None:
        self.files: list[Path] = []
        self._by_clip: dict[str, list[tuple[float, int]]] = defaultdict(list)
        for folder in (Path(f) for f in folders):
            manifest = folder / "manifest.jsonl"
            if not manifest.is_file():
                raise InvalidInput(
                    f"{folder} is no whole set of pictures.", "Finish it with `impromptu render frames`."
                )
            for line in manifest.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                self._by_clip[str(row["clip_sha256"])].append((float(row["frame"]), len(self.files)))
                self.files.append(folder / str(row["file"]))

    def near(self, digest: str, start: int, end: int) -> int:
        """The picture whose frame is nearest to the middle of a window, if it is inside or at most as far again."""
        middle = (start + end) / 2
        best = min(self._by_clip.get(digest, ()), key=lambda p: abs(p[0] - middle), default=None)
        return best[1] if best is not None and abs(best[0] - middle) <= end - start else -1

    def vectors(self, space: LatentSpace) -> NDArray[np.float16]:
        """(n, d) of all pictures, then (n, d) of them mirrored."""
        if not self.files:
            return np.empty((0, 0), np.float16)
        from PIL import Image

        plain, mirrored = [], []
        for i in range(0, len(self.files), 32):
            rows = [np.asarray(Image.open(f).convert("RGB")) for f in self.files[i : i + 32]]
            batch = torch.from_numpy(np.stack(rows)).permute(0, 3, 1, 2).float() / 255
            plain.append(space.pictures(batch))
            mirrored.append(space.pictures(batch.flip(-1)))
        return np.concatenate([*plain, *mirrored]).astype(np.float16)


def joined_texts(labels: Sequence[Label], start: int, end: int, join: str) -> list[str]:
    """Texts for the frames [start, end): the labels that they carry, joined in order of time (paper, section 4.1).

    Args:
        join: `ways` or `all`, as of `CorpusOptions`.
    """
    here = [l for l in labels if min(l.end, end) - max(l.start, start) >= min(6, l.end - l.start)]
    ranges: dict[tuple[int, int], list[str]] = defaultdict(list)
    for label in sorted(here, key=lambda l: (l.start, l.end)):
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
    index: int, placed: CorpusClip, clip: Clip, options: CorpusOptions, texts: _Texts, pictures: _Pictures,
    actions: Sequence[str],
) -> Iterator[tuple[int, int, int, int, int, list[int], list[int]]]:  # fmt: skip
    """Rows of a clip's windows: clip, start, length, picture, action, texts, the mirror's texts."""
    frames = len(clip)
    last = max(frames - LENGTH, 0)
    starts = sorted(
        {*range(0, last + 1, options.stride), *([last] if last % options.stride >= SHORTEST // 2 else [])}
    )
    action = action_of_labels(l.text for l in clip.labels)
    for start in starts:
        end = min(start + LENGTH, frames)
        said = joined_texts(clip.labels, start, end, options.join)
        if said:
            yield (
                index, placed.start + start, end - start, pictures.near(placed.sha256, start, end),
                actions.index(action) if action else -1, texts.ids(said), texts.ids([mirror_words(t) for t in said]),
            )  # fmt: skip


def _write(
    corpus: Corpus, drafts: Sequence[_Draft], rows: Sequence[Any], texts: list[str], vectors: Any, seen: Any
) -> None:
    folder = corpus.folder
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).unlink(missing_ok=True)  # what is half replaced is no corpus
    _save(folder / FEATURES, np.concatenate([d.features.astype(np.float16) for d in drafts]))
    _save(folder / CONTACTS, np.concatenate([d.contacts for d in drafts]))
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
    write_json(folder / FILE, replace(corpus).to_json())


def _save(path: Path, array: NDArray[Any]) -> None:
    with atomic_path(path) as temporary, open(temporary, "wb") as stream:
        np.save(stream, array, allow_pickle=False)
