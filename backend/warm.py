"""What the first job needs and takes seconds to load: done in pieces while the host has nothing else to do."""

from __future__ import annotations

import importlib
from collections.abc import Callable


def _import_torch() -> None:
    importlib.import_module("torch")


def _import_transformers() -> None:
    from .encoders import torchvision_ops

    torchvision_ops.ensure_torchvision_imports()
    importlib.import_module("sentence_transformers")


def _load_encoder() -> None:
    """The one that ranks first by default."""
    from .encoders import load_encoder, present_encoders

    present = present_encoders()
    first = next((name for name in ("minilm", "mpnet", "clip") if name in present), None)
    if first is not None:
        load_encoder(first).encode(["a person walks"])


def _import_act() -> None:
    importlib.import_module(f"{__package__}.takes")


WARM_UP: tuple[Callable[[], object], ...] = (_import_torch, _import_act, _import_transformers, _load_encoder)
"""In this order; a job that comes in between waits for one piece at most."""
