"""Normals of a look's relief on the mesh itself, while an exporter writes it.

Exporters write the normals of the mesh without its keys: relief would be lit as if it were flat. Normals for each of
the hundreds of keys would mend that, at four times the file and ten times the time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import bpy
import numpy as np

from .axes import to_blender
from .shape_arrays import shape_arrays
from .style_data import Array
from .style_look import shown_relief

LEAST = 1e-4
"""Metres: relief below this is not seen."""


@contextlib.contextmanager
def relief_normals(skin: bpy.types.Object) -> Iterator[None]:
    """Let a mesh have the normals of its mean shape with the relief as it is set; it has its own again afterwards."""
    mesh, offsets = skin.data, to_blender(shown_relief(skin))
    if np.abs(offsets).max(initial=0.0) < LEAST or mesh.has_custom_normals:
        yield
        return
    before = {attribute.name for attribute in mesh.attributes}
    # Before Blender 4.1 a mesh's own normals count only with this.
    smooth = getattr(mesh, "use_auto_smooth", None)
    if smooth is not None:
        mesh.use_auto_smooth = True
    mesh.normals_split_custom_set_from_vertices(vertex_normals(skin, offsets))
    try:
        yield
    finally:
        with bpy.context.temp_override(object=skin, active_object=skin):
            bpy.ops.mesh.customdata_custom_splitnormals_clear()
        if smooth is not None:
            mesh.use_auto_smooth = smooth
        for name in {attribute.name for attribute in mesh.attributes} - before:
            attribute = mesh.attributes[name]
            if name in ("sharp_edge", "custom_normal") and not attribute.is_internal:
                mesh.attributes.remove(attribute)


def vertex_normals(skin: bpy.types.Object, offsets: Array) -> Array:
    """(V, 3) unit normals of the mean shape with (V, 3) offsets, Blender's axes: the mean of the faces around."""
    arrays = shape_arrays(skin)
    points = arrays.basis + offsets
    a, b, c = (points[corner] for corner in arrays.corners)
    faces = np.cross(b - a, c - a)
    total = np.zeros_like(points, np.float64)
    for corner in arrays.corners:
        np.add.at(total, corner, faces)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return np.divide(total, length, out=np.tile([0.0, 0.0, 1.0], (len(total), 1)), where=length > 1e-12)
