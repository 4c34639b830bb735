"""Two things at a time: arms, trunk and head of a gesture over the legs of a walk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...clip import Clip, Label
from ...kinematics import (
    axis_angle_from_matrix,
    matrix_from_axis_angle,
    slerp,
)
from ...ops import overlay
from ...resample import gaussian
from ...skeleton import INDEX
from ..language import minimum_jerk


@dataclass(frozen=True)
class Words:
    """What a clip does: `walk`, `walking`."""

    plain: str
    going: str
    clip: str
    runs: bool = True
    """A gesture that people also make while they run."""


LOWERS = (
    Words("walk", "walking", "walk_long"),
    Words("walk forward", "walking forward", "walk_long"),
    Words("walk", "walking", "walk_proud"),
    Words("run", "running", "run_long"),
    Words("jog", "jogging", "jog"),
    Words("walk backwards", "walking backwards", "walk_backward"),
    Words("walk fast", "walking fast", "walk_brisk"),
    Words("walk slowly", "walking slowly", "walk_very_slow"),
    Words("walk in place", "walking in place", "walk_in_place"),
    Words("walk in a circle counterclockwise", "walking in a circle counterclockwise", "walk_circle_left"),
    Words("march", "marching", "march"),
    Words("step to the left", "stepping to the left", "side_step_left"),
    Words("walk on tiptoes", "walking on tiptoes", "walk_tiptoe"),
    Words("jog in place", "jogging in place", "jog_in_place"),
    Words("walk crouched", "walking crouched", "walk_crouched"),
)
RUNS = frozenset(("run_long", "jog", "jog_in_place"))
UPPERS = (
    Words("wave", "waving", "wave_right"),
    Words("wave with the right hand", "waving with the right hand", "wave_right"),
    Words("wave with both hands", "waving with both hands", "wave_both"),
    Words("clap", "clapping", "clap"),
    Words("clap hands above the head", "clapping hands above the head", "clap_overhead"),
    Words("drink", "drinking", "drink", False),
    Words("eat", "eating", "eat", False),
    Words("talk on the phone", "talking on the phone", "phone"),
    Words("look at the phone", "looking at the phone", "phone_text"),
    Words("point forward", "pointing forward", "point_right"),
    Words("point up", "pointing up", "point_up"),
    Words("point to the right", "pointing to the right", "point_side"),
    Words("salute", "saluting", "salute", False),
    Words("scratch the head", "scratching the head", "scratch_head"),
    Words("cross the arms", "crossing the arms", "cross_arms", False),
    Words("hold hands behind the back", "holding hands behind the back", "hands_behind_back", False),
    Words("hold hands behind the head", "holding hands behind the head", "hands_behind_head"),
    Words("put hands on hips", "keeping hands on hips", "hands_on_hips", False),
    Words("nod", "nodding", "nod"),
    Words("shake the head", "shaking the head", "shake_head"),
    Words("look around", "looking around", "look_around"),
    Words("look up", "looking up", "look_up"),
    Words("look down", "looking down", "look_down"),
    Words("shade eyes with the hand", "shading eyes with the hand", "lookout"),
    Words("raise the right hand", "raising the right hand", "raise_hand"),
    Words("raise both arms", "raising both arms", "raise_arms"),
    Words("put hands up", "holding hands up", "surrender"),
    Words("cheer", "cheering", "cheer"),
    Words("pump a fist", "pumping a fist", "fist_pump"),
    Words("shrug", "shrugging", "shrug"),
    Words("spread arms wide", "spreading arms wide", "spread_arms"),
    Words("cover the ears", "covering the ears", "cover_ears"),
    Words("cover the face with the hands", "covering the face with the hands", "cry", False),
    Words("think with a hand on the chin", "thinking with a hand on the chin", "think", False),
    Words("talk with the hands", "talking with the hands", "talk"),
    Words("check the watch", "checking the watch", "check_watch"),
    Words("beckon", "beckoning", "beckon"),
    Words("blow a kiss", "blowing a kiss", "blow_kiss", False),
    Words("yawn and stretch", "yawning and stretching", "yawn", False),
    Words("rub arms to keep warm", "rubbing arms to keep warm", "shiver"),
    Words("make arm circles", "making arm circles", "arm_circles"),
    Words("flap arms like a bird", "flapping arms like a bird", "flap"),
    Words("carry something", "carrying something", "carry"),
    Words("read a book", "reading a book", "read_book", False),
    Words("take a photo", "taking a photo", "take_photo", False),
    Words("play air guitar", "playing air guitar", "guitar", False),
    Words("conduct an orchestra", "conducting an orchestra", "conduct", False),
    Words("brush teeth", "brushing teeth", "brush_teeth", False),
    Words("cough", "coughing", "cough"),
    Words("pray", "praying", "pray", False),
)


def pair(rng: np.random.Generator) -> tuple[Words, Words]:
    """A lower and an upper body by lot that go together."""
    lower = LOWERS[int(rng.integers(len(LOWERS)))]
    uppers = [u for u in UPPERS if u.runs or lower.clip not in RUNS]
    return lower, uppers[int(rng.integers(len(uppers)))]


def texts(lower: Words, upper: Words) -> tuple[str, str, str]:
    """What people would type for both at once."""
    return (
        f"{lower.plain} and {upper.plain}",
        f"{upper.plain} while {lower.going}",
        f"{lower.plain} while {upper.going}",
    )


def together(lower: Clip, upper: Clip, words: tuple[str, ...]) -> Clip:
    """A gesture over a walk: an arm that rests in the gesture swings with the walk."""
    frames = min(len(lower), len(upper))
    lower, upper = lower.cut(0, frames), upper.cut(0, frames)
    both = overlay(lower.with_(contacts=None), upper)
    legs, arms = matrix_from_axis_angle(lower.poses), matrix_from_axis_angle(both.poses)
    for side in ("left", "right"):
        joints = [INDEX[f"{side}_{j}"] for j in ("collar", "shoulder", "elbow", "wrist")]
        weight = np.repeat(_acting(arms, joints, upper.fps)[:, None], len(joints), 1)
        arms[:, joints] = slerp(legs[:, joints], arms[:, joints], weight)
    labels = tuple(Label(t, 0, frames) for t in words)
    return both.with_(poses=axis_angle_from_matrix(arms), labels=labels)


def _acting(local: np.ndarray, joints: list[int], fps: float) -> np.ndarray:
    """(frames,) how much an arm is in a gesture: 1 where it is far from where it hangs when the gesture begins."""
    angle = np.zeros(len(local))
    for j in joints[1:3]:
        away = axis_angle_from_matrix(np.swapaxes(local[:1, j], -1, -2) @ local[:, j])
        angle = angle + np.linalg.norm(away, axis=-1)
    return gaussian(minimum_jerk((np.degrees(angle) - 14) / 30), 0.08 * fps)
