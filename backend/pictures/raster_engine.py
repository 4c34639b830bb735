"""Pictures without Blender: the house's rasteriser, Lambert's light and a highlight, four samples a pixel."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..render.interpolate import interpolate, look
from ..render.raster import face_ids
from ..render.shade import DIELECTRIC, SMOOTHEST
from .backdrops import backdrop_of, to_srgb
from .floor import lay_floor
from .part_map import NONE, nearest_corner, project
from .plan import Shot
from .scenes import Array, Scenes

FINE = 2
"""Samples along a pixel's side."""


class RasterEngine:
    """Draws every picture by itself, so that none depends on its batch."""

    name = "raster"

    def shoot(self, scenes: Scenes, check: Callable[[], None]) -> Iterator[Shot]:
        """One shot a scene, in order."""
        mesh = _Mesh(scenes.faces, scenes.vertices.shape[1])
        for k in range(len(scenes)):
            check()
            yield _draw(scenes, k, mesh)

    def close(self) -> None:
        """Nothing is held."""


class _Mesh:
    """The topology of a batch."""

    def __init__(self, faces: NDArray[np.integer], count: int) -> None:
        self.faces = torch.from_numpy(np.ascontiguousarray(faces, np.int64))
        rows, columns = faces.ravel(), np.arange(len(faces)).repeat(3)
        self._around = sp.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), (count, len(faces)))

    def normals(self, vertices: Tensor) -> Tensor:
        """(V, 3) sums over the faces around each vertex, by their area; 0 where none has any."""
        a, b, c = (vertices.index_select(0, self.faces[:, i]) for i in range(3))
        return torch.from_numpy(self._around @ torch.linalg.cross(b - a, c - a).numpy())


@torch.inference_mode()
def _draw(scenes: Scenes, k: int, mesh: _Mesh) -> Shot:
    """The k-th picture, and its parts as each pixel's first sample sees them."""
    height, width = scenes.height, scenes.width
    behind = lay_floor(scenes, k, mesh.faces, backdrop_of(scenes, k))
    projected = project(scenes, k)
    projected[:, :2] *= FINE
    points = torch.from_numpy(projected)[None]
    seen = look(points, mesh.faces, face_ids(points, mesh.faces, height * FINE, width * FINE))
    vertices = _tensor(scenes.vertices[k])
    looks = (scenes.colours[k], scenes.roughness[k][:, None], scenes.metallic[k][:, None])
    carried = torch.cat((vertices, mesh.normals(vertices), *map(_tensor, looks)), 1)
    lit = shade(interpolate(carried, seen), *_lights(scenes, k))
    canvas = torch.from_numpy(behind.repeat(FINE, 0).repeat(FINE, 1)).reshape(-1, 3)
    canvas.index_copy_(0, seen.pixel, lit.clamp_(max=1))
    fine = canvas.view(height, FINE, width, FINE, 3)
    mean = (fine[:, 0, :, 0] + fine[:, 0, :, 1] + fine[:, 1, :, 0] + fine[:, 1, :, 1]) / FINE**2
    parts = np.full(height * FINE * width * FINE, NONE, np.uint8)
    parts[seen.pixel.numpy()] = scenes.parts[k][nearest_corner(seen).numpy()]
    return Shot(to_srgb(mean.numpy()), np.ascontiguousarray(parts.reshape(height * FINE, -1)[::FINE, ::FINE]))


def _tensor(values: Array) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, np.float32))


def _lights(scenes: Scenes, k: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Where the camera is (3,), towards the suns (L, 3), their colours (L, 3), and ambient light (3,)."""
    of = (scenes.camera_position, scenes.light_direction, scenes.light_colour, scenes.ambient)
    return tuple(_tensor(a[k]) for a in of)  # pyright: ignore[reportReturnType]


def shade(carried: Tensor, eye: Tensor, towards: Tensor, strength: Tensor, ambient: Tensor) -> Tensor:
    """(P, 3) light from a surface: Lambert's, and Blinn's highlight with the exponent 2 / roughness^4 - 2.

    Computed by planes, one a coordinate, which torch runs through several times faster.

    Args:
        carried: (P, 11) place, normal of any length, colour, roughness and metallic.
        eye: (3,) the camera's place.
        towards: (L, 3) unit vectors to the suns.
        strength: (L, 3) what a white matt surface that faces a sun gives back of it.
        ambient: (3,) and of light from everywhere.
    """
    place, normal, colour, rough, metal = carried.t().contiguous().split((3, 3, 3, 1, 1))
    normal, to_eye = _unit(normal), _unit(eye[:, None] - place)
    # Cloth has an inside.
    normal = torch.where(_dot(normal, to_eye) < 0, -normal, normal)
    shine = 2 / rough[0].clamp(SMOOTHEST, 1).pow(4) - 2
    mirror = DIELECTRIC + metal * (colour - DIELECTRIC)
    matt = colour * (1 - metal)
    out = colour * ambient[:, None]
    for sun, bright in zip(towards[:, :, None], strength[:, :, None], strict=True):
        gloss = _dot(normal, _unit(to_eye + sun)).clamp(min=0).pow(shine) * ((shine + 8) / 8)
        out = out + bright * _dot(normal, sun).clamp(min=0) * (matt + mirror * gloss)
    return out.t()


def _unit(vectors: Tensor) -> Tensor:
    """(3, P) of length 1; 0 where they were."""
    return vectors / _dot(vectors, vectors).sqrt().clamp(min=1e-12)


def _dot(a: Tensor, b: Tensor) -> Tensor:
    """(P,) of (3, P) and (3, P) or (3, 1)."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
