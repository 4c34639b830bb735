"""The floor of a `ground` backdrop for engines that have none: lit, with a shadow, fading with distance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..render.raster import face_ids
from .part_map import project
from .scenes import Scenes

FADE_M = (1.8, 6.0)
"""The floor turns into the backdrop between these distances from the mesh's middle; Blender's studio has the same."""
LOWEST_SUN = 0.15
"""Sine of the height of a sun below which its shadow would leave the picture."""
SOFT = 2
"""Pixels to either side over which a shadow's edge is blurred."""


def lay_floor(scenes: Scenes, k: int, faces: Tensor, behind: NDArray[np.float32]) -> NDArray[np.float32]:
    """The backdrop of the k-th picture, with its floor where it is a `ground`.

    Args:
        faces: (F, 3) of the scenes.
        behind: (height, width, 3) linear light.
    """
    if scenes.backdrop[k] != "ground":
        return behind
    places, below = _places(scenes, k)
    x, _, z = np.asarray(scenes.vertices[k]).T
    away = np.hypot(places[..., 0] - (x.max() + x.min()) / 2, places[..., 1] - (z.max() + z.min()) / 2)
    fade = ((away - FADE_M[0]) / (FADE_M[1] - FADE_M[0])).clip(0, 1)
    share = np.where(below, 1 - fade * fade * (3 - 2 * fade), 0).astype(np.float32)[..., None]
    lit = scenes.backdrop_colours[k, 1] * _light(scenes, k, faces)
    return behind + share * (lit - behind)


def _places(scenes: Scenes, k: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """(height, width, 2) x and z where each pixel's middle sees the floor, and (height, width) whether it does."""
    height, width = scenes.height, scenes.width
    slope = np.tan(np.radians(scenes.fov[k]) / 2) / (height / 2)
    x = (np.arange(width) + 0.5 - width / 2) * slope
    y = (height / 2 - np.arange(height) - 0.5) * slope
    right, up, back = np.asarray(scenes.camera_rotation[k], np.float64)
    rays = x[None, :, None] * right + y[:, None, None] * up - back
    eye = np.asarray(scenes.camera_position[k], np.float64)
    below = (rays[..., 1] < -1e-6) & (eye[1] > 0)
    reach = np.where(below, -eye[1] / np.where(below, rays[..., 1], 1.0), 0.0)
    return eye[[0, 2]] + reach[..., None] * rays[..., [0, 2]], below


def _light(scenes: Scenes, k: int, faces: Tensor) -> NDArray[np.float32]:
    """(height, width, 3) what a white matt floor gives back; the strongest sun is kept off by the mesh."""
    height = np.asarray(scenes.light_direction[k])[:, 1].clip(0)
    each = np.asarray(scenes.light_colour[k]) * height[:, None]
    everywhere = scenes.ambient[k] + each.sum(0)
    main = int(each.sum(1).argmax())
    if height[main] < LOWEST_SUN:
        return np.broadcast_to(everywhere, (scenes.height, scenes.width, 3)).astype(np.float32)
    shadow = _soft(_shadow(scenes, k, faces, scenes.light_direction[k][main]))
    return (everywhere - shadow[..., None] * each[main]).astype(np.float32)


def _shadow(scenes: Scenes, k: int, faces: Tensor, sun: NDArray[np.floating]) -> NDArray[np.float32]:
    """(height, width) 1 where the mesh stands between the floor and a sun."""
    vertices = np.asarray(scenes.vertices[k], np.float32)
    fallen = vertices - vertices[:, 1:2].clip(0) / np.float32(sun[1]) * np.asarray(sun, np.float32)
    fallen[:, 1] = 0
    one = scenes.take(slice(k, k + 1))
    points = torch.from_numpy(project(replace(one, vertices=fallen[None]), 0))[None]
    return (face_ids(points, faces, scenes.height, scenes.width)[0] >= 0).numpy().astype(np.float32)


def _soft(mask: NDArray[np.float32]) -> NDArray[np.float32]:
    """Blurred by a box, twice."""
    wide = 2 * SOFT + 1
    for axis in (0, 1, 0, 1):
        edges = [(SOFT + 1, SOFT) if a == axis else (0, 0) for a in (0, 1)]
        sums = np.pad(mask, edges, mode="edge").cumsum(axis, dtype=np.float32)
        ends, begins = (np.take(sums, range(k, k + mask.shape[axis]), axis) for k in (wide, 0))
        mask = ((ends - begins) / wide).astype(np.float32)
    return mask
