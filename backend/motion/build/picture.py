"""A small software renderer for preview sheets: a skinned mesh, one light, a floor line; numpy alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from ...files import load_npz
from ..clip import Clip
from ..kinematics import Array, forward_kinematics
from ..skeleton import OFFSETS, PARENTS

LIGHT = np.array([0.35, 0.75, 0.56])
BODY = np.array([0.80, 0.67, 0.58])
LEFT = np.array([0.52, 0.66, 0.84])
BACKGROUND = 255


class Figure:
    """A body mesh that follows clips: linear blend skinning with the 22 body joints, flat hands."""

    def __init__(self, path: str | Path) -> None:
        data = load_npz(path)
        weights = np.asarray(data["weights"], float)
        parents = data["kintree_table"][0].astype(int)
        owner = list(range(22))
        for j in range(22, weights.shape[1]):
            owner.append(owner[parents[j]])
        self.weights = np.zeros((len(weights), 22), np.float32)
        for j, body_joint in enumerate(owner):
            self.weights[:, body_joint] += weights[:, j]
        self.faces = data["f"].astype(np.int64)
        template = np.asarray(data["v_template"], float)
        joints = (np.asarray(data["J_regressor"], float) @ template)[:22]
        self.template = (template - joints[0]).astype(np.float32)
        self.joints = np.concatenate(
            [np.zeros((1, 3)), np.cumsum(np.zeros((21, 3)), 0)]
        )  # filled below: each joint from its parent, so that the figure fits the clip's skeleton
        for j in range(1, 22):
            self.joints[j] = self.joints[PARENTS[j]] + OFFSETS[j]
        self.posedirs = np.asarray(data["posedirs"], np.float32)[:, :, :189].reshape(-1, 189)
        self.left = self.weights[:, [1, 4, 7, 10, 13, 16, 18, 20]].sum(1)

    def vertices(self, poses: ArrayLike, trans: ArrayLike) -> Array:
        """(frames, 22, 3) axis-angle and (frames, 3) pelvis positions -> (frames, vertices, 3)."""
        rotations, positions = forward_kinematics(poses, trans)
        local = np.empty_like(rotations)
        for j, p in enumerate(PARENTS):
            local[:, j] = rotations[:, j] if p < 0 else np.swapaxes(rotations[:, p], 1, 2) @ rotations[:, j]
        out = []
        for r, t, l in zip(rotations, positions, local, strict=True):
            feature = (l[1:] - np.eye(3)).reshape(-1).astype(np.float32)
            shaped = self.template + (self.posedirs @ feature).reshape(-1, 3)
            shift = (t - np.einsum("jab,jb->ja", r, self.joints)).astype(np.float32)
            blended = (self.weights @ r.reshape(22, 9).astype(np.float32)).reshape(-1, 3, 3)
            out.append(np.einsum("vab,vb->va", blended, shaped) + self.weights @ shift)
        return np.stack(out)

    def colours(self) -> Array:
        """(vertices, 3) in 0..1: the left limbs bluish, so that sides can be told apart."""
        return BODY + self.left[:, None] * (LEFT - BODY)


def draw(points: Array, depth: Array, faces: Array, normals: Array, colours: Array, canvas: Array) -> None:
    """Paint shaded triangles with a z-buffer.

    Args:
        points: (v, 2) pixel coordinates; depth: (v,), larger is nearer.
        faces: (f, 3); normals: (v, 3) unit; colours: (v, 3) in 0..1.
        canvas: (height, width, 3) float, painted in place.
    """
    height, width = canvas.shape[:2]
    corner = points[faces]
    low = np.ceil(corner.min(1)).astype(int)
    high = np.floor(corner.max(1)).astype(int)
    low, high = np.maximum(low, 0), np.minimum(high, (width - 1, height - 1))
    size = np.maximum(high - low + 1, 0)
    count = size.prod(1)
    face = np.repeat(np.arange(len(faces)), count)
    index = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    x = low[face, 0] + index % size[face, 0]
    y = low[face, 1] + index // size[face, 0]
    a, b, c = (corner[face, k] - np.stack([x, y], 1) for k in range(3))
    w = np.stack([b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0], c[:, 0] * a[:, 1] - c[:, 1] * a[:, 0],
                  a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]], 1)  # fmt: skip
    inside = ((w >= 0).all(1) | (w <= 0).all(1)) & (np.abs(w.sum(1)) > 1e-9)
    face, x, y, w = face[inside], x[inside], y[inside], w[inside]
    w /= w.sum(1, keepdims=True)
    tri = faces[face]
    z = (w * depth[tri]).sum(1)
    order = np.argsort(z, kind="stable")
    tri, w, x, y = tri[order], w[order], x[order], y[order]
    normal = np.einsum("pk,pkc->pc", w, normals[tri])
    shade = 0.45 + 0.55 * np.clip(normal @ LIGHT, 0, 1)
    colour = np.einsum("pk,pkc->pc", w, colours[tri]) * shade[:, None]
    canvas[y, x] = 255 * colour  # later writes win: the nearest, in this order


def vertex_normals(vertices: Array, faces: Array) -> Array:
    """(v, 3) unit normals, weighted by the area of the faces."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    n = np.cross(b - a, c - a)
    out = np.zeros_like(vertices)
    for k in range(3):
        for axis in range(3):
            out[:, axis] += np.bincount(faces[:, k], n[:, axis], len(vertices))
    return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)


def strip(figure: Figure, clip: Clip, frames: int = 8, cell: tuple[int, int] = (150, 190),
          azimuth: float = 35.0, span: float = 2.15) -> Array:  # fmt: skip
    """One row of poses along a clip: (height, frames * width, 3) uint8.

    Each cell follows the pelvis sideways, not up: what leaves the floor is seen to.

    Args:
        figure: the mesh.
        clip: the motion.
        frames: poses shown, evenly spaced.
        cell: width and height of a cell, pixels.
        azimuth: degrees by which the camera stands to the character's left of +z.
        span: metres that a cell's height shows.
    """
    width, height = cell
    scale = 2 * height / span
    picks = np.linspace(0, len(clip) - 1, frames).round().astype(int)
    vertices = figure.vertices(clip.poses[picks], clip.trans[picks])
    a = np.radians(azimuth)
    right, towards = np.array([np.cos(a), 0, -np.sin(a)]), np.array([np.sin(a), 0, np.cos(a)])
    elevation = np.radians(8)
    up = np.array([0, np.cos(elevation), 0]) - np.sin(elevation) * towards
    towards = np.cos(elevation) * towards + np.array([0, np.sin(elevation), 0])
    colours, row = figure.colours(), []
    for v, centre in zip(vertices, clip.trans[picks] * (1, 0, 1), strict=True):
        canvas = np.full((2 * height, 2 * width, 3), BACKGROUND, float)
        floor = 2 * height - 0.16 * scale
        canvas[int(floor - 0.28 * scale * np.sin(elevation) * 2) :] = 236
        relative = v - centre
        pixels = np.stack([width + scale * relative @ right, floor - scale * relative @ up], 1)
        shadow = relative * (1, 0, 1) - np.outer(v[:, 1], (0.25, 0, -0.1))
        ground = np.stack([width + scale * shadow @ right, floor - scale * shadow @ up], 1)
        whole = ground.round().astype(int)
        ok = ((whole >= 0) & (whole < (2 * width, 2 * height))).all(1)
        for dx in (0, 1):
            for dy in (0, 1):
                canvas[np.minimum(whole[ok, 1] + dy, 2 * height - 1),
                       np.minimum(whole[ok, 0] + dx, 2 * width - 1)] = 205  # fmt: skip
        draw(pixels, v @ towards, figure.faces, vertex_normals(v, figure.faces), colours, canvas)
        row.append(canvas)
    wide = np.concatenate(row, 1)
    small = wide.reshape(height, 2, frames * width, 2, 3).mean((1, 3))
    return small.round().clip(0, 255).astype(np.uint8)
