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
from ..addon.scene.style_data import to_linear
from ..addon.scene.style_slots import slots_of
from .drawing import Array, Coat, Floor, Moment, Solid, Sun
from .engines import OVERSCAN
from .scene import FADE, FLOOR

PLAIN = (0.8, 0.8, 0.8)
"""Of what has no colour attribute and no picture; linear."""


@dataclass
class Drafts:
    """What the current scene holds, for a film: materials are read once, its camera is one with a perspective.

    Args:
        width, height: of a picture, pixels.
    """

    width: int
    height: int
    _coats: dict[tuple[str, int, bool], list[Coat]] = field(default_factory=dict)
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
        metres = scene.unit_settings.scale_length
        place = np.array(camera.matrix_world)
        place[:3, 3] *= metres
        seen_by = (lens @ np.linalg.inv(place)).astype(np.float32)
        floor = self._floor(lens, place, float((scene.camera.location * metres - Vector((0, 0, 1))).length))
        solids = list(self._solids(depsgraph, metres))
        return Moment(solids, suns_of(depsgraph), place[:3, 3].astype(np.float32), seen_by, floor)

    def _floor(self, lens: Array, place: Array, focus: float) -> Floor:
        key = np.round(np.concatenate([lens.ravel(), place[:3, :3].ravel(), [place[2, 3], focus]]), 4).tobytes()
        if key not in self._floors:
            fade = (focus + FADE[0], focus + FADE[1])
            size = (self.width, self.height)
            self._floors = {key: Floor.under(lens, place[:3, :3], float(place[2, 3]), size, fade)}
        return self._floors[key]

    def _solids(self, depsgraph: Any, metres: float) -> Iterator[Solid]:
        for obj in bpy.context.scene.objects:
            if obj.type != "MESH" or obj.hide_render or FLOOR in obj:
                continue
            # Properties that drivers set are the evaluated object's.
            shown = obj.evaluated_get(depsgraph)
            mesh = shown.to_mesh()
            try:
                place = np.array(shown.matrix_world, np.float32)
                turned = np.linalg.det(place[:3, :3])
                if len(mesh.polygons) and turned:
                    textured = shown.get(style_material.TEXTURE, 0.0) > 0.5
                    key = (obj.name, len(mesh.vertices), textured)
                    if key not in self._coats:
                        self._coats[key] = coats_of(obj, mesh, textured, bool(turned < 0))
                    points = _read(mesh.vertices, "co", 3) @ place[:3, :3].T + place[:3, 3]
                    normals = _read(mesh.vertex_normals, "vector", 3) @ np.linalg.inv(place[:3, :3])
                    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-12
                    mix = shown.get(style_material.MIX, 0.0)
                    yield Solid(points * np.float32(metres), normals, shares_of(self._coats[key], mix))
            finally:
                shown.to_mesh_clear()


def shares_of(coats: list[Coat], mix: float) -> tuple[tuple[float, Coat], ...]:
    """How much of each coat shows, by `style_mix`; what shows nothing is left out."""
    if len(coats) < 2:
        return ((1.0, coats[0]),)
    mix = min(max(mix, 0.0), 1.0)
    return tuple((share, coat) for share, coat in zip((1 - mix, mix), coats, strict=False) if share > 0)


def _read(collection: Any, name: str, width: int, kind: Any = np.float32) -> Array:
    out = np.empty(len(collection) * width, kind)
    collection.foreach_get(name, out)
    return out.reshape(-1, width) if width > 1 else out


def coats_of(obj: bpy.types.Object, mesh: bpy.types.Mesh, textured: bool, mirrored: bool) -> list[Coat]:
    """What an object's first material shows on its evaluated mesh: one coat, or that of each look.

    Args:
        textured: looks show their pictures, where they have any.
        mirrored: the object is turned inside out, and its triangles with it.
    """
    mesh.calc_loop_triangles()
    order = slice(None, None, -1 if mirrored else 1)
    triangles = _read(mesh.loop_triangles, "vertices", 3, np.int32)[:, order]
    material, count = style_material.material_of(obj), len(mesh.vertices)
    finish = _plain_finish(material)
    coats = []
    for slot in slots_of(obj) if style_material.is_own(material) else ():
        rough, metal = (_points(mesh, n, v) for n, v in zip((slot.roughness, slot.metallic), finish, strict=True))
        image = style_material.images_of(material, slot).albedo if textured else None
        if image is None or mesh.uv_layers.active is None:
            coats.append(Coat(triangles, _colours(mesh, slot.colour, material), rough, metal))
            continue
        corners = _read(mesh.loop_triangles, "loops", 3, np.int32)[:, order]
        uv = _read(mesh.uv_layers.active.data, "uv", 2)[corners.ravel()]
        coats.append(Coat(triangles, np.empty((0, 3), np.float32), rough, metal, uv, linear_pixels(image)))
    if coats:
        return coats
    rough, metal = (np.full(count, value, np.float32) for value in finish)
    return [Coat(triangles, _colours(mesh, ATTRIBUTE, material), rough, metal)]


def _colours(mesh: bpy.types.Mesh, name: str, material: bpy.types.Material | None) -> Array:
    """(V, 3) linear, of a colour attribute on points, or where there is none of the material's surface."""
    attribute = mesh.color_attributes.get(name)
    if attribute is not None and attribute.domain == "POINT":
        return np.ascontiguousarray(_read(attribute.data, "color", 4)[:, :3])
    surface = _surface(material)
    plain = PLAIN if surface is None else tuple(surface.inputs["Base Color"].default_value)[:3]
    return np.tile(np.array(plain, np.float32), (len(mesh.vertices), 1))


def _surface(material: bpy.types.Material | None) -> Any:
    nodes = material.node_tree.nodes if material is not None and material.node_tree else ()
    return next((n for n in nodes if n.type == "BSDF_PRINCIPLED"), None)


def _plain_finish(material: bpy.types.Material | None) -> tuple[float, float]:
    """Roughness and metallic of a material that has one for all of a mesh."""
    surface = _surface(material)
    if surface is None:
        return 0.5, 0.0
    return surface.inputs["Roughness"].default_value, surface.inputs["Metallic"].default_value


def _points(mesh: bpy.types.Mesh, name: str, otherwise: float) -> Array:
    """(V,) of a number attribute on points."""
    attribute = mesh.attributes.get(name)
    if attribute is None or attribute.domain != "POINT" or attribute.data_type != "FLOAT":
        return np.full(len(mesh.vertices), otherwise, np.float32)
    return _read(attribute.data, "value", 1)


def linear_pixels(image: bpy.types.Image) -> Array:
    """(height, width, 3) linear colours of a picture, the lowest row first."""
    wide, high = image.size
    pixels = np.empty(wide * high * image.channels, np.float32)
    image.pixels.foreach_get(pixels)
    found = pixels.reshape(high, wide, image.channels)[..., :3]
    return to_linear(found).astype(np.float32) if image.colorspace_settings.name == "sRGB" else found


def suns_of(depsgraph: Any) -> list[Sun]:
    """The scene's suns, the strongest first."""
    found = []
    for obj in bpy.context.scene.objects:
        if obj.type == "LIGHT" and obj.data.type == "SUN" and not obj.hide_render:
            towards = np.array(obj.evaluated_get(depsgraph).matrix_world, np.float32)[:3, 2]
            colour = np.array(obj.data.color, np.float32) * obj.data.energy / np.pi
            found.append(Sun(towards / np.linalg.norm(towards), colour.astype(np.float32)))
    return sorted(found, key=lambda sun: -float(sun.colour.sum()))
