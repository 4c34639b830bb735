"""Frames that no body moved through."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from impromptu.backend.motion.clip import Clip
from impromptu.backend.motion.dirty import clean_frames, find_faults

MOTION = Path(__file__).parents[3] / "../shared/data/motion"


def swing(frames=90, fps=30.0):
    t = np.arange(frames) / fps
    poses = np.zeros((frames, 22, 3), np.float32)
    poses[:, 16, 2] = np.sin(2 * np.pi * t)
    poses[:, 1, 0] = 0.5 * np.sin(2 * np.pi * t + 1)
    return Clip("swing", poses, np.stack([t * 0, 0 * t + 0.9, t], 1), fps)


@pytest.mark.parametrize("fps", [24.0, 30.0, 120.0])
def test_clean_motion_is_left_alone(fps):
    clip = swing(200, fps)
    assert clean_frames(clip) is clip


@pytest.mark.parametrize("fps", [30.0, 120.0])
def test_a_spike_is_bridged(fps):
    clip = swing(fps=fps)
    poses = clip.poses.copy()
    poses[40:42, 16] += (1.5, 0, 1.0)
    clean = clean_frames(clip.with_(poses=poses))
    assert clean.flags == ("repaired@40",)
    assert np.abs(clean.poses - clip.poses).max() < 0.05
    np.testing.assert_array_equal(np.delete(clean.poses, [40, 41], 0), np.delete(clip.poses, [40, 41], 0))
    assert find_faults(clean) == []
    assert clean.meta["faults"][0]["what"] == "left_shoulder"


def test_a_long_fault_is_flagged_and_kept():
    clip = swing()
    poses = clip.poses.copy()
    poses[30:60:2, 4, 0] += 2.0
    broken = clip.with_(poses=poses)
    clean = clean_frames(broken)
    assert clean.flags == ("jump@30",)
    np.testing.assert_array_equal(clean.poses, broken.poses)


def test_a_jump_of_place():
    clip = swing()
    trans = clip.trans.copy()
    trans[50] += (0, 0.5, 0)
    clean = clean_frames(clip.with_(trans=trans))
    assert clean.flags == ("repaired@50",)
    np.testing.assert_allclose(clean.trans, clip.trans, atol=1e-3)
    trans[50:] += (9, 0, 0)
    assert clean_frames(clip.with_(trans=trans)).flags == ("jump@50",)


def test_frozen_frames():
    clip = swing()
    poses, trans = clip.poses.copy(), clip.trans.copy()
    poses[30:34], trans[30:34] = poses[30], trans[30]
    assert clean_frames(clip.with_(poses=poses, trans=trans)).flags == ("repaired@31",)
    poses[30:50], trans[30:50] = poses[30], trans[30]
    assert "frozen@31" in clean_frames(clip.with_(poses=poses, trans=trans)).flags
    assert "frozen@31" not in clean_frames(clip.with_(poses=poses, trans=trans, kind="keyed")).flags
    poses[60:], trans[60:] = poses[60], trans[60]
    assert "frozen@61" not in clean_frames(clip.with_(poses=poses, trans=trans)).flags


@pytest.mark.skipif(not MOTION.exists(), reason="the recordings for tests are not beside the repository")
@pytest.mark.parametrize(("name", "most"), [("cmu_jump15", 0), ("cmu_daz", 10), ("cmu_expmap8", 7)])
def test_no_false_alarms_on_recorded_kicks_and_cartwheels(name, most):
    """cmu_jump15 holds spin kicks, flips and cartwheels; the other two have known faults in that many clips."""
    arrays = np.load(MOTION / f"{name}.npz")
    poses, trans = arrays["poses"], arrays["trans"]
    found = 0
    for record in json.loads((MOTION / f"{name}.json").read_text()):
        part = slice(record["start"], record["start"] + record["frames"])
        found += bool(find_faults(Clip(record["id"], poses[part], trans[part], 30.0)))
    assert found <= most
    assert found >= most - 3
