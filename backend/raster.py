"""Triangles to pixels in numpy alone: what sheets of bodies and motions and the films of previews are drawn with."""

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
    a, b, c = (pixels[faces[:, k]] for k in range(3))
    low = np.ceil(np.minimum(np.minimum(a, b), c) - 0.5).astype(int).clip(0)
    high = np.floor(np.maximum(np.maximum(a, b), c) - 0.5).astype(int)
    extent = (np.minimum(high, [width - 1, height - 1]) - low + 1).clip(0)
    # A corner's weight is linear over a face: what it is at the face's first pixel, and how it grows to the right and
    # down. Beside a face of no area nothing is seen.
    first = (low + 0.5).astype(pixels.dtype)
    a, b, c = a - first, b - first, c - first
    area = _cross(a, b) + _cross(b, c) + _cross(c, a)
    # Of what is seen edge-on the area is a rounding error.
    size = np.maximum(np.abs(b - a).max(1), np.abs(c - a).max(1))
    slack = 64 * np.finfo(area.dtype).eps
    kept = np.flatnonzero((np.abs(area) > slack * size * size) & (extent > 0).all(1))
    a, b, c, area, low, extent = (values[kept] for values in (a, b, c, area, low, extent))
    planes = [(_cross(u, v), u[:, 1] - v[:, 1], v[:, 0] - u[:, 0]) for u, v in ((b, c), (c, a), (a, b))]
    count = extent[:, 0] * extent[:, 1]
    face = np.repeat(np.arange(len(kept)), count)
    step = np.arange(len(face)) - np.repeat(np.cumsum(count) - count, count)
    y, x = np.divmod(step, extent[face, 0])
    weights = [
        (start / area)[face] + (right / area)[face] * x + (down / area)[face] * y for start, right, down in planes
    ]
    # On the edge of two faces a pixel belongs to one of them at least, however either is rounded.
    inside = np.flatnonzero((weights[0] >= -slack) & (weights[1] >= -slack) & (weights[2] >= -slack))
    bary = np.stack([w[inside] for w in weights], 1)
    bary /= (bary[:, 0] + bary[:, 1] + bary[:, 2])[:, None]
    face, x, y = face[inside], x[inside], y[inside]
    at = (low[face, 1] + y.astype(int)) * width + low[face, 0] + x.astype(int)
    face = kept[face]
    corners = faces[face]
    reach = sum(bary[:, k] * depth[corners[:, k]] for k in range(3))
    # Written from far to near: the last one stays.
    near = np.argsort(reach, kind="stable")
    hit = np.full(width * height, -1)
    where = np.zeros((width * height, 3))
    hit[at[near]] = face[near]
    where[at[near]] = bary[near]
    return hit, where


def _cross(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
