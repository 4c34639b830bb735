"""The MakeHuman base mesh, cut down to what a posed body needs: skin and eyeballs, triangles, UV, mirror table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .source import DECIMETRE, Source

NIPPLE_DISCS = (*range(1778, 1794), *range(8450, 8466))
"""Vertices of two separate discs; the holes that they leave are capped below."""
CAPS = (
    (8437, 8438, 8439, 8440), (8436, 8437, 8440, 8441), (8435, 8436, 8441, 8442), (8434, 8435, 8442, 8443),
    (8449, 8434, 8443, 8444), (8448, 8449, 8444, 8445), (8447, 8448, 8445, 8446),
    (1762, 1771, 1770, 1763), (1763, 1770, 1769, 1764), (1764, 1769, 1768, 1765), (1765, 1768, 1767, 1766),
    (1762, 1777, 1772, 1771), (1777, 1776, 1773, 1772), (1776, 1775, 1774, 1773),
)  # fmt: skip


@dataclass
class BaseMesh:
    """MakeHuman's mesh and the part of it that is kept.

    K kept vertices (in MakeHuman's order), F triangles, N all vertices with the helpers that rig and joints use.
    """

    all_vertices: np.ndarray
    """(N, 3) metres, A-pose, y up, facing +z."""
    groups: dict[str, np.ndarray]
    """Name of a face group -> ids of its vertices among all."""
    kept: np.ndarray
    """(K,) ids of the kept vertices among all."""
    index: np.ndarray
    """(N,) position of each vertex among the kept, or -1."""
    faces: np.ndarray
    """(F, 3) kept vertices."""
    uv: np.ndarray
    """(U, 2) texture coordinates, origin at the bottom left."""
    uv_faces: np.ndarray
    """(F, 3) rows of `uv`."""
    mirror: np.ndarray
    """(K,) the kept vertex at the other side of the body."""

    @property
    def size(self) -> int:
        return len(self.all_vertices)

    def eye(self, side: str) -> np.ndarray:
        """Kept vertices of the left or right eyeball."""
        return self.index[self.groups[f"helper-{side[0]}-eye"]]


def load_base_mesh(source: Source) -> BaseMesh:
    """Read `base.obj`, drop the helpers (tights, skirt, hair, lashes, teeth, tongue, cubes), cap the nipples."""
    vertices, uv, quads, uv_quads = _parse_obj(source.text("mpfb2/3dobjs/base.obj"))
    corner_uv = {}
    for q, t in zip(quads["body"], uv_quads["body"], strict=True):
        corner_uv.update(zip(q, t, strict=True))
    chosen = [(q, t) for q, t in zip(quads["body"], uv_quads["body"], strict=True) if not set(q) & set(NIPPLE_DISCS)]
    chosen += [(list(q), [corner_uv[v] for v in q]) for q in CAPS]
    for name in ("helper-l-eye", "helper-r-eye"):
        chosen += list(zip(quads[name], uv_quads[name], strict=True))
    faces, uv_faces = _triangulate(chosen)
    kept, flat = np.unique(faces, return_inverse=True)
    used, uv_flat = np.unique(uv_faces, return_inverse=True)
    index = np.full(len(vertices), -1)
    index[kept] = np.arange(len(kept))
    return BaseMesh(
        all_vertices=vertices,
        groups={name: np.unique(np.array(q)) for name, q in quads.items()},
        kept=kept,
        index=index,
        faces=flat.reshape(-1, 3),
        uv=uv[used],
        uv_faces=uv_flat.reshape(-1, 3),
        mirror=_mirror_table(source, kept, index),
    )


def load_helpers(source: Source, names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Triangles of face groups that the body leaves out, such as `helper-tongue`.

    Returns:
        (F, 3) vertices among all, (U, 2) texture coordinates, (F, 3) rows of them.
    """
    _, uv, quads, uv_quads = _parse_obj(source.text("mpfb2/3dobjs/base.obj"))
    chosen = [pair for name in names for pair in zip(quads[name], uv_quads[name], strict=True)]
    faces, uv_faces = _triangulate(chosen)
    used, flat = np.unique(uv_faces, return_inverse=True)
    return faces, uv[used], flat.reshape(-1, 3)


def read_mirror(source: Source) -> dict[int, int]:
    """Vertex among all -> the vertex at the other side."""
    other = {}
    for line in source.text("mpfb2/mesh_metadata/hm08.mirror").splitlines():
        fields = line.split()
        if len(fields) >= 2 and fields[0].isdigit():
            other[int(fields[0])] = int(fields[1])
    return other


def _parse_obj(text: str) -> tuple[np.ndarray, np.ndarray, dict, dict]:
    vertices: list[list[float]] = []
    uv: list[list[float]] = []
    quads: dict[str, list[list[int]]] = {}
    uv_quads: dict[str, list[list[int]]] = {}
    group = ""
    for line in text.splitlines():
        key, _, rest = line.partition(" ")
        if key == "v":
            vertices.append([float(x) for x in rest.split()[:3]])
        elif key == "vt":
            uv.append([float(x) for x in rest.split()[:2]])
        elif key == "g":
            group = rest.split()[0]
        elif key == "f":
            corners = [c.split("/") for c in rest.split()]
            quads.setdefault(group, []).append([int(c[0]) - 1 for c in corners])
            uv_quads.setdefault(group, []).append([int(c[1]) - 1 for c in corners])
    return np.array(vertices) * DECIMETRE, np.array(uv), quads, uv_quads


def _triangulate(quads: list[tuple[list[int], list[int]]]) -> tuple[np.ndarray, np.ndarray]:
    faces, uv_faces = [], []
    for q, t in quads:
        if len(set(q)) < 3:
            continue
        faces.append([q[0], q[1], q[2]])
        uv_faces.append([t[0], t[1], t[2]])
        if len(q) == 4 and q[3] != q[0]:
            faces.append([q[0], q[2], q[3]])
            uv_faces.append([t[0], t[2], t[3]])
    return np.array(faces), np.array(uv_faces)


def _mirror_table(source: Source, kept: np.ndarray, index: np.ndarray) -> np.ndarray:
    other = read_mirror(source)
    mirror = np.array([index[other.get(int(v), int(v))] for v in kept])
    if (mirror < 0).any() or (mirror[mirror] != np.arange(len(kept))).any():
        raise ValueError("the mirror table does not pair the kept vertices")
    return mirror
