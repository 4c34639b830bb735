"""Triangles to pixels in numpy alone: what both contact sheets are drawn with, so that a picture needs no Blender."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def vertex_normals(vertices: np.ndarray, faces: NDArray[np.integer]) -> np.ndarray:
    """(V, 3) unit normals, faces weighted by area."""
    corners = vertices[faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    out = np.zeros_like(vertices)
    for k in range(3):
        for d in range(3):
            out[:, d] += np.bincount(faces[:, k], normal[:, d], len(vertices))
    return out / (np.linalg.norm(out, axis=1, keepdims=True) + 1e-12)


def rasterise(
    pixels: np.ndarray, depth: np.ndarray, faces: NDArray[np.integer], width: int, height: int
) -> tuple[np.ndarray, np.ndarray]:
    """Which face is in front at the middle of each pixel, and where in it; back faces count too.

    Args:
        pixels: (V, 2) from the picture's upper left corner, x to the right and y down.
        depth: (V,), larger is nearer.
        faces: (F, 3).
        width, height: of the picture, in pixels.

    Returns:
        (height * width,) face, -1 where there is none, and (height * width, 3) barycentric coordinates.
    """
    corners = pixels[faces]
    low = np.ceil(corners.min(1) - 0.5).astype(int).clip(0)
    high = np.floor(corners.max(1) - 0.5).astype(int)
    high = np.minimum(high, [width - 1, height - 1])
    extent = (high - low + 1).clip(0)
    count = extent[:, 0] * extent[:, 1]
    face = np.repeat(np.arange(len(faces)), count)
    step = np.arange(len(face)) - np.repeat(np.cumsum(count) - count, count)
    x = low[face, 0] + step % extent[face, 0]
    y = low[face, 1] + step // extent[face, 0]
    a, b, c = (corners[face, k] - np.stack([x + 0.5, y + 0.5], 1) for k in range(3))
    areas = np.stack([_cross(b, c), _cross(c, a), _cross(a, b)], 1)
    inside = ((areas >= 0).all(1) | (areas <= 0).all(1)) & (np.abs(areas.sum(1)) > 1e-12)
    face, at, areas = face[inside], (y * width + x)[inside], areas[inside]
    bary = areas / areas.sum(1, keepdims=True)
    # Written from far to near: the last one stays.
    near = np.argsort((bary * depth[faces[face]]).sum(1), kind="stable")
    hit = np.full(width * height, -1)
    where = np.zeros((width * height, 3))
    hit[at[near]] = face[near]
    where[at[near]] = bary[near]
    return hit, where


def _cross(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
