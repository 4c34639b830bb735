"""Light for a preview: a soft sun from the camera's left, a cool rim from behind, a bright sky."""

from __future__ import annotations

import math

import bpy

SKY = (0.87, 0.89, 0.92)
"""Linear colour of the backdrop, where the floor fades out."""

AMBIENT = 0.5
"""How much of the sky's colour lights the scene."""


def create_sun(name: str, energy: float, angle: float, elevation: float, azimuth: float) -> bpy.types.Object:
    """A sun lamp.

    Args:
        energy: W/m2.
        angle: its size in the sky, degrees; larger is softer.
        elevation: above the horizon, degrees.
        azimuth: of where the light comes from, degrees from +x towards +y.
    """
    data = bpy.data.lights.new(name, "SUN")
    data.energy = energy
    data.angle = math.radians(angle)
    lamp = bpy.data.objects.new(name, data)
    lamp.rotation_euler = (math.radians(90 - elevation), 0.0, math.radians(azimuth + 90))
    bpy.context.scene.collection.objects.link(lamp)
    return lamp


def light_stage(azimuth: float) -> None:
    """Light the scene for a camera that stands at `azimuth` degrees from the actor."""
    key = create_sun("Key light", 3.3, 9.0, 48.0, azimuth - 50)
    key.data.color = (1.0, 0.95, 0.88)
    rim = create_sun("Rim light", 1.6, 20.0, 35.0, azimuth + 145)
    rim.data.color = (0.86, 0.93, 1.0)
    world = bpy.data.worlds.new("Impromptu sky")
    world.use_nodes = True
    _sky(world.node_tree)
    bpy.context.scene.world = world


def _sky(tree: bpy.types.NodeTree) -> None:
    """The camera sees `SKY` as it is, so that it meets the faded floor without a horizon; things are lit by less."""
    background = next(n for n in tree.nodes if n.type == "BACKGROUND")
    background.inputs["Color"].default_value = (*SKY, 1.0)
    seen = tree.nodes.new("ShaderNodeMapRange")
    seen.inputs["To Min"].default_value = AMBIENT
    seen.inputs["To Max"].default_value = 1.0
    tree.links.new(tree.nodes.new("ShaderNodeLightPath").outputs["Is Camera Ray"], seen.inputs["Value"])
    tree.links.new(seen.outputs["Result"], background.inputs["Strength"])
