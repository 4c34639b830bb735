"""Errors of motions against what is known of them."""

import numpy as np
import pytest
import torch
from impromptu.backend.motion.contacts import mean_slide
from impromptu.backend.motion.library import Library
from impromptu.backend.motionclip.evaluation import geometry as g
from impromptu.backend.motionclip.evaluation.reconstruction import ERRORS
from impromptu.backend.motionclip.features import AHEAD, FPS, HEIGHT, ROTATIONS, YAW_SPEED, clip_of, features_of

EVERY = torch.ones(1, 60, dtype=torch.bool)


@pytest.fixture(scope="module")
def walk():
    return torch.from_numpy(features_of(Library.open().load("walk_long"))[None, 20:80])


@pytest.mark.parametrize("name", ERRORS)
def test_the_same_motion_has_no_error(walk, name):
    assert ERRORS[name](g.posed(walk), g.posed(walk), EVERY).item() == 0


def test_higher_by_a_decimetre(walk):
    """A shift upwards is an error of place and of nothing else."""
    other = walk.clone()
    other[..., HEIGHT] += 0.1
    a, b = g.posed(other), g.posed(walk)
    assert g.place_error(a, b, EVERY).item() == pytest.approx(100, abs=0.1)
    for error in (g.pose_error, g.rotation_error, g.velocity_error, g.path_error):
        assert error(a, b, EVERY).item() == pytest.approx(0, abs=0.01)


def test_faster_ahead(walk):
    """0.3 m/s more sideways and ahead: 10 mm a frame each, and after 59 steps 59 times as far."""
    other = walk.clone()
    other[..., AHEAD] += 0.3
    a, b = g.posed(other), g.posed(walk)
    assert g.velocity_error(a, b, EVERY).item() == pytest.approx(200**0.5, rel=1e-3)
    # The heading sways, so the end is a little nearer than on a straight line.
    assert g.path_error(a, b, EVERY).item() == pytest.approx(59 * 200**0.5 / 10, rel=0.05)
    assert g.pose_error(a, b, EVERY).item() == pytest.approx(0, abs=0.01)


def test_turning_is_no_error_of_the_pose(walk):
    """Another heading shows in space, and not where the headings are laid on one another."""
    other = walk.clone()
    other[..., YAW_SPEED] += 1.0
    a, b = g.posed(other), g.posed(walk)
    assert g.pose_error(a, b, EVERY).item() == pytest.approx(0, abs=0.02)
    assert g.rotation_error(a, b, EVERY).item() == pytest.approx(0, abs=0.02)
    assert g.place_error(a, b, EVERY).item() > 100


def test_one_joint_by_an_angle(walk):
    """22 degrees of one joint are one degree on the mean of 22."""
    angle = np.radians(22)
    turn = torch.tensor([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]).float()
    other = walk.clone()
    elbow = slice(6 * 18, 6 * 19)
    columns = other[..., elbow].unflatten(-1, (2, 3))
    other[..., elbow] = (columns @ turn.T).flatten(-2)
    assert g.rotation_error(g.posed(other), g.posed(walk), EVERY).item() == pytest.approx(1, rel=1e-3)


def test_frames_that_do_not_count(walk):
    """What lies after a window's end is not measured."""
    other = walk.clone()
    other[:, 30:] += 1
    mask = torch.arange(60)[None] < 30
    for name, error in ERRORS.items():
        assert error(g.posed(other), g.posed(walk), mask).item() == 0, name
        assert error(g.posed(other), g.posed(walk), EVERY).item() > 0, name


def test_pose_is_seen_from_the_heading(walk):
    """Both ways to the joints in the heading's frame agree."""
    joints = g.heading_joints(walk)
    torch.testing.assert_close(g.posed(walk).pose, joints - joints[..., :1, :], atol=1e-5, rtol=0)


def test_slide_is_that_of_the_clean_up(walk):
    """The same figure as the one that clips are cleaned by."""
    contacts = torch.zeros(1, 60, 4, dtype=torch.bool)
    contacts[:, 10:30, 1] = contacts[:, 40:50, 2] = True
    expected = mean_slide(clip_of(walk[0], "walk"), contacts[0].numpy())
    assert g.slide(g.posed(walk), contacts, EVERY) == pytest.approx(expected, rel=1e-3)


def test_a_foot_that_slides():
    """Somebody who stands still and is drawn along by 0.3 m/s slides 10 mm a frame."""
    still = torch.zeros(1, 60, 136)
    still[..., :ROTATIONS] = torch.tensor([1.0, 0, 0, 0, 1, 0]).repeat(22)
    still[..., HEIGHT] = 0.9
    contacts = torch.ones(1, 60, 4, dtype=torch.bool)
    assert g.slide(g.posed(still), contacts, EVERY) == 0
    still[..., AHEAD] = torch.tensor([0.0, 0.3])
    assert g.slide(g.posed(still), contacts, EVERY) == pytest.approx(10, rel=1e-3)
    assert g.speed(g.posed(still), EVERY).item() == pytest.approx(0.3, rel=1e-3)
    assert np.isnan(g.slide(g.posed(still), ~contacts, EVERY))


def test_jerk_of_a_known_path():
    """Height t^3 has a third derivative of 6."""
    motion = torch.zeros(1, 60, 136, dtype=torch.float64)
    motion[..., :ROTATIONS] = torch.tensor([1.0, 0, 0, 0, 1, 0]).repeat(22)
    motion[..., HEIGHT] = (torch.arange(60, dtype=torch.float64) / FPS) ** 3
    assert g.jerk(g.posed(motion), EVERY).item() == pytest.approx(6, rel=1e-4)
