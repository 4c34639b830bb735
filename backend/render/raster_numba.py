"""`raster.face_ids` as a compiled loop on the processor: the same sums in the same order, so the same ids."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .compiled import compiled, in_threads

LARGEST = np.float32(1e9)
HALF = np.float32(0.5)


def face_ids_numba(points: Tensor, faces: Tensor, height: int, width: int, near: float, cull: bool) -> Tensor:
    """(B, height, width) int32, as `raster.face_ids`, of checked (B, V, 3) float32 points on the processor."""
    views = len(points)
    ids = np.empty((views, height, width), np.int32)
    triangles = faces.to("cpu", torch.int32).contiguous().numpy()
    seen = points.cpu().transpose(1, 2).contiguous().numpy()
    threads = torch.get_num_threads()
    # A view is cut into bands only as far as views alone do not feed the threads: each band reads all faces.
    bands = max(1, min(height, -(-threads // max(views, 1))))
    edges = [height * k // bands for k in range(bands + 1)]
    draw, z = _loop(), np.float32(near)

    def one(part: tuple[int, int, int]) -> None:
        view, top, end = part
        draw(seen[view], triangles, ids[view, top:end], top, z, cull)

    in_threads(one, [(v, edges[k], edges[k + 1]) for v in range(views) for k in range(bands)])
    return torch.from_numpy(ids).to(points.device)


@functools.cache
def _loop() -> Callable[..., Any]:
    return compiled(_band)


def _band(p: np.ndarray, faces: np.ndarray, ids: np.ndarray, top: int, near: np.float32, cull: bool) -> None:
    """Draw rows `top` and on of one view into `ids`."""
    rows, width = ids.shape
    x, y, z = p[0], p[1], p[2]
    count = len(x)
    first = np.empty((count, 2), np.int16)
    for i in range(count):
        first[i, 0] = -1
        if abs(x[i]) < LARGEST and abs(y[i]) < LARGEST and z[i] >= near and z[i] < LARGEST:
            first[i, 0] = min(max(np.ceil(x[i] - HALF), np.float32(0)), np.float32(width))
            first[i, 1] = min(max(np.ceil(y[i] - HALF) - np.float32(top), np.float32(0)), np.float32(rows))
    ids[:] = -1
    nearest = np.full((rows, width), np.float32(np.inf), np.float32)
    for f in range(len(faces)):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        left, right = min(first[a, 0], first[b, 0], first[c, 0]), max(first[a, 0], first[b, 0], first[c, 0])
        if left == right or left < 0:
            continue
        low, high = min(first[a, 1], first[b, 1], first[c, 1]), max(first[a, 1], first[b, 1], first[c, 1])
        if low == high:
            continue
        ax, ay, bx, by, cx, cy = x[a], y[a], x[b], y[b], x[c], y[c]
        if cull and not (bx - ax) * (cy - ay) - (cx - ax) * (by - ay) < 0:
            continue
        for row in range(low, high):
            v = np.float32(row + top) + HALF
            y0, y1, y2 = ay - v, by - v, cy - v
            for column in range(left, right):
                u = np.float32(column) + HALF
                x0, x1, x2 = ax - u, bx - u, cx - u
                e0, e1, e2 = x1 * y2 - x2 * y1, x2 * y0 - x0 * y2, x0 * y1 - x1 * y0
                area = e0 + e1 + e2
                if area == 0 or not ((e0 >= 0 and e1 >= 0 and e2 >= 0) or (e0 <= 0 and e1 <= 0 and e2 <= 0)):
                    continue
                depth = area / (e0 / z[a] + e1 / z[b] + e2 / z[c])
                if depth < nearest[row, column]:
                    nearest[row, column] = depth
                    ids[row, column] = f
