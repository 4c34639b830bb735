"""Reads the dog's skin that the `dm_control` wheel carries: MuJoCo's .skn, a plain binary format."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial import KDTree

from ....protocol import InvalidInput

MEMBER = "dm_control/suite/dog_assets/dog_skin.skn"
SHA256 = "a583f47e969a12169917aee69022f5c5e4854c6b2ca5cae3bfee498e7803ab94"
"""Of that file in dm_control 1.0.50."""
TO_OURS = (1, 2, 0)
"""MuJoCo's axes in ours: its z is up and its x forward, our y is up and our z forward; left is its y, our x."""
WELD = 6
"""Digits of a metre in which vertices on the two sides of a seam of the texture are one."""
FLIP = np.array([-1.0, 1.0, 1.0])


@dataclass
class Skin:
    """V vertices, F triangles, closed and symmetric; metres, y up, facing +z, its left is +x."""

    vertices: np.ndarray
    """(V, 3)."""
    faces: np.ndarray
    """(F, 3)."""
    uv: np.ndarray
    """(U, 2) texture coordinates, origin at the bottom left."""
    uv_faces: np.ndarray
    """(F, 3) rows of `uv`."""
    mirror: np.ndarray
    """(V,) the vertex at the other side."""
    bones: dict[str, np.ndarray]
    """Bone -> (3,) where its frame lies."""
    weights: dict[str, np.ndarray]
    """Bone -> (V,) how much of each vertex it moves."""


def read_skin(path: str | Path) -> Skin:
    """The dog's skin, welded and in our axes.

    Args:
        path: the dm_control wheel, or the .skn itself.

    Raises:
        InvalidInput: neither, or another version's.
    """
    path = Path(path)
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                data = archive.read(MEMBER)
        else:
            data = path.read_bytes()
    except (OSError, KeyError) as error:
        raise InvalidInput(f"{path} has no {MEMBER}.", "Give the wheel of dm_control 1.0.50.") from error
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise InvalidInput(f"{path} holds another skin than dm_control 1.0.50.", "Give the wheel of that version.")
    return _welded(*_parse(data))


def _parse(data: bytes) -> tuple[np.ndarray, np.ndarray, np.ndarray, dict, dict]:
    """Vertices, texture coordinates of each, triangles, places and weights of the bones."""
    at = 0

    def take(kind: str, count: int) -> np.ndarray:
        nonlocal at
        out = np.frombuffer(data, kind, count, at)
        at += out.nbytes
        return out

    vertices, texture, faces, bones = take("<i4", 4)
    x = take("<f4", 3 * vertices).reshape(-1, 3).astype(float)
    uv = take("<f4", 2 * texture).reshape(-1, 2).astype(float)
    f = take("<i4", 3 * faces).reshape(-1, 3).astype(int)
    places, weights = {}, {}
    for _ in range(bones):
        name = take("S1", 40).tobytes().split(b"\0")[0].decode("ascii")
        places[name] = take("<f4", 3).astype(float)
        take("<f4", 4)
        count = int(take("<i4", 1)[0])
        moved, share = take("<i4", count), take("<f4", count)
        weights[name] = np.bincount(moved, share, vertices)
    return x, uv, f, places, weights


def _welded(x: np.ndarray, uv: np.ndarray, f: np.ndarray, places: dict, weights: dict) -> Skin:
    _, first, place = np.unique(np.round(x, WELD), axis=0, return_index=True, return_inverse=True)
    place = place.reshape(-1)
    vertices = x[first][:, TO_OURS]
    distance, mirror = (np.asarray(found) for found in KDTree(vertices).query(vertices * FLIP))
    if distance.max() > 1e-5 or (mirror[mirror] != np.arange(len(vertices))).any():
        raise InvalidInput("The dog's skin is not symmetric.", "Give the wheel of dm_control 1.0.50.")
    return Skin(
        vertices=(vertices + vertices[mirror] * FLIP) / 2,
        faces=place[f],
        uv=np.stack([uv[:, 0], 1 - uv[:, 1]], 1),
        uv_faces=f,
        mirror=mirror,
        bones={name: p[list(TO_OURS)] for name, p in places.items()},
        weights={name: w[first] for name, w in weights.items()},
    )
