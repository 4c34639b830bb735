"""Named regions of the body: one label a vertex, with borders where garments end."""

from __future__ import annotations

import numpy as np

from .makehuman import BaseMesh
from .skeleton import INDEX
from .source import Source

REGIONS = (
    "scalp", "face", "left_eye", "right_eye", "left_ear", "right_ear", "lips", "mouth", "neck", "chest", "abdomen",
    "upper_back", "lower_back", "pelvis", "left_shoulder", "right_shoulder", "left_upper_arm", "right_upper_arm",
    "left_forearm", "right_forearm", "left_hand", "right_hand", "left_thigh", "right_thigh", "left_calf",
    "right_calf", "left_foot", "right_foot",
)  # fmt: skip
"""Names of the labels. `left_shoulder` is the shoulder and the half of the upper arm under a short sleeve,
`left_foot` reaches over the ankle as a shoe does, `mouth` is the inside of the mouth."""
CODE = {name: i for i, name in enumerate(REGIONS)}

SLEEVE = 0.52
"""Where a short sleeve ends, from shoulder (0) to elbow (1)."""
SHOE = 0.035
"""How far the foot's region reaches above the ankle joint, metres."""
BELT = 0.085
"""Height of the belt above the pelvis joint, metres."""


def label_regions(
    source: Source, mesh: BaseMesh, vertices: np.ndarray, joints: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """(K,) uint8 codes into `REGIONS` for the mean body in the T-pose.

    Args:
        vertices: (K, 3), symmetric.
        joints: (55, 3).
        weights: (K, 55).
    """
    labels = _torso(vertices, joints)
    _limbs(labels, vertices, joints, weights)
    labels = _majority(labels, mesh.faces)
    _head(labels, source, mesh, vertices, joints, weights)
    return labels


def _majority(labels: np.ndarray, faces: np.ndarray, rounds: int = 2) -> np.ndarray:
    """Labels that most neighbours agree on: takes the teeth out of borders that cross edge loops."""
    for _ in range(rounds):
        votes = np.zeros((len(labels), len(REGIONS)))
        for k in range(3):
            for other in (faces[:, (k + 1) % 3], faces[:, (k + 2) % 3]):
                np.add.at(votes, (faces[:, k], labels[other]), 1)
        votes[np.arange(len(labels)), labels] += 1.5
        labels = votes.argmax(1).astype(np.uint8)
    return labels


def _torso(vertices: np.ndarray, joints: np.ndarray) -> np.ndarray:
    y, z = vertices[:, 1], vertices[:, 2]
    pelvis, chest = joints[INDEX["pelvis"]], joints[INDEX["spine3"]]
    middle = np.interp(y, joints[[0, 3, 6, 9, 12], 1], joints[[0, 3, 6, 9, 12], 2]) + 0.01
    front, upper = z > middle, y > chest[1] - 0.09
    labels = np.where(front, np.where(upper, CODE["chest"], CODE["abdomen"]), CODE["lower_back"])
    labels = np.where(~front & upper, CODE["upper_back"], labels)
    return np.where(y < pelvis[1] + BELT, CODE["pelvis"], labels).astype(np.uint8)


def _limbs(labels: np.ndarray, vertices: np.ndarray, joints: np.ndarray, weights: np.ndarray) -> None:
    crotch = vertices[np.abs(vertices[:, 0]) < 0.004, 1].min()
    for side, sign in (("left", 1.0), ("right", -1.0)):
        x = sign * vertices[:, 0]
        at = {n: joints[INDEX[f"{side}_{n}"]] for n in ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")}
        across = {n: sign * p[0] for n, p in at.items()}
        high = vertices[:, 1] > at["shoulder"][1] - 0.16
        seam = across["shoulder"] - 0.012 + 0.25 * (at["shoulder"][1] - vertices[:, 1]).clip(-0.05, 0.2)
        sleeve = across["shoulder"] + SLEEVE * (across["elbow"] - across["shoulder"])
        labels[high & (x > seam)] = CODE[f"{side}_shoulder"]
        for start, name in ((sleeve, "upper_arm"), (across["elbow"], "forearm"), (across["wrist"], "hand")):
            labels[high & (x > start)] = CODE[f"{side}_{name}"]
        groin = crotch + 0.012 + 0.45 * (x - 0.03).clip(0, 0.14)
        leg = (x > 0) & (vertices[:, 1] < groin)
        for start, name in (
            (np.inf, "thigh"), (at["knee"][1], "calf"), (at["ankle"][1] + SHOE, "foot"),
        ):  # fmt: skip
            labels[leg & (vertices[:, 1] < start)] = CODE[f"{side}_{name}"]


def _head(
    labels: np.ndarray,
    source: Source,
    mesh: BaseMesh,
    vertices: np.ndarray,
    joints: np.ndarray,
    weights: np.ndarray,
) -> None:
    y, z = vertices[:, 1], vertices[:, 2]
    head, eye = joints[INDEX["head"]], joints[INDEX["left_eye_smplhf"]]
    above = vertices[:, 1] > joints[INDEX["neck"], 1] - 0.02
    central = np.abs(vertices[:, 0]) < 0.075 + 0.5 * (y - joints[INDEX["neck"], 1]).clip(-0.02, 0.05)
    collar = joints[INDEX["neck"], 1] + 0.028 - 0.45 * (z - joints[INDEX["neck"], 2])
    labels[above & central & (y > collar)] = CODE["neck"]
    labels[(y > collar.min()) & central & (y > collar) & (y < head[1])] = CODE["neck"]
    jaw_line = head[1] - 0.045 - 0.35 * (z - head[2])
    labels[(y > jaw_line) & (weights[:, [INDEX["head"], INDEX["jaw"]]].sum(1) > 0.35)] = CODE["face"]
    ears = {side: _moved(source, mesh, f"ears/{side[0]}-ear-wing-incr") > 0.1 for side in ("left", "right")}
    middle = vertices[ears["left"]].mean(0)
    forehead = eye[1] + 0.062 - 0.9 * (np.abs(vertices[:, 0]) - 0.045).clip(0, 0.1)
    temple = middle[2] + 0.028
    nape = middle[1] - 0.035 + 0.35 * (z - middle[2] + 0.05).clip(0, 1)
    face = labels == CODE["face"]
    hair = ((z > temple) & (y > forehead)) | ((z <= temple) & (y > nape))
    labels[(face | (labels == CODE["neck"])) & hair & (y > head[1] - 0.02)] = CODE["scalp"]
    for side, mask in ears.items():
        labels[mask & above] = CODE[f"{side}_ear"]
    lips = _moved(source, mesh, "mouth/mouth-upperlip-volume-incr") > 0.18
    lips |= _moved(source, mesh, "mouth/mouth-lowerlip-volume-incr") > 0.18
    labels[lips & face] = CODE["lips"]
    at = vertices[lips & face]
    inside = face & ~lips & (y > at[:, 1].min()) & (y < at[:, 1].max()) & (z < at[:, 2].mean() - 0.012)
    labels[inside & (np.abs(vertices[:, 0]) < at[:, 0].max()) & (z > head[2])] = CODE["mouth"]
    for side in ("left", "right"):
        labels[mesh.eye(side)] = CODE[f"{side}_eye"]


def _moved(source: Source, mesh: BaseMesh, target: str) -> np.ndarray:
    """(K,) length of a target's displacement as a share of its largest."""
    length = np.linalg.norm(source.target(f"mpfb2/targets/{target}.target.gz", mesh.size)[mesh.kept], axis=1)
    return length / length.max()
