"""Frames without a ray tracer: what Blender's scene holds at a moment, as `drawing` draws it.

A film of some seconds is drawn while Cycles would render its first frames.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import bpy
import numpy as np
from mathutils import Vector

from ..addon.scene import style_material
from ..addon.scene.outfit import ATTRIBUTE
from ..addon.scene.style_slots import slots_of
from .drawing import Coat, F, Floor, Moment, Solid, Sun, to_linear
from .engines import OVERSCAN
from .scene import FADE, FLOOR

PLAIN = (0.8, 0.8, 0.8)
"""Of what has no colour attribute and no picture; linear."""


@dataclass
class Drafts:
    """Draws the current scene.

    Args:
        width, height: of a picture, pixels.
    """

    width: int
    height: int
    _coats: dict[tuple[str, int], Coat] = field(default_factory=dict)
    _floors: dict[bytes, Floor] = field(default_factory=dict)

    def moment(self, frame: float) -> Moment:
        """The scene at a frame, which may lie between two."""
        scene = bpy.context.scene
        whole = int(np.floor(frame))
        scene.frame_set(whole, subframe=float(frame - whole))
        depsgraph = bpy.context.evaluated_depsgraph_get()
        camera = scene.camera.evaluated_get(depsgraph)
        # As of rendered frames, which lose what they have beyond their edges: see `engines.OVERSCAN`.
        wide, high = self.width + 2 * OVERSCAN, self.height + 2 * OVERSCAN
        lens = np.array(camera.calc_matrix_camera(depsgraph, x=wide, y=high))
        lens[:2] *= ((wide / self.width,), (high / self.height,))
        place = np.array(camera.matrix_world)
        seen_by = (lens @ np.linalg.inv(place)).astype(np.float32)
        floor = self._floor(lens, place, float((scene.camera.location - Vector((0, 0, 1))).length))
        return Moment(
            list(self._solids(depsgraph)), suns_of(depsgraph), place[:3, 3].astype(np.float32), seen_by, floor
        )

    def _floor(self, lens: F, place: F, focus: float) -> Floor:
        key = np.round(np.concatenate([lens.ravel(), place[:3, :3].ravel(), [place[2, 3], focus]]), 4).tobytes()
        if key not in self._floors:
            fade = (focus + FADE[0], focus + FADE[1])
            size = (self.width, self.height)
            self._floors = {key: Floor.under(lens, place[:3, :3], float(place[2, 3]), size, fade)}
        return self._floors[key]

    def _solids(self, depsgraph: Any) -> Iterator[Solid]:
        for obj in bpy.context.scene.objects:
            if obj.type != "MESH" or obj.hide_render or obj.name == FLOOR:
                continue
            shown = obj.evaluated_get(depsgraph)
            mesh = shown.to_mesh()
            try:
                if not len(mesh.polygons):
                    continue
                key = (obj.name, len(mesh.vertices))
                if key not in self._coats:
                    self._coats[key] = coat_of(obj, mesh)
                place = np.array(shown.matrix_world, np.float32)
                points = _read(mesh.vertices, "co", 3) @ place[:3, :3].T + place[:3, 3]
                normals = _read(mesh.vertex_normals, "vector", 3) @ np.linalg.inv(place[:3, :3])
                normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-12
                yield Solid(points, normals, self._coats[key])
            finally:
                shown.to_mesh_clear()


def _read(collection: Any, name: str, width: int, kind: Any = np.float32) -> F:
    out = np.empty(len(collection) * width, kind)
    collection.foreach_get(name, out)
    return out.reshape(-1, width) if width > 1 else out


def coat_of(obj: bpy.types.Object, mesh: bpy.types.Mesh) -> Coat:
    """What an object's first material shows on its evaluated mesh."""
    mesh.calc_loop_triangles()
    triangles = _read(mesh.loop_triangles, "vertices", 3, np.int32)
    material, count = style_material.material_of(obj), len(mesh.vertices)
    finish = _plain_finish(material)
    rough, metal = (np.full(count, value, np.float32) for value in finish)
    name = ATTRIBUTE
    if style_material.is_own(material):
        slots = slots_of(obj)
        slot = slots[min(len(slots) - 1, int(obj.get(style_material.MIX, 0.0) > 0.5))]
        name = slot.colour
        rough, metal = (_points(mesh, n, v) for n, v in zip((slot.roughness, slot.metallic), finish, strict=True))
        image = style_material.images_of(material, slot).albedo
        if image is not None and mesh.uv_layers.active is not None and obj.get(style_material.TEXTURE, 0.0) > 0.5:
            corners = _read(mesh.loop_triangles, "loops", 3, np.int32)
            uv = _read(mesh.uv_layers.active.data, "uv", 2)[corners.ravel()]
            return Coat(triangles, np.empty((0, 3)), rough, metal, uv, linear_pixels(image))
    attribute = mesh.color_attributes.get(name)
    if attribute is None:
        plain = PLAIN if material is None else tuple(material.diffuse_color)[:3]
        return Coat(triangles, np.tile(np.array(plain, np.float32), (count, 1)), rough, metal)
    colours = _read(attribute.data, "color", 4)[:, :3]
    if attribute.domain == "CORNER":
        at_corners, colours = colours, np.zeros((count, 3), np.float32)
        colours[_read(mesh.loops, "vertex_index", 1, np.int32)] = at_corners
    return Coat(triangles, np.ascontiguousarray(colours), rough, metal)


def _plain_finish(material: bpy.types.Material | None) -> tuple[float, float]:
    """Roughness and metallic of a material that has one for all of a mesh."""
    nodes = material.node_tree.nodes if material is not None and material.node_tree else ()
    found = next((n for n in nodes if n.type == "BSDF_PRINCIPLED"), None)
    if found is None:
        return 0.5, 0.0
    return found.inputs["Roughness"].default_value, found.inputs["Metallic"].default_value


def _points(mesh: bpy.types.Mesh, name: str, otherwise: float) -> F:
    """(V,) of a number attribute on points."""
    attribute = mesh.attributes.get(name)
    if attribute is None or attribute.domain != "POINT" or attribute.data_type != "FLOAT":
        return np.full(len(mesh.vertices), otherwise, np.float32)
    return _read(attribute.data, "value", 1)


def linear_pixels(image: bpy.types.Image) -> F:
    """(height, width, 3) linear colours of a picture, the lowest row first."""
    wide, high = image.size
    pixels = np.empty(wide * high * image.channels, np.float32)
    image.pixels.foreach_get(pixels)
    found = pixels.reshape(high, wide, image.channels)[..., :3]
    return to_linear(found) if image.colorspace_settings.name == "sRGB" else found


def suns_of(depsgraph: Any) -> list[Sun]:
    """The scene's suns, the strongest first."""
    found = []
    for obj in bpy.context.scene.objects:
        if obj.type == "LIGHT" and obj.data.type == "SUN" and not obj.hide_render:
            towards = np.array(obj.evaluated_get(depsgraph).matrix_world, np.float32)[:3, 2]
            colour = np.array(obj.data.color, np.float32) * obj.data.energy / np.pi
            found.append(Sun(towards / np.linalg.norm(towards), colour.astype(np.float32)))
    return sorted(found, key=lambda sun: -float(sun.colour.sum()))
