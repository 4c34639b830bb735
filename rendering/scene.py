"""The stage: floor, light and camera around an actor."""

from __future__ import annotations

import math

import bpy
import numpy as np

from ..addon.scene.actor import Actor
from ..addon.scene.mesh import fill_mesh
from .cameras import View, create_camera
from .lights import SKY, light_stage

FLOOR = "impromptu_floor"
"""Custom property of the floor: a file's own objects may have any name."""
TILE = 0.5
"""Edge of a floor tile, metres: a foot's slide is read off against it."""
FLOOR_HALF = 60.0
"""Half the floor's edge, metres."""
FADE = (2.5, 11.0)
"""The tiles fade into the backdrop between these distances from the actor's path, metres."""
DARK, LIGHT, LINE = (0.43, 0.46, 0.50), (0.56, 0.59, 0.62), (0.30, 0.33, 0.37)


def clear_scene() -> None:
    """Start from an empty scene in an empty file, without the user's start-up file."""
    bpy.ops.wm.read_factory_settings(use_empty=True)


def joint_track(actor: Actor, names: tuple[str, ...]) -> np.ndarray:
    """(frames, 2 joints, 3) heads, then tails, of the bones in every frame of the scene's range, Blender's frame."""
    scene = bpy.context.scene
    shown = actor.skin.hide_viewport
    # The skin is not needed for its bones, and evaluating it is the slow part.
    actor.skin.hide_viewport = True
    track = []
    for frame in range(scene.frame_start, scene.frame_end + 1):
        scene.frame_set(frame)
        # What is evaluated, not the rig itself: in a scene that no window has shown, the latter stays where it was.
        rig = actor.rig.evaluated_get(bpy.context.evaluated_depsgraph_get())
        bones = [rig.pose.bones[n] for n in names]
        track.append([rig.matrix_world @ p for p in (*(b.head for b in bones), *(b.tail for b in bones))])
    actor.skin.hide_viewport = shown
    scene.frame_set(scene.frame_start)
    return np.array(track)


def first_heading(track: np.ndarray, names: tuple[str, ...]) -> float:
    """Direction that the actor faces at first, degrees from +x towards +y: across the hips, turned a quarter."""
    if "left_hip" not in names or "right_hip" not in names:
        return -90.0
    early = track[: max(1, len(track) // 8)]
    across = (early[:, names.index("left_hip")] - early[:, names.index("right_hip")]).mean(0)
    return math.degrees(math.atan2(-across[0], across[1]))


def create_stage(actor: Actor, names: tuple[str, ...], fps: float, aspect: float, view: View | None = None) -> None:
    """Put floor, light and a following camera around an animated actor.

    Args:
        names: the joints whose path decides the framing, the root first.
        aspect: width over height of the pictures to come.
    """
    view = view or View()
    track = joint_track(actor, names)
    heading = first_heading(track, names)
    create_camera(track, heading, fps, aspect, view)
    light_stage(heading + view.azimuth)
    create_floor(float(np.abs(track[:, 0, :2]).max()))
    _set_colours(bpy.context.scene)


def create_floor(reach: float) -> bpy.types.Object:
    """A tiled floor at z = 0 that fades into the sky."""
    half = FLOOR_HALF + reach
    corners = np.array([[-half, -half, 0], [half, -half, 0], [half, half, 0], [-half, half, 0]])
    data = bpy.data.meshes.new("Floor")
    fill_mesh(data, corners, np.array([[0, 1, 2], [0, 2, 3]]))
    floor = bpy.data.objects.new("Floor", data)
    floor[FLOOR] = True
    data.materials.append(floor_material())
    bpy.context.scene.collection.objects.link(floor)
    return floor


def floor_material() -> bpy.types.Material:
    """Tiles with a joint line, in scene coordinates, replaced by the sky's own light with distance."""
    material = bpy.data.materials.new("Floor")
    material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    new, link = tree.nodes.new, tree.links.new
    place = new("ShaderNodeNewGeometry").outputs["Position"]
    tiles = new("ShaderNodeTexChecker")
    tiles.inputs["Scale"].default_value = 1 / TILE
    tiles.inputs["Color1"].default_value = (*DARK, 1)
    tiles.inputs["Color2"].default_value = (*LIGHT, 1)
    # The floor lies on a boundary of the checker's cubes: lift the lookup into the middle of one.
    lift = new("ShaderNodeVectorMath")
    lift.inputs[1].default_value = (0.0, 0.0, TILE / 2)
    link(place, lift.inputs[0])
    link(lift.outputs[0], tiles.inputs["Vector"])
    surface = new("ShaderNodeBsdfDiffuse")
    link(tiles.outputs["Color"], surface.inputs["Color"])
    sky = new("ShaderNodeEmission")
    sky.inputs["Color"].default_value = (*SKY, 1)
    blend = new("ShaderNodeMixShader")
    link(_distance_fade(tree), blend.inputs[0])
    link(surface.outputs[0], blend.inputs[1])
    link(sky.outputs[0], blend.inputs[2])
    link(blend.outputs[0], new("ShaderNodeOutputMaterial").inputs["Surface"])
    return material


def _distance_fade(tree: bpy.types.NodeTree) -> bpy.types.NodeSocket:
    """0 near the camera's subject, 1 far behind it."""
    camera = bpy.context.scene.camera
    focus = math.dist(camera.location, (0, 0, 1))
    far = tree.nodes.new("ShaderNodeMapRange")
    far.interpolation_type = "SMOOTHSTEP"
    far.inputs["From Min"].default_value = focus + FADE[0]
    far.inputs["From Max"].default_value = focus + FADE[1]
    tree.links.new(tree.nodes.new("ShaderNodeCameraData").outputs["View Distance"], far.inputs["Value"])
    return far.outputs["Result"]


def _set_colours(scene: bpy.types.Scene) -> None:
    """Plain sRGB out: the palette's colours come out as they were chosen."""
    scene.view_settings.view_transform = "Standard"
    scene.view_settings.look = "None"
    scene.view_settings.exposure = 0.0
