"""What a request calls the body that an actor has."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import gender, provenance

Pairs = tuple[tuple[str, float], ...]


def pairs(betas: np.ndarray) -> Pairs:
    """Betas as a request takes them."""
    return tuple((str(i), round(float(b), 5)) for i, b in enumerate(betas))


def body_named(rig: Any) -> str:
    """What a request calls the body that an actor was built from: a mean, or the path of its model file."""
    record = provenance.read(rig)
    for told, name in ((record.get("body"), "spec"), (record.get("request"), "body")):
        spec = told.get(name) if isinstance(told, dict) else None
        if isinstance(spec, str) and spec not in ("", "auto"):
            return spec
    return gender.built_as(rig)
