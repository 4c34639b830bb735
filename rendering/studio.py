"""A photographer's studio, built once: one mesh, camera, suns, sky and floor that each picture sets anew.

Arrays come in SMPL's frame, as `backend.pictures.scenes.Scenes` holds them, and are turned into Blender's here.
Everything that one picture sets every picture sets, so that none depends on those before it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix, Vector

from ..addon.scene.axes import TO_BLENDER, to_blender
from ..addon.scene.mesh import fill_mesh
from ..backend.protocol import EngineOptions, InvalidInput
from .engines import Film, apply_options, film_for

SUN_DEGREES = 9.0
"""Size of a sun in the sky: shadows are soft half a metre away from what throws them."""
SENSOR = 24.0
"""Height of the film, millimetres; only its ratio to the focal length matters."""
FLOOR_M = 60.0
"""Half the floor's edge."""
FADE_M = (1.8, 6.0)
"""The floor fades into the backdrop between these distances from the mesh's middle."""
COLOUR, BEHIND = "colour", "behind"
"""Attributes: a vertex' own colour; of the floor, the backdrop's."""


@dataclass(frozen=True)
class Pictures:
    """n pictures to take, as the backend wrote them: fields, shapes and units as of its `Scenes`."""

    faces: np.ndarray
    vertices: np.ndarray
    colours: np.ndarray
    roughness: np.ndarray
    metallic: np.ndarray
    camera_rotation: np.ndarray
    camera_position: np.ndarray
    fov: np.ndarray
    height: int
    width: int
    light_direction: np.ndarray
    light_colour: np.ndarray
    ambient: np.ndarray
    backdrop: tuple[str, ...]
    backdrop_colours: np.ndarray
    seeds: np.ndarray

    def __len__(self) -> int:
        return len(self.vertices)

    @classmethod
    def load(cls, path: Path) -> Pictures:
        """Read an .npz; nothing in it is executed, and what is not needed here is left alone.

        Raises:
            InvalidInput: it cannot be read, lacks something, or holds numbers that are not finite.
        """
        try:
            with np.load(path, allow_pickle=False) as data:
                arrays: dict[str, Any] = {f.name: data[f.name] for f in fields(cls)}
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise InvalidInput(f"The scenes in {path.name} cannot be read: {error}.", "Make them again.") from error
        for name, array in arrays.items():
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise InvalidInput(
                    f"The scenes' {name.replace('_', ' ')} hold numbers that are not finite.", "Leave those out."
                )
        arrays |= {name: int(arrays[name]) for name in ("height", "width")}
        return cls(**arrays | {"backdrop": tuple(str(v) for v in arrays["backdrop"])})


class Studio:
    """The scene in Blender for meshes of one topology."""

    def __init__(self, faces: np.ndarray, vertices: int, suns: int) -> None:
        """Replaces the open file.

        Args:
            faces: (F, 3).
            vertices: how many there are.
            suns: how many lights a picture has at most.
        """
        bpy.ops.wm.read_factory_settings(use_empty=True)
        bpy.context.preferences.edit.use_global_undo = False
        self.scene = bpy.context.scene
        self.faces, self.suns = faces, [_create_sun(f"Sun {i}") for i in range(suns)]
        self.person = _create_person(faces, vertices)
        self.floor = _create_floor()
        self.camera = _create_camera()
        self.sky = _create_sky(self.scene)
        self.scene.display_settings.display_device = "sRGB"
        self.scene.view_settings.view_transform = "Standard"
        self.scene.view_settings.look = "None"
        self._rgba = np.ones((vertices, 4), np.float32)
        self._film = Film(0, 1)

    def fits(self, pictures: Pictures) -> bool:
        """Whether these pictures can be taken without building anything."""
        return (
            pictures.vertices.shape[1] == len(self._rgba)
            and pictures.light_direction.shape[1] == len(self.suns)
            and np.array_equal(pictures.faces, self.faces)
        )

    def set_up(self, options: EngineOptions, height: int, width: int) -> Film:
        """Choose the engine and the size of the pictures to come.

        Returns:
            how a picture is to be made of what will be written.

        Raises:
            RuntimeMissing: this machine does not have the device or the denoiser.
        """
        apply_options(self.scene, options)
        render = self.scene.render
        self._film = film_for(options)
        render.resolution_x, render.resolution_y = (
            (side + 2 * self._film.margin) * self._film.fine for side in (width, height)
        )
        # Written as it is: packing would take longer than rendering does.
        render.image_settings.file_format = "TARGA_RAW"
        render.image_settings.color_mode = "RGBA"
        return self._film

    def arrange(self, pictures: Pictures, i: int) -> None:
        """Put everything where the i-th picture wants it."""
        self._dress(pictures, i)
        self._light(pictures, i)
        self._frame(pictures, i)
        self._lay_floor(pictures, i)
        # Cycles reads 31 bits.
        self.scene.cycles.seed = int(pictures.seeds[i]) % (1 << 31)

    def render(self) -> None:
        """Take the picture; it stays in Blender's render result."""
        bpy.ops.render.render()

    def write(self, path: Path) -> None:
        """Write the last picture, sRGB with alpha, as an uncompressed Targa of the film's size.

        Raises:
            InvalidInput: the disk is full.
        """
        try:
            bpy.data.images["Render Result"].save_render(str(path), scene=self.scene)
        except RuntimeError as error:
            raise InvalidInput(
                f"A picture could not be written: {error}.", "Check that the disk has room."
            ) from error

    def _dress(self, pictures: Pictures, i: int) -> None:
        data = self.person.data
        self._rgba[:, :3] = pictures.colours[i]
        data.vertices.foreach_set("co", to_blender(pictures.vertices[i]).astype(np.float32).ravel())
        data.attributes[COLOUR].data.foreach_set("color", self._rgba.ravel())
        for name, values in (("roughness", pictures.roughness[i]), ("metallic", pictures.metallic[i])):
            data.attributes[name].data.foreach_set("value", values.astype(np.float32))
        data.update()

    def _light(self, pictures: Pictures, i: int) -> None:
        for sun, direction, colour in zip(
            self.suns, to_blender(pictures.light_direction[i]), pictures.light_colour[i], strict=True
        ):
            strength = float(colour.max())
            # A matt surface gives back 1/pi of the light that falls on it, in each direction.
            sun.data.energy = math.pi * strength
            sun.data.color = colour / strength if strength > 0 else (1.0, 1.0, 1.0)
            sun.rotation_quaternion = Vector(direction).to_track_quat("Z", "Y")
        self.sky["ambient"].default_value = (*pictures.ambient[i], 1.0)
        self.sky["backdrop"].default_value = (*pictures.backdrop_colours[i, 0], 1.0)

    def _frame(self, pictures: Pictures, i: int) -> None:
        turned = TO_BLENDER @ np.asarray(pictures.camera_rotation[i], np.float64).T
        self.camera.location = to_blender(pictures.camera_position[i])
        self.camera.rotation_quaternion = Matrix(turned.tolist()).to_quaternion()
        wider = 1 + 2 * self._film.margin / pictures.height
        self.camera.data.lens = SENSOR / 2 / (wider * math.tan(math.radians(pictures.fov[i]) / 2))

    def _lay_floor(self, pictures: Pictures, i: int) -> None:
        # Workbench knows no material that fades.
        shown = pictures.backdrop[i] == "ground" and self.scene.render.engine != "BLENDER_WORKBENCH"
        self.floor.hide_render = not shown
        # The floor fades into a backdrop that Blender shows itself: a denoiser would leave holes in an alpha channel.
        self.scene.render.film_transparent = not shown
        middle = to_blender((pictures.vertices[i].max(0) + pictures.vertices[i].min(0)) / 2)
        self.floor.location = (middle[0], middle[1], 0.0)
        for name, colour in zip((BEHIND, COLOUR), pictures.backdrop_colours[i], strict=True):
            corners = np.tile(np.append(colour, 1.0).astype(np.float32), 4)
            self.floor.data.attributes[name].data.foreach_set("color", corners)
        self.floor.data.update()


def _link(name: str, data: Any) -> bpy.types.Object:
    made = bpy.data.objects.new(name, data)
    made.rotation_mode = "QUATERNION"
    bpy.context.scene.collection.objects.link(made)
    return made


def _create_sun(name: str) -> bpy.types.Object:
    data = bpy.data.lights.new(name, "SUN")
    data.angle = math.radians(SUN_DEGREES)
    return _link(name, data)


def _create_camera() -> bpy.types.Object:
    data = bpy.data.cameras.new("Camera")
    data.sensor_fit = "VERTICAL"
    data.sensor_height = SENSOR
    data.clip_start, data.clip_end = 0.01, 1000.0
    bpy.context.scene.camera = _link("Camera", data)
    return bpy.context.scene.camera


def _create_sky(scene: bpy.types.Scene) -> dict[str, bpy.types.NodeSocket]:
    """The world: things are lit by `ambient`, the camera sees `backdrop`; returns both sockets."""
    scene.world = bpy.data.worlds.new("Sky")
    scene.world.use_nodes = True
    # It has one colour: a map of where it is bright would be made anew for each picture.
    scene.world.cycles.sampling_method = "NONE"
    tree = scene.world.node_tree
    mix = tree.nodes.new("ShaderNodeMixRGB")
    tree.links.new(tree.nodes.new("ShaderNodeLightPath").outputs["Is Camera Ray"], mix.inputs[0])
    background = next(n for n in tree.nodes if n.type == "BACKGROUND")
    tree.links.new(mix.outputs[0], background.inputs["Color"])
    return {"ambient": mix.inputs[1], "backdrop": mix.inputs[2]}


def _add_colours(data: bpy.types.Mesh, name: str) -> None:
    """A colour for each vertex, linear, and what Workbench shows."""
    data.color_attributes.new(name, "FLOAT_COLOR", "POINT")
    data.color_attributes.active_color = data.color_attributes[name]
    data.color_attributes.render_color_index = data.color_attributes.find(name)


def _create_person(faces: np.ndarray, vertices: int) -> bpy.types.Object:
    data = bpy.data.meshes.new("Person")
    fill_mesh(data, np.zeros((vertices, 3)), np.asarray(faces))
    for name in ("roughness", "metallic"):
        data.attributes.new(name, "FLOAT", "POINT")
    _add_colours(data, COLOUR)
    material = bpy.data.materials.new("Person")
    material.use_nodes = True
    tree = material.node_tree
    surface = next(n for n in tree.nodes if n.type == "BSDF_PRINCIPLED")
    for name, socket, output in (
        (COLOUR, "Base Color", "Color"), ("roughness", "Roughness", "Fac"), ("metallic", "Metallic", "Fac")
    ):  # fmt: skip
        tree.links.new(_attribute(tree, name).outputs[output], surface.inputs[socket])
    data.materials.append(material)
    return _link("Person", data)


def _attribute(tree: bpy.types.NodeTree, name: str) -> bpy.types.Node:
    node = tree.nodes.new("ShaderNodeAttribute")
    node.attribute_name = name
    return node


def _create_floor() -> bpy.types.Object:
    """A matt square at height 0; to the camera it turns into the backdrop with distance, to light it does not."""
    data = bpy.data.meshes.new("Floor")
    corners = FLOOR_M * np.array([(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)])
    fill_mesh(data, corners, np.array([(0, 1, 2), (0, 2, 3)]))
    for name in (BEHIND, COLOUR):
        _add_colours(data, name)
    material = bpy.data.materials.new("Floor")
    material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    new, link = tree.nodes.new, tree.links.new
    matt, glow, blend = new("ShaderNodeBsdfDiffuse"), new("ShaderNodeEmission"), new("ShaderNodeMixShader")
    link(_attribute(tree, COLOUR).outputs["Color"], matt.inputs["Color"])
    link(_attribute(tree, BEHIND).outputs["Color"], glow.inputs["Color"])
    away, fade, seen = new("ShaderNodeVectorMath"), new("ShaderNodeMapRange"), new("ShaderNodeMath")
    away.operation, fade.interpolation_type, seen.operation = "LENGTH", "SMOOTHSTEP", "MULTIPLY"
    link(new("ShaderNodeTexCoord").outputs["Object"], away.inputs[0])
    fade.inputs["From Min"].default_value, fade.inputs["From Max"].default_value = FADE_M
    link(away.outputs["Value"], fade.inputs["Value"])
    link(fade.outputs["Result"], seen.inputs[0])
    link(new("ShaderNodeLightPath").outputs["Is Camera Ray"], seen.inputs[1])
    link(seen.outputs[0], blend.inputs[0])
    link(matt.outputs[0], blend.inputs[1])
    link(glow.outputs[0], blend.inputs[2])
    link(blend.outputs[0], new("ShaderNodeOutputMaterial").inputs["Surface"])
    data.materials.append(material)
    return _link("Floor", data)
