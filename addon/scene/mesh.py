"""The skin: a mesh from arrays, bound to the armature by linear blend skinning."""

from __future__ import annotations

import bpy
import numpy as np

from .actor_data import BodyData
from .axes import to_blender


def create_mesh(body: BodyData, rig: bpy.types.Object, name: str) -> bpy.types.Object:
    """Make the mean-shape mesh, child of `rig` and deformed by it.

    Betas are put on by `shape_keys.add_shape_keys`.
    """
    data = bpy.data.meshes.new(name)
    fill_mesh(data, to_blender(body.v_template - [0.0, body.floor, 0.0]), body.faces)
    if body.uv is not None:
        add_uv_map(data, *body.uv, faces=body.faces)
    obj = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(obj)
    add_vertex_groups(obj, body.weights, body.joint_names)
    if body.regions is not None:
        add_region_groups(obj, body.regions, body.region_names)
    obj.parent = rig
    modifier = obj.modifiers.new("Armature", "ARMATURE")
    modifier.object = rig
    modifier.use_deform_preserve_volume = False
    return obj


def fill_mesh(data: bpy.types.Mesh, vertices: np.ndarray, faces: np.ndarray) -> None:
    """Put (V, 3) vertices and (F, 3) triangles into an empty mesh, smooth-shaded."""
    data.vertices.add(len(vertices))
    data.vertices.foreach_set("co", vertices.astype(np.float32).ravel())
    data.loops.add(faces.size)
    data.loops.foreach_set("vertex_index", faces.astype(np.int32).ravel())
    data.polygons.add(len(faces))
    data.polygons.foreach_set("loop_start", np.arange(0, faces.size, 3, dtype=np.int32))
    data.polygons.foreach_set("loop_total", np.full(len(faces), 3, np.int32))
    data.polygons.foreach_set("use_smooth", np.ones(len(faces), bool))
    data.update(calc_edges=True)
    data.validate()


def add_uv_map(data: bpy.types.Mesh, vt: np.ndarray, ft: np.ndarray, faces: np.ndarray) -> None:
    """A UV map from (T, 2) coordinates and (F, 3) their indices, corner by corner."""
    if ft.shape != faces.shape:
        return
    layer = data.uv_layers.new(name="UVMap")
    layer.data.foreach_set("uv", vt[ft].astype(np.float32).ravel())


def add_vertex_groups(obj: bpy.types.Object, weights: np.ndarray, names: tuple[str, ...]) -> None:
    """One vertex group a joint, named as its bone, from (V, J) weights."""
    for j, name in enumerate(names):
        group = obj.vertex_groups.new(name=name)
        column = weights[:, j]
        for vertex in np.flatnonzero(column > 1e-6):
            group.add([int(vertex)], float(column[vertex]), "REPLACE")


def add_region_groups(obj: bpy.types.Object, regions: np.ndarray, names: tuple[str, ...]) -> None:
    """One vertex group a named region, `region_NAME`, for selecting and masking."""
    for r, name in enumerate(names):
        group = obj.vertex_groups.new(name=f"region_{name}")
        group.add(np.flatnonzero(regions == r).tolist(), 1.0, "REPLACE")
