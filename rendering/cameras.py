"""A camera that follows an actor and keeps one scale."""

from __future__ import annotations

import math
from dataclasses import dataclass

import bpy
import numpy as np

from ..addon.scene.actions import FIRST_FRAME, Curves

SENSOR = 36.0
"""Width of the camera's sensor, mm."""


@dataclass(frozen=True)
class View:
    """Where the camera stands, seen from the actor's first heading."""

    azimuth: float = 35.0
    """Degrees to the actor's left of straight ahead; 0 sees the face, 90 the left side."""
    elevation: float = 11.0
    """Degrees above the horizon."""
    lens: float = 65.0
    """Focal length, mm: long enough to keep hands near the camera from swelling."""
    margin: float = 1.10
    """Room around the motion; 1 touches the edges."""


def smooth_path(positions: np.ndarray, width: int) -> np.ndarray:
    """A path without the sway of every step: running mean over `width` samples, twice, ends held.

    Args:
        positions: (frames, components).
    """
    # An odd width keeps the mean in the middle.
    width = max(1, min(int(width), len(positions)) - 1) | 1
    kernel = np.ones(width) / width
    out = np.asarray(positions, dtype=np.float64)
    for _ in range(2):
        padded = np.pad(out, ((width // 2, width - 1 - width // 2), (0, 0)), mode="edge")
        out = np.stack([np.convolve(padded[:, c], kernel, "valid") for c in range(out.shape[1])], 1)
    return out


def frame_motion(points: np.ndarray, focus: np.ndarray, pad: float = 0.12) -> tuple[float, float, float]:
    """The box that holds a moving actor as the following camera sees it.

    Args:
        points: (frames, points, 3) in Blender's frame.
        focus: (frames, 2) where the camera looks, on the floor.
        pad: metres from the joints to the skin.

    Returns:
        greatest distance from the axis above the focus, lowest and highest z, metres.
    """
    away = np.linalg.norm(points[..., :2] - focus[:, None], axis=-1).max() + pad
    return float(away), float(min(0.0, points[..., 2].min())), float(points[..., 2].max() + pad)


def create_camera(
    points: np.ndarray, heading: float, fps: float, aspect: float, view: View | None = None
) -> bpy.types.Object:
    """A camera on an empty that follows the actor over the floor.

    Args:
        points: (frames, joints, 3) joint positions in Blender's frame; the first joint is the root.
        heading: direction that the actor faces at first, degrees from +x towards +y.
        fps: frames a second of `points`.
        aspect: width over height of the picture.
    """
    view = view or View()
    scene = bpy.context.scene
    path = smooth_path(points[:, 0, :2], round(fps * 0.8))
    away, low, high = frame_motion(points, path)
    focus = bpy.data.objects.new("Camera focus", None)
    focus.empty_display_size = 0.2
    scene.collection.objects.link(focus)
    action = bpy.data.actions.new("Camera focus")
    frames = FIRST_FRAME + np.arange(len(path), dtype=np.float64)
    Curves(focus, action).write("location", "Location", frames, np.c_[path, np.zeros(len(path))])
    data = bpy.data.cameras.new("Camera")
    data.lens, data.sensor_width, data.sensor_fit = view.lens, SENSOR, "HORIZONTAL"
    distance = _distance(away, high - low, aspect, view)
    yaw, pitch = math.radians(heading + view.azimuth), math.radians(view.elevation)
    camera = bpy.data.objects.new("Camera", data)
    camera.parent = focus
    middle = (low + high) / 2
    camera.location = (
        distance * math.cos(pitch) * math.cos(yaw),
        distance * math.cos(pitch) * math.sin(yaw),
        middle + distance * math.sin(pitch),
    )
    camera.rotation_euler = (math.pi / 2 - pitch, 0.0, yaw + math.pi / 2)
    data.clip_end = distance + 200
    scene.collection.objects.link(camera)
    scene.camera = camera
    return camera


def _distance(away: float, tall: float, aspect: float, view: View) -> float:
    """Metres from the focus so that a cylinder of this radius and height fits the picture."""
    half_width = SENSOR / 2 / view.lens
    half_height = half_width / aspect
    pitch = math.radians(view.elevation)
    # The near rim of the cylinder is closer by its radius; tilting shows a little of its depth.
    needed = tall / 2 * math.cos(pitch) + min(away, 0.5) * math.sin(pitch)
    return view.margin * max(needed / half_height, away / half_width) + min(away, 0.5)
