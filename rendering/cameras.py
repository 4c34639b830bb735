"""A camera that follows an actor and keeps one scale."""

from __future__ import annotations

import math
from dataclasses import dataclass

import bpy
import numpy as np

from ..addon.scene.actions import FIRST_FRAME, Curves

SENSOR = 36.0
"""Width of the camera's sensor, mm."""
PAD = 0.05
"""Metres from a bone to the skin around it."""


@dataclass(frozen=True)
class View:
    """Where the camera stands, seen from the actor's first heading."""

    azimuth: float = 35.0
    """Degrees to the actor's left of straight ahead; 0 sees the face, 90 the left side."""
    elevation: float = 11.0
    """Degrees above the horizon."""
    lens: float = 65.0
    """Focal length, mm: long enough to keep hands near the camera from swelling."""
    margin: float = 1.12
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


def camera_axes(yaw: float, pitch: float) -> np.ndarray:
    """(3, 3) rows: right, up and ahead of a camera that looks back from this direction, radians."""
    ahead = -np.array([math.cos(pitch) * math.cos(yaw), math.cos(pitch) * math.sin(yaw), math.sin(pitch)])
    right = np.array([-math.sin(yaw), math.cos(yaw), 0.0])
    return np.array([right, np.cross(right, ahead), ahead])


def fit_motion(points: np.ndarray, axes: np.ndarray, half_width: float, half_height: float) -> np.ndarray:
    """Where the camera stands, relative to its focus, so that all points are within its picture.

    Args:
        points: (n, 3) relative to the focus.
        axes: of `camera_axes`.
        half_width, half_height: of the picture at a distance of 1.
    """
    right, up, ahead = (points @ axes.T).T
    middle = (up.max() + up.min()) / 2
    wide = (np.abs(right) + PAD) / half_width - ahead
    tall = (np.abs(up - middle) + PAD) / half_height - ahead
    return middle * axes[1] - max(wide.max(), tall.max()) * axes[2]


def create_camera(
    points: np.ndarray, heading: float, fps: float, aspect: float, view: View | None = None
) -> bpy.types.Object:
    """A camera on an empty that follows the actor over the floor.

    Args:
        points: (frames, points, 3) of the actor in Blender's frame; the first is the root joint.
        heading: direction that the actor faces at first, degrees from +x towards +y.
        fps: frames a second of `points`.
        aspect: width over height of the picture.
    """
    view = view or View()
    focus, path = _create_focus(points, fps)
    data = bpy.data.cameras.new("Camera")
    data.lens, data.sensor_width, data.sensor_fit = view.lens, SENSOR, "HORIZONTAL"
    yaw, pitch = math.radians(heading + view.azimuth), math.radians(view.elevation)
    half_width = SENSOR / 2 / view.lens / view.margin
    seen = (points - path[:, None]).reshape(-1, 3)
    camera = bpy.data.objects.new("Camera", data)
    camera.parent = focus
    camera.location = fit_motion(seen, camera_axes(yaw, pitch), half_width, half_width / aspect)
    camera.rotation_euler = (math.pi / 2 - pitch, 0.0, yaw + math.pi / 2)
    data.clip_end = camera.location.length + 200
    bpy.context.scene.collection.objects.link(camera)
    bpy.context.scene.camera = camera
    return camera


def _create_focus(points: np.ndarray, fps: float) -> tuple[bpy.types.Object, np.ndarray]:
    """The empty that the camera hangs on, and its (frames, 3) path on the floor."""
    flat = smooth_path(points[:, 0, :2], round(fps * 0.8))
    path = np.c_[flat, np.zeros(len(flat))]
    focus = bpy.data.objects.new("Camera focus", None)
    focus.empty_display_size = 0.2
    bpy.context.scene.collection.objects.link(focus)
    action = bpy.data.actions.new("Camera focus")
    Curves(focus, action).write("location", "Location", FIRST_FRAME + np.arange(len(path), dtype=np.float64), path)
    return focus, path
