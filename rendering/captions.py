"""Words in a picture: Blender's own font as triangles, filled by numpy. No GPU, no imaging library."""

from __future__ import annotations

from functools import lru_cache

import bpy
import numpy as np

OVERSAMPLE = 4
INK = (38, 43, 51)
"""sRGB of the text."""


def text_triangles(text: str) -> np.ndarray:
    """(triangles, 3, 2) of a line of text with an em of 1, baseline at y = 0, starting at x = 0."""
    curve = bpy.data.curves.new("caption", "FONT")
    curve.body = text
    curve.resolution_u = 4
    obj = bpy.data.objects.new("caption", curve)
    try:
        mesh = obj.to_mesh()
        mesh.calc_loop_triangles()
        points = np.empty(len(mesh.vertices) * 3, np.float32)
        mesh.vertices.foreach_get("co", points)
        corners = np.empty(len(mesh.loop_triangles) * 3, np.int32)
        mesh.loop_triangles.foreach_get("vertices", corners)
        return points.reshape(-1, 3)[corners, :2].reshape(-1, 3, 2).astype(np.float64)
    finally:
        obj.to_mesh_clear()
        bpy.data.objects.remove(obj)
        bpy.data.curves.remove(curve)


def fill_triangles(triangles: np.ndarray, width: int, height: int) -> np.ndarray:
    """(height, width) bool: pixels whose centre lies in any triangle.

    Args:
        triangles: (n, 3, 2) in pixels, y down.
    """
    mask = np.zeros((height, width), bool)
    for a, b, c in triangles:
        low = np.floor(np.minimum(np.minimum(a, b), c)).astype(int).clip(0)
        high = np.ceil(np.maximum(np.maximum(a, b), c)).astype(int).clip(0, (width, height))
        if (high <= low).any():
            continue
        x = np.arange(low[0], high[0]) + 0.5
        y = (np.arange(low[1], high[1]) + 0.5)[:, None]
        edges = [(q[0] - p[0]) * (y - p[1]) - (q[1] - p[1]) * (x - p[0]) for p, q in ((a, b), (b, c), (c, a))]
        inside = np.all([e >= 0 for e in edges], 0) | np.all([e <= 0 for e in edges], 0)
        mask[low[1] : high[1], low[0] : high[0]] |= inside
    return mask


@lru_cache(maxsize=16)
def letters(text: str, size: float, most: int) -> np.ndarray:
    """(height, width) how much of each pixel a line of text covers, 0 to 1; its baseline is 1.4 em from the top.

    The line of a film is the same in all its frames, so the last ones are kept. Arguments are those of `draw_text`.
    """
    triangles = text_triangles(text) * size if text.strip() else np.empty((0, 3, 2))
    while len(triangles) and triangles[..., 0].max() > most and len(text) > 1:
        keep = min(len(text) - 2, int(len(text) * most / triangles[..., 0].max()))
        text = text[: max(keep, 1)].rstrip(" …") + ("…" if keep > 0 else "")
        triangles = text_triangles(text) * size
        if keep <= 0:
            break
    if not len(triangles):
        return np.zeros((0, 0))
    height, width = int(2 * size), int(triangles[..., 0].max()) + 4
    placed = triangles * (1, -1) + (0, 1.4 * size)
    fine = fill_triangles(placed * OVERSAMPLE, width * OVERSAMPLE, height * OVERSAMPLE)
    cover = fine.reshape(height, OVERSAMPLE, width, OVERSAMPLE).mean((1, 3))
    cover.flags.writeable = False
    return cover


def draw_text(
    picture: np.ndarray, text: str, x: int, baseline: int, size: float, most: int, ink: tuple = INK
) -> np.ndarray:
    """The picture with a line of text on it; too long a line is shortened with an ellipsis.

    Args:
        picture: (height, width, 3) uint8.
        x, baseline: where the line starts, pixels from the left and the top.
        size: height of an em, pixels.
        most: widest that the line may get, pixels.
    """
    cover = letters(text, size, most)
    height = len(cover)
    width = min(picture.shape[1] - x, cover.shape[1])
    if not width or not height:
        return picture
    cover = cover[:, :width, None]
    out = picture.copy()
    top = baseline - int(1.4 * size)
    clip = slice(max(0, -top), min(height, picture.shape[0] - top))
    area = out[top + clip.start : top + clip.stop, x : x + width]
    area[:] = (area * (1 - cover[clip]) + np.array(ink) * cover[clip] + 0.5).astype(np.uint8)
    return out
