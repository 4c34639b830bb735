"""Small pictures of one posed figure, many times over: what `pictures.raster_engine` draws, in compiled loops.

At 144 pixels a mesh has more faces than the picture has pixels, so that most of a picture's time goes into arrays as
long as the mesh. Here normals are taken once for a pose, and loops look up, light and average a pixel's four samples.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from ...pictures.backdrops import backdrop_of, srgb_table
from ...pictures.floor import lay_floor
from ...pictures.part_map import NONE
from ...pictures.plan import Shot
from ...pictures.raster_engine import FINE
from ...pictures.scenes import Scenes
from ...protocol import RuntimeMissing
from ...render.compiled import compiled, numba_there
from ...render.shade import DIELECTRIC, SMOOTHEST

Array = NDArray[np.float32]
NEAR = 0.01
"""Metres; a face with a nearer corner is not drawn."""


class Painter:
    """Draws figures of one topology.

    Args:
        faces: (F, 3).

    Raises:
        RuntimeMissing: numba is not installed.
    """

    def __init__(self, faces: NDArray[np.integer]) -> None:
        if not numba_there():
            raise RuntimeMissing("Training pictures are drawn by numba.", "Install impromptu[fast].")
        self._faces = np.ascontiguousarray(faces, np.int32)
        self._as_tensor = torch.from_numpy(self._faces)

    def normals(self, vertices: NDArray[np.floating]) -> Array:
        """(V, 3) sums over the faces around each vertex, by their area; the same wherever the figure stands."""
        out = np.zeros((len(vertices), 3), np.float32)
        _loops().normals(np.ascontiguousarray(vertices, np.float32), self._faces, out)
        return out

    @torch.inference_mode()
    def paint(self, scenes: Scenes, k: int, normals: Array) -> Shot:
        """The k-th picture.

        Args:
            normals: of `normals`, of the k-th figure.
        """
        height, width = scenes.height, scenes.width
        behind = lay_floor(scenes, k, self._as_tensor, backdrop_of(scenes, k))
        faces, shape, run = self._faces, (height * FINE, width * FINE), _loops()
        vertices, eye = scenes.vertices[k], scenes.camera_position[k].astype(np.float32)
        scale = np.float32(height / 2 / np.tan(np.radians(scenes.fov[k]) / 2))
        points, ids = np.empty_like(vertices), np.empty(shape, np.int32)
        run.project(vertices, scenes.camera_rotation[k].astype(np.float32), eye, scale, shape, points)
        run.cover(points, faces, ids)
        weights, lit = np.empty((2, *shape, 3), np.float32)
        run.weigh(ids, points, faces, weights)
        surface = scenes.colours[k], scenes.roughness[k][:, None], scenes.metallic[k][:, None]
        carried = np.concatenate((vertices, normals, *surface), 1, dtype=np.float32)
        suns = np.concatenate((scenes.light_direction[k], scenes.light_colour[k]), 1, dtype=np.float32)
        run.light(ids, weights, faces, carried, eye, suns, scenes.ambient[k], lit)
        picture = np.empty((height, width, 3), np.uint8)
        run.average(ids, lit, np.ascontiguousarray(behind, np.float32), srgb_table(), picture)
        return Shot(picture, self._parts(ids[::FINE, ::FINE], weights[::FINE, ::FINE], scenes.parts[k]))

    def _parts(self, ids: NDArray[np.int32], weights: Array, parts: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """What the first sample of each pixel shows: the part of the nearest corner."""
        found = np.full(ids.shape, NONE, np.uint8)
        shown = ids >= 0
        nearest = weights[shown].argmax(1)
        found[shown] = parts[self._faces[ids[shown], nearest]]
        return found


class _Loops(NamedTuple):
    normals: Callable[..., None]
    project: Callable[..., None]
    cover: Callable[..., None]
    weigh: Callable[..., None]
    light: Callable[..., None]
    average: Callable[..., None]


@functools.cache
def _loops() -> _Loops:
    return _Loops(*(compiled(loop) for loop in (_normals, _project, _cover, _weigh, _light, _average)))


def _normals(v: np.ndarray, faces: np.ndarray, out: np.ndarray) -> None:
    for f in range(len(faces)):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        px, py, pz = v[b, 0] - v[a, 0], v[b, 1] - v[a, 1], v[b, 2] - v[a, 2]
        qx, qy, qz = v[c, 0] - v[a, 0], v[c, 1] - v[a, 1], v[c, 2] - v[a, 2]
        x, y, z = py * qz - pz * qy, pz * qx - px * qz, px * qy - py * qx
        for corner in (a, b, c):
            out[corner, 0] += x
            out[corner, 1] += y
            out[corner, 2] += z


def _project(
    v: np.ndarray, turn: np.ndarray, eye: np.ndarray, scale: np.float32, shape: tuple[int, int], out: np.ndarray
) -> None:
    """Fill (V, 3) sample x, sample y and depth, as of `part_map.project`, of a picture of (height, width) samples."""
    half = np.float32(shape[0] / FINE / 2), np.float32(shape[1] / FINE / 2)
    fine = np.float32(FINE)
    for i in range(len(v)):
        x, y, z = v[i, 0] - eye[0], v[i, 1] - eye[1], v[i, 2] - eye[2]
        right = x * turn[0, 0] + y * turn[0, 1] + z * turn[0, 2]
        up = x * turn[1, 0] + y * turn[1, 1] + z * turn[1, 2]
        back = x * turn[2, 0] + y * turn[2, 1] + z * turn[2, 2]
        out[i, 0], out[i, 1] = (half[1] - scale * right / back) * fine, (half[0] + scale * up / back) * fine
        out[i, 2] = -back


def _cover(points: np.ndarray, faces: np.ndarray, ids: np.ndarray) -> None:
    """Fill the (height, width) face in front at each sample, -1 where there is none, as of `render.raster`."""
    height, width = ids.shape
    half = np.float32(0.5)
    first = np.empty((len(points), 2), np.int16)
    for i in range(len(points)):
        first[i, 0] = -1
        if points[i, 2] >= np.float32(NEAR):
            first[i, 0] = min(max(np.ceil(points[i, 0] - half), np.float32(0)), np.float32(width))
            first[i, 1] = min(max(np.ceil(points[i, 1] - half), np.float32(0)), np.float32(height))
    ids[:] = -1
    nearest = np.full((height, width), np.float32(np.inf), np.float32)
    for f in range(len(faces)):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        left, end = min(first[a, 0], first[b, 0], first[c, 0]), max(first[a, 0], first[b, 0], first[c, 0])
        low, high = min(first[a, 1], first[b, 1], first[c, 1]), max(first[a, 1], first[b, 1], first[c, 1])
        if left == end or left < 0 or low == high:
            continue
        ax, ay, az = points[a, 0], points[a, 1], points[a, 2]
        bx, by, bz = points[b, 0], points[b, 1], points[b, 2]
        cx, cy, cz = points[c, 0], points[c, 1], points[c, 2]
        least = min(az, bz, cz)
        for row in range(low, high):
            y = np.float32(row) + half
            y0, y1, y2 = ay - y, by - y, cy - y
            for column in range(left, end):
                # Most of what lies behind is known without its place in the face.
                if least >= nearest[row, column]:
                    continue
                x = np.float32(column) + half
                x0, x1, x2 = ax - x, bx - x, cx - x
                e0, e1, e2 = x1 * y2 - x2 * y1, x2 * y0 - x0 * y2, x0 * y1 - x1 * y0
                area = e0 + e1 + e2
                if area == 0 or not ((e0 >= 0 and e1 >= 0 and e2 >= 0) or (e0 <= 0 and e1 <= 0 and e2 <= 0)):
                    continue
                depth = area / (e0 / az + e1 / bz + e2 / cz)
                if depth < nearest[row, column]:
                    nearest[row, column] = depth
                    ids[row, column] = f


def _weigh(ids: np.ndarray, points: np.ndarray, faces: np.ndarray, weights: np.ndarray) -> None:
    """Fill (height, width, 3) perspective-correct weights of the corners at each covered sample."""
    half = np.float32(0.5)
    for i in range(ids.shape[0]):
        for j in range(ids.shape[1]):
            if ids[i, j] < 0:
                continue
            a, b, c = faces[ids[i, j]]
            x, y = np.float32(j) + half, np.float32(i) + half
            ax, ay, bx, by = points[a, 0] - x, points[a, 1] - y, points[b, 0] - x, points[b, 1] - y
            cx, cy = points[c, 0] - x, points[c, 1] - y
            p = (bx * cy - cx * by) / points[a, 2]
            q = (cx * ay - ax * cy) / points[b, 2]
            r = (ax * by - bx * ay) / points[c, 2]
            whole = p + q + r
            weights[i, j, 0], weights[i, j, 1], weights[i, j, 2] = p / whole, q / whole, r / whole


def _light(
    ids: np.ndarray,
    weights: np.ndarray,
    faces: np.ndarray,
    carried: np.ndarray,
    eye: np.ndarray,
    suns: np.ndarray,
    ambient: np.ndarray,
    out: np.ndarray,
) -> None:
    """Fill (height, width, 3) light from the surface at each covered sample: the sums of `raster_engine.shade`.

    Args:
        carried: (V, 11) place, normal, colour, roughness and metallic.
        suns: (L, 6) unit vector towards each, and its colour.
    """
    zero, one, two, eight = np.float32(0), np.float32(1), np.float32(2), np.float32(8)
    tiny, dielectric = np.float32(1e-12), np.float32(DIELECTRIC)
    m = np.empty(carried.shape[1], np.float32)
    for i in range(ids.shape[0]):
        for j in range(ids.shape[1]):
            if ids[i, j] < 0:
                continue
            a, b, c = faces[ids[i, j]]
            p, q, r = weights[i, j]
            for k in range(len(m)):
                m[k] = p * carried[a, k] + q * carried[b, k] + r * carried[c, k]
            nx, ny, nz, ex, ey, ez = m[3], m[4], m[5], eye[0] - m[0], eye[1] - m[1], eye[2] - m[2]
            # Cloth has an inside: its normal is turned to the eye.
            far = max(np.sqrt(ex * ex + ey * ey + ez * ez), tiny)
            long = max(np.sqrt(nx * nx + ny * ny + nz * nz), tiny)
            long = long if nx * ex + ny * ey + nz * ez >= 0 else -long
            nx, ny, nz, ex, ey, ez = nx / long, ny / long, nz / long, ex / far, ey / far, ez / far
            rough, metal = min(max(m[9], np.float32(SMOOTHEST)), one), m[10]
            shine = two / (rough * rough * rough * rough) - two
            for k in range(3):
                out[i, j, k] = m[6 + k] * ambient[k]
            for s in range(len(suns)):
                sx, sy, sz = suns[s, 0], suns[s, 1], suns[s, 2]
                fall = nx * sx + ny * sy + nz * sz
                if fall <= 0:
                    continue
                hx, hy, hz = ex + sx, ey + sy, ez + sz
                high = max(np.sqrt(hx * hx + hy * hy + hz * hz), tiny)
                gloss = max((nx * hx + ny * hy + nz * hz) / high, zero) ** shine * ((shine + eight) / eight)
                for k in range(3):
                    mirror = dielectric + metal * (m[6 + k] - dielectric)
                    out[i, j, k] += suns[s, 3 + k] * fall * (m[6 + k] * (one - metal) + mirror * gloss)


def _average(ids: np.ndarray, lit: np.ndarray, behind: np.ndarray, table: np.ndarray, picture: np.ndarray) -> None:
    """Fill the (height, width, 3) picture: its samples' mean, at most white, as sRGB."""
    half, one, share = np.float32(0.5), np.float32(1), np.float32(1 / FINE**2)
    steps = np.float32(len(table) - 1)
    for i in range(picture.shape[0]):
        for j in range(picture.shape[1]):
            for k in range(3):
                total = np.float32(0)
                for y in range(i * FINE, (i + 1) * FINE):
                    for x in range(j * FINE, (j + 1) * FINE):
                        total += min(lit[y, x, k], one) if ids[y, x] >= 0 else behind[i, j, k]
                picture[i, j, k] = table[int(min(max(total * share, np.float32(0)), one) * steps + half)]
