"""Girths as a tape measures them: closed loops of points on edges of the mesh, found once on the mean shape.

A loop is where a plane cuts a part of the body, without the dents that a tape spans (the convex hull). Its points
are fractions along edges, so that they follow every shape; a girth is then the length of the closed line through
them, which needs numpy alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .model import BodyModel

STEP = 0.01
"""Metres between the planes that are tried for a widest or narrowest place."""
SMALLEST = 12
"""Points that a loop has at least; with fewer the part is not closed."""


@dataclass(frozen=True)
class Girth:
    """One loop: point i is `a[i] + t[i] * (b[i] - a[i])`, of vertices, in order around the body."""

    name: str
    a: np.ndarray
    """(n,) int32 vertices."""
    b: np.ndarray
    """(n,) int32 vertices."""
    t: np.ndarray
    """(n,) float32 in [0, 1]."""

    def points(self, vertices: np.ndarray) -> np.ndarray:
        """(n, 3) the loop on a mesh of (V, 3) vertices."""
        return vertices[self.a] + self.t[:, None] * (vertices[self.b] - vertices[self.a])

    def length(self, vertices: np.ndarray) -> float:
        """Metres around, on a mesh of (V, 3) vertices."""
        points = self.points(vertices)
        return float(np.linalg.norm(points - np.roll(points, -1, axis=0), axis=1).sum())


@dataclass(frozen=True)
class _Place:
    """Where a tape goes: across the line between two joints, between two shares of it."""

    name: str
    start: str
    end: str
    shares: tuple[float, float]
    pick: str
    """`widest` or `narrowest` between the shares."""
    part: tuple[str, ...]
    """Joints whose skin counts."""
    level: bool = False
    """Whether the plane is level, as around the trunk, or across the bone."""


_TRUNK = ("pelvis", "left_hip", "right_hip", "spine1", "spine2", "spine3", "left_collar", "right_collar", "neck")
PLACES = (
    _Place("chest", "spine2", "spine3", (0.5, 1.5), "widest", _TRUNK, True),
    _Place("waist", "pelvis", "spine3", (0.25, 0.8), "narrowest", _TRUNK, True),
    _Place("hips", "left_knee", "pelvis", (0.72, 1.1), "widest", _TRUNK, True),
    _Place("neck", "neck", "head", (0.1, 0.9), "narrowest", ("neck", "head", "spine3")),
    _Place("head", "neck", "head", (1.3, 2.6), "widest", ("head", "jaw", "neck"), True),
    _Place("upper_arm", "left_shoulder", "left_elbow", (0.35, 0.75), "widest", ("left_shoulder", "left_elbow")),
    _Place("forearm", "left_elbow", "left_wrist", (0.1, 0.5), "widest", ("left_elbow", "left_shoulder")),
    _Place("wrist", "left_elbow", "left_wrist", (0.75, 1.0), "narrowest", ("left_elbow", "left_wrist")),
    _Place("thigh", "left_hip", "left_knee", (0.25, 0.6), "widest", ("left_hip", "left_knee", "pelvis")),
    _Place("calf", "left_knee", "left_ankle", (0.1, 0.6), "widest", ("left_knee", "left_ankle", "left_hip")),
    _Place("ankle", "left_knee", "left_ankle", (0.7, 1.0), "narrowest", ("left_knee", "left_ankle")),
)
"""Girths from the top down within trunk and limbs; of the limbs the left."""
LENGTHS: dict[str, tuple[str, ...]] = {
    "shoulders": ("left_shoulder", "right_shoulder"),
    "arm": ("left_shoulder", "left_elbow", "left_wrist"),
    "leg": ("left_hip", "left_knee", "left_ankle"),
}
"""Measures along joints."""
_found: dict[tuple[str, str], tuple[Girth, ...]] = {}


def find_girths(body: BodyModel) -> tuple[Girth, ...]:
    """The girths of a body; those that its mesh or its joints do not allow are left out. Found once a body.

    Args:
        body: any; a face or an animal has few or none.
    """
    key = (body.sha256, body.name)
    if key not in _found:
        arrays = body.arrays
        vertices = arrays.v_template.astype(np.float64)
        joints = arrays.J_regressor.astype(np.float64) @ vertices
        owner = arrays.weights.argmax(1)
        found = (_find(place, vertices, arrays.faces, owner, joints, body.joint_names) for place in PLACES)
        _found[key] = tuple(girth for girth in found if girth is not None)
    return _found[key]


def _find(
    place: _Place, vertices: np.ndarray, faces: np.ndarray, owner: np.ndarray, joints: np.ndarray,
    names: tuple[str, ...],
) -> Girth | None:  # fmt: skip
    if place.start not in names or place.end not in names:
        return None
    start, end = joints[names.index(place.start)], joints[names.index(place.end)]
    mine = np.isin(owner, [names.index(n) for n in place.part if n in names])
    if place.name in ("thigh", "calf", "ankle"):
        mine &= vertices[:, 0] * np.sign(start[0] or 1.0) > 0
    inside = faces[mine[faces].all(1)]
    edges = np.unique(np.sort(np.concatenate([inside[:, [0, 1]], inside[:, [1, 2]], inside[:, [2, 0]]]), 1), axis=0)
    normal = np.array([0.0, 1.0, 0.0]) if place.level else (end - start) / max(np.linalg.norm(end - start), 1e-9)
    count = max(round(float(np.linalg.norm(end - start)) * (place.shares[1] - place.shares[0]) / STEP), 2)
    loops = []
    for share in np.linspace(*place.shares, min(count, 60)):
        loop = loop_at(place.name, vertices, edges, start + share * (end - start), normal)
        if loop is not None:
            loops.append(loop)
    if not loops:
        return None
    choose = max if place.pick == "widest" else min
    return choose(loops, key=lambda loop: loop.length(vertices))


def loop_at(
    name: str, vertices: np.ndarray, edges: np.ndarray, point: np.ndarray, normal: np.ndarray
) -> Girth | None:
    """The convex loop where a plane cuts some edges; None where it cuts too few.

    Args:
        name: what the loop is called.
        vertices: (V, 3).
        edges: (E, 2) vertices.
        point, normal: (3,) of the plane; the normal of length 1.
    """
    height = (vertices - point) @ normal
    ends = height[edges]
    crossing = (ends[:, 0] < 0) != (ends[:, 1] < 0)
    edges, ends = edges[crossing], ends[crossing]
    if len(edges) < SMALLEST:
        return None
    t = ends[:, 0] / (ends[:, 0] - ends[:, 1])
    points = vertices[edges[:, 0]] + t[:, None] * (vertices[edges[:, 1]] - vertices[edges[:, 0]])
    u = np.cross(normal, [1.0, 0, 0] if abs(normal[0]) < 0.9 else [0, 0, 1.0])
    u /= np.linalg.norm(u)
    around = convex_hull(np.stack([points @ u, points @ np.cross(normal, u)], 1))
    if len(around) < 3:
        return None
    return Girth(
        name, edges[around, 0].astype(np.int32), edges[around, 1].astype(np.int32), t[around].astype(np.float32)
    )


def convex_hull(points: np.ndarray) -> np.ndarray:
    """Indices of the (n, 2) points on their convex hull, counter-clockwise (Andrew's monotone chain)."""
    order = np.lexsort((points[:, 1], points[:, 0]))

    def chain(indices: np.ndarray) -> list[int]:
        out: list[int] = []
        for i in indices:
            while len(out) > 1:
                (ax, ay), (bx, by) = points[out[-1]] - points[out[-2]], points[i] - points[out[-2]]
                if ax * by - ay * bx > 0:
                    break
                out.pop()
            out.append(int(i))
        return out[:-1]

    return np.array(chain(order) + chain(order[::-1]), dtype=int)


def measure_arrays(body: BodyModel) -> dict[str, np.ndarray]:
    """What `body.npz` carries for read-outs without torch.

    `measure_names` and `measure_units` list all measures: `height` (highest less lowest vertex), `weight` (volume
    times 997 kg/m3), the girths, then the lengths. Girth i is the loop of points `girth_start[i]` to
    `girth_start[i + 1]` of `girth_a`, `girth_b`, `girth_t`; length i is the way along the joints
    `length_start[i]` to `length_start[i + 1]` of `length_joints`.
    """
    girths = find_girths(body)
    names = body.joint_names
    lengths = {k: [names.index(n) for n in v] for k, v in LENGTHS.items() if all(n in names for n in v)}
    listed = ["height", "weight", *(g.name for g in girths), *lengths]

    def joined(parts: list[np.ndarray], kind: type) -> np.ndarray:
        return np.concatenate(parts).astype(kind) if parts else np.empty(0, kind)

    return {
        "measure_names": np.array(listed, dtype=str),
        "measure_units": np.array(["kg" if name == "weight" else "m" for name in listed], dtype=str),
        "girth_names": np.array([g.name for g in girths], dtype="U16"),
        "girth_start": np.cumsum([0, *(len(g.a) for g in girths)]).astype(np.int32),
        "girth_a": joined([g.a for g in girths], np.int32),
        "girth_b": joined([g.b for g in girths], np.int32),
        "girth_t": joined([g.t for g in girths], np.float32),
        "length_names": np.array(list(lengths), dtype="U16"),
        "length_start": np.cumsum([0, *(len(v) for v in lengths.values())]).astype(np.int32),
        "length_joints": joined([np.array(v) for v in lengths.values()], np.int32),
    }
