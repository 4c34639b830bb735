"""Which motions to play: a named clip, a named label, or what ranks first; and others that are really others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..protocol import InvalidInput, RetrieveRequest
from .clip import Clip
from .library import LabelRef, Library
from .ops import mirror
from .retrieval import Retrieval, choose, refs_by_text, retrieve, same_text

ALIKE = 0.02
"""Radians of the largest difference below which two motions are one."""


@dataclass(frozen=True)
class Choice:
    """A motion to play."""

    ref: LabelRef
    """The label and its frames."""
    clip: Clip
    """Those frames."""


def choose_motions(
    request: RetrieveRequest, library: Library, clip: str = "", label: str = "", count: int = 1
) -> tuple[Retrieval, list[Choice]]:
    """The motion that a request means, and further ones by rank.

    A clip and its mirror image are one motion, and so are clips of another name that move the same way.

    Args:
        request: the prompt, the encoders' order and the seed.
        library: where the clips are.
        clip: a clip to play, whatever ranks first.
        label: a label to play; with a clip, which of its labels.
        count: how many motions; fewer come back where the library has fewer.

    Raises:
        InvalidInput: the library has no such clip or label, or no clip at all.
    """
    retrieval = retrieve(request, library)
    first = _first(request, retrieval, library, clip, label)
    choices: list[Choice] = []
    for ref in _in_order(request, retrieval, library, first) if count > 1 else [first]:
        choice = Choice(ref, cut(library.load(ref.clip or ""), ref))
        if not any(alike(choice.clip, other.clip) for other in choices):
            choices.append(choice)
        if len(choices) == count:
            break
    return retrieval, choices


def cut(clip: Clip, ref: LabelRef) -> Clip:
    """The frames of a clip that carry a label; all of them where the label names none."""
    return clip.cut(ref.start, ref.end) if ref.end > ref.start else clip


def alike(a: Clip, b: Clip) -> bool:
    """Whether two clips are one motion: joint for joint the same, or the same seen in a mirror.

    The pelvis's rotation is left out, so that the direction faced at the start does not matter.
    """
    if len(a) != len(b) or a.fps != b.fps:
        return False
    return any(float(np.abs(a.poses[:, 1:] - other.poses[:, 1:]).max()) < ALIKE for other in (b, mirror(b)))


def _first(request: RetrieveRequest, retrieval: Retrieval, library: Library, clip: str, label: str) -> LabelRef:
    """The frames to play before any other."""
    if clip:
        entry = library.entry(clip)
        refs = [ref for ref in library.labels() if ref.clip == clip]
        named = [ref for ref in refs if same_text(ref.text, label)] if label else refs
        if not named and label:
            raise InvalidInput(f"The clip {clip} has no label {label!r}.", "Find again, or leave the label out.")
        ranks = {same.text: i for i, same in enumerate(retrieval.ranked)}
        best = min(named, key=lambda ref: ranks.get(" ".join(ref.text.lower().split()), len(ranks)), default=None)
        return best or LabelRef("", clip, 0, entry.frames)
    if label:
        ref = choose(refs_by_text(library, label), library, request.seed, label)
        if ref is None:
            raise InvalidInput(f"The library has no clip labelled {label!r}.", "Find again and choose another label.")
        return ref
    if retrieval.chosen is None or retrieval.chosen.clip is None:
        raise InvalidInput("The library has no motion to play.", "Add clips with `impromptu library add`.")
    return retrieval.chosen


def _in_order(
    request: RetrieveRequest, retrieval: Retrieval, library: Library, first: LabelRef
) -> Iterator[LabelRef]:
    """The first motion, then every label's clips by the label's rank and the clips' suitability."""
    yield first
    seen = {(first.clip, first.start, first.end)}
    everything = replace(request, top=max(len(library.labels()), 1))
    for ranked in (*retrieval.ranked, *retrieve(everything, library).ranked):
        refs = [ref for ref in refs_by_text(library, ranked.text) if ref.clip in ranked.clips]
        for ref in sorted(refs, key=lambda ref: ranked.clips.index(ref.clip or "")):
            if (ref.clip, ref.start, ref.end) not in seen:
                seen.add((ref.clip, ref.start, ref.end))
                yield ref
