"""Rest joints moved to where the betas want them, while every bone keeps its orientation.

Keys and drivers speak of a bone's own axes. As these stay, all keys go on meaning the same SMPL rotations.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import bpy
import numpy as np

from .skeleton import Skeleton

LEAST_LENGTH = 0.005
"""Blender deletes bones of no length when edit mode ends."""


@contextlib.contextmanager
def object_mode() -> Iterator[None]:
    """Object mode inside; then the mode, the active object and the selection are as before."""
    layer = bpy.context.view_layer
    active, mode = layer.objects.active, getattr(layer.objects.active, "mode", "OBJECT")
    selected = [o for o in layer.objects if o.select_get()]
    if mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    try:
        yield
    finally:
        for obj in layer.objects:
            if obj.select_get() != (obj in selected):
                obj.select_set(obj in selected)
        layer.objects.active = active
        if mode != "OBJECT":
            bpy.ops.object.mode_set(mode=mode)


@contextlib.contextmanager
def edit_bones(data: Any) -> Iterator[Any]:
    """The edit bones of an armature, whether its object is hidden, excluded, unselectable or in another scene.

    A stand-in object in a scene of its own carries the armature into edit mode: nothing that the person sees is
    touched, neither mode nor selection, and Blender has but the stand-in to evaluate when it changes modes.
    """
    if data.is_editmode:
        yield data.edit_bones
        return
    scene = bpy.data.scenes.new("Impromptu joints")
    stand_in = bpy.data.objects.new(scene.name, data)
    try:
        scene.collection.objects.link(stand_in)
        layer = scene.view_layers[0]
        layer.objects.active = stand_in
        with bpy.context.temp_override(scene=scene, view_layer=layer, active_object=stand_in, object=stand_in):
            bpy.ops.object.mode_set(mode="EDIT")
            try:
                yield data.edit_bones
            finally:
                bpy.ops.object.mode_set(mode="OBJECT")
    finally:
        bpy.data.objects.remove(stand_in)
        bpy.data.scenes.remove(scene)


def move_joints(rig: bpy.types.Object, skeleton: Skeleton, heads: np.ndarray) -> None:
    """Put the bones' heads at (J, 3) points of the armature's frame; tails follow along the same direction.

    A bone grows with the distance to the joint that its tail was nearest to, a leaf with its parent.
    """
    data: Any = rig.data
    with edit_bones(data) as bones:
        mine = [bones[name] for name in skeleton.names]
        old = np.array([b.head for b in mine])
        lengths = np.array([b.length for b in mine]) * _growth(skeleton, old, heads)
        mirror, data.use_mirror_x = data.use_mirror_x, False
        for j, bone in enumerate(mine):
            bone.use_connect = False
            along = skeleton.axes[j, :, 1]
            bone.head = heads[j]
            bone.tail = heads[j] + along * max(float(lengths[j]), LEAST_LENGTH)
            # From what was stored, each time: rounding does not add up over a long drag.
            bone.align_roll(skeleton.axes[j, :, 2])
        data.use_mirror_x = mirror


def _growth(skeleton: Skeleton, old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """(J,) by what factor each bone's length changes."""
    out = np.ones(len(old))
    for j in range(len(old)):
        children = np.flatnonzero(skeleton.parents == j)
        along = skeleton.axes[j, :, 1]
        if len(children):
            child = children[((old[children] - old[j]) @ along).argmax()]
            before, after = (float((h[child] - h[j]) @ along) for h in (old, new))
            out[j] = after / before if before > LEAST_LENGTH and after > LEAST_LENGTH else 1.0
        elif skeleton.parents[j] >= 0:
            out[j] = out[skeleton.parents[j]]
    return out.clip(0.2, 5.0)
