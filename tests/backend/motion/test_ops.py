"""Operations on clips: what must come out the same, and what must change in which way."""

from __future__ import annotations

import numpy as np
import pytest
from impromptu.backend.motion import ops
from impromptu.backend.motion.clip import Clip, Label
from impromptu.backend.motion.ground import initial_yaw, moved
from impromptu.backend.motion.kinematics import forward_kinematics
from impromptu.backend.motion.skeleton import MIRROR
from impromptu.backend.motion.soles import leg_kinematics, sole_points
from impromptu.backend.protocol import InvalidInput

BENT = np.zeros((22, 3), np.float32)
BENT[[1, 2], 0], BENT[[4, 5], 0], BENT[[7, 8], 0] = -0.3, 0.6, -0.3
STANDING = 0.905


def walk(frames=62, fps=30.0, speed=1.2, backwards=False):
    """Legs and arms swinging with a period of a second, the body moving on."""
    t = np.arange(frames) / fps
    phase = 2 * np.pi * t
    poses = np.tile(BENT, (frames, 1, 1))
    poses[:, 1, 0] += 0.4 * np.sin(phase)
    poses[:, 2, 0] -= 0.4 * np.sin(phase)
    poses[:, 4, 0] += 0.3 * (1 - np.cos(phase))
    poses[:, 16, 2], poses[:, 17, 2] = -1.2, 1.2
    poses[:, 16, 1] = 0.4 * np.sin(phase)
    poses[:, 0, 1] = 0.08 * np.sin(phase)
    trans = np.stack([0.02 * np.sin(phase), STANDING + 0.02 * np.cos(2 * phase), speed * t], 1)
    if backwards:
        trans[:, 2] *= -1
    contacts = np.stack([np.sin(phase) > 0] * 2 + [np.sin(phase) < 0] * 2, 1)
    labels = (Label("walk with the left arm up", 0, frames), Label("step", 10, 20))
    return Clip("walk", poses, trans, fps, labels=labels, contacts=contacts)


def positions(clip):
    return forward_kinematics(clip.poses, clip.trans)[1]


def soles(clip):
    return sole_points(*leg_kinematics(clip.poses, clip.trans))


def test_resample_is_exact_for_integer_ratios():
    clip = walk(61, 120.0)
    low = ops.resample(clip, 30)
    assert len(low) == 16
    np.testing.assert_array_equal(low.poses, clip.poses[::4])
    np.testing.assert_array_equal(low.trans, clip.trans[::4])
    np.testing.assert_array_equal(low.contacts, clip.contacts[::4])
    high = ops.resample(low, 120)
    np.testing.assert_array_equal(high.poses[::4], low.poses)
    assert high.fps == 120
    assert len(high) == 61
    assert [(l.start, l.end) for l in low.labels] == [(0, 15), (2, 5)]


def test_resample_at_any_rate_keeps_the_motion():
    clip = walk(121, 60.0)
    other = ops.resample(ops.resample(clip, 47.95), 60)
    n = len(other)
    assert n >= 119
    assert np.abs(positions(other) - positions(clip)[:n]).max() < 0.004


def test_rotations_take_the_short_way():
    poses = np.zeros((2, 22, 3), np.float32)
    poses[:, 0, 1] = 3.0, -3.0
    middle = ops.resample(Clip("turn", poses, np.zeros((2, 3)), 30.0), 60).poses[1, 0]
    assert np.linalg.norm(middle) == pytest.approx(np.pi, abs=1e-5)


@pytest.mark.parametrize("fps", [0, -30, float("nan"), 1e9])
def test_rates_that_are_none(fps):
    with pytest.raises(InvalidInput, match="frame rate"):
        ops.resample(walk(), fps)


def test_mirror_is_the_mirror_image():
    clip = walk()
    image = ops.mirror(clip)
    expected = positions(clip)[:, list(MIRROR)] * (-1, 1, 1)
    np.testing.assert_allclose(positions(image), expected, atol=1e-5)
    assert image.labels[0].text == "walk with the right arm up"
    np.testing.assert_array_equal(image.contacts[:, 0], clip.contacts[:, 2])
    assert image.kind == "derived"
    again = ops.mirror(image)
    np.testing.assert_array_equal(again.poses, clip.poses)
    assert again.labels == clip.labels


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("Left hook, then RIGHT", "Right hook, then LEFT"),
        ("turn leftwards, right-hand first", "turn rightwards, left-hand first"),
        ("stand upright on bright ground", "stand upright on bright ground"),
        ("turn clockwise", "turn counterclockwise"),
        ("turn counter-clockwise", "turn clockwise"),
    ],
)
def test_words_of_sides(text, other):
    assert ops.mirror_words(text) == other


def test_reverse_and_retime():
    clip = walk(61)
    back = ops.reverse(clip)
    np.testing.assert_array_equal(back.trans[0], clip.trans[-1])
    assert {(l.text, l.start, l.end) for l in back.labels} == {(clip.labels[0].text, 0, 61), ("step", 41, 51)}
    fast = ops.retime(clip, 2)
    assert (len(fast), fast.fps, fast.kind) == (31, 30, "derived")
    np.testing.assert_array_equal(fast.poses, clip.poses[::2])
    assert fast.labels[1].start == 5
    assert len(ops.retime(clip, 0.5)) == 121


def test_in_place_keeps_sway_and_drops_travel():
    still = ops.in_place(walk(150))
    assert np.ptp(still.trans[:, 2]) < 0.02
    assert np.ptp(still.trans[:, 0]) == pytest.approx(0.04, abs=0.015)
    assert "in_place" in still.flags
    assert still.contacts is None


def test_a_walk_of_two_seconds_becomes_ten_without_a_pop():
    clip = walk(62)
    long = ops.loop(clip, 300)
    assert len(long) == 300
    assert long.trans[-1, 2] == pytest.approx(1.2 * 299 / 30, rel=0.03)
    assert np.abs(long.trans[:, 0]).max() < 0.1

    def jerk(c):
        return np.abs(np.diff(positions(c), 2, axis=0)).max()

    assert jerk(long) < 1.3 * jerk(clip)
    assert long.labels[0] == Label(clip.labels[0].text, 0, 300)
    assert sum(l.text == "step" for l in long.labels) >= 5
    assert len(long.contacts) == 300


def test_a_turning_walk_goes_on_turning():
    clip = walk(61)
    angle = np.linspace(0, np.pi / 2, 61)
    poses = clip.poses.copy()
    poses[:, 0, 1] = angle
    path = np.stack([1 - np.cos(angle), np.full(61, STANDING), np.sin(angle)], 1)
    circle = ops.loop(clip.with_(poses=poses, trans=path), 241)
    away = np.linalg.norm(circle.trans[:, [0, 2]] - (1, 0), axis=1)
    np.testing.assert_allclose(away, 1.0, atol=0.05)


def test_fit_length_cuts_repeats_or_holds():
    clip = walk(62)
    assert len(ops.fit_length(clip, 1.0)) == 30
    assert len(ops.fit_length(clip, 7.3)) == 219
    held = ops.fit_length(sit_down(45), 5.0)
    assert len(held) == 150
    np.testing.assert_array_equal(held.poses[-1], sit_down(45).poses[-1])
    assert any(f.startswith("held@") for f in held.flags)
    # With a second of sitting at its end, that is what goes on.
    seated = ops.fit_length(sit_down(75), 5.0)
    np.testing.assert_allclose(seated.poses[50:], np.tile(sit_down(75).poses[-1], (100, 1, 1)), atol=1e-5)


def sit_down(frames):
    bend = np.clip(np.arange(frames) / 38, 0, 1)
    poses = np.zeros((frames, 22, 3), np.float32)
    poses[:, [1, 2], 0], poses[:, [4, 5], 0] = -1.5 * bend[:, None], 1.5 * bend[:, None]
    return Clip("sit", poses, np.stack([bend * 0, STANDING - 0.4 * bend, -0.3 * bend], 1), 30.0)


def test_overlay_keeps_legs_and_takes_arms():
    lower = walk(90)
    poses = np.zeros((45, 22, 3), np.float32)
    poses[:, 17, 2] = np.linspace(0, 1, 45)
    upper = Clip("wave", poses, np.tile([0, STANDING, 0], (45, 1)), 15.0, labels=(Label("wave", 0, 45),))
    both = ops.overlay(lower, upper)
    assert len(both) == 90
    np.testing.assert_array_equal(both.poses[:, :3], lower.poses[:, :3])
    assert both.poses[40, 17, 2] == pytest.approx(upper.poses[20, 17, 2], abs=1e-3)
    assert {l.text for l in both.labels} >= {"wave", "step"}
    # The chest stays upright and ahead although the hips sway.
    rotations, _ = forward_kinematics(both.poses, both.trans)
    assert np.abs(rotations[:, 9] - np.eye(3)).max() < 0.05


def test_face_forward_turns_the_body_not_the_travel():
    clip = moved(walk(60, backwards=True), 2.0, (3, 0, -1))
    front = ops.face_forward(clip)
    assert abs(initial_yaw(front)) < 0.02
    np.testing.assert_allclose(front.trans[0, [0, 2]], 0, atol=1e-6)
    assert front.trans[-1, 2] < -2
    assert abs(front.trans[-1, 0]) < 0.2


def test_ground_puts_standing_feet_down_and_leaves_jumps_up():
    frames = 90
    t = np.arange(frames) / 30
    height = np.where((t > 1) & (t < 1.6), 4.9 * (t - 1) * (1.6 - t), 0)
    poses = np.tile(BENT, (frames, 1, 1))
    clip = Clip("jump", poses, np.stack([t * 0, 0.37 + height, t * 0], 1), 30.0)
    low = soles(ops.ground(clip))[..., 1].min(1)
    assert np.abs(low[:28]).max() < 0.003
    assert np.abs(low[50:]).max() < 0.003
    np.testing.assert_allclose(low[30:48], height[30:48], atol=0.02)


def test_ground_evens_out_a_drifting_floor():
    drift = 0.03 * np.sin(np.arange(150) / 30)
    clip = Clip("stand", np.tile(BENT, (150, 1, 1)), np.outer(drift - 0.4, [0, 1, 0]), 30.0)
    low = soles(ops.ground(clip))[..., 1].min(1)
    assert np.abs(low).max() < 0.008


def test_no_foot_under_the_floor():
    clip = walk(90)
    dipped = clip.with_(trans=clip.trans - 0.06 * np.outer(np.sin(np.arange(90) / 20), [0, 1, 0]))
    assert soles(dipped)[..., 1].min() < -0.02
    assert soles(ops.ground(dipped))[..., 1].min() > -1e-4


def test_smooth_takes_away_jitter_and_keeps_motion():
    clip = walk(120)
    noise = np.random.default_rng(0).normal(0, 0.05, clip.poses.shape)
    shaken = clip.with_(poses=clip.poses + noise)
    calm = ops.smooth(shaken)
    assert np.abs(calm.poses - clip.poses).std() < 0.55 * noise.std()
    with pytest.raises(InvalidInput):
        ops.smooth(clip, 0)


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_clips_of_few_frames(frames):
    clip = walk(frames)
    for make in (ops.mirror, ops.reverse, ops.in_place, ops.ground, ops.face_forward, ops.smooth):
        assert len(make(clip)) == frames
    assert len(ops.resample(clip, 60)) == 2 * frames - 1
    assert len(ops.fit_length(clip, 2.0)) == 60
    assert len(ops.overlay(clip, walk(20))) == frames
