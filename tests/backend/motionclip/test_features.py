"""A motion as numbers and back."""

import numpy as np
import pytest
import torch
from impromptu.backend.motion.ground import face_forward
from impromptu.backend.motion.kinematics import forward_kinematics, rotation_about
from impromptu.backend.motion.library import Library
from impromptu.backend.motion.ops import mirror
from impromptu.backend.motionclip.features import (
    WIDTH,
    clip_of,
    features_of,
    heading_of,
    joints_of,
    mirrored,
)


@pytest.fixture(scope="module")
def library():
    return Library.open()


@pytest.mark.parametrize(
    "name", ["walk_u_turn", "cartwheel", "backflip", "turn_full", "crawl_army", "get_up_from_back"]
)
def test_a_clip_comes_back(library, name):
    """Features and back: the same joints in space, but for where it starts and faces."""
    clip = library.load(name)
    back = clip_of(features_of(clip), "back")
    _, old = forward_kinematics(face_forward(clip).poses, face_forward(clip).trans)
    _, new = forward_kinematics(face_forward(back).poses, face_forward(back).trans)
    assert np.abs(old - new).max() < 2e-3


def test_features_do_not_know_place_or_direction(library):
    """Turned and moved elsewhere, a motion has the same features."""
    clip = library.load("walk_snake")
    about = rotation_about(1, 2.0)
    poses = clip.poses.astype(float)
    from impromptu.backend.motion.kinematics import axis_angle_from_matrix, matrix_from_axis_angle

    poses[:, 0] = axis_angle_from_matrix(about @ matrix_from_axis_angle(poses[:, 0]))
    other = clip.with_(poses=poses, trans=clip.trans @ about.T + [3, 0, -2])
    np.testing.assert_allclose(features_of(other), features_of(clip), atol=2e-4)


def test_the_heading_is_smooth_through_a_cartwheel(library):
    """The hips' own direction flips when their axis stands upright; the heading does not."""
    from impromptu.backend.motion.kinematics import matrix_from_axis_angle

    for name in ("cartwheel", "backflip", "forward_roll", "butterfly_twist"):
        yaw = heading_of(matrix_from_axis_angle(library.load(name).poses[:, 0]))
        assert np.abs(np.diff(yaw)).max() < 0.6, name


def test_joints_in_torch_are_those_of_the_kinematics(library):
    """`joints_of` places joints as `forward_kinematics` does."""
    clip = library.load("kick_high")
    back = clip_of(features_of(clip), "back")
    _, places = forward_kinematics(back.poses, back.trans)
    ours = joints_of(torch.from_numpy(features_of(clip)).double())
    np.testing.assert_allclose(ours.numpy(), places, atol=1e-5)


def test_mirrored_features_are_features_of_the_mirror(library):
    """Both ways to the mirrored motion agree."""
    clip = library.load("walk_turn_left")
    np.testing.assert_allclose(mirrored(features_of(clip)), features_of(mirror(clip)), atol=1e-4)
    assert features_of(clip).shape == (len(clip), WIDTH)


def test_one_frame_has_features(library):
    """A pose alone stands still."""
    clip = library.load("walk").cut(0, 1)
    assert np.abs(features_of(clip)[0, -4:-1]).max() == 0
