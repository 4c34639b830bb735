"""Frames of motions: which, called what, seen from where."""

from collections import Counter

import numpy as np
import pytest
from impromptu.backend.motion.clip import Label
from impromptu.backend.pictures.frames import FramesPlan, draw_frame, window_labels
from impromptu.backend.pictures.motions import Motion
from impromptu.backend.pictures.part_map import project
from impromptu.backend.pictures.requests import FramesRequest

REQUEST = FramesRequest(engine="raster")


@pytest.fixture(scope="module")
def plan():
    return FramesPlan(REQUEST)


def motion(*labels, frames=200, fps=30.0):
    return Motion("m", frames, fps, tuple(Label(*l) for l in labels), "0", "CC0-1.0", lambda: None)  # type: ignore[arg-type]


def test_every_labelled_clip_gives_a_frame_before_any_gives_a_second(plan):
    clips = len(plan.motions.clips)
    assert len(plan) == clips
    rows = plan.rows(range(2 * clips))
    first, second = ([r["clip"] for r in rows[i : i + clips]] for i in (0, clips))
    assert set(Counter(first).values()) == set(Counter(second).values()) == {1}
    assert first != second
    same = {r["clip"]: r["frame"] for r in rows[:clips]}
    assert sum(same[r["clip"]] != r["frame"] for r in rows[clips:]) > clips / 2


def test_a_row_depends_on_seed_and_index_alone(plan):
    rows = plan.rows([5, 0, 17])
    assert [FramesPlan(FramesRequest(engine="raster", count=20)).rows([i])[0] for i in (5, 0, 17)] == rows
    assert FramesPlan(FramesRequest(engine="raster", seed=1)).rows([5]) != rows[:1]


def test_frames_carry_a_label_and_lie_in_their_window(plan):
    by_name = {c.name: c for c in plan.motions.clips}
    for row in plan.rows(range(150)):
        clip, (start, end) = by_name[row["clip"]], row["window"]
        assert start <= row["frame"] < end <= clip.frames
        assert end - start <= 60
        assert start % 60 == 0
        assert any(l.start <= row["frame"] < l.end and l.text in row["labels"] for l in clip.labels)
        assert row["label"] == ", ".join(row["labels"])
        assert abs(row["azimuth"]) <= 60
        assert row["licence"]


def test_labels_of_a_window_are_joined_once_each_in_order_of_time():
    clip = motion(("turn", 70, 90), ("walk", 0, 80), ("walk", 100, 120), ("run", 130, 200))
    assert window_labels(clip, 60, 120) == ["walk", "turn"]
    assert window_labels(clip, 120, 180) == ["run"]


def test_a_frame_is_drawn_where_there_are_labels_and_windows_are_seconds():
    clip = motion(("walk", 150, 160), frames=400, fps=60.0)
    for seed in range(20):
        frame, start, end = draw_frame(clip, 60, np.random.default_rng(seed))
        assert 150 <= frame < 160
        assert (start, end) == (120, 240)


def test_views_go_around_one_frame():
    plan = FramesPlan(FramesRequest(engine="raster", count=2, views=4))
    assert len(plan) == 8
    rows = plan.rows(range(4))
    assert len({(r["clip"], r["frame"]) for r in rows}) == 1
    turns = np.diff([r["azimuth"] for r in rows])
    np.testing.assert_allclose(turns, 90, atol=0.02)


def test_bodies_stand_on_the_floor_and_fill_their_pictures(plan):
    rows = plan.rows(range(10))
    scenes = plan.scenes(rows)
    assert len(scenes) == 10
    lowest = scenes.vertices[..., 1].min(1)
    # Most frames stand; in a jump the body is above the floor, and a bent foot may dip into it a little.
    assert np.median(np.abs(lowest)) < 0.01
    assert lowest.min() > -0.08
    for k in range(10):
        places = project(scenes, k)
        assert (places[:, :2] > 0).all()
        assert (places[:, :2] < 224).all()
        assert np.ptp(places[:, :2], axis=0).max() == pytest.approx(224 * 0.88, abs=3)


def test_the_camera_sees_the_face_where_it_is_not_turned_away():
    plan = FramesPlan(FramesRequest(engine="raster", spread=0.0, elevation=0.0))
    rows = plan.rows(range(5))
    scenes, names = plan.scenes(rows), plan.figures.body.joint_names
    for k, row in enumerate(rows):
        start, end = row["window"]
        clip = plan._clips[row["clip_sha256"]].load().cut(start, end)
        pose, transl = plan._pose(clip, row["frame"] - start)
        joints = plan.figures.pose(plan.person, pose, transl).joints
        left, right = (joints[names.index(f"{side}_hip")] for side in ("left", "right"))
        across = (left - right) @ scenes.camera_rotation[k][0]
        # The left hip is at the picture's right: the body faces the camera.
        assert across > 0


def test_each_window_has_one_frame_of_its_own():
    """With `each` window every labelled window of every clip has exactly one picture, from inside it."""
    plan = FramesPlan(FramesRequest(engine="raster", each="window"))
    rows = plan.rows(range(len(plan)))
    windows = {(r["clip"], *r["window"]) for r in rows}
    assert len(windows) == len(rows) > len(plan.motions.clips)
    assert all(r["window"][0] <= r["frame"] < r["window"][1] for r in rows)
    walk = sorted(r["window"] for r in rows if r["clip"] == "walk_long")
    assert walk == [[0, 60], [60, 120], [120, 180]]
