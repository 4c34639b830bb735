"""The reference skeleton of the motion library: the 22 body joints of SMPL-X on the default body's mean."""

from __future__ import annotations

import numpy as np

JOINT_NAMES = (
    "pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2", "left_ankle", "right_ankle",
    "spine3", "left_foot", "right_foot", "neck", "left_collar", "right_collar", "head", "left_shoulder",
    "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist",
)  # fmt: skip
PARENTS = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19)
INDEX = {name: i for i, name in enumerate(JOINT_NAMES)}
MIRROR = tuple(INDEX[n.replace("left", "#").replace("right", "left").replace("#", "right")] for n in JOINT_NAMES)
"""Index of each joint's counterpart on the other side."""

OFFSETS = np.array(
    (
        (0.0000, 0.0000, 0.0000),
        (0.1135, -0.0608, 0.0019),
        (-0.1135, -0.0608, 0.0019),
        (0.0000, 0.1174, -0.0319),
        (0.0143, -0.3537, 0.0211),
        (-0.0143, -0.3537, 0.0211),
        (0.0000, 0.1181, 0.0039),
        (0.0204, -0.4405, -0.0322),
        (-0.0204, -0.4405, -0.0322),
        (0.0000, 0.1311, -0.0114),
        (0.0023, -0.0689, 0.1323),
        (-0.0023, -0.0689, 0.1323),
        (0.0000, 0.1879, 0.0402),
        (0.0237, 0.1109, 0.0557),
        (-0.0237, 0.1109, 0.0557),
        (0.0000, 0.0994, 0.0340),
        (0.1566, 0.0004, -0.0048),
        (-0.1566, 0.0004, -0.0048),
        (0.2670, 0.0001, 0.0000),
        (-0.2670, 0.0001, 0.0000),
        (0.2390, 0.0000, 0.0000),
        (-0.2390, 0.0000, 0.0000),
    )
)
"""(22, 3) rest position of each joint relative to its parent, metres; the pelvis at the origin."""

LEG_LENGTH = 0.7968
"""Hip to knee to ankle, metres: the length that `Clip.trans` is made for."""
