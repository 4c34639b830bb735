"""What the first job needs and takes seconds to load: done in pieces while the host has nothing else to do.

A job that comes in between waits for the piece that runs, so each is kept short: most take a few tenths of a second,
the longest, an import, about two.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial

PROMPT = "a person walks"


def _import(name: str) -> None:
    importlib.import_module(name)


def _import_torchvision() -> None:
    from .encoders import torchvision_ops

    torchvision_ops.ensure_torchvision_imports()


def _load_encoder(place: int) -> None:
    """One of those that rank by default."""
    from .encoders import load_encoder, present_encoders
    from .motion.orders import AUTO, resolve_order

    present = present_encoders()
    names = resolve_order(AUTO, present).encoders if present else ()
    if place < len(names):
        load_encoder(names[place]).encode([PROMPT])


def _rank() -> None:
    """The library that ships, and the vectors of its labels."""
    from .motion.library import Library
    from .motion.retrieval import retrieve
    from .protocol import FindRequest

    retrieve(FindRequest(PROMPT), Library.open())


def _load_body(variant: str) -> None:
    from .body.kept import kept_body

    kept_body(variant)


def _find_girths(variant: str) -> None:
    from .body.girths import find_girths
    from .body.kept import kept_body

    find_girths(kept_body(variant))


def _perform() -> None:
    """A moment of a motion: what torch sets up when a body moves for the first time."""
    from .body.axes import resolve_betas
    from .body.kept import kept_body
    from .motion.library import Library
    from .motion.perform import perform

    library, body = Library.open(), kept_body()
    perform(library.load(library.entries[0].name), body, resolve_betas(body, ()), 0.5)


WARM_UP: tuple[Callable[[], object], ...] = (
    partial(_import, "torch"),
    partial(_import, f"{__package__}.takes"),
    partial(_import, f"{__package__}.kinds.act"),
    partial(_load_body, "neutral"),
    # All of these are imported by the next but one, in one go of several seconds.
    partial(_import, "torch._dynamo"),
    _import_torchvision,
    partial(_import, "sklearn.metrics"),
    partial(_import, "transformers.modeling_utils"),
    partial(_import, "sentence_transformers"),
    partial(_load_encoder, 0),
    partial(_load_encoder, 1),
    _rank,
    partial(_find_girths, "neutral"),
    _perform,
    partial(_load_body, "female"),
    partial(_find_girths, "female"),
    partial(_load_body, "male"),
    partial(_find_girths, "male"),
)
"""In this order."""
