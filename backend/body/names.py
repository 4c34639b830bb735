"""Joint names and pose arguments of every body layout, once."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from ..motion.skeleton import JOINT_NAMES as BODY

_FINGERS = ("index", "middle", "pinky", "ring", "thumb")
_HANDS = tuple(f"{side}_{f}{i}" for side in ("left", "right") for f in _FINGERS for i in (1, 2, 3))
_FACE = ("jaw", "left_eye_smplhf", "right_eye_smplhf")


@dataclass(frozen=True)
class Layout:
    """A published arrangement of joints."""

    title: str
    joint_counts: tuple[int, ...]
    vertices: int
    """Vertices of the published model; another count is only of its layout."""
    parts: dict[str, tuple[int, int]]
    """Argument of `forward` -> first joint and number of joints."""
    joints: tuple[str, ...] = ()


_SMPLX_PARTS = {
    "global_orient": (0, 1), "body_pose": (1, 21), "jaw_pose": (22, 1), "leye_pose": (23, 1), "reye_pose": (24, 1),
    "left_hand_pose": (25, 15), "right_hand_pose": (40, 15),
}  # fmt: skip
_FLAME_PARTS = {
    "global_orient": (0, 1), "neck_pose": (1, 1), "jaw_pose": (2, 1), "leye_pose": (3, 1), "reye_pose": (4, 1),
}  # fmt: skip
_FLAME = ("root", "neck", "jaw", "left_eye", "right_eye")
LAYOUTS: dict[str, Layout] = {
    "smpl": Layout(
        "SMPL",
        (24,),
        6890,
        {"global_orient": (0, 1), "body_pose": (1, 23)},
        (*BODY, "left_hand", "right_hand"),
    ),
    "smplh": Layout(
        "SMPL-H",
        (52,),
        6890,
        {"global_orient": (0, 1), "body_pose": (1, 21), "left_hand_pose": (22, 15), "right_hand_pose": (37, 15)},
        BODY + _HANDS,
    ),
    "smplx": Layout("SMPL-X", (55,), 10475, _SMPLX_PARTS, BODY + _FACE + _HANDS),
    "flame": Layout("FLAME", (5,), 5023, _FLAME_PARTS, _FLAME),
    # 33 joints as published with 3,889 vertices; 35 with the ears of later releases.
    "smal": Layout("SMAL", (33, 35), 3889, {"global_orient": (0, 1), "body_pose": (1, 34)}),
    "impromptu": Layout("Impromptu body", (55,), 13492, _SMPLX_PARTS, BODY + _FACE + _HANDS),
    "impromptu_head": Layout("Impromptu head", (5,), 4981, _FLAME_PARTS, _FLAME),
    # Its joints' names stand in its file.
    "impromptu_dog": Layout("Impromptu dog", (35,), 16952, {"global_orient": (0, 1), "body_pose": (1, 34)}),
}
OURS = ("impromptu", "impromptu_head", "impromptu_dog")
"""The layouts of the models that ship."""


def display_name(kind: str, vertices: int, variant: str) -> str:
    """A body's name; that of a published model only where the vertex count is its own."""
    layout = LAYOUTS[kind]
    if kind == "impromptu":
        return f"{layout.title} ({variant})"
    if kind in OURS:
        return layout.title
    return layout.title if vertices == layout.vertices else f"{layout.title} layout, {vertices:,} vertices"


def joint_names(kind: str, count: int, given: np.ndarray | None) -> tuple[str, ...]:
    """The file's own joint names, else the layout's, else numbered ones."""
    if given is not None and np.asarray(given).shape == (count,):
        return tuple(str(n) for n in given)
    known = LAYOUTS[kind].joints
    return known if len(known) == count else tuple(f"joint{i:02d}" for i in range(count))


def parts(kind: str, joints: int) -> dict[str, tuple[int, int]]:
    """Pose arguments of a layout: name -> (first joint, number of joints), cut to `joints`."""
    return {k: (a, min(n, joints - a)) for k, (a, n) in LAYOUTS[kind].parts.items() if a < joints}


def gender_of(file_name: str) -> str:
    """`male`, `female` or `neutral`: model files say it in their names alone, as in SMPLX_FEMALE.npz."""
    words = re.split(r"[^a-z]+", file_name.lower())
    for gender, signs in (("female", {"female", "f"}), ("male", {"male", "m"})):
        if signs & set(words):
            return gender
    return "neutral"
