"""Makes takes of the shipped library's clips: what each clip is made of decides how it is performed again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from multiprocessing import get_context

import numpy as np

from ....protocol import InvalidInput
from ...clip import Clip, Label
from ...library import Library
from ...ops import mirror
from .. import everyday, exercise, footwork, gestures
from ..__main__ import MIRRORED, other_side
from ..derived import OVERLAYS, Over
from ..finish import finish
from ..language import Action
from ..solve import solve
from .acting import act_again
from .moving import WALKS, recorded_again, walk_again
from .sound import buried, problems
from .together import pair, texts, together

TRIES = 12
"""Draws after which a take is given up."""
ACTIONS: dict[str, Action] = {a.name: a for m in (gestures, everyday, exercise, footwork) for a in m.ACTIONS}
OTHER_SIDES = {other_side(name): name for name in MIRRORED}
PAIRS: dict[str, Over] = {over.name: over for over in OVERLAYS}
TOGETHER = "overlay"
"""The name that stands for an overlay in a `Wanted`."""


@dataclass(frozen=True)
class Wanted:
    """One take: of the clip `name`, or an overlay; `seed`, `name` and `number` are all that it depends on."""

    name: str
    number: int
    seed: int


@cache
def shipped() -> dict[str, Clip]:
    """The library's clips by name."""
    library = Library.open()
    return {entry.name: library.load(entry.name) for entry in library.entries}


def make_takes(count: int, seed: int, overlays: int, only: Sequence[str] = (), jobs: int = 1) -> Iterator[Clip]:
    """Takes of the shipped library's clips, then overlays; fewer where none of the draws for a take is sound.

    Args:
        count: takes of every clip.
        seed: other seeds, other takes.
        overlays: clips of a gesture over a walk, drawn by lot.
        only: names of the clips to take; all if empty.
        jobs: processes that work on it.

    Raises:
        InvalidInput: a name that the library does not have.
    """
    names = [entry.name for entry in Library.open().entries]
    unknown = sorted(set(only) - set(names))
    if unknown:
        raise InvalidInput(f"The library has no clip named {unknown[0]!r}.", "See `impromptu library list`.")
    wanted = [Wanted(name, k + 1, seed) for name in names if not only or name in only for k in range(count)]
    wanted += [Wanted(TOGETHER, k + 1, seed) for k in range(overlays)]
    if jobs <= 1:
        yield from (clip for w in wanted if (clip := take(w)) is not None)
        return
    with get_context("spawn").Pool(jobs) as pool:
        yield from (clip for clip in pool.imap(take, wanted, chunksize=8) if clip is not None)


def take(wanted: Wanted) -> Clip | None:
    """The first sound draw of a take; None if there is none among `TRIES`."""
    for attempt in range(TRIES):
        words = f"{wanted.seed}/{wanted.name}/{wanted.number}/{attempt}"
        rng = np.random.default_rng(int.from_bytes(hashlib.sha256(words.encode()).digest()[:8], "little"))
        clip = _overlay(wanted, rng) if wanted.name == TOGETHER else _take_of(wanted, rng)
        original = clip.meta["take_of"]
        clip = finish(clip)
        if problems(clip, _depth(original)):
            continue
        mirrored = bool(rng.random() < 0.5)
        name = f"{original}_take{wanted.number:02d}"
        if mirrored:
            clip = mirror(clip)
        meta = {"take_of": original, "seed": wanted.seed, "number": wanted.number, "tries": attempt + 1}
        return clip.with_(name=name, meta=meta | ({"mirrored": True} if mirrored else {}))
    return None


@cache
def _depth(original: str) -> float:
    """How deep hands are in the body in the original: of two things at a time, in the gesture."""
    return buried(shipped()[original.split("_with_")[-1]])


def _take_of(wanted: Wanted, rng: np.random.Generator) -> Clip:
    """One draw of a take of a clip, with that clip's words; not yet finished."""
    name, original = wanted.name, shipped()[wanted.name]
    words = tuple(dict.fromkeys(label.text for label in original.labels))
    if name in ACTIONS or name in OTHER_SIDES:
        clip = _acted(OTHER_SIDES.get(name, name), wanted, rng)
        return _of(mirror(clip) if name in OTHER_SIDES else clip, original)
    if name in WALKS:
        return _of(_labelled(walk_again(WALKS[name], shipped(), rng), words), original)
    if name in PAIRS:
        upper = _acted(PAIRS[name].upper, wanted, rng)
        lower = walk_again(WALKS[f"{PAIRS[name].base}_long"], shipped(), rng, upper.seconds)
        return _of(together(lower, upper, words), original)
    return _of(recorded_again(original, rng), original)


def _acted(name: str, wanted: Wanted, rng: np.random.Generator) -> Clip:
    """A key-posed action performed again; its small movements are drawn by its title."""
    title = f"{name}_take{wanted.number:02d}_{wanted.seed}"
    return solve(act_again(replace(ACTIONS[name], name=title), rng))


def _overlay(wanted: Wanted, rng: np.random.Generator) -> Clip:
    """One draw of a gesture over a walk; not yet finished."""
    lower, upper = pair(rng)
    above = _acted(upper.clip, wanted, rng)
    if lower.clip in ACTIONS:
        below = _acted(lower.clip, wanted, rng)
    else:
        below = walk_again(WALKS[lower.clip], shipped(), rng, above.seconds)
    original = shipped()[lower.clip].with_(name=f"{lower.clip}_with_{upper.clip}")
    return _of(together(below, above, texts(lower, upper)), original)


def _labelled(clip: Clip, words: tuple[str, ...]) -> Clip:
    return clip.with_(labels=tuple(Label(text, 0, len(clip)) for text in words))


def _of(clip: Clip, original: Clip) -> Clip:
    """With the name, source and licence of what it is a take of."""
    kind = "keyed" if clip.kind == "keyed" else "derived"
    return clip.with_(
        name=original.name, source=original.source, licence=original.licence, kind=kind, flags=(),
        contacts=None, meta={"take_of": original.name},
    )  # fmt: skip
