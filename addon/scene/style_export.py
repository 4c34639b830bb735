"""A look as other programs read it: one picture, or one colour attribute, linked straight to a plain surface.

Exporters understand no mix of nodes. While one writes, the actor wears a material that says the same in their words.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import bpy
import numpy as np

from .actor import Actor
from .style import PLAIN
from .style_data import Array, to_linear, to_srgb
from .style_look import read_colour
from .style_material import MIX, TEXTURE, Images, images_of, is_own, material_of, pack
from .style_preview import ASIDE_MATERIAL
from .style_slots import Slot, active_colour, show_colour, slots_of

PLAIN_NAME = "Impromptu look"
BLENDED = "style_blend"
"""Colour attribute that two looks without pictures are exported as."""


@contextlib.contextmanager
def plain_look(actor: Actor) -> Iterator[None]:
    """Let an actor wear a plain material; an actor without a look stays as it is."""
    skin, worn = actor.skin, material_of(actor.skin)
    if not is_own(worn) or not slots_of(skin) or skin.library is not None or skin.data.library is not None:
        yield
        return
    slots, shown, mix = slots_of(skin), active_colour(skin), float(np.clip(actor.rig.get(MIX, 0.0), 0, 1))
    pointers = {name: skin[name] for name in (PLAIN, ASIDE_MATERIAL) if name in skin}
    made: list[bpy.types.Image] = []
    material = None
    try:
        for name in pointers:
            # A link to a data-block is nothing that another program could take along.
            del skin[name]
        # What is shown is what goes out: colours that were painted on the vertices, where those are chosen.
        pictured = float(actor.rig.get(TEXTURE, 1.0)) >= 0.5
        images = _blended([images_of(worn, s) for s in slots], mix, made) if pictured else Images()
        colour = _colour(skin, slots, mix) if images.albedo is None else ""
        material = _plain_material(images, colour, _surface(skin, slots, mix))
        skin.data.materials[0] = material
        yield
    finally:
        skin.data.materials[0] = worn
        if material is not None:
            bpy.data.materials.remove(material)
        for image in made:
            bpy.data.images.remove(image)
        blended = skin.data.attributes.get(BLENDED)
        if blended is not None:
            skin.data.attributes.remove(blended)
        show_colour(skin, shown)
        for name, value in pointers.items():
            skin[name] = value


def _surface(skin: bpy.types.Object, slots: list[Slot], mix: float) -> tuple[float, float]:
    """Roughness and metallic of the whole: other programs read one value each without a picture of them."""
    out = []
    for name in ("roughness", "metallic"):
        means = []
        for slot in slots:
            values = np.empty(len(skin.data.vertices), np.float32)
            skin.data.attributes[getattr(slot, name)].data.foreach_get("value", values)
            means.append(float(values.mean()))
        out.append(means[0] if len(means) == 1 else (1 - mix) * means[0] + mix * means[1])
    return out[0], out[1]


def _colour(skin: bpy.types.Object, slots: list[Slot], mix: float) -> str:
    """The colour attribute to export: the look's own, or a blend of two; made the active one."""
    name = slots[0 if mix < 0.5 else -1].colour
    if len(slots) > 1 and 0 < mix < 1:
        linear = (1 - mix) * read_colour(skin, slots[0].colour) + mix * read_colour(skin, slots[1].colour)
        attribute = skin.data.color_attributes.new(BLENDED, "FLOAT_COLOR", "POINT")
        attribute.data.foreach_set("color", np.c_[linear, np.ones(len(linear))].astype(np.float32).ravel())
        name = attribute.name
    show_colour(skin, name)
    return name


def _blended(looks: list[Images], mix: float, made: list[bpy.types.Image]) -> Images:
    """The pictures that are exported: those of the look that shows, or a blend; copies go to `made`."""
    if len(looks) == 1 or mix in (0.0, 1.0):
        return looks[int(mix) if len(looks) > 1 else 0]
    if any(look.albedo is None for look in looks):
        return Images()
    pixels = [read_pixels(look.albedo) for look in looks]
    if pixels[0].shape != pixels[1].shape:
        return looks[0 if mix < 0.5 else 1]
    linear = (1 - mix) * to_linear(pixels[0]) + mix * to_linear(pixels[1])
    made.append(write_pixels("Impromptu blend", to_srgb(linear)))
    normals = [look.normal for look in looks]
    if None in normals:
        return Images(made[0], None)
    pixels = [read_pixels(image) for image in normals]
    made.append(write_pixels("Impromptu blend normal", (1 - mix) * pixels[0] + mix * pixels[1]))
    made[1].colorspace_settings.name = "Non-Color"
    return Images(made[0], made[1])


def read_pixels(image: bpy.types.Image) -> Array:
    """(height, width, 3) as stored, the lowest row first."""
    width, height = image.size[0], image.size[1]
    values = np.empty(width * height * 4, np.float32)
    image.pixels.foreach_get(values)
    return values.reshape(height, width, 4)[..., :3].astype(np.float64)


def write_pixels(name: str, values: Array) -> bpy.types.Image:
    """A new picture, packed, of (height, width, 3) values as they are stored, the lowest row first."""
    height, width = values.shape[:2]
    image = bpy.data.images.new(name, width, height)
    rgba = np.ones((height, width, 4), np.float32)
    rgba[..., :3] = values
    image.pixels.foreach_set(rgba.ravel())
    image.pack()
    pack(image, image.packed_file.data)
    return image


def _plain_material(images: Images, colour: str, surface: tuple[float, float]) -> bpy.types.Material:
    material = bpy.data.materials.new(PLAIN_NAME)
    if not material.node_tree:
        material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    shader = next(n for n in nodes if n.type == "BSDF_PRINCIPLED")
    shader.inputs["Roughness"].default_value, shader.inputs["Metallic"].default_value = surface
    if images.albedo is not None:
        picture = nodes.new("ShaderNodeTexImage")
        picture.image = images.albedo
        links.new(picture.outputs["Color"], shader.inputs["Base Color"])
    else:
        vertex = nodes.new("ShaderNodeVertexColor")
        vertex.layer_name = colour
        links.new(vertex.outputs["Color"], shader.inputs["Base Color"])
    if images.normal is not None:
        picture, bump = nodes.new("ShaderNodeTexImage"), nodes.new("ShaderNodeNormalMap")
        picture.image = images.normal
        links.new(picture.outputs["Color"], bump.inputs["Color"])
        links.new(bump.outputs["Normal"], shader.inputs["Normal"])
    return material


def has_pictures(actor: Actor) -> bool:
    """Whether the actor wears a plain material with pictures now."""
    material = material_of(actor.skin)
    plain = material is not None and material.name.startswith(PLAIN_NAME)
    return plain and any(node.type == "TEX_IMAGE" for node in material.node_tree.nodes)
