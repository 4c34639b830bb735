"""A few hundred vertices that reach farthest out: the lowest of them is the lowest of the body in any pose.

They make it cheap to know where a whole action touches the floor: numpy skins them for all frames at once.
"""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from .actor_data import BodyData
from .axes import to_blender
from .shape_arrays import shape_arrays
from .skeleton import Skeleton, joint_positions

UP = np.array([0.0, 0.0, 1.0])
FEET = ("ankle", "foot")
DIRECTIONS, FOOT_DIRECTIONS = 16, 240
"""Directions in which each joint's skin is searched for its farthest vertex."""


def _sphere(count: int) -> np.ndarray:
    """(count, 3) directions spread evenly (a Fibonacci lattice)."""
    i = np.arange(count) + 0.5
    z, turn = 1 - 2 * i / count, np.pi * (1 + 5**0.5) * i
    flat = np.sqrt(1 - z * z)
    return np.stack([flat * np.cos(turn), flat * np.sin(turn), z], -1)


def choose_probes(vertices: np.ndarray, weights: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    """Indices of the vertices that reach farthest from each joint's middle.

    Args:
        vertices: (V, 3) rest shape.
        weights: (V, J) skinning weights.
    """
    owner, found = weights.argmax(1), []
    for j, name in enumerate(names):
        own = np.flatnonzero(owner == j)
        if not len(own):
            continue
        points = vertices[own] - vertices[own].mean(0)
        count = FOOT_DIRECTIONS if any(w in name for w in FEET) else DIRECTIONS
        found.append(own[(points @ _sphere(count).T).argmax(0)])
    return np.unique(np.concatenate(found))


def store_probes(skin: bpy.types.Object, body: BodyData) -> None:
    """Keep the probes of a new skin with its mesh."""
    probes = choose_probes(to_blender(body.rest), body.weights, body.joint_names)
    skin.data["probe_vertices"] = probes.tolist()
    skin.data["probe_weights"] = np.asarray(body.weights[probes], np.float64).ravel().tolist()


def probes_of(skin: bpy.types.Object, skeleton: Skeleton) -> tuple[np.ndarray, np.ndarray]:
    """(P,) vertex indices and (P, J) weights, read off the mesh; worked out anew where it has none."""
    data: Any = skin.data
    if "probe_weights" not in data:
        weights = read_weights(skin, skeleton.names)
        probes = choose_probes(shape_arrays(skin).basis, weights, skeleton.names)
        return probes, weights[probes]
    probes = np.array(data["probe_vertices"], np.int64)
    return probes, np.array(data["probe_weights"], np.float64).reshape(len(probes), -1)


def read_weights(skin: bpy.types.Object, names: tuple[str, ...]) -> np.ndarray:
    """(V, J) skinning weights from the vertex groups; rows sum to 1."""
    column = {g.index: names.index(g.name) for g in skin.vertex_groups if g.name in names}
    out = np.zeros((len(skin.data.vertices), len(names)))
    for vertex in skin.data.vertices:
        for group in vertex.groups:
            if group.group in column:
                out[vertex.index, column[group.group]] = group.weight
    return out / out.sum(1, keepdims=True).clip(1e-9)


def probe_heights(
    heads: np.ndarray,
    skeleton: Skeleton,
    points: np.ndarray,
    weights: np.ndarray,
    rotations: np.ndarray,
    root: np.ndarray,
    up: np.ndarray = UP,
) -> np.ndarray:
    """(N, P) how high each probe is along `up` in each frame, by linear blend skinning.

    Args:
        heads: (J, 3) rest heads.
        points: (P, 3) probes at rest.
        weights: (P, J).
        rotations: (N, J, 3, 3), `skeleton.global_rotations`.
        root: (N, 3) posed place of the root joint.
    """
    posed = joint_positions(skeleton, heads, rotations, root)
    turned = np.einsum("a,njab->njb", up, rotations)
    offset = posed @ up - np.einsum("njb,jb->nj", turned, heads)
    moves = np.concatenate([turned, offset[..., None]], -1)
    return np.einsum("npk,pk->np", weights @ moves, np.c_[points, np.ones(len(points))])
