"""A look as arrays: read from a job's folder and checked, before anything of the scene is touched."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...backend.protocol import InvalidInput
from .actor_data import read_arrays

Array = NDArray[np.floating]
FARTHEST = 0.5
"""Metres: an offset beyond this is damage, not relief."""
AGAIN = "Press Retry."


@dataclass(frozen=True)
class StyleData:
    """What a look gives to each of the V vertices of a body."""

    colour: Array
    """(V, 3) sRGB, 0 to 1."""
    offsets: Array
    """(V, 3) metres in SMPL's frame, added to the rest shape before skinning."""
    roughness: Array
    """(V,) 0 to 1."""
    metallic: Array
    """(V,) 0 to 1."""
    prompt: str = ""

    @property
    def has_relief(self) -> bool:
        """Whether any vertex moves by more than a hundredth of a millimetre."""
        return bool(np.abs(self.offsets).max(initial=0.0) > 1e-5)


@dataclass(frozen=True)
class Textures:
    """Pictures that were baked for a look; None where there is none."""

    albedo: Path | None = None
    """sRGB."""
    normal: Path | None = None
    """Tangent space, green up."""

    @classmethod
    def beside(cls, style: Path) -> Textures:
        """Those of a `style.npz` (`style_1.npz` ...), by their names in the same folder."""
        number = style.stem.removeprefix("style")
        found = [style.with_name(f"{name}{number}.png") for name in ("albedo", "normal")]
        return cls(*(path if path.is_file() else None for path in found))


def load_style(path: str | Path, vertices: int | None = None) -> StyleData:
    """Read a `style.npz`; nothing in it is executed.

    Args:
        vertices: of the actor that it is for; None: any number.

    Raises:
        InvalidInput: missing, damaged, for another body, or holding what is not a number.
    """
    path = Path(path)
    data = read_arrays(path)
    colour = _numbers(path, data, "colour", 3)
    count = len(colour)
    if vertices is not None and count != vertices:
        raise InvalidInput(
            f"The look is for a body of {count:,} points, and this one has {vertices:,}.",
            "Choose an actor of the body that it was made for.",
        )
    offsets = _numbers(path, data, "offsets", 3, count, np.zeros((count, 3)))
    if np.abs(offsets).max(initial=0.0) > FARTHEST:
        raise InvalidInput(f"{path.name} moves the surface by more than {FARTHEST:g} m.", AGAIN)
    roughness = _numbers(path, data, "roughness", 0, count, np.full(count, 0.62))
    metallic = _numbers(path, data, "metallic", 0, count, np.zeros(count))
    prompt = data.get("prompt")
    told = str(prompt) if prompt is not None and prompt.ndim == 0 and prompt.dtype.kind == "U" else ""
    return StyleData(colour.clip(0, 1), offsets, roughness.clip(0, 1), metallic.clip(0, 1), told)


def _numbers(
    path: Path, data: dict[str, Any], name: str, width: int, count: int | None = None, default: Array | None = None
) -> Array:
    """(count, width) finite numbers, (count,) for a width of 0; `default` where the file has none."""
    if name not in data and default is not None:
        return default
    if name not in data:
        raise InvalidInput(f"{path.name} lacks {name}.", AGAIN)
    values = data[name]
    count = (len(values) if values.ndim else 0) if count is None else count
    shape = (count, width) if width else (count,)
    if values.dtype.kind not in "fiu" or values.shape != shape or not np.isfinite(values).all():
        raise InvalidInput(f"{path.name} has {name} that do not fit a body.", AGAIN)
    return values.astype(np.float64)


def to_linear(srgb: ArrayLike) -> Array:
    """Scene-linear values of sRGB ones, 0 to 1."""
    c = np.asarray(srgb, np.float64)
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def to_srgb(linear: ArrayLike) -> Array:
    """sRGB values of scene-linear ones, cut to 0 to 1."""
    c = np.asarray(linear, np.float64).clip(0, 1)
    return np.where(c <= 0.0031308, c * 12.92, 1.055 * c ** (1 / 2.4) - 0.055)
