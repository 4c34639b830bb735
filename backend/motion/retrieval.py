"""From a prompt to a label and its clip (CLIP-Actor section 4).

A first encoder picks k labels (Eq. 1), a second one ranks them (Eq. 2). What the default, `impromptu`, makes of that
is in `orders`, and why in docs/retrieval.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..encoders import TextEncoder, load_encoder, present_encoders
from ..protocol import RetrieveRequest
from .index import LabelIndex, build_index
from .library import LabelRef, Library
from .orders import resolve_order
from .prompts import motion_part
from .ranking import Ranked, rank_texts

SURE = 0.6
"""Score from which a label is taken to say what a prompt does; see docs/motion_model.md for how often that is so."""


@dataclass(frozen=True)
class RankedLabel(Ranked):
    """A label with its clips, best suited first."""

    clips: tuple[str, ...] = ()


@dataclass(frozen=True)
class Retrieval:
    """The answer to a `RetrieveRequest`."""

    request: RetrieveRequest
    motion: str
    """The part of the prompt that was ranked."""
    order: str
    stages: tuple[str, ...]
    note: str
    ranked: tuple[RankedLabel, ...]
    chosen: LabelRef | None
    """The frames to play; None where no ranked label has a clip."""
    encoders: dict[str, str]
    """Name and digest of the encoders used."""
    library: Library
    remarks: tuple[str, ...] = ()
    """What whoever asked should know of the answer."""

    @property
    def sure(self) -> bool:
        """Whether the best label says what the prompt does, as far as the score tells."""
        return bool(self.ranked) and self.chosen is not None and self.ranked[0].score >= SURE

    @property
    def full_note(self) -> str:
        """How it was ranked, and the remarks."""
        return " ".join((self.note, *self.remarks)).strip()

    def to_json(self) -> dict[str, Any]:
        """JSON values; the same for the same request, library and encoders."""
        chosen = self.chosen
        return {
            "prompt": self.request.prompt,
            "motion": self.motion,
            "order": self.order,
            "stages": list(self.stages),
            "note": self.full_note,
            "encoders": self.encoders,
            "seed": self.request.seed,
            "ranked": [
                {
                    "label": r.text,
                    "score": round(r.score, 5),
                    "scores": {k: round(v, 5) for k, v in r.scores.items()},
                    "clips": [_describe(self.library, name) for name in r.clips],
                }
                for r in self.ranked
            ],
            "chosen": chosen and {"label": chosen.text, "start": chosen.start, "end": chosen.end,
                                  **_describe(self.library, chosen.clip or "")},
        }  # fmt: skip


def retrieve(
    request: RetrieveRequest, library: Library, encoders: Mapping[str, TextEncoder] | None = None
) -> Retrieval:
    """Rank the library's labels by the motion part of a prompt and choose a clip.

    Args:
        encoders: by name; None loads those that the order needs.

    Raises:
        InvalidInput: unknown order. AssetsMissing: an encoder that the order names is not here.
    """
    order = resolve_order(request.order, tuple(encoders or present_encoders()))
    used = {n: encoders[n] if encoders and n in encoders else load_encoder(n) for n in order.encoders}
    motion = motion_part(request.prompt)
    remarks: tuple[str, ...] = ()
    catalogue = _catalogue(library)
    by_text, indexes = catalogue.by_text, {name: catalogue.index(e) for name, e in used.items()}
    ranked = rank_texts(motion, indexes, order, used, int(request.k), int(request.top))
    labels = tuple(_with_clips(r, by_text[r.text], library) for r in ranked)
    chosen = _choose(labels, library, request.seed)
    if chosen is None and library.entries:
        # Labels without a clip fill the answer: play the best label that has one, however far down.
        further = rank_texts(motion, indexes, order, used, int(request.k), len(by_text))
        chosen = _choose([_with_clips(r, by_text[r.text], library) for r in further], library, request.seed)
        remarks = ("The labels shown have no clip; the best one that has is played.",)
    return Retrieval(
        request, motion, order.name, order.stages, order.note, labels, chosen,
        {name: encoder.digest for name, encoder in used.items()}, library, remarks,
    )  # fmt: skip


class _Catalogue:
    """A library's labels by their text, capitals and spaces aside, with the indexes over them."""

    def __init__(self, library: Library) -> None:
        self.by_text: dict[str, list[LabelRef]] = {}
        for ref in library.labels():
            self.by_text.setdefault(_normal(ref.text), []).append(ref)
        self._folder = library.cache_dir
        self._indexes: dict[str, LabelIndex] = {}

    def index(self, encoder: TextEncoder) -> LabelIndex:
        """The index of all texts, built at its first use."""
        if encoder.digest not in self._indexes:
            self._indexes[encoder.digest] = build_index(list(self.by_text), encoder, self._folder)
        return self._indexes[encoder.digest]


def label_vectors(library: Library, encoder: TextEncoder) -> LabelIndex:
    """The library's labels, lower case and each once, with their vectors: those that retrieval keeps."""
    return _catalogue(library).index(encoder)


_KEPT = 4
_catalogues: dict[tuple[str, str], _Catalogue] = {}


def _catalogue(library: Library) -> _Catalogue:
    """The library's catalogue; the last few stay in memory, so that a second query finds its indexes."""
    key = (str(library.root), library.digest())
    if key not in _catalogues:
        while len(_catalogues) >= _KEPT:
            _catalogues.pop(next(iter(_catalogues)))
        _catalogues[key] = _Catalogue(library)
    return _catalogues[key]


def _normal(text: str) -> str:
    return " ".join(text.lower().split())


def _suitability(library: Library, name: str) -> tuple[bool, int]:
    """Smaller is better: recorded clips first, then those with fewer quality notes."""
    entry = library.entry(name)
    return entry.kind != "mocap", sum(flag not in ("loops", "unlabelled") for flag in entry.flags)


def _with_clips(ranked: Ranked, refs: list[LabelRef], library: Library) -> RankedLabel:
    names = dict.fromkeys(ref.clip for ref in refs if ref.clip)
    clips = sorted(names, key=lambda name: (_suitability(library, name), name))
    return RankedLabel(ranked.text, ranked.score, ranked.scores, tuple(clips))


def refs_by_text(library: Library, text: str) -> list[LabelRef]:
    """The labels of a library that say `text`, capitals and spaces aside."""
    return list(_catalogue(library).by_text.get(_normal(text), ()))


def same_text(a: str, b: str) -> bool:
    """Whether two labels say the same, capitals and spaces aside."""
    return _normal(a) == _normal(b)


def choose(refs: Sequence[LabelRef], library: Library, seed: int, text: str) -> LabelRef | None:
    """One of a label's most suitable clips, by the seed; None where it has none.

    Args:
        refs: all that carry the label.
        seed: decides among equally suitable ones.
        text: the label, which the draw depends on too.
    """
    with_clip = [r for r in refs if r.clip]
    if not with_clip:
        return None
    best = min(_suitability(library, r.clip or "") for r in with_clip)
    suited = [r for r in with_clip if _suitability(library, r.clip or "") == best]
    draw = hashlib.sha256(f"{seed} {_normal(text)}".encode()).digest()
    return suited[int.from_bytes(draw[:8], "little") % len(suited)]


def _choose(labels: Sequence[RankedLabel], library: Library, seed: int) -> LabelRef | None:
    """A clip of the best label that has one."""
    found = (choose(refs_by_text(library, l.text), library, seed, l.text) for l in labels if l.clips)
    return next(found, None)


def _describe(library: Library, name: str) -> dict[str, Any]:
    entry = library.entry(name)
    return {
        "clip": name,
        "source": entry.source,
        "licence": entry.licence,
        "kind": entry.kind,
        "flags": list(entry.flags),
    }
