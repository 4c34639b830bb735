"""Takes: the same action again, sound, different every time, the same for the same seed."""

from __future__ import annotations

from functools import cache
from itertools import combinations

import numpy as np
import pytest
from impromptu.backend.motion.build import everyday, exercise, footwork, gestures
from impromptu.backend.motion.build.takes import make_takes
from impromptu.backend.motion.build.takes.make import TOGETHER, Wanted, shipped, take
from impromptu.backend.motion.build.takes.sound import problems
from impromptu.backend.motion.build.takes.tempo import at_own_tempo, flights, repeated, repetition
from impromptu.backend.motion.build.takes.together import LOWERS, UPPERS, texts
from impromptu.backend.motion.clip import Clip
from impromptu.backend.motion.kinematics import forward_kinematics
from impromptu.backend.motion.ops import mirror_words
from impromptu.backend.motion.skeleton import INDEX
from impromptu.backend.motion.soles import sole_points
from impromptu.backend.protocol import InvalidInput

ACTIONS = {a.name: a for m in (gestures, everyday, exercise, footwork) for a in m.ACTIONS}
NAMES = ("wave_right", "clap", "squat", "jump_joy", "sit_down", "side_step_left", "point_left", "walk_old",
         "run", "dance_sway", "cartwheel", "walk_phone")  # fmt: skip


@cache
def takes(name: str) -> tuple[Clip, ...]:
    return tuple(clip for k in (1, 2) if (clip := take(Wanted(name, k, 3))) is not None)


def positions(clip: Clip) -> np.ndarray:
    """(30, 22, 3) joints over the clip's time, without its place."""
    _, points = forward_kinematics(clip.poses, clip.trans * (0, 1, 0))
    return points[np.linspace(0, len(clip) - 1, 30).round().astype(int)]


@pytest.mark.parametrize("name", NAMES)
def test_takes_are_sound_and_labelled_as_their_original(name: str) -> None:
    assert len(takes(name)) == 2
    for clip in takes(name):
        assert problems(clip) == []
        rotations, points = forward_kinematics(clip.poses, clip.trans)
        assert sole_points(rotations, points)[..., 1].min() > -0.021
        assert clip.meta["take_of"] == name
        assert clip.name.startswith(f"{name}_take")
        words = {label.text for label in shipped()[name].labels}
        if clip.meta.get("mirrored"):
            words = {mirror_words(text) for text in words}
        assert {label.text for label in clip.labels} == words
        assert all(0 <= label.start < label.end <= len(clip) for label in clip.labels)


@pytest.mark.parametrize("name", NAMES)
def test_takes_differ_from_each_other_and_from_the_original(name: str) -> None:
    for a, b in combinations((shipped()[name], *takes(name)), 2):
        assert np.linalg.norm(positions(a) - positions(b), axis=-1).mean() > 0.01


def test_the_same_seed_makes_the_same_takes_in_any_order() -> None:
    both = {clip.name: clip for clip in make_takes(1, 7, 1, ("nod", "bow"))}
    alone = next(iter(make_takes(1, 7, 0, ("nod",))))
    other = next(iter(make_takes(1, 8, 0, ("nod",))))
    assert list(both)[:2] == ["bow_take01", "nod_take01"]
    assert len(both) == 3
    assert both["nod_take01"].digest() == alone.digest() != other.digest()


def test_unknown_names_are_told() -> None:
    with pytest.raises(InvalidInput, match="no clip named 'fly'"):
        next(make_takes(1, 0, 0, ("fly",)))


def test_labels_of_a_part_move_with_its_time() -> None:
    for clip in takes("sit_down"):
        seated = next(label for label in clip.labels if label.text == "sit")
        assert clip.trans[seated.start : seated.end, 1].max() < 0.62
        assert clip.trans[: seated.start, 1].max() > 0.85


def test_hands_still_meet_in_takes_of_clapping() -> None:
    for clip in takes("clap"):
        _, points = forward_kinematics(clip.poses, clip.trans)
        apart = np.linalg.norm(points[:, INDEX["left_wrist"]] - points[:, INDEX["right_wrist"]], axis=-1)
        assert apart.min() < 0.12


def test_repetitions_are_found_and_changed() -> None:
    start, period, shift = repetition(ACTIONS["side_step_left"])
    assert (start, period, shift) == pytest.approx((0.3, 0.85, 0.36))
    more, fewer = (repeated(ACTIONS["side_step_left"], n) for n in (1, -1))
    assert [len(a.steps) for a in (fewer, ACTIONS["side_step_left"], more)] == [6, 8, 10]
    assert more.seconds - fewer.seconds == pytest.approx(2 * period)
    assert max(s.x for s in more.steps) - max(s.x for s in fewer.steps) == pytest.approx(2 * shift)
    assert repetition(ACTIONS["bow"]) is None


def test_flights_take_the_time_that_their_height_takes() -> None:
    again = at_own_tempo(ACTIONS["jump"], np.random.default_rng(0), 1.3, 0.0, height=0.7)
    ((first, last),) = flights(again.keys)
    air = again.keys[last][0] - again.keys[first][0]
    rise = max(pose["lf_y"] for _, pose in again.keys[first : last + 1])
    assert rise == pytest.approx(9.81 * air**2 / 8, rel=0.08)


def test_overlays_say_both_things_in_english() -> None:
    wave, walk = UPPERS[0], LOWERS[0]
    assert texts(walk, wave) == ("walk and wave", "wave while walking", "walk while waving")
    clip = take(Wanted(TOGETHER, 1, 3))
    assert problems(clip) == []
    assert len(clip.labels) == 3
    assert all(label.end == len(clip) for label in clip.labels)
    assert {u.clip for u in (*UPPERS, *LOWERS)} <= set(shipped())
