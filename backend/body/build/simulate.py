"""Target shapes for the correctives: the mean body posed by dual quaternions with twist bones, then delta mush.

Dual-quaternion skinning: Kavan et al. 2008. Delta mush: Mancewicz et al. 2014. Neither fits SMPL-X's layout or a
game engine, so the correctives are fitted to what they give.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.spatial.transform import Rotation

from .makehuman import BaseMesh
from .skeleton import INDEX, JOINTS, PARENTS, Rig, hold_eyes, owners, place_joints
from .tpose import TPose

SMOOTH = 24
"""Rounds of smoothing in delta mush."""
FOLD = 0.25
"""Cosine between a face's normal and its neighbourhood's under which the face counts as about to turn over."""
UNFOLD = 14
"""Rounds of relaxing such faces."""


@dataclass(frozen=True)
class Helper:
    """A bone between two joints that the 55 lack: it turns with a share of its joint's local rotation."""

    joint: str
    """The joint whose local rotation is shared out."""
    bones: tuple[str, ...]
    """MakeHuman's bones whose weights it takes."""
    pivot: str
    """The joint that it turns about and whose parent frame it lives in."""
    swing: float
    twist: float
    toward: str
    """The joint that tells the twist axis, from the pivot."""


def helpers() -> list[Helper]:
    """The bones between shoulder and elbow, elbow and wrist, hip and knee, on both sides."""
    out = []
    for side, letter in (("left", "L"), ("right", "R")):

        def bone(*names: str, letter: str = letter) -> tuple[str, ...]:
            return tuple(f"{n}.{letter}" for n in names)

        shoulder, elbow, wrist = f"{side}_shoulder", f"{side}_elbow", f"{side}_wrist"
        hip, knee = f"{side}_hip", f"{side}_knee"
        out += [
            Helper(shoulder, bone("shoulder01"), shoulder, 0.30, 0.0, elbow),
            Helper(shoulder, bone("upperarm01"), shoulder, 1.0, 0.35, elbow),
            Helper(wrist, bone("lowerarm01"), elbow, 0.0, 0.15, wrist),
            Helper(wrist, bone("lowerarm02"), elbow, 0.0, 0.6, wrist),
            Helper(hip, bone("upperleg01"), hip, 1.0, 0.35, knee),
        ]
    return out


class Simulator:
    """Poses the mean body as no skinning weights could.

    Args:
        mesh: the base mesh.
        rig: MakeHuman's rig.
        vertices: (K, 3) mean body in the A-pose.
        tpose: how that body gets to the T-pose.
        softness: (K,) 0..1 how much of the smoothing each vertex takes.
    """

    def __init__(self, mesh: BaseMesh, rig: Rig, vertices: np.ndarray, tpose: TPose, softness: np.ndarray) -> None:
        self.tpose = tpose
        self.vertices = vertices
        self.helpers = helpers()
        self.weights = self._bone_weights(mesh, rig)
        self.faces = mesh.faces
        self._graph(mesh.faces, softness)
        self._folded_at_rest = fold_cosines(vertices, mesh.faces, self._even) < FOLD
        self._smoothed = self._smooth(vertices)
        self._delta = vertices - self._smoothed
        self._rest_stretch = np.linalg.svd(self._covariance(self._smoothed), compute_uv=False)[:, 1]

    def _bone_weights(self, mesh: BaseMesh, rig: Rig) -> np.ndarray:
        taken = {bone: len(JOINTS) + i for i, h in enumerate(self.helpers) for bone in h.bones}
        weights = np.zeros((mesh.size, len(JOINTS) + len(self.helpers)))
        for bone, column in rig.bone_weights.items():
            if bone in taken:
                weights[:, taken[bone]] += column
                continue
            for joint, share in owners(bone):
                weights[:, INDEX[joint]] += share * column
        weights = weights[mesh.kept]
        hold_eyes(weights, mesh)
        return weights / weights.sum(1, keepdims=True)

    def _graph(self, faces: np.ndarray, softness: np.ndarray) -> None:
        edges, adjacency = neighbours(faces, len(self.vertices))
        degree = np.asarray(adjacency.sum(1)).ravel()
        self._edges = edges
        self._even = even_smoothing(faces, len(self.vertices))
        share = sparse.diags(0.5 * softness / degree)
        self._step = share @ adjacency + sparse.diags(1 - 0.5 * softness)

    def _smooth(self, x: np.ndarray) -> np.ndarray:
        for _ in range(SMOOTH):
            x = self._step @ x
        return x

    def spread(self) -> np.ndarray:
        """(K, B) how far each bone's influence reaches once the mush has spread it."""
        return self._smooth(self.weights)

    def soften(self, values: np.ndarray, rounds: int) -> np.ndarray:
        """Values at the vertices, smoothed over the skin a few rounds."""
        for _ in range(rounds):
            values = self._step @ values
        return values

    def transforms(self, pose: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """World rotation (B, 3, 3) and offset (B, 3) of each bone, A-pose to posed.

        Args:
            pose: (55, 3, 3) local rotations relative to the T-pose.
        """
        t = self.tpose
        world, place = place_joints(pose, t.joints_t)
        rotations = [world @ t.rotations]
        pivots_a, pivots = [t.joints_a], [place]
        for h in self.helpers:
            j, pivot = INDEX[h.joint], INDEX[h.pivot]
            frame = rotations[0][PARENTS[j]]
            axis = t.joints_a[INDEX[h.toward]] - t.joints_a[pivot]
            rotations.append((frame @ _share(frame.T @ rotations[0][j], axis, h.swing, h.twist))[None])
            pivots_a.append(t.joints_a[pivot][None])
            pivots.append(place[pivot][None])
        rotation = np.concatenate(rotations)
        before, after = np.concatenate(pivots_a), np.concatenate(pivots)
        return rotation, after - np.einsum("bij,bj->bi", rotation, before)

    def posed(self, pose: np.ndarray) -> np.ndarray:
        """(K, 3) the body in a pose (55, 3, 3), in the frame of `TPose` (before its shift)."""
        rotation, offset = self.transforms(pose)
        skinned = _dual_quaternion_skinning(self.vertices, self.weights, rotation, offset)
        smooth = self._smooth(skinned)
        frame, squeeze = self._frames(smooth)
        keep = squeeze
        for _ in range(3):
            keep = np.minimum(keep, self._step @ keep)
        return self.unfold(smooth + keep[:, None] * np.einsum("vij,vj->vi", frame, self._delta))

    def unfold(self, x: np.ndarray) -> np.ndarray:
        """Relax the skin around faces that turn against their neighbourhood, as folds in deep creases do."""
        for _ in range(UNFOLD):
            bad = (fold_cosines(x, self.faces, self._even) < FOLD) & ~self._folded_at_rest
            if not bad.any():
                break
            near = np.zeros(len(x))
            near[self.faces[bad]] = 1.0
            for _ in range(2):
                near = np.maximum(near, 0.9 * (self._even @ near))
            for _ in range(2):
                x = x + near[:, None] * (self._even @ x - x)
        return x

    def _covariance(self, now: np.ndarray) -> np.ndarray:
        """(K, 3, 3) sum over each vertex's edges of posed edge times rest edge."""
        a, b = self._edges[:, 0], self._edges[:, 1]
        rest, now = self._smoothed[b] - self._smoothed[a], now[b] - now[a]
        outer = np.einsum("ei,ej->eij", now, rest).reshape(-1, 9)
        count = len(self.vertices)
        return np.stack([np.bincount(a, outer[:, k], count) for k in range(9)], 1).reshape(-1, 3, 3)

    def _frames(self, smooth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(K, 3, 3) rotation of each neighbourhood from the rest's smooth surface, and (K,) how squeezed it is.

        1 means unsqueezed, 0 flat. Where skin is squeezed in a crease its relief is flattened by as much: relief
        put back at full size there turns faces over.
        """
        u, stretch, vt = np.linalg.svd(self._covariance(smooth))
        u[..., 2] *= np.linalg.det(u @ vt)[..., None]
        return u @ vt, np.clip(stretch[:, 1] / self._rest_stretch * 1.1 - 0.1, 0, 1)


def neighbours(faces: np.ndarray, count: int) -> tuple[np.ndarray, sparse.csr_matrix]:
    """Directed edges (E, 2) and the adjacency matrix of a mesh."""
    edges = np.unique(np.sort(np.r_[faces[:, :2], faces[:, 1:], faces[:, [2, 0]]], 1), axis=0)
    edges = np.r_[edges, edges[:, ::-1]]
    ones = np.ones(len(edges))
    return edges, sparse.csr_matrix((ones, (edges[:, 0], edges[:, 1])), shape=(count, count))


def even_smoothing(faces: np.ndarray, count: int) -> sparse.csr_matrix:
    """One round of smoothing: half of each vertex, half of its neighbours' mean."""
    _, adjacency = neighbours(faces, count)
    degree = np.asarray(adjacency.sum(1)).ravel()
    return sparse.csr_matrix(sparse.diags(0.5 / degree) @ adjacency + 0.5 * sparse.identity(count))


def face_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(F, 3) unit normals; zero for faces without area."""
    corners = vertices[faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return normal / (np.linalg.norm(normal, axis=1, keepdims=True) + 1e-15)


def fold_cosines(
    vertices: np.ndarray, faces: np.ndarray, smoothing: sparse.csr_matrix, rounds: int = 6
) -> np.ndarray:
    """(F,) cosine between each face's normal and that of the same face on the smoothed surface."""
    smooth = vertices
    for _ in range(rounds):
        smooth = smoothing @ smooth
    return (face_normals(vertices, faces) * face_normals(smooth, faces)).sum(1)


def _share(rotation: np.ndarray, axis: np.ndarray, swing: float, twist: float) -> np.ndarray:
    """(3, 3) a share of a rotation's swing and of its twist about `axis` (twist first)."""
    axis = axis / np.linalg.norm(axis)
    q = Rotation.from_matrix(rotation).as_quat()
    about = 2 * np.arctan2(q[:3] @ axis, q[3])
    about = (about + np.pi) % (2 * np.pi) - np.pi
    full = Rotation.from_rotvec(axis * about)
    rest = Rotation.from_matrix(rotation) * full.inv()
    return (Rotation.from_rotvec(rest.as_rotvec() * swing) * Rotation.from_rotvec(axis * about * twist)).as_matrix()


def _dual_quaternion_skinning(
    vertices: np.ndarray, weights: np.ndarray, rotation: np.ndarray, offset: np.ndarray
) -> np.ndarray:
    """(K, 3) Kavan et al. 2008; neighbouring bones' quaternions are put in one hemisphere."""
    real = Rotation.from_matrix(rotation).as_quat()
    for i in range(1, len(JOINTS)):
        if real[i] @ real[PARENTS[i]] < 0:
            real[i] *= -1
    for i, h in enumerate(helpers(), start=len(JOINTS)):
        if real[i] @ real[INDEX[h.joint]] < 0:
            real[i] *= -1
    vector, scalar = real[:, :3], real[:, 3:]
    dual_vector = 0.5 * (scalar * offset + np.cross(offset, vector))
    dual_scalar = -0.5 * (offset * vector).sum(1, keepdims=True)
    v, s = weights @ vector, weights @ scalar
    dv, ds = weights @ dual_vector, weights @ dual_scalar
    norm = np.sqrt((v**2).sum(1, keepdims=True) + s**2)
    v, s, dv, ds = v / norm, s / norm, dv / norm, ds / norm
    turned = vertices + 2 * np.cross(v, np.cross(v, vertices) + s * vertices)
    return turned + 2 * (s * dv - ds * v + np.cross(v, dv))
