"""Small pictures of one posed figure, many times over: what `pictures.raster_engine` draws, in one compiled loop.

At 144 pixels a mesh has more faces than the picture has pixels, so most of a picture's time goes into arrays as long
as the mesh. Here normals are taken once for a pose, and a pixel's four samples are looked up, lit and averaged
without an array in between.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ...pictures.backdrops import backdrop_of, srgb_table
from ...pictures.floor import lay_floor
from ...pictures.part_map import NONE, project
from ...pictures.plan import Shot
from ...pictures.raster_engine import FINE
from ...pictures.scenes import Scenes
from ...render.compiled import compiled, numba_there
from ...render.raster import face_ids
from ...render.shade import DIELECTRIC, SMOOTHEST
from ...protocol import RuntimeMissing

Array = NDArray[np.float32]


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
        _loops()[0](np.ascontiguousarray(vertices, np.float32), self._faces, out)
        return out

    @torch.inference_mode()
    def paint(self, scenes: Scenes, k: int, normals: Array) -> Shot:
        """The k-th picture.

        Args:
            normals: of `normals`, of the k-th figure.
        """
        height, width = scenes.height, scenes.width
        behind = lay_floor(scenes, k, self._as_tensor, backdrop_of(scenes, k))
        points = project(scenes, k)
        points[:, :2] *= FINE
        ids = face_ids(torch.from_numpy(points)[None], self._as_tensor, height * FINE, width * FINE)[0].numpy()
        picture, parts = np.empty((height, width, 3), np.uint8), np.empty((height, width), np.uint8)
        looks = (scenes.vertices[k], normals, scenes.colours[k], scenes.roughness[k], scenes.metallic[k])
        lights = (scenes.camera_position[k], scenes.light_direction[k], scenes.light_colour[k], scenes.ambient[k])
        _loops()[1](
            ids,
            points,
            self._faces,
            *(np.ascontiguousarray(a, np.float32) for a in (*looks, *lights)),
            np.ascontiguousarray(scenes.parts[k]),
            np.ascontiguousarray(behind, np.float32),
            srgb_table(),
            picture,
            parts,
        )
        return Shot(picture, parts)


@functools.cache
def _loops() -> tuple[Callable[..., Any], Callable[..., Any]]:
    return compiled(_normals), compiled(_paint)


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


def _paint(
    ids: np.ndarray,
    points: np.ndarray,
    faces: np.ndarray,
    place: np.ndarray,
    normals: np.ndarray,
    colours: np.ndarray,
    roughness: np.ndarray,
    metallic: np.ndarray,
    eye: np.ndarray,
    towards: np.ndarray,
    strength: np.ndarray,
    ambient: np.ndarray,
    part_of: np.ndarray,
    behind: np.ndarray,
    table: np.ndarray,
    picture: np.ndarray,
    parts: np.ndarray,
) -> None:
    """Fill `picture` and `parts`; the sums of `raster_engine.shade`, whose arguments these are by vertex."""
    one, half, zero = np.float32(1), np.float32(0.5), np.float32(0)
    steps = np.float32(len(table) - 1)
    share = one / np.float32(FINE * FINE)
    w, n, to_eye, rgb = np.empty((4, 3), np.float32)
    total = np.empty(3, np.float32)
    for row in range(picture.shape[0]):
        for column in range(picture.shape[1]):
            total[:] = zero
            parts[row, column] = NONE
            for sample in range(FINE * FINE):
                i, j = row * FINE + sample // FINE, column * FINE + sample % FINE
                face = ids[i, j]
                if face < 0:
                    for c in range(3):
                        total[c] += behind[row, column, c]
                    continue
                # Perspective-correct weights of the corners, as of `render.interpolate`.
                a, b, d = faces[face, 0], faces[face, 1], faces[face, 2]
                u, v = np.float32(j) + half, np.float32(i) + half
                ax, ay = points[a, 0] - u, points[a, 1] - v
                bx, by = points[b, 0] - u, points[b, 1] - v
                dx, dy = points[d, 0] - u, points[d, 1] - v
                w[0] = (bx * dy - dx * by) / points[a, 2]
                w[1] = (dx * ay - ax * dy) / points[b, 2]
                w[2] = (ax * by - bx * ay) / points[d, 2]
                whole = w[0] + w[1] + w[2]
                for c in range(3):
                    w[c] /= whole
                if sample == 0:
                    if w[0] >= max(w[1], w[2]):
                        parts[row, column] = part_of[a]
                    else:
                        parts[row, column] = part_of[b] if w[1] >= w[2] else part_of[d]
                for c in range(3):
                    n[c] = w[0] * normals[a, c] + w[1] * normals[b, c] + w[2] * normals[d, c]
                    rgb[c] = w[0] * colours[a, c] + w[1] * colours[b, c] + w[2] * colours[d, c]
                    to_eye[c] = eye[c] - (w[0] * place[a, c] + w[1] * place[b, c] + w[2] * place[d, c])
                rough = w[0] * roughness[a] + w[1] * roughness[b] + w[2] * roughness[d]
                metal = w[0] * metallic[a] + w[1] * metallic[b] + w[2] * metallic[d]
                # Cloth has an inside: its normal is turned to the eye.
                long = math.sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2])
                far = math.sqrt(to_eye[0] * to_eye[0] + to_eye[1] * to_eye[1] + to_eye[2] * to_eye[2])
                facing = n[0] * to_eye[0] + n[1] * to_eye[1] + n[2] * to_eye[2]
                scale = (one if facing >= 0 else -one) / max(np.float32(long), np.float32(1e-12))
                for c in range(3):
                    n[c] *= scale
                    to_eye[c] /= np.float32(far)
                rough = min(max(rough, np.float32(SMOOTHEST)), one)
                shine = np.float32(2) / (rough * rough * rough * rough) - np.float32(2)
                lit0, lit1, lit2 = rgb[0] * ambient[0], rgb[1] * ambient[1], rgb[2] * ambient[2]
                for s in range(len(towards)):
                    sx, sy, sz = towards[s, 0], towards[s, 1], towards[s, 2]
                    fall = n[0] * sx + n[1] * sy + n[2] * sz
                    if fall <= 0:
                        continue
                    hx, hy, hz = to_eye[0] + sx, to_eye[1] + sy, to_eye[2] + sz
                    high = max(np.float32(math.sqrt(hx * hx + hy * hy + hz * hz)), np.float32(1e-12))
                    gloss = max((n[0] * hx + n[1] * hy + n[2] * hz) / high, zero)
                    gloss = gloss**shine * ((shine + np.float32(8)) / np.float32(8))
                    matt, mirror = one - metal, np.float32(DIELECTRIC) * (one - metal)
                    lit0 += strength[s, 0] * fall * (rgb[0] * matt + (mirror + metal * rgb[0]) * gloss)
                    lit1 += strength[s, 1] * fall * (rgb[1] * matt + (mirror + metal * rgb[1]) * gloss)
                    lit2 += strength[s, 2] * fall * (rgb[2] * matt + (mirror + metal * rgb[2]) * gloss)
                total[0] += min(lit0, one)
                total[1] += min(lit1, one)
                total[2] += min(lit2, one)
            for c in range(3):
                light = min(max(total[c] * share, zero), one)
                picture[row, column, c] = table[int(light * steps + half)]
