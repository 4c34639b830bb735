"""Bodies by name or by file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from ..files import sha256_of
from ..protocol import AssetsMissing, InvalidInput
from .layout import DEFAULT_FILE, BodyArrays, arrange
from .model import MorphableBody
from .read import read_members

VARIANTS = ("neutral", "male", "female")

FACTORIES: dict[str, Callable[[BodyArrays], MorphableBody]] = {
    "smpl": MorphableBody,
    "smplh": MorphableBody,
    "smplx": MorphableBody,
    "flame": MorphableBody,
    "smal": MorphableBody,
    "impromptu": MorphableBody,
}
"""Layout -> what makes a body of its arrays."""


def load_arrays(spec: str | Path = "neutral") -> BodyArrays:
    """The arrays of a body.

    Args:
        spec: `neutral`, `male` or `female` for the default body, or a model file (.npz, .pkl).

    Raises:
        InvalidInput: no such file, or not a body model.
        AssetsMissing: the default body's file is not installed.
    """
    spec = str(spec)
    variant = spec if spec in VARIANTS else "neutral"
    path = DEFAULT_FILE if spec in VARIANTS else Path(spec).expanduser()
    if spec in VARIANTS and not path.is_file():
        raise AssetsMissing("The default body is not installed.", "Install Impromptu again.")
    if not path.exists():
        raise InvalidInput(f"There is no body {spec!r}.", f"Give {', '.join(VARIANTS)} or the path of a model file.")
    members = read_members(path)
    return arrange(members, path.name, sha256_of(path), variant)


def load_body(spec: str | Path = "neutral", device: str | torch.device = "cpu") -> MorphableBody:
    """A body ready to be posed.

    Args:
        spec: `neutral`, `male` or `female` for the default body, or a model file (.npz, .pkl).
        device: where its arrays lie.

    Raises:
        InvalidInput: no such file, not a body model, or damaged.
        AssetsMissing: the default body's file is not installed.
    """
    arrays = load_arrays(spec)
    return FACTORIES[arrays.kind](arrays).to(device)
