"""A mesh as a Wavefront .obj file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..files import atomic_path


def write_obj(
    path: str | Path,
    vertices: np.ndarray,
    faces: np.ndarray,
    vt: np.ndarray | None = None,
    ft: np.ndarray | None = None,
) -> None:
    """Write a mesh, atomically.

    Args:
        path: the file to write.
        vertices: (V, 3) metres, y up.
        faces: (F, 3) indices from 0.
        vt: (T, 2) texture coordinates, with ft: (F, 3) their indices.

    Raises:
        InvalidInput: the file cannot be written.
    """
    lines = [f"v {x:.6f} {y:.6f} {z:.6f}" for x, y, z in vertices.tolist()]
    corners = [[str(i) for i in face] for face in (faces.astype(np.int64) + 1).tolist()]
    if vt is not None and ft is not None:
        lines += [f"vt {u:.6f} {v:.6f}" for u, v in vt.tolist()]
        ids = (ft.astype(np.int64) + 1).tolist()
        corners = [[f"{a}/{b}" for a, b in zip(f, t, strict=True)] for f, t in zip(corners, ids, strict=True)]
    lines += [f"f {' '.join(face)}" for face in corners]
    with atomic_path(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="ascii")
