"""Contacts and their clean-up."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from impromptu.backend.motion import ops
from impromptu.backend.motion.clip import Clip
from impromptu.backend.motion.contacts import detect_contacts, mean_slide
from impromptu.backend.motion.dirty import clean_frames
from impromptu.backend.motion.footlock import lock_feet
from impromptu.backend.motion.kinematics import forward_kinematics
from impromptu.backend.motion.leg import reach
from impromptu.backend.motion.skeleton import INDEX, LEG_LENGTH, OFFSETS
from impromptu.backend.motion.soles import leg_kinematics, sole_points

MOTION = Path(__file__).parents[3] / "../shared/data/motion"
needs_recordings = pytest.mark.skipif(
    not MOTION.exists(), reason="the recordings for tests are not beside the repository"
)
LEGS = [INDEX[f"{s}_{j}"] for s in ("left", "right") for j in ("hip", "knee", "ankle", "foot")]


def standing(frames=90, height=0.9055):
    """Knees bent, soles flat."""
    poses = np.zeros((frames, 22, 3), np.float32)
    poses[:, [1, 2], 0], poses[:, [4, 5], 0], poses[:, [7, 8], 0] = -0.3, 0.6, -0.3
    return ops.ground(Clip("stand", poses, np.tile([0, height, 0], (frames, 1)), 30.0))


def knee_speed(clip):
    """Largest change of either knee between frames, degrees."""
    bend = np.degrees(np.linalg.norm(clip.poses[:, [4, 5]], axis=-1))
    return np.abs(np.diff(bend, axis=0)).max()


def soles(clip, offsets=OFFSETS):
    return sole_points(*leg_kinematics(clip.poses, clip.trans, offsets), offsets)


def test_leg_kinematics_agrees_with_the_whole_skeleton():
    rng = np.random.default_rng(1)
    poses, trans = rng.normal(0, 0.5, (5, 22, 3)), rng.normal(0, 1, (5, 3))
    rotations, positions = forward_kinematics(poses, trans)
    part_rotations, part = leg_kinematics(poses, trans)
    np.testing.assert_allclose(part[:, LEGS], positions[:, LEGS], atol=1e-12)
    np.testing.assert_allclose(part_rotations[:, LEGS], rotations[:, LEGS], atol=1e-12)


def test_standing_feet_are_in_contact_and_jumping_ones_are_not():
    clip = standing()
    assert detect_contacts(clip).all()
    t = np.arange(90) / 30
    height = np.where((t > 1) & (t < 1.7), 4.9 * (t - 1) * (1.7 - t), 0)
    contacts = detect_contacts(clip.with_(trans=clip.trans + np.outer(height, [0, 1, 0])))
    assert contacts[:28].all()
    assert contacts[54:].all()
    assert not contacts[34:48].any()


def test_a_lifted_heel_is_not_in_contact():
    clip = standing(40)
    poses = clip.poses.copy()
    poses[20:, 7, 0] += 0.6
    tiptoe = clip.with_(poses=poses)
    tiptoe = tiptoe.with_(trans=tiptoe.trans - soles(tiptoe)[..., 1].min(1)[:, None] * np.array([0, 1, 0]))
    contacts = detect_contacts(tiptoe)
    assert contacts[:18].all()
    assert contacts[23:].any(0).tolist() == [False, True, False, False]


def test_reaching_brings_the_ankle_there_in_the_legs_own_plane():
    rng = np.random.default_rng(2)
    hip = rng.normal(0, 0.1, (50, 3))
    knee = hip + np.array([0.02, -0.35, 0.2])
    ankle = knee + np.array([0.0, -0.33, -0.25])
    front = np.tile([0, 0, 1.0], (50, 1))
    target = ankle + rng.normal(0, 0.04, (50, 3))
    thigh, shin = reach(hip, knee, ankle, front, target)
    new_knee = hip + np.einsum("fij,fj->fi", thigh, knee - hip)
    new_ankle = new_knee + np.einsum("fij,fj->fi", shin, ankle - knee)
    np.testing.assert_allclose(new_ankle, target, atol=1e-3)
    assert ((new_knee - (hip + new_ankle) / 2)[:, 2] > 0).all()
    same = reach(hip, knee, ankle, front, ankle)
    np.testing.assert_allclose(same, np.broadcast_to(np.eye(3), (2, 50, 3, 3)), atol=1e-6)


def test_feet_at_rest_are_left_alone():
    clip = standing()
    locked, report = lock_feet(clip)
    assert (report.before, report.after) == (pytest.approx(0, abs=1e-3), pytest.approx(0, abs=1e-3))
    np.testing.assert_allclose(locked.poses, clip.poses, atol=2e-3)
    np.testing.assert_allclose(locked.trans, clip.trans, atol=1e-3)


def test_sliding_feet_are_pinned_and_the_rest_stays():
    clip = standing()
    sway = 0.04 * np.sin(np.arange(90) / 8)
    slid = clip.with_(trans=clip.trans + np.outer(sway, [1, 0, 1]))
    contacts = np.ones((90, 4), bool)
    locked, report = lock_feet(slid, contacts=contacts)
    assert report.before > 3
    assert report.after < 0.1
    assert report.after == pytest.approx(mean_slide(locked, contacts), abs=1e-6)
    above = [j for j in range(22) if j not in LEGS]
    np.testing.assert_array_equal(locked.poses[:, above], slid.poses[:, above])
    np.testing.assert_array_equal(locked.trans[:, [0, 2]], slid.trans[:, [0, 2]])
    before, after = (leg_kinematics(c.poses, c.trans)[0] for c in (slid, locked))
    np.testing.assert_allclose(after[:, [7, 8]], before[:, [7, 8]], atol=1e-5)


def test_the_pelvis_comes_down_where_legs_are_too_short():
    poses = np.zeros((90, 22, 3), np.float32)
    clip = ops.ground(Clip("stiff", poses, np.tile([0, 0.93, 0], (90, 1)), 30.0))
    sway = 0.15 * np.sin(np.arange(90) / 15)
    locked, report = lock_feet(clip.with_(trans=clip.trans + np.outer(sway, [1, 0, 0])), contacts=np.ones((90, 4)))
    assert 0.005 < report.max_drop <= 0.08
    assert report.after < 0.3
    assert knee_speed(locked) < 6
    assert np.abs(np.diff(locked.trans[:, 1], 2)).max() < 0.004


def test_in_place_walks_may_slide():
    clip = standing()
    treadmill = clip.with_(trans=clip.trans + np.outer(np.arange(90) * 0.005, [0, 0, 1]), flags=("in_place",))
    locked, report = lock_feet(treadmill)
    np.testing.assert_allclose(locked.poses, treadmill.poses, atol=1e-5)
    assert report.max_change < 1e-6


def test_nothing_without_contact_changes_but_what_is_under_the_floor():
    clip = standing().with_(trans=standing().trans + np.array([0, 0.5, 0]))
    locked, report = lock_feet(clip, contacts=np.zeros((90, 4), bool))
    np.testing.assert_allclose(locked.poses, clip.poses, atol=1e-5)
    assert (report.before, report.after) == (0, 0)
    low = clip.with_(trans=clip.trans - np.array([0, 0.55, 0]))
    assert soles(lock_feet(low, contacts=np.zeros((90, 4), bool))[0])[..., 1].min() > -1e-3


@needs_recordings
@pytest.mark.parametrize("size", [1.0, 0.85])
def test_recorded_walks_stop_sliding_without_popping_knees(size):
    """The same on a smaller body with other proportions."""
    arrays = np.load(MOTION / "cmu_daz.npz")
    offsets = OFFSETS * size
    offsets[[INDEX["left_ankle"], INDEX["right_ankle"]]] *= 1.0 if size == 1 else 1.05
    before, after = [], []
    for record in json.loads((MOTION / "cmu_daz.json").read_text()):
        if "walk" not in record["label"] or "uneven" in record["label"]:
            continue
        part = slice(record["start"], record["start"] + record["frames"])
        trans = arrays["trans"][part].astype(float) * (LEG_LENGTH / 0.8)
        clip = clean_frames(ops.ground(Clip(record["id"], arrays["poses"][part], trans, 30.0)))
        contacts = detect_contacts(clip)
        clip = clip.with_(trans=clip.trans * size)
        locked, report = lock_feet(clip, offsets, contacts)
        before.append(report.before)
        after.append(report.after)
        assert knee_speed(locked) < knee_speed(clip) + 8
        assert soles(locked, offsets)[..., 1].min() > -0.002
        assert report.max_change < 0.15
    assert len(after) >= 20
    assert np.mean(before) > 4
    assert np.mean(after) < 1.0
    assert max(after) < 2.0
