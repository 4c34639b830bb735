"""Poses that the correctives are fitted to, and the named ones of tests and pictures."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from .skeleton import INDEX, JOINTS

RANGES: dict[str, tuple[tuple[float, float], tuple[float, float], tuple[float, float]]] = {
    "hip": ((-125, 35), (-40, 40), (-20, 45)),
    "knee": ((-3, 148), (-12, 12), (-5, 5)),
    "ankle": ((-35, 45), (-18, 18), (-18, 18)),
    "foot": ((-40, 25), (-5, 5), (-5, 5)),
    "collar": ((-12, 12), (-20, 15), (-14, 26)),
    "shoulder": ((-55, 55), (-112, 38), (-84, 76)),
    "elbow": ((-55, 55), (-146, 3), (-8, 8)),
    "wrist": ((-80, 80), (-28, 28), (-65, 65)),
    "spine": ((-18, 32), (-24, 24), (-20, 20)),
    "neck": ((-32, 32), (-35, 35), (-25, 25)),
    "head": ((-28, 28), (-38, 38), (-22, 22)),
    "finger1": ((-8, 8), (-14, 14), (-92, 15)),
    "finger2": ((-3, 3), (-3, 3), (-105, 5)),
    "finger3": ((-3, 3), (-3, 3), (-75, 5)),
    "thumb": ((-25, 25), (-10, 45), (-25, 25)),
}
"""Degrees about x, y, z (turned in the order x, z, y: twist, lift, swing) for a joint of the left side."""


def local_rotations(degrees: dict[str, tuple[float, float, float]]) -> np.ndarray:
    """(55, 3, 3) local rotations from rotation vectors in degrees.

    A name `both_JOINT` sets both sides, given for the left and mirrored for the right.
    """
    pose = np.repeat(np.eye(3)[None], len(JOINTS), 0)
    for name, vector in degrees.items():
        turn = np.deg2rad(np.asarray(vector, float))
        if name.startswith("both_"):
            pose[INDEX["left_" + name[5:]]] = Rotation.from_rotvec(turn).as_matrix()
            pose[INDEX["right_" + name[5:]]] = Rotation.from_rotvec(turn * (1, -1, -1)).as_matrix()
        else:
            pose[INDEX[name]] = Rotation.from_rotvec(turn).as_matrix()
    return pose


NAMED = {
    "T": local_rotations({}),
    "arms down": local_rotations({"both_collar": (0, 0, -8), "both_shoulder": (0, 0, -72)}),
    "arms up": local_rotations({"both_collar": (0, 0, 20), "both_shoulder": (0, 0, 60)}),
    "arms forward": local_rotations({"both_collar": (0, -12, 0), "both_shoulder": (0, -78, 0)}),
    "arms back": local_rotations({"both_collar": (0, 8, -5), "both_shoulder": (0, 35, -50)}),
    "hug": local_rotations(
        {"both_collar": (0, -16, 0), "both_shoulder": (0, -100, -10), "both_elbow": (0, -60, 0)}
    ),
    "elbow 140": local_rotations({"both_shoulder": (0, -20, -40), "both_elbow": (0, -140, 0)}),
    "squat": local_rotations(
        {
            "both_hip": (-97, 0, 0), "both_knee": (110, 0, 0), "both_ankle": (-25, 0, 0),
            "both_shoulder": (0, -60, -30), "spine1": (15, 0, 0),
        }
    ),
    "deep knee": local_rotations(
        {
            "both_hip": (-118, 12, 8), "both_knee": (140, 0, 0), "both_ankle": (-25, 0, 0),
            "both_shoulder": (0, -60, -30), "spine1": (20, 0, 0), "spine2": (10, 0, 0),
        }
    ),
    "lunge": local_rotations(
        {
            "left_hip": (-80, 0, 0), "left_knee": (85, 0, 0), "right_hip": (25, 0, 0),
            "right_knee": (60, 0, 0), "right_ankle": (25, 0, 0), "both_shoulder": (0, 0, -68),
        }
    ),
    "twist": local_rotations(
        {
            "spine1": (0, 20, 0), "spine2": (0, 20, 0), "spine3": (0, 20, 0), "neck": (0, 25, 0),
            "head": (0, 20, 0), "both_shoulder": (0, 0, -66),
        }
    ),
    "side bend": local_rotations(
        {
            "spine1": (0, 0, -15), "spine2": (0, 0, -15), "spine3": (0, 0, -12), "neck": (0, 0, -10),
            "right_shoulder": (0, 0, 70), "left_shoulder": (0, 0, -60),
        }
    ),
    "forward bend": local_rotations(
        {
            "both_hip": (-70, 0, 0), "spine1": (25, 0, 0), "spine2": (20, 0, 0), "spine3": (12, 0, 0),
            "both_shoulder": (0, -60, -40),
        }
    ),
    "wrists": local_rotations(
        {"left_wrist": (85, 0, 0), "right_wrist": (0, 0, 60), "both_shoulder": (0, 0, -30)}
    ),
    "fists": local_rotations(
        {
            "both_shoulder": (0, -30, -45), "both_elbow": (0, -95, 0), "both_wrist": (-60, 0, 0),
            **{f"both_{f}1": (0, 0, -80) for f in ("index", "middle", "ring", "pinky")},
            **{f"both_{f}2": (0, 0, -95) for f in ("index", "middle", "ring", "pinky")},
            **{f"both_{f}3": (0, 0, -60) for f in ("index", "middle", "ring", "pinky")},
        }
    ),
}  # fmt: skip
"""Poses by name, relative to the T-pose."""


def _range_of(joint: str) -> tuple[tuple[float, float], ...] | None:
    stem = joint.removeprefix("left_").removeprefix("right_")
    if stem[:-1] in ("index", "middle", "ring", "pinky"):
        return RANGES["finger" + stem[-1]]
    if stem.startswith("spine"):
        return RANGES["spine"]
    return RANGES.get("thumb" if stem.startswith("thumb") else stem)


def sample_pose(rng: np.random.Generator) -> np.ndarray:
    """(55, 3, 3) random local rotations, every joint on its own and about a third of them at rest."""
    pose = np.repeat(np.eye(3)[None], len(JOINTS), 0)
    for i, joint in enumerate(JOINTS):
        limits = _range_of(joint)
        if limits is None or rng.random() < 0.25:
            continue
        x, y, z = (rng.uniform(low, high) for low, high in limits)
        if joint.startswith("right"):
            y, z = -y, -z
        pose[i] = Rotation.from_euler("xzy", (x, z, y), degrees=True).as_matrix()
    return pose
