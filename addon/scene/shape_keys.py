"""Shape and expression as shape keys, named as users of SMPL-X know them: Shape000, Exp000."""

from __future__ import annotations

import json

import bpy
import numpy as np

from .actor_data import BodyData
from .axes import to_blender

LIMIT = 10.0
"""Blender clamps shape key values to this."""


def add_key(obj: bpy.types.Object, name: str, basis: np.ndarray, offset: np.ndarray) -> bpy.types.ShapeKey:
    """One shape key whose points are `basis + offset`, both (V, 3) in the mesh's frame."""
    key = obj.shape_key_add(name=name, from_mix=False)
    key.slider_min, key.slider_max = -LIMIT, LIMIT
    key.value = 0.0
    # `points` writes thirty times faster than `data`; it came with Blender 4.1.
    points = key.points if hasattr(key, "points") else key.data
    points.foreach_set("co", np.add(basis, offset, dtype=np.float32).ravel())
    return key


def basis_of(obj: bpy.types.Object) -> np.ndarray:
    """(V, 3) the mesh's undeformed points."""
    points = np.empty(len(obj.data.vertices) * 3, np.float32)
    obj.data.vertices.foreach_get("co", points)
    return points.reshape(-1, 3).astype(np.float64)


def add_shape_keys(obj: bpy.types.Object, body: BodyData) -> None:
    """Add Basis, Shape000.. and Exp000.. and set them so that the mesh has the body's betas and expression.

    What each key means is kept on the shape key block as JSON under `impromptu_axes`: {"Shape000": "stature", ...}.
    """
    basis = basis_of(obj)
    if obj.data.shape_keys is None:
        obj.shape_key_add(name="Basis", from_mix=False)
    axes = {}
    families = (
        ("Shape", body.shapedirs, body.betas, body.beta_names),
        ("Exp", body.exprdirs, body.expression, body.expression_names),
    )
    for prefix, dirs, values, names in families:
        for k in range(dirs.shape[2]):
            key = add_key(obj, f"{prefix}{k:03d}", basis, to_blender(dirs[:, :, k]))
            key.value = float(values[k])
            axes[key.name] = names[k] if k < len(names) else ""
    obj.data.shape_keys["impromptu_axes"] = json.dumps(axes)
