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
MIRROR = tuple(
    INDEX[n.replace("left", "#").replace("right", "left").replace("#", "right")] for n in JOINT_NAMES
)
"""Index of each joint's counterpart on the other side."""

OFFSETS = np.array(
    (
        (0.0000, 0.0000, 0.0000),
        (0.1133, -0.0609, 0.0016),
        (-0.1133, -0.0609, 0.0016),
        (0.0000, 0.1174, -0.0309),
        (0.0143, -0.3548, 0.0209),
        (-0.0143, -0.3548, 0.0209),
        (0.0000, 0.1182, 0.0031),
        (0.0206, -0.4394, -0.0316),
        (-0.0206, -0.4394, -0.0316),
        (0.0000, 0.1293, -0.0142),
        (0.0024, -0.0689, 0.1330),
        (-0.0024, -0.0689, 0.1330),
        (0.0000, 0.1907, 0.0434),
        (0.0234, 0.1136, 0.0584),
        (-0.0234, 0.1136, 0.0584),
        (0.0000, 0.0981, 0.0334),
        (0.1571, -0.0002, -0.0054),
        (-0.1571, -0.0002, -0.0054),
        (0.2658, 0.0001, -0.0005),
        (-0.2658, 0.0001, -0.0005),
        (0.2403, -0.0005, 0.0008),
        (-0.2403, -0.0005, 0.0008),
    )
)
"""(22, 3) rest position of each joint relative to its parent, metres; the pelvis at the origin."""

LEG_LENGTH = 0.7967
"""Hip to knee to ankle, metres: the length that `Clip.trans` is made for."""
