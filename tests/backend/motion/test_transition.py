import numpy as np
import pytest
import torch
from impromptu.backend.body import load_body
from impromptu.backend.files import save_npz
from impromptu.backend.motion.ground import yaw_of
from impromptu.backend.motion.kinematics import matrix_from_axis_angle
from impromptu.backend.motion.library import Library
from impromptu.backend.motion.ops import resample
from impromptu.backend.motion.perform import perform
from impromptu.backend.motion.stepping import fading
from impromptu.backend.motion.transition import Motion, go_on, read_motion
from impromptu.backend.protocol import InvalidInput


@pytest.fixture(scope="module")
def stage():
    body, library = load_body("neutral"), Library.open()
    betas = torch.zeros(1, body.num_betas)

    def play(name, fps=30.0):
        return perform(library.load(name), body, betas, 0, fps)

    return body, betas, play


def motion(performance):
    poses, trans = performance.poses.astype(float), performance.transl.astype(float)
    return Motion(poses, trans, performance.fps, performance.contacts)


PAIRS = [("walk", "wave_right"), ("walk", "sit_down"), ("run_long", "jump"), ("idle", "wave_right")]


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_pose_and_speed_go_on(stage, first, second):
    body, betas, play = stage
    a, b = play(first), play(second)
    cut, hard = go_on(motion(a), b, body, betas, 0.0)
    done, report = go_on(motion(a), b, body, betas, 0.6)
    assert len(done.poses) == len(b.poses)
    assert report.pose_jump_deg < max(0.5 * hard.pose_jump_deg, 2)
    assert report.speed_jump < 0.5
    assert report.slide < 8
    # Afterwards the second motion is itself, only elsewhere.
    late = slice(40, None)
    assert np.abs(done.poses[late, 1:] - b.poses[late, 1:]).max() < 1e-3
    assert (
        np.linalg.norm(done.transl[late] - cut.transl[late] - (done.transl[-1] - cut.transl[-1]), axis=1).max() < 1e-4
    )
    assert done.transl[late, 1] == pytest.approx(b.transl[late, 1], abs=1e-3)


def test_it_goes_on_where_the_first_ended_and_faces_that_way(stage):
    body, betas, play = stage
    a, b = play("walk_circle_left"), play("walk")
    done, _ = go_on(motion(a), b, body, betas, 0.4)
    assert np.linalg.norm(done.transl[0] - a.transl[-1]) < 0.1
    ended = yaw_of(matrix_from_axis_angle(a.poses[-10:, 0])).mean()
    way = done.transl[-1] - done.transl[len(done.transl) // 2]
    off = np.angle(np.exp(1j * (np.arctan2(way[0], way[2]) - ended)))
    assert abs(off) < np.radians(30)
    assert abs(ended) > np.radians(20)


def test_the_pelvis_does_not_come_back(stage):
    body, betas, play = stage
    a, b = play("walk"), play("wave_right")
    done, _ = go_on(motion(a), b, body, betas, 0.5)
    ahead = np.diff(done.transl[:15] @ (0, 0, 1))
    assert ahead.min() > -0.005
    assert ahead.sum() > 0.05


def test_other_rates_and_files(stage, tmp_path):
    body, betas, play = stage
    a = play("walk", 24.0)
    save_npz(tmp_path / "a.npz", poses=a.poses, trans=a.transl, fps=24.0, contacts=a.contacts)
    done, report = go_on(read_motion(tmp_path / "a.npz"), play("wave_right"), body, betas, 0.4)
    assert np.linalg.norm(done.transl[0] - a.transl[-1]) < 0.08
    assert report.frames == 12
    for wrong in ({"poses": np.zeros((3, 55))}, {"trans": np.zeros((2, 3))}, {"fps": float("nan")}):
        good = {"poses": np.zeros((3, 55, 3)), "trans": np.zeros((3, 3)), "fps": 30.0}
        save_npz(tmp_path / "b.npz", **good | wrong)
        with pytest.raises(InvalidInput):
            read_motion(tmp_path / "b.npz")


def test_very_short_motions(stage):
    body, betas, play = stage
    b = play("wave_right")
    one = Motion(*(x[:1] for x in (b.poses.astype(float), b.transl.astype(float))), 30.0, b.contacts[:1])
    done, report = go_on(one, b, body, betas, 0.4)
    assert np.isfinite(done.poses).all()
    assert report.frames == 12
    library_clip = resample(Library.open().load("wave_right").cut(0, 2), 30)
    short = perform(library_clip, body, betas)
    assert np.isfinite(go_on(motion(b), short, body, betas, 0.4)[0].poses).all()


def test_offsets_fade_with_their_speed():
    value, slope = fading(50)
    assert value[0] == 1
    assert slope[0] == 0
    assert np.diff(value).max() <= 0
    assert slope[1] == pytest.approx(1, abs=0.02)
    assert abs(value[-1]) < 1e-3
