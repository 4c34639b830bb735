"""The camera sees all of the motion, at one scale, and follows without the sway of steps."""

import bpy
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view
from impromptu.rendering.cameras import View, create_camera, smooth_path
from impromptu.rendering.scene import first_heading
from mathutils import Vector


def walk(frames=60):
    """(frames, points, 3): a man-high stick with arms out, walking along -y and swaying."""
    t = np.linspace(0, 2, frames)[:, None]
    root = np.c_[0.05 * np.sin(9 * t), -1.3 * t, np.full_like(t, 0.95)]
    stick = np.array([[0, 0, 0], [0, 0, 0.8], [0, 0, -0.95], [0.8, 0, 0.5], [-0.8, 0, 0.5]])
    return root[:, None] + stick


@pytest.mark.parametrize("aspect", [1.0, 4 / 3, 0.6])
@pytest.mark.parametrize("azimuth", [0.0, 35.0, 200.0])
def test_every_joint_stays_in_the_picture(scene, aspect, azimuth):
    track = walk()
    camera = create_camera(track, -90.0, 30.0, aspect, View(azimuth=azimuth))
    scene.render.resolution_x, scene.render.resolution_y = int(600 * aspect), 600
    seen = []
    for frame in range(0, len(track), 7):
        scene.frame_set(1 + frame)
        bpy.context.view_layer.update()
        seen += [world_to_camera_view(scene, camera, Vector(p)) for p in track[frame]]
    seen = np.array(seen)
    assert seen[:, :2].min() > 0.0
    assert seen[:, :2].max() < 1.0
    assert seen[:, 2].min() > 0.0
    # and it is not lost in the picture either
    assert max(np.ptp(seen[:, 0]), np.ptp(seen[:, 1])) > 0.5


def test_camera_faces_the_actor(scene):
    track = walk()
    camera = create_camera(track, -90.0, 30.0, 1.0, View(azimuth=0.0))
    scene.frame_set(1)
    assert camera.matrix_world.translation.y < track[0, 0, 1] - 2


def test_smooth_path_keeps_a_straight_path_and_removes_sway():
    t = np.arange(90) / 30
    straight = np.c_[t, 2 * t]
    assert np.allclose(smooth_path(straight, 24)[30:60], straight[30:60])
    sway = np.c_[0.05 * np.sin(2 * np.pi * t / 0.8), t]
    assert np.abs(smooth_path(sway, 24)[30:60, 0]).max() < 0.005
    assert smooth_path(straight[:1], 24).shape == (1, 2)


@pytest.mark.parametrize("degrees", [-90.0, 0.0, 45.0, 170.0])
def test_heading_is_across_the_hips(degrees):
    a = np.radians(degrees)
    left = np.array([-np.sin(a), np.cos(a), 0]) * 0.1
    track = np.stack([np.zeros(3), left, -left])[None].repeat(9, 0)
    assert first_heading(track, ("pelvis", "left_hip", "right_hip")) == pytest.approx(degrees)
