import numpy as np
import pytest
import torch
from impromptu.backend.body import load_body
from impromptu.backend.files import save_npz
from impromptu.backend.motion.fading import fading
from impromptu.backend.motion.ground import yaw_of
from impromptu.backend.motion.kinematics import axis_angle_from_matrix, matrix_from_axis_angle
from impromptu.backend.motion.library import Library
from impromptu.backend.motion.ops import resample
from impromptu.backend.motion.perform import body_offsets, perform
from impromptu.backend.motion.soles import leg_kinematics, sole_points
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


PAIRS = [
    ("walk", "wave_right"),
    ("walk", "sit_down"),
    ("run_long", "jump"),
    ("idle", "wave_right"),
    ("sit_down", "walk_long"),
    ("wave_right", "walk"),
    ("kick_front", "punch"),
]


def joined(a, b):
    """Poses (frames, 22, 3) and pelvis of both, from 10 frames before the seam on: frame 10 is the first of `b`."""
    return (np.concatenate([getattr(a.clip, k)[-10:], getattr(b.clip, k)]).astype(float) for k in ("poses", "trans"))


def jerks(poses):
    """(frames - 2, joints) degrees by which a joint's turn changes from one frame to the next."""
    matrices = matrix_from_axis_angle(poses)
    turns = axis_angle_from_matrix(np.swapaxes(matrices[:-1], -1, -2) @ matrices[1:])
    return np.degrees(np.linalg.norm(np.diff(turns, axis=0), axis=-1))


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_pose_and_speed_go_on(stage, first, second):
    body, betas, play = stage
    a, b = play(first), play(second)
    _, hard = go_on(motion(a), b, body, betas, 0.0)
    done, report = go_on(motion(a), b, body, betas, 0.4)
    assert len(done.poses) == len(b.poses) - report.entry
    limit = 16 if first == "run_long" else 8
    assert report.pose_jump_deg < max(min(0.5 * hard.pose_jump_deg, limit), 1)
    assert report.speed_jump < 0.35
    assert report.slide < 1.5
    # No joint is jerked, in the blend or at its end, by much more than the motions themselves jerk theirs.
    own = np.concatenate([jerks(a.clip.poses)[-10:].max(0)[None], jerks(b.clip.poses)]).max(0)
    span = slice(8, 10 + report.frames + 15)
    poses, trans = joined(a, done)
    assert (jerks(poses)[span] - own).max() < 14
    # No foot goes through the floor.
    offsets = body_offsets(body.rest_joints(betas)[0].numpy().astype(float), body.joint_names)
    heights = sole_points(*leg_kinematics(poses, trans, offsets), offsets)[..., 1]
    assert heights[10:].min() > min(heights[:10].min(), -0.008)


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_afterwards_the_second_motion_is_itself(stage, first, second):
    body, betas, play = stage
    b = play(second)
    done, report = go_on(motion(play(first)), b, body, betas, 0.4)
    late = slice(report.frames + 16, None)
    own, there = b.poses[report.entry :][late], b.transl[report.entry :][late]
    assert len(own)
    assert np.abs(done.poses[late, 1:] - own[:, 1:]).max() < 2e-3
    assert done.transl[late, 1] == pytest.approx(there[:, 1], abs=1e-3)
    way, same = (np.linalg.norm(np.diff(x[:, [0, 2]], axis=0), axis=1) for x in (done.transl[late], there))
    assert way == pytest.approx(same, abs=1e-4)


def test_a_foot_that_bears_weight_stays(stage):
    """Stopping from a walk takes one step: of the foot behind, while the other stands."""
    body, betas, play = stage
    a = play("walk")
    done, report = go_on(motion(a), play("wave_right"), body, betas, 0.4)
    offsets = body_offsets(body.rest_joints(betas)[0].numpy().astype(float), body.joint_names)
    points = sole_points(*leg_kinematics(*joined(a, done), offsets), offsets)
    gone = np.linalg.norm(points[10 + report.frames, :, [0, 2]] - points[9][:, [0, 2]].T, axis=0)
    assert gone[1] > 0.3
    assert gone[3] < 0.15
    assert points[10 : 10 + report.frames, 1, 1].max() > 0.02
    assert done.contacts[: report.frames].any(1).all()


def test_a_walk_goes_over_into_a_run_in_step(stage):
    body, betas, play = stage
    done, report = go_on(motion(play("walk_long")), play("run_long"), body, betas, 0.4)
    assert 0 < report.entry <= 0.8 * 30
    speed = np.diff(done.transl @ (0, 0, 1)) * 30
    assert speed[:3].mean() == pytest.approx(1.2, abs=0.5)
    assert speed[report.frames :].mean() > 2.5
    own = np.diff(play("run_long").transl[report.entry :] @ (0, 0, 1)) * 30
    assert np.diff(speed[: report.frames]).min() > min(np.diff(own).min(), 0) - 0.1


def test_a_short_transition_is_lengthened_where_it_must_and_only_there(stage):
    body, betas, play = stage
    idle, wave = play("idle"), play("wave_right")
    assert go_on(motion(idle), wave, body, betas, 0.2)[1].frames == 6
    assert 6 < go_on(motion(play("run_long")), wave, body, betas, 0.2)[1].frames <= 24
    assert go_on(motion(idle), wave, body, betas, 1.2)[1].frames == 36


def test_a_wanted_length_is_kept(stage):
    body, betas, play = stage
    done, report = go_on(motion(play("walk_long")), play("run_long"), body, betas, 0.4, 60)
    assert report.entry > 0
    assert len(done.poses) == len(done.transl) == len(done.contacts) == len(done.clip) == 60


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
    assert report.frames >= 12
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
    assert report.frames >= 12
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
