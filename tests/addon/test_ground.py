"""Snap to ground: the lowest vertex on z = 0 of the world, wherever the actor stands."""

import bpy
import numpy as np
import pytest
from impromptu.addon.scene.actions import CONTACTS
from impromptu.addon.scene.ground import snap_to_ground
from impromptu.addon.scene.read_motion import read_motion


@pytest.fixture
def heights(scene, evaluated, actor):
    def read():
        out = []
        for frame in range(1, 13):
            scene.frame_set(frame)
            out.append(evaluated(actor.skin)[:, 2].min())
        return np.array(out)

    return read


def place(rig):
    rig.location, rig.rotation_euler = (1.0, 2.0, 0.7), (0.3, -0.2, 1.0)
    rig.scale = (1.5, 1.5, 1.5)
    bpy.context.view_layer.update()


@pytest.mark.parametrize("moved", [False, True])
def test_whole_action_comes_to_the_floor(actor, heights, moved):
    if moved:
        place(actor.rig)
    before, poses = heights(), read_motion(actor.rig)[0].poses
    snap_to_ground(actor.rig)
    after = heights()
    assert after.min() == pytest.approx(0.0, abs=5e-4)
    assert np.ptp(after - before) < 1e-4
    assert np.abs(read_motion(actor.rig)[0].poses - poses).max() < 1e-4


def test_only_frames_with_contact_decide(actor, heights):
    actor.rig.animation_data.action[CONTACTS] = [5.0, 6.0]
    snap_to_ground(actor.rig)
    assert heights()[4:6].min() == pytest.approx(0.0, abs=5e-4)


def test_every_frame(actor, heights):
    snap_to_ground(actor.rig, "EACH")
    # Pose correctives, which the test body has in plenty, are left out of the many-frames measure.
    assert np.abs(heights()).max() < 0.03


def test_current_frame(scene, actor, heights):
    scene.frame_set(8)
    snap_to_ground(actor.rig, "FRAME")
    assert heights()[7] == pytest.approx(0.0, abs=1e-4)


def test_posed_body_without_action(actor, evaluated):
    actor.rig.animation_data_clear()
    actor.rig.location.z = 2.0
    snap_to_ground(actor.rig)
    bpy.context.view_layer.update()
    assert evaluated(actor.skin)[:, 2].min() == pytest.approx(0.0, abs=1e-4)
