"""`library.json`: what a library holds, read without trust and written a line an entry."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from ..protocol import Incompatible, InvalidInput
from .clip import Label

MANIFEST = "library.json"
MANIFEST_VERSION = 1
CLIP_FOLDER = "clips"
_FILE = re.compile(r"clips/[\w-][\w.-]*\.npz", re.ASCII)


@dataclass(frozen=True)
class Entry:
    """What the manifest says of a clip."""

    name: str
    file: str
    """Path in the library, `clips/NAME.npz`."""
    sha256: str
    """Of the file."""
    digest: str
    """Of the motion and labels as they were added: the same clip is not added twice."""
    labels: tuple[Label, ...]
    fps: float
    frames: int
    kind: str
    source: str
    licence: str
    flags: tuple[str, ...]


class Text(NamedTuple):
    """A label without a clip, as in a large index of labels. A tuple, because there may be 100,000."""

    text: str
    id: str | None = None


class LabelRef(NamedTuple):
    """A label of a library and the frames that it stands for; `clip` is None where there is only the text."""

    text: str
    clip: str | None
    start: int
    end: int


@dataclass(frozen=True)
class Manifest:
    """All entries by name and all texts, each in a stable order."""

    entries: tuple[Entry, ...] = ()
    texts: tuple[Text, ...] = field(default=())

    @cached_property
    def by_name(self) -> dict[str, Entry]:
        """Entries by their names."""
        return {e.name: e for e in self.entries}

    @cached_property
    def labels(self) -> list[LabelRef]:
        """Those of the clips, by name and frame, then the texts."""
        refs = [LabelRef(l.text, e.name, l.start, l.end) for e in self.entries for l in e.labels]
        return refs + [LabelRef(t.text, None, 0, 0) for t in self.texts]

    @cached_property
    def digest(self) -> str:
        """sha256 of the labels in their order."""
        lines = "\n".join(f"{r.text}\t{r.clip or ''}\t{r.start}\t{r.end}" for r in self.labels)
        return hashlib.sha256(lines.encode()).hexdigest()


def build_manifest(entries: Iterable[Entry], texts: Iterable[Text]) -> Manifest:
    """Sorted, texts without repetition."""
    return Manifest(
        tuple(sorted(entries, key=lambda e: e.name)),
        tuple(sorted(set(texts), key=lambda t: (t.id or "", t.text))),
    )


def dump_manifest(manifest: Manifest) -> str:
    """JSON with a line an entry, so that two versions of it can be compared."""

    def rows(items: Iterable[dict[str, Any]]) -> str:
        lines = ",\n".join(json.dumps(item, sort_keys=True, ensure_ascii=False) for item in items)
        return f"[\n{lines}\n]" if lines else "[]"

    head = f'"version": {MANIFEST_VERSION}'
    entries, texts = rows(map(asdict, manifest.entries)), rows(t._asdict() for t in manifest.texts)
    return f'{{{head},\n"entries": {entries},\n"texts": {texts}}}\n'


def parse_manifest(content: bytes, where: str) -> Manifest:
    """Read what `dump_manifest` wrote.

    Args:
        content: the file's bytes.
        where: the library, for messages.

    Raises:
        InvalidInput: not a manifest, or one that points outside the library. Incompatible: of a later version.
    """
    try:
        data = json.loads(_text(content))
        if data["version"] > MANIFEST_VERSION:
            raise Incompatible(
                f"The library {where} is of version {data['version']}.", "Update Impromptu to read it."
            )
        entries = [_entry(e) for e in data["entries"]]
        texts = [Text(_words(t["text"]), t["id"] and _words(t["id"])) for t in data["texts"]]
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise InvalidInput(
            f"{MANIFEST} of the library {where} is damaged: {error}.", "Restore it from a copy of the library."
        ) from error
    return build_manifest(entries, texts)


def _text(content: bytes) -> str:
    """What the file says. A disk that filled up or lost its power leaves no bytes, or zeros.

    Raises:
        ValueError: it says nothing, or is no text.
    """
    if not content.strip(b"\0 \t\r\n"):
        raise ValueError("it is empty")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError("it is not text in UTF-8") from error


def _entry(data: dict[str, Any]) -> Entry:
    """An entry with everything in it checked."""
    if not _FILE.fullmatch(data["file"]):
        raise ValueError(f"{data['file']!r} is not a file of the library")
    fps, frames = float(data["fps"]), int(data["frames"])
    if not (math.isfinite(fps) and fps > 0 and frames > 0):
        raise ValueError(f"{data['name']!r} has {frames} frames at {fps:g} fps")
    labels = tuple(Label(_words(l["text"]), int(l["start"]), int(l["end"])) for l in data["labels"])
    fixed = {"fps": fps, "frames": frames, "labels": labels, "flags": tuple(data["flags"])}
    return Entry(**{**data, **fixed})


def _words(value: Any) -> str:
    """Raises ValueError unless the value is text."""
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not text")
    return value
