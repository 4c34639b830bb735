"""Rows of poses for preview sheets: a skinned mesh, one light, a floor line; numpy alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...files import load_npz
from ...raster import rasterise, vertex_normals
from ..clip import Clip
from ..kinematics import Array, forward_kinematics, global_to_local
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
        # Each joint from its parent, so that the figure fits the clip's skeleton.
        self.joints = np.zeros((22, 3))
        for j in range(1, 22):
            self.joints[j] = self.joints[PARENTS[j]] + OFFSETS[j]
        self.posedirs = np.asarray(data["posedirs"], np.float32)[:, :, :189].reshape(-1, 189)
        self.left = self.weights[:, [1, 4, 7, 10, 13, 16, 18, 20]].sum(1)

    def vertices(self, poses: ArrayLike, trans: ArrayLike) -> Array:
        """(frames, 22, 3) axis-angle and (frames, 3) pelvis positions -> (frames, vertices, 3)."""
        rotations, positions = forward_kinematics(poses, trans)
        local = global_to_local(rotations)
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


def draw(
    points: Array, depth: Array, faces: NDArray[np.integer], normals: Array, colours: Array, canvas: Array
) -> None:
    """Paint shaded triangles.

    Args:
        points: (v, 2) pixel coordinates, whole numbers in the middle of pixels; depth: (v,), larger is nearer.
        faces: (f, 3); normals: (v, 3) unit; colours: (v, 3) in 0..1.
        canvas: (height, width, 3) float, painted in place.
    """
    height, width = canvas.shape[:2]
    face, weight = rasterise(points + 0.5, depth, faces, width, height)
    hit = np.flatnonzero(face >= 0)
    corner, weight = faces[face[hit]], weight[hit]
    normal = np.einsum("pk,pkc->pc", weight, normals[corner])
    shade = 0.45 + 0.55 * np.clip(normal @ LIGHT, 0, 1)
    canvas[hit // width, hit % width] = 255 * np.einsum("pk,pkc->pc", weight, colours[corner]) * shade[:, None]


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
