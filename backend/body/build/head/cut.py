"""The head and the top of the shoulders, cut from the default body's file; teeth and tongue put into it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..makehuman import BaseMesh, load_helpers, read_mirror
from ..source import Source

JOINTS = ("root", "neck", "jaw", "left_eye", "right_eye")
"""FLAME's five joints: the root turns all about the base of the neck, the neck turns the head on it."""
PARENTS = np.array([-1, 0, 1, 1, 1])
MIRROR = np.array([0, 1, 2, 4, 3])
BODY_JOINTS = ("neck", "head", "jaw", "left_eye_smplhf", "right_eye_smplhf")
"""The body's joint at each of them."""
CENTRE = np.array([0.0, 0.30, 0.05])
BUST = 0.175
"""Metres from `CENTRE` to where the cut runs: of all tried, the border over collar bones and shoulder blades with
the fewest corners, one loop of 44 vertices."""
INSIDE = {"upper_teeth": "helper-upper-teeth", "lower_teeth": "helper-lower-teeth", "tongue": "helper-tongue"}
"""Region -> MakeHuman's face group. All three are separate sheets."""
FLIP = np.array([-1.0, 1.0, 1.0])


@dataclass
class HeadMesh:
    """V vertices: those of the body first, in its order, then teeth and tongue; F triangles."""

    source_vertex: np.ndarray
    """(V,) numbers in MakeHuman's mesh."""
    body_vertex: np.ndarray
    """(V,) numbers in the body's file, -1 for teeth and tongue."""
    template: np.ndarray
    """(V, 3) metres, the root joint at the origin."""
    faces: np.ndarray
    """(F, 3)."""
    body_faces: np.ndarray
    """(F,) faces of the body's file, -1 for teeth and tongue."""
    uv: np.ndarray
    """(U, 2)."""
    uv_faces: np.ndarray
    """(F, 3) rows of `uv`."""
    mirror: np.ndarray
    """(V,) the vertex at the other side."""
    origin: np.ndarray
    """(3,) where the origin lies in the body's frame."""
    inside: dict[str, np.ndarray]
    """Of teeth and tongue: name -> vertices."""

    @property
    def size(self) -> int:
        return len(self.template)

    def symmetric(self, displacement: np.ndarray) -> np.ndarray:
        """(V, 3) vectors averaged with their mirror images."""
        return (displacement + displacement[self.mirror] * FLIP) / 2


def cut_head(source: Source, base: BaseMesh, body: dict[str, np.ndarray], mean: np.ndarray) -> HeadMesh:
    """Cut the head out of the default body.

    Args:
        source: MakeHuman's data, for teeth and tongue.
        body: the arrays of the body's file.
        mean: (N, 3) MakeHuman's mesh of the mean adult: it says where the teeth lie to the face.
    """
    vertices = body["v_template"].astype(float)
    faces = body["f"].astype(int)
    chosen = _faces_within(vertices, faces)
    kept = np.unique(faces[chosen])
    ids = [body["source_vertex"][kept].astype(int)]
    inner_faces, inner_uv, inner_uv_faces = load_helpers(source, tuple(INSIDE.values()))
    groups = {name: base.groups[group] for name, group in INSIDE.items()}
    ids += [groups[name] for name in INSIDE]
    source_vertex = np.concatenate(ids)
    place = np.full(base.size, -1)
    place[source_vertex] = np.arange(len(source_vertex))
    local = np.full(len(vertices), -1)
    local[kept] = np.arange(len(kept))

    # The head is not turned between MakeHuman's pose and the T-pose, only moved.
    face = np.isin(body["regions"][kept], [list(body["region_names"]).index("face")])
    shift = (vertices[kept] - mean[ids[0]])[face].mean(0)
    origin = (body["J_regressor"].astype(float) @ vertices)[list(body["joint_names"]).index(BODY_JOINTS[0])]
    inner = mean[np.concatenate(ids[1:])] + shift
    uv, uv_faces = _used(body["vt"].astype(float), body["ft"].astype(int)[chosen])
    other = read_mirror(source)
    mirror = place[[other.get(int(v), int(v)) for v in source_vertex]]
    mesh = HeadMesh(
        source_vertex=source_vertex,
        body_vertex=np.r_[kept, np.full(len(inner), -1)],
        template=np.r_[vertices[kept], inner] - origin,
        faces=np.r_[local[faces[chosen]], place[inner_faces]],
        body_faces=np.r_[chosen, np.full(len(inner_faces), -1)],
        uv=np.r_[uv, inner_uv],
        uv_faces=np.r_[uv_faces, inner_uv_faces + len(uv)],
        mirror=mirror,
        origin=origin,
        inside={name: place[group] for name, group in groups.items()},
    )
    if (mirror < 0).any() or (mirror[mirror] != np.arange(mesh.size)).any():
        raise ValueError("the cut is not symmetric")
    mesh.template = (mesh.template + mesh.template[mirror] * FLIP) / 2
    return mesh


def _faces_within(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(F,) faces of the head: both triangles of a quad or none, so that the border follows the mesh's own loops."""
    twin = (faces[1:, 0] == faces[:-1, 0]) & (faces[1:, 1] == faces[:-1, 2])
    first = np.r_[True, ~twin]
    quad = np.cumsum(first) - 1
    distance = np.linalg.norm(vertices - CENTRE, axis=1)
    mean = np.bincount(quad, distance[faces].mean(1)) / np.bincount(quad)
    return np.nonzero(mean[quad] < BUST)[0]


def _used(uv: np.ndarray, uv_faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    used, flat = np.unique(uv_faces, return_inverse=True)
    return uv[used], flat.reshape(-1, 3)


def head_weights(mesh: HeadMesh, body: dict[str, np.ndarray]) -> np.ndarray:
    """(V, 5) the body's skin weights; what moves with its trunk or shoulders moves with the root."""
    names = list(body["joint_names"])
    columns = [names.index(name) for name in BODY_JOINTS]
    weights = np.zeros((mesh.size, len(JOINTS)))
    skin = mesh.body_vertex >= 0
    weights[skin] = body["weights"][mesh.body_vertex[skin]][:, columns]
    weights[skin, 0] = 1 - weights[skin, 1:].sum(1)
    weights[mesh.inside["upper_teeth"], 1] = 1
    weights[mesh.inside["lower_teeth"], 2] = 1
    weights[mesh.inside["tongue"], 2] = 1
    return weights


def head_correctives(mesh: HeadMesh, body: dict[str, np.ndarray]) -> np.ndarray:
    """(V, 3, 36) the body's correctives of head, jaw and eyes: the head bends as the body's does."""
    names = list(body["joint_names"])
    columns = np.concatenate([np.arange(9) + 9 * (names.index(name) - 1) for name in BODY_JOINTS[1:]])
    out = np.zeros((mesh.size, 3, len(columns)), body["posedirs"].dtype)
    skin = mesh.body_vertex >= 0
    out[skin] = body["posedirs"][mesh.body_vertex[skin]][:, :, columns]
    return out


def head_landmarks(mesh: HeadMesh, body: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The body's landmarks of the face, on the head's faces."""
    place = np.full(len(body["f"]), -1)
    skin = mesh.body_faces >= 0
    place[mesh.body_faces[skin]] = np.nonzero(skin)[0]
    out = {}
    for name in ("lmk", "dynamic_lmk"):
        out[f"{name}_faces_idx"] = place[body[f"{name}_faces_idx"]]
        out[f"{name}_bary_coords"] = body[f"{name}_bary_coords"]
        if (out[f"{name}_faces_idx"] < 0).any():
            raise ValueError("a landmark lies outside of the head")
    return out
