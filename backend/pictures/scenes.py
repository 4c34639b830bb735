"""What an engine needs to take pictures: plain arrays, in SMPL's frame, the same for all engines.

One `Scenes` is a batch of n pictures of one mesh topology, so that an engine builds its scene once.
A vertex that a picture does not use is put onto another one: triangles without area are not drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..files import load_npz, save_npz

Array = NDArray[np.floating]

BACKDROPS = ("plain", "gradient", "chess", "noise", "ground")
"""What is behind the mesh; `ground` is a floor at y = 0 that takes shadows, under a plain backdrop."""


@dataclass(frozen=True)
class Scenes:
    """n pictures to take of a mesh with V vertices and F triangles. Colours are linear RGB, 0 to 1."""

    faces: NDArray[np.integer]
    """(F, 3) counter-clockwise from outside."""
    vertices: Array
    """(n, V, 3) float32, metres."""
    colours: Array
    """(n, V, 3) float32 base colour."""
    roughness: Array
    """(n, V) float32, 0 mirror to 1 matt, as of Blender's Principled shader."""
    metallic: Array
    """(n, V) float32, 0 or 1 and between."""
    parts: NDArray[np.uint8]
    """(n, V) which part of the person a vertex belongs to: index into `part_names`."""
    part_names: tuple[str, ...]

    camera_rotation: Array
    """(n, 3, 3) rows right, up and back, as `render.cameras.Cameras.rotation`."""
    camera_position: Array
    """(n, 3) metres."""
    fov: Array
    """(n,) vertical field of view, degrees."""
    height: int
    width: int

    light_direction: Array
    """(n, L, 3) unit vectors towards each sun."""
    light_colour: Array
    """(n, L, 3): what a white matt surface that faces the sun gives back of it; 0 turns one off."""
    ambient: Array
    """(n, 3): what a white matt surface gives back of light from everywhere."""

    backdrop: tuple[str, ...]
    """(n,) of `BACKDROPS`."""
    backdrop_colours: Array
    """(n, 2, 3) linear: the plain colour; a gradient's top and bottom; chess's, noise's two; backdrop and floor."""
    seeds: NDArray[np.integer]
    """(n,) of the backdrop's pattern and of Cycles' rays."""

    def __len__(self) -> int:
        return len(self.vertices)

    def take(self, which: slice | NDArray[np.integer]) -> Scenes:
        """Some of the pictures."""
        picked: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "backdrop":
                picked[field.name] = tuple(np.array(value, dtype=object)[which])
            elif field.name not in ("faces", "part_names", "height", "width"):
                picked[field.name] = value[which]
        return replace(self, **picked)

    def save(self, path: Path) -> None:
        """Write as .npz, whole or not at all; for another process, so without compression."""
        arrays = {f.name: getattr(self, f.name) for f in fields(self)}
        save_npz(path, False, **{k: np.asarray(v) for k, v in arrays.items()})

    @classmethod
    def load(cls, path: Path) -> Scenes:
        """Read what `save` wrote; nothing in it is executed."""
        arrays: dict[str, Any] = load_npz(path)
        for name in ("part_names", "backdrop"):
            arrays[name] = tuple(str(v) for v in arrays[name])
        for name in ("height", "width"):
            arrays[name] = int(arrays[name])
        return cls(**arrays)
