"""The library that ships: what it holds, and that every clip is a sound human motion."""

from __future__ import annotations

import re
from functools import cache
from types import ModuleType

import numpy as np
import pytest
from impromptu.backend.motion.build import everyday, exercise, footwork, gestures
from impromptu.backend.motion.build.finish import finish
from impromptu.backend.motion.build.solve import solve
from impromptu.backend.motion.clip import Clip
from impromptu.backend.motion.contacts import mean_slide
from impromptu.backend.motion.kinematics import (
    axis_angle_from_matrix,
    forward_kinematics,
    matrix_from_axis_angle,
)
from impromptu.backend.motion.library import DEFAULT, Library
from impromptu.backend.motion.library_store import CACHE
from impromptu.backend.motion.skeleton import INDEX, OFFSETS
from impromptu.backend.motion.soles import sole_points

NAMES = sorted(entry.name for entry in Library.open().entries)
PALM = np.array([0.085, -0.030, 0.005])


@cache
def library() -> Library:
    return Library.open()


@cache
def load(name: str) -> Clip:
    return library().load(name)


@cache
def joints(name: str) -> tuple[np.ndarray, np.ndarray]:
    clip = load(name)
    return forward_kinematics(clip.poses, clip.trans)


def texts_of(clip: Clip) -> set[str]:
    return {label.text for label in clip.labels}


def palm(name: str, side: str) -> np.ndarray:
    """(frames, 3) middle of a palm."""
    rotations, positions = joints(name)
    wrist, sign = INDEX[f"{side}_wrist"], (1, 1, 1) if side == "left" else (-1, 1, 1)
    return positions[:, wrist] + rotations[:, wrist] @ (PALM * sign)


def test_it_is_sound_small_and_large_enough() -> None:
    assert library().verify() == []
    assert len({text for name in NAMES for text in texts_of(load(name))}) >= 150
    # The retrieval cache that use leaves beside the clips does not ship.
    shipped = (f for f in DEFAULT.rglob("*") if f.is_file() and CACHE not in f.parts)
    assert sum(f.stat().st_size for f in shipped) < 4_000_000


def test_recordings_and_what_is_not_recorded_are_told_apart() -> None:
    kinds: dict[str, int] = {}
    for name in NAMES:
        clip = load(name)
        kinds[clip.kind] = kinds.get(clip.kind, 0) + 1
        # What stands on a recording keeps its licence; key poses are our own.
        assert clip.licence == ("CC0-1.0" if clip.kind == "keyed" else "Zlib"), name
        assert ("key poses" in clip.source) == (clip.kind == "keyed"), name
        if clip.kind == "derived":
            assert clip.meta["derivation"], name
    assert kinds["mocap"] == 20
    assert kinds["derived"] >= 40
    assert kinds["keyed"] >= 80


def test_no_two_clips_are_the_same() -> None:
    digests = {load(name).poses.tobytes() + load(name).trans.tobytes() for name in NAMES}
    assert len(digests) == len(NAMES)


def test_labels_are_words_as_people_type_them() -> None:
    for name in NAMES:
        clip = load(name)
        assert clip.labels, name
        for label in clip.labels:
            assert re.fullmatch(r"[a-z][a-z0-9' ,-]+", label.text), (name, label.text)
            assert 0 <= label.start < label.end <= len(clip), (name, label)


@pytest.mark.parametrize("name", NAMES)
def test_clip(name: str) -> None:
    """Placed at the origin, on the floor, within the joints' ranges, without jumps."""
    clip = load(name)
    rotations, positions = joints(name)
    assert clip.fps == 30
    assert clip.contacts is not None
    assert np.abs(clip.trans[0, [0, 2]]).max() < 0.03
    soles = sole_points(rotations, positions)
    if "stairs" not in name:  # a foot stands on every step
        assert np.abs(soles[..., 1][clip.contacts]).max(initial=0) < 0.02
    assert soles[..., 1].min() > -0.02
    assert positions[..., 1].min() > -0.005
    for side in ("left", "right"):
        flex = knee_flexion(positions, side)
        assert flex.min() >= -5, (side, flex.min())
        assert flex.max() <= 160, (side, flex.max())
        assert elbow_bends_forward(clip, side)
    local = matrix_from_axis_angle(clip.poses)
    steps = axis_angle_from_matrix(np.swapaxes(local[:-1], -1, -2) @ local[1:])
    assert np.degrees(np.linalg.norm(steps, axis=-1)).max() < 60  # a recorded backflip throws its arms by 58
    assert np.linalg.norm(np.diff(clip.trans, axis=0), axis=-1).max() < 0.25
    assert mean_slide(clip, clip.contacts) < 4.0


def knee_flexion(positions: np.ndarray, side: str) -> np.ndarray:
    """(frames,) degrees between thigh and shin."""
    hip, knee, ankle = (positions[:, INDEX[f"{side}_{j}"]] for j in ("hip", "knee", "ankle"))
    a, b = knee - hip, ankle - knee
    cosine = (a * b).sum(-1) / np.linalg.norm(a, axis=-1) / np.linalg.norm(b, axis=-1)
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def elbow_bends_forward(clip: Clip, side: str) -> bool:
    """A bent forearm lies on the inner side of the elbow's hinge, never behind it."""
    local = matrix_from_axis_angle(clip.poses[:, INDEX[f"{side}_elbow"]])
    forearm = local @ (OFFSETS[INDEX[f"{side}_wrist"]] / np.linalg.norm(OFFSETS[INDEX[f"{side}_wrist"]]))
    return bool(forearm[:, 2].min() > -0.12)


@pytest.mark.parametrize("module", [gestures, everyday, exercise, footwork])
def test_key_poses_still_make_what_ships(module: ModuleType) -> None:
    action = module.ACTIONS[len(module.ACTIONS) // 2]
    made, shipped = finish(solve(action)), load(action.name)
    assert np.abs(made.poses - shipped.poses).max() < 3e-3
    assert np.abs(made.trans - shipped.trans).max() < 1e-4
    assert {label.text for label in made.labels} == texts_of(shipped)


def test_no_clip_tells_where_it_was_built() -> None:
    files = [load(name).meta.get("import", {}).get("file", "") for name in NAMES]
    assert not [file for file in files if "/" in file or "\\" in file]


def test_walking_backwards_faces_forward_and_goes_back() -> None:
    name = next(n for n in NAMES if "walk backwards" in texts_of(load(n)))
    rotations, _ = joints(name)
    assert load(name).trans[-1, 2] < -2
    assert rotations[:, 0, 2, 2].min() > 0.9


@pytest.mark.parametrize(("name", "sign"), [("side_step_left", 1), ("side_step_right", -1)])
def test_side_steps_go_to_the_side_they_name(name: str, sign: int) -> None:
    assert sign * load(name).trans[-1, 0] > 1
    assert abs(load(name).trans[-1, 2]) < 0.1


@pytest.mark.parametrize("name", ["clap", "clap_overhead", "pray"])
def test_palms_meet(name: str) -> None:
    gap = np.linalg.norm(palm(name, "left") - palm(name, "right"), axis=-1)
    assert gap.min() < 0.03


def test_salute_and_phone_bring_the_hand_to_the_head() -> None:
    for name in ("salute", "phone"):
        _, positions = joints(name)
        head = positions[:, INDEX["head"]] + (0, 0.06, 0.03)
        assert np.linalg.norm(palm(name, "right") - head, axis=-1).min() < 0.17, name


def test_sitting_ends_at_the_height_of_a_chair() -> None:
    assert 0.5 < load("sit_down").trans[-1, 1] < 0.6
    assert load("stand_up").trans[-1, 1] > 0.88


def test_push_ups_keep_hands_and_toes_on_the_floor_and_the_body_straight() -> None:
    _, positions = joints("push_up")
    for side in ("left", "right"):
        assert np.ptp(palm("push_up", side), axis=0).max() < 0.04
        assert np.abs(palm("push_up", side)[:, 1]).max() < 0.05
    shoulder, hip, ankle = (positions[:, INDEX[f"left_{j}"]] for j in ("shoulder", "hip", "ankle"))
    a, b = shoulder - hip, hip - ankle
    cosine = (a * b)[:, 1:].sum(-1) / np.linalg.norm(a[:, 1:], axis=-1) / np.linalg.norm(b[:, 1:], axis=-1)
    assert np.degrees(np.arccos(cosine)).max() < 20


def test_jumps_leave_the_floor_and_fall_freely() -> None:
    rotations, positions = joints("jump")
    height = sole_points(rotations, positions)[..., 1].min(1)
    air = np.flatnonzero(height > 0.05)
    assert height.max() > 0.2
    fall = np.diff(positions[air, 0, 1], 2).mean() * 30**2
    assert fall == pytest.approx(-9.8, rel=0.4)
