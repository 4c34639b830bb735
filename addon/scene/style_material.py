"""The material of looks: vertex colours or baked pictures, one look or a blend of two.

What it shows is decided by two custom properties of the mesh object, which follow those of the rig: `style_texture`
(0 vertex colours, 1 pictures) and `style_mix` (0 first look, 1 second). An object's property is read by the shader
itself, so actors that share a material still show what is their own.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from .style_data import Textures
from .style_slots import Slot

MATERIAL = "Impromptu style"
OWN = "impromptu_style_material"
"""Custom property that tells a material of this module from others."""
MIX, TEXTURE = "style_mix", "style_texture"
FLAT = (0.5, 0.5, 1.0, 1.0)
"""A normal map's colour where nothing is raised."""


@dataclass(frozen=True)
class Images:
    """A look's pictures in this file."""

    albedo: bpy.types.Image | None = None
    normal: bpy.types.Image | None = None


def load_images(textures: Textures, name: str) -> Images:
    """Bring a look's pictures into the file, packed, so that nothing outside it is needed.

    Args:
        name: begins the pictures' names.

    Raises:
        RuntimeError, OSError: a picture cannot be read.
    """
    return Images(
        _load(textures.albedo, f"{name} albedo", "sRGB"), _load(textures.normal, f"{name} normal", "Non-Color")
    )


def _load(path: Path | None, name: str, space: str) -> bpy.types.Image | None:
    if path is None:
        return None
    image = bpy.data.images.load(str(path), check_existing=False)
    if not image.size[0]:
        bpy.data.images.remove(image)
        raise RuntimeError(f"{path.name} holds no picture")
    image.name = name
    image.colorspace_settings.name = space
    pack(image, path.read_bytes())
    return image


def pack(image: bpy.types.Image, data: bytes) -> None:
    """Keep a picture's file in the .blend, under a name by what it shows.

    So is the file called that it becomes where it is unpacked or exported; the job's folder will be gone by then.
    """
    told = hashlib.sha256(data).hexdigest()[:8]
    image.filepath_raw = f"//textures/{bpy.path.clean_name(image.name)}-{told}.png"
    image.pack(data=data, data_len=len(data))


def material_of(skin: bpy.types.Object) -> bpy.types.Material | None:
    """The material that the mesh shows first."""
    return skin.data.materials[0] if len(skin.data.materials) else None


def is_own(material: bpy.types.Material | None) -> bool:
    """Whether a material was made here."""
    return material is not None and OWN in material


def images_of(material: bpy.types.Material | None, slot: Slot) -> Images:
    """The pictures that a material shows for a look."""
    nodes = material.node_tree.nodes if is_own(material) else {}
    found = [nodes.get(_node_name(kind, slot)) for kind in ("albedo", "normal")]
    return Images(*(node.image if node is not None else None for node in found))


def _node_name(kind: str, slot: Slot) -> str:
    return f"{kind} {slot.number}"


def make_material(images: list[tuple[Slot, Images]]) -> bpy.types.Material:
    """A material for one look or for two.

    Args:
        images: of each look; pictures that are missing leave its vertex colours.
    """
    material = bpy.data.materials.new(MATERIAL)
    material[OWN] = len(images)
    if hasattr(material, "use_nodes") and not material.node_tree:
        material.use_nodes = True
    _Graph(material.node_tree).build(images)
    return material


class _Graph:
    """Builds the nodes; each method returns the socket that carries its result."""

    def __init__(self, tree: bpy.types.NodeTree) -> None:
        self.tree = tree
        self.surface = next(n for n in tree.nodes if n.type == "BSDF_PRINCIPLED")
        self._count = 0
        self._read: dict[str, Any] = {}

    def build(self, images: list[tuple[Slot, Images]]) -> None:
        """Link everything to the surface."""
        self._link(self._blend([self._colour(s, i) for s, i in images], "Color"), "Base Color")
        self._link(self._blend([self._point(s.roughness) for s, _ in images], "Float"), "Roughness")
        self._link(self._blend([self._point(s.metallic) for s, _ in images], "Float"), "Metallic")
        if any(i.normal is not None for _, i in images):
            self._link(self._normal(images), "Normal")

    def _new(self, kind: str, label: str = "") -> Any:
        node = self.tree.nodes.new(kind)
        node.label = label
        node.location = (-260 - 200 * (self._count % 4), 400 - 180 * (self._count // 4))
        self._count += 1
        return node

    def _link(self, socket: Any, name: str) -> None:
        self.tree.links.new(socket, self.surface.inputs[name])

    def _object(self, name: str) -> Any:
        """A custom property of the object that is drawn."""
        if name not in self._read:
            node = self._new("ShaderNodeAttribute", name)
            node.attribute_type, node.attribute_name = "OBJECT", name
            self._read[name] = node.outputs["Fac"]
        return self._read[name]

    def _point(self, name: str) -> Any:
        """An attribute of the mesh."""
        node = self._new("ShaderNodeAttribute", name)
        node.attribute_type, node.attribute_name = "GEOMETRY", name
        return node.outputs["Fac"]

    def _mix(self, factor: Any, first: Any, second: Any, kind: str) -> Any:
        """Two sockets, or colours, mixed."""
        node = self._new("ShaderNodeMix")
        node.data_type = "RGBA" if kind == "Color" else "FLOAT"
        inputs = {socket.identifier: socket for socket in node.inputs}
        self.tree.links.new(factor, inputs["Factor_Float"])
        for value, socket in ((first, inputs[f"A_{kind}"]), (second, inputs[f"B_{kind}"])):
            if isinstance(value, tuple):
                socket.default_value = value
            else:
                self.tree.links.new(value, socket)
        return next(socket for socket in node.outputs if socket.identifier == f"Result_{kind}")

    def _blend(self, values: list[Any], kind: str) -> Any:
        """The first look's value, or the slider's blend of both."""
        return values[0] if len(values) == 1 else self._mix(self._object(MIX), values[0], values[1], kind)

    def _picture(self, kind: str, slot: Slot, image: bpy.types.Image) -> Any:
        node = self._new("ShaderNodeTexImage", kind)
        node.name, node.image = _node_name(kind, slot), image
        return node.outputs["Color"]

    def _colour(self, slot: Slot, images: Images) -> Any:
        """A look's vertex colours or its picture."""
        node = self._new("ShaderNodeVertexColor", slot.colour)
        node.layer_name = slot.colour
        if images.albedo is None:
            return node.outputs["Color"]
        picture = self._picture("albedo", slot, images.albedo)
        return self._mix(self._object(TEXTURE), node.outputs["Color"], picture, "Color")

    def _normal(self, images: list[tuple[Slot, Images]]) -> Any:
        """The pictures of relief, as far as pictures are shown."""
        maps = [self._picture("normal", s, i.normal) if i.normal is not None else FLAT for s, i in images]
        node = self._new("ShaderNodeNormalMap")
        self.tree.links.new(self._blend(maps, "Color"), node.inputs["Color"])
        self.tree.links.new(self._object(TEXTURE), node.inputs["Strength"])
        return node.outputs["Normal"]


def drop(material: bpy.types.Material | None) -> None:
    """Remove a material of this module that nobody uses any more, with its pictures."""
    if material is None or not is_own(material) or material.users:
        return
    images = [node.image for node in material.node_tree.nodes if node.type == "TEX_IMAGE" and node.image]
    bpy.data.materials.remove(material)
    for image in images:
        if not image.users:
            bpy.data.images.remove(image)
