"""A scene of its own for two rigs: evaluated without their meshes, and without touching what is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix

from .retarget_math import Array, orthonormal


class Stage:
    """Evaluates rigs apart from the scene that holds them."""

    def __init__(self, scene: Any) -> None:
        self._scene = scene
        self._layer = scene.view_layers[0]

    def at(self, frame: float) -> None:
        """Evaluate another frame."""
        whole = int(np.floor(frame))
        self._scene.frame_set(whole, subframe=float(frame - whole))

    def update(self) -> None:
        """Evaluate again after an edit of the pose."""
        self._layer.update()

    def world(self, rig: Any) -> Array:
        """(4, 4) the rig's evaluated place in the world."""
        return np.array(rig.evaluated_get(self._layer.depsgraph).matrix_world)

    def bones(self, rig: Any, names: Sequence[str]) -> Array:
        """(B, 4, 4) evaluated bones, in the armature's space."""
        pose = rig.evaluated_get(self._layer.depsgraph).pose.bones
        return np.array([pose[name].matrix for name in names]).reshape(-1, 4, 4)


@contextmanager
def stage(*rigs: Any) -> Iterator[Stage]:
    """A scene that holds only these rigs (and what they depend on), removed at the end."""
    scene = bpy.data.scenes.new("Impromptu retarget")
    try:
        for rig in rigs:
            scene.collection.objects.link(rig)
        scene.frame_set(bpy.context.scene.frame_current)
        yield Stage(scene)
    finally:
        bpy.data.scenes.remove(scene)


def rest(rig: Any, names: Iterable[str], world: Array) -> dict[str, tuple[Array, Array]]:
    """Bone -> its rest rotation (3, 3) and head (3,), in the world."""
    out = {}
    for name in names:
        matrix = world @ np.array(rig.data.bones[name].matrix_local)
        out[name] = orthonormal(matrix[:3, :3]), matrix[:3, 3]
    return out


def set_pose(rig: Any, names: Sequence[str], rotations: Array, place: tuple[str, Array] | None = None) -> None:
    """Give bones local rotations (B, 3, 3), unscaled and in place but for one bone's location."""
    bones = rig.pose.bones
    for name, rotation in zip(names, rotations, strict=True):
        matrix = Matrix(rotation.tolist()).to_4x4()
        if place is not None and place[0] == name:
            matrix.translation = place[1].tolist()
        bones[name].matrix_basis = matrix
