"""The shape space of a skin as numpy arrays, read from its shape keys once and kept while they stay the same."""

from __future__ import annotations

import json
from dataclasses import dataclass

import bpy
import numpy as np

FAMILIES = {"SHAPE": "Shape", "EXPRESSION": "Exp"}
_MOST = 16
"""Bodies kept; the arrays of one are about 2 MB."""
_kept: dict[tuple, ShapeArrays] = {}


@dataclass(frozen=True)
class ShapeArrays:
    """V vertices, S betas, F triangles; the mesh's frame (Blender's axes), metres."""

    basis: np.ndarray
    """(V, 3) mean shape."""
    dirs: np.ndarray
    """(V * 3, S), single precision."""
    corners: tuple[np.ndarray, np.ndarray, np.ndarray]
    """Three (F,) vertex indices of the triangles."""

    def shaped(self, betas: np.ndarray) -> np.ndarray:
        """(V, 3) rest vertices for (S,) betas."""
        return self.basis + (self.dirs @ np.asarray(betas, np.float32)).reshape(-1, 3)


def keys_of(skin: bpy.types.Object, family: str = "SHAPE") -> list[bpy.types.ShapeKey]:
    """The shape keys of one family, by their number."""
    prefix = FAMILIES[family]
    keys = skin.data.shape_keys.key_blocks if skin.data.shape_keys else ()
    return [k for k in keys if k.name.startswith(prefix) and k.name[len(prefix) :].isdigit()]


def labels_of(skin: bpy.types.Object) -> dict[str, str]:
    """Shape key -> what the body's maker calls it; empty names where nobody did."""
    return json.loads(skin.data.shape_keys.get("impromptu_axes", "{}"))


def betas_of(skin: bpy.types.Object, family: str = "SHAPE") -> np.ndarray:
    """(S,) the values that are set."""
    return np.array([k.value for k in keys_of(skin, family)])


def _read(key: bpy.types.ShapeKey, count: int) -> np.ndarray:
    points = np.empty(count * 3, np.float32)
    (key.points if hasattr(key, "points") else key.data).foreach_get("co", points)
    return points


def shape_arrays(skin: bpy.types.Object) -> ShapeArrays:
    """The arrays of a skin; a few milliseconds the first time, then nothing."""
    mesh = skin.data
    keys = keys_of(skin)
    count = len(mesh.vertices)
    ends = (tuple(mesh.vertices[0].co), tuple(mesh.vertices[count - 1].co)) if count else ()
    token = (mesh.name, mesh.library, getattr(mesh, "session_uid", 0), count, len(mesh.polygons), len(keys), ends)
    if token not in _kept:
        while len(_kept) >= _MOST:
            _kept.pop(next(iter(_kept)))
        basis = _read(mesh.shape_keys.reference_key, count)
        dirs = np.stack([_read(k, count) - basis for k in keys], 1) if keys else np.zeros((count * 3, 0), np.float32)
        mesh.calc_loop_triangles()
        triangles = np.empty(len(mesh.loop_triangles) * 3, np.int32)
        mesh.loop_triangles.foreach_get("vertices", triangles)
        a, b, c = np.ascontiguousarray(triangles.reshape(-1, 3).T)
        _kept[token] = ShapeArrays(basis.reshape(-1, 3).copy(), np.ascontiguousarray(dirs), (a, b, c))
    return _kept[token]
