"""Pictures a second, ours against a script that builds the scene anew for each: run under bpy, prints a line of JSON.

`python rendering/bench_pictures.py SCENES.npz` prints, for `cycles` and `workbench`, `{"ours": ..., "peer": ...}`,
each with the medians over the pictures of `seconds` (a whole turn of the loop), and of Cycles `render_s` (inside
Blender's render operator) and `trace_s` (between its first sample and its last).
"""

from __future__ import annotations

if not __package__:
    # As a script: make the package importable, then start again as a module of it.
    import runpy
    from pathlib import Path

    runpy.run_path(str(Path(__file__).with_name("bootstrap.py")))
    runpy.run_module("impromptu.rendering.bench_pictures", run_name="__main__")

import json
import math
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix, Vector

from ..addon.scene.axes import TO_BLENDER, to_blender
from ..backend.protocol import EngineOptions
from .studio import SENSOR, SUN_DEGREES, Pictures, Studio

Times = dict[str, float]


class Stamps:
    """When Cycles began and ended to trace rays, from what it tells about itself."""

    def __init__(self) -> None:
        self.first = self.last = 0.0
        bpy.app.handlers.render_stats.append(self._on_status)

    def _on_status(self, status: str, *_: Any) -> None:
        if "Sample 0/" in status:
            self.first = time.perf_counter()
        elif "Finished" in status:
            self.last = time.perf_counter()

    def of(self, render: Callable[[], object]) -> Times:
        """Seconds of one render, and of the tracing in it."""
        self.first = self.last = 0.0
        start = time.perf_counter()
        render()
        return {"render_s": time.perf_counter() - start, "trace_s": self.last - self.first}


def build_anew(pictures: Pictures, options: EngineOptions, folder: Path, stamps: Stamps, i: int) -> Times:
    """The straightforward way, as scripts for data sets do it: empty the file, build, render, write a .png."""
    for kind in ("objects", "meshes", "materials", "lights", "cameras", "worlds"):
        data = getattr(bpy.data, kind)
        for block in list(data):
            data.remove(block)
    scene = bpy.context.scene
    mesh = bpy.data.meshes.new("Person")
    mesh.from_pydata(to_blender(pictures.vertices[i]).tolist(), [], pictures.faces.tolist())
    mesh.polygons.foreach_set("use_smooth", np.ones(len(mesh.polygons), bool))
    colours = mesh.color_attributes.new("colour", "FLOAT_COLOR", "POINT")
    for vertex, colour in enumerate(pictures.colours[i]):
        colours.data[vertex].color = (*colour, 1.0)
    mesh.color_attributes.render_color_index = 0
    material = bpy.data.materials.new("Person")
    material.use_nodes = True
    tree = material.node_tree
    node = tree.nodes.new("ShaderNodeVertexColor")
    node.layer_name = "colour"
    surface = next(n for n in tree.nodes if n.type == "BSDF_PRINCIPLED")
    tree.links.new(node.outputs["Color"], surface.inputs["Base Color"])
    mesh.materials.append(material)
    scene.collection.objects.link(bpy.data.objects.new("Person", mesh))
    if pictures.backdrop[i] == "ground" and options.engine == "cycles":
        bpy.ops.mesh.primitive_plane_add(size=100.0)
    _place_camera_and_lights(scene, pictures, i)
    return _render_anew(scene, pictures, options, folder, stamps)


def _place_camera_and_lights(scene: bpy.types.Scene, pictures: Pictures, i: int) -> None:
    for direction, colour in zip(to_blender(pictures.light_direction[i]), pictures.light_colour[i], strict=True):
        data = bpy.data.lights.new("Sun", "SUN")
        data.energy, data.angle = math.pi * float(colour.max()), math.radians(SUN_DEGREES)
        sun = bpy.data.objects.new("Sun", data)
        sun.rotation_euler = Vector(direction).to_track_quat("Z", "Y").to_euler()
        scene.collection.objects.link(sun)
    scene.world = bpy.data.worlds.new("Sky")
    scene.world.use_nodes = True
    background = next(n for n in scene.world.node_tree.nodes if n.type == "BACKGROUND")
    background.inputs["Color"].default_value = (*pictures.ambient[i], 1.0)
    data = bpy.data.cameras.new("Camera")
    data.sensor_fit, data.sensor_height = "VERTICAL", SENSOR
    data.lens = SENSOR / 2 / math.tan(math.radians(pictures.fov[i]) / 2)
    scene.camera = bpy.data.objects.new("Camera", data)
    turned = Matrix((TO_BLENDER @ pictures.camera_rotation[i].T).tolist())
    scene.camera.matrix_world = Matrix.Translation(to_blender(pictures.camera_position[i])) @ turned.to_4x4()
    scene.collection.objects.link(scene.camera)


def _render_anew(
    scene: bpy.types.Scene, pictures: Pictures, options: EngineOptions, folder: Path, stamps: Stamps
) -> Times:
    """The same samples and bounces, else Blender's own settings."""
    render = scene.render
    render.engine = "CYCLES" if options.engine == "cycles" else "BLENDER_WORKBENCH"
    render.resolution_x, render.resolution_y, render.resolution_percentage = pictures.width, pictures.height, 100
    render.film_transparent = True
    scene.view_settings.view_transform = "Standard"
    scene.cycles.samples, scene.cycles.use_denoising, scene.cycles.max_bounces = options.samples, False, 1
    scene.display.shading.color_type = "VERTEX"
    render.filepath = str(folder / "anew.png")
    return stamps.of(lambda: bpy.ops.render.render(write_still=True))


def ours(studio: Studio, pictures: Pictures, folder: Path, stamps: Stamps, i: int) -> Times:
    """One turn of the loop of `rendering.pictures`."""
    studio.arrange(pictures, i)
    times = stamps.of(studio.render)
    studio.write(folder / "ours.tga")
    return times


def measure(pictures: Pictures, engine: str, folder: Path) -> dict[str, Times]:
    """Medians over the pictures: half of ours, half of the peer's, then the rest of both.

    Each half begins with a picture that does not count: shaders are compiled in it.
    """
    options = EngineOptions(engine)
    times: dict[str, list[Times]] = {"ours": [], "peer": []}
    half = len(pictures) // 2
    for indices in (range(half), range(half, len(pictures))):
        studio = Studio(pictures.faces, pictures.vertices.shape[1], pictures.light_direction.shape[1])
        studio.set_up(options, pictures.height, pictures.width)
        times["ours"] += _each(indices, partial(ours, studio, pictures, folder, Stamps()))
        bpy.ops.wm.read_factory_settings(use_empty=True)
        times["peer"] += _each(indices, partial(build_anew, pictures, options, folder, Stamps()))
    return {
        who: {key: statistics.median(t[key] for t in taken) for key in taken[0]} for who, taken in times.items()
    }  # fmt: skip


def _each(indices: range, take: Callable[[int], Times]) -> list[Times]:
    times = []
    take(indices[0])
    for i in indices:
        start = time.perf_counter()
        inside = take(i)
        times.append({"seconds": time.perf_counter() - start, **inside})
    return times


def main(argv: list[str]) -> None:
    """Measure and print."""
    pictures = Pictures.load(Path(argv[-1]))
    with tempfile.TemporaryDirectory() as name:
        found = {engine: measure(pictures, engine, Path(name)) for engine in ("cycles", "workbench")}
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv)
    # Blender as a module can hang in its own clean-up.
    sys.stdout.flush()
    os._exit(0)
