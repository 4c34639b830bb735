"""Bodies by name or by file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from ..files import sha256_of
from ..protocol import AssetsMissing, InvalidInput
from .layout import DEFAULT_FILE, DOG_FILE, HEAD_FILE, BodyArrays, arrange
from .model import MorphableBody
from .read import read_members

VARIANTS = ("neutral", "male", "female")
"""Means of the default body: the specs that name a human."""
DEFAULTS = {**dict.fromkeys(VARIANTS, DEFAULT_FILE), "head": HEAD_FILE, "dog": DOG_FILE}
"""Spec of every model that ships -> its file."""

FACTORIES: dict[str, Callable[[BodyArrays], MorphableBody]] = {
    "smpl": MorphableBody,
    "smplh": MorphableBody,
    "smplx": MorphableBody,
    "flame": MorphableBody,
    "smal": MorphableBody,
    "impromptu": MorphableBody,
    "impromptu_head": MorphableBody,
    "impromptu_dog": MorphableBody,
}
"""Layout -> what makes a body of its arrays."""


def load_arrays(spec: str | Path = "neutral") -> BodyArrays:
    """The arrays of a body.

    Args:
        spec: `neutral`, `male` or `female` for the default body, `head` or `dog` for the other defaults, or a model
            file (.npz, .pkl).

    Raises:
        InvalidInput: no such file, or not a body model.
        AssetsMissing: a default's file is not installed.
    """
    spec = str(spec)
    variant = spec if spec in VARIANTS else "neutral"
    path = DEFAULTS[spec] if spec in DEFAULTS else Path(spec).expanduser()
    if spec in DEFAULTS and not path.is_file():
        what = spec if spec not in VARIANTS else "body"
        raise AssetsMissing(f"The default {what} is not installed.", "Install Impromptu again.")
    if not path.exists():
        raise InvalidInput(f"There is no body {spec!r}.", f"Give {', '.join(DEFAULTS)} or the path of a model file.")
    members = read_members(path)
    return arrange(members, path.name, sha256_of(path), variant)


def load_body(spec: str | Path = "neutral", device: str | torch.device = "cpu") -> MorphableBody:
    """A body ready to be posed.

    Args:
        spec: `neutral`, `male` or `female` for the default body, `head` or `dog` for the other defaults, or a model
            file (.npz, .pkl).
        device: where its arrays lie.

    Raises:
        InvalidInput: no such file, not a body model, or damaged.
        AssetsMissing: a default's file is not installed.
    """
    arrays = load_arrays(spec)
    return FACTORIES[arrays.kind](arrays).to(device)
