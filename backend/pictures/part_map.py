"""Which part of the person each pixel shows, by our own rasteriser: no second render, whatever the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .scenes import Scenes

if TYPE_CHECKING:
    from torch import Tensor

    from ..render.interpolate import Seen

NONE = 255
"""In a map of parts: no part of the person."""


def part_mapper(scenes: Scenes) -> Callable[[int], NDArray[np.uint8]]:
    """A function from a picture's index to its (height, width) map of indices into `part_names`, or `NONE`.

    A pixel shows what its middle sees: the part of the nearest corner of the face in front.
    """
    import torch

    from ..render.interpolate import look
    from ..render.raster import face_ids

    faces = torch.from_numpy(np.ascontiguousarray(scenes.faces, np.int64))

    @torch.inference_mode()
    def map_parts(index: int) -> NDArray[np.uint8]:
        projected = torch.from_numpy(project(scenes, index))[None]
        seen = look(projected, faces, face_ids(projected, faces, scenes.height, scenes.width))
        nearest = nearest_corner(seen).numpy()
        parts = np.full(scenes.height * scenes.width, NONE, np.uint8)
        parts[seen.pixel.numpy()] = scenes.parts[index][nearest]
        return parts.reshape(scenes.height, scenes.width)

    return map_parts


def nearest_corner(seen: Seen) -> Tensor:
    """(P,) the vertex, of those of the face in front, that is nearest to each covered pixel's middle."""
    (a, b, c), (i, j, k) = seen.weights, seen.corners
    # Written out: argmax along the short side takes longer than the rest of the map.
    return i.where(a >= b.maximum(c), j.where(b >= c, k))


def project(scenes: Scenes, i: int) -> NDArray[np.float32]:
    """(V, 3) pixel x, pixel y and depth of the i-th picture's vertices, as of `render.cameras.Cameras.project`.

    Sums are written out: those of a matrix product differ from one machine to another.
    """
    x, y, z = (np.asarray(scenes.vertices[i], np.float32) - scenes.camera_position[i].astype(np.float32)).T
    right, up, back = (x * r[0] + y * r[1] + z * r[2] for r in scenes.camera_rotation[i].astype(np.float32))
    scale = np.float32(scenes.height / 2 / np.tan(np.radians(scenes.fov[i]) / 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        across, down = scenes.width / 2 - scale * right / back, scenes.height / 2 + scale * up / back
    return np.stack((across, down, -back), 1).astype(np.float32)
