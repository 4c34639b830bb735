"""What makes the file load as SMPL-X does: order of vertices, face landmarks, hand poses."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .skeleton import FINGERS, INDEX

KEYPOINTS = {
    "nose": 9120, "reye": 9929, "leye": 9448, "rear": 616, "lear": 6, "rthumb": 8079, "rindex": 7669,
    "rmiddle": 7794, "rring": 7905, "rpinky": 8022, "lthumb": 5361, "lindex": 4933, "lmiddle": 5058,
    "lring": 5169, "lpinky": 5286, "LBigToe": 5770, "LSmallToe": 5780, "LHeel": 8846, "RBigToe": 8463,
    "RSmallToe": 8474, "RHeel": 8635,
}  # fmt: skip
"""Vertex that `smplx` reads for each key point of an SMPL-X model, whatever the file says."""


def find_keypoints(vertices: np.ndarray, joints: np.ndarray, weights: np.ndarray) -> dict[str, int]:
    """Kept vertex at each of the 21 key points on the mean body (K, 3) in the T-pose."""

    def extreme(mask: np.ndarray, value: np.ndarray) -> int:
        return int(np.where(mask, value, -np.inf).argmax())

    def owned(joint: str) -> np.ndarray:
        return weights[:, INDEX[joint]] > 0.5

    head = owned("head")
    found = {"nose": extreme(head & (np.abs(vertices[:, 0]) < 0.012), vertices[:, 2])}
    for side, sign in (("left", 1.0), ("right", -1.0)):
        letter = side[0]
        found[f"{letter}eye"] = extreme(owned(f"{side}_eye_smplhf"), vertices[:, 2])
        found[f"{letter}ear"] = extreme(head, sign * vertices[:, 0])
        for finger in FINGERS:
            along = np.array([sign, 0, 0])
            if finger == "thumb":
                along = joints[INDEX[f"{side}_thumb3"]] - joints[INDEX[f"{side}_thumb2"]]
            found[letter + finger] = extreme(owned(f"{side}_{finger}3"), vertices @ along)
        toes = owned(f"{side}_foot")
        found[f"{letter.upper()}BigToe"] = extreme(toes, vertices[:, 2])
        found[f"{letter.upper()}SmallToe"] = extreme(toes, sign * vertices[:, 0])
        sole = owned(f"{side}_ankle")
        sole &= vertices[:, 1] < vertices[sole, 1].min() + 0.025
        found[f"{letter.upper()}Heel"] = extreme(sole, -vertices[:, 2])
    if len(set(found.values())) != len(KEYPOINTS):
        raise ValueError("two key points fall on one vertex")
    return found


def vertex_order(keypoints: dict[str, int], count: int) -> np.ndarray:
    """(K,) order[new] = old: swaps as few vertices as put the key points where `smplx` reads them."""
    order = np.arange(count)
    for name, old in keypoints.items():
        new = KEYPOINTS[name]
        current = int(np.nonzero(order == old)[0][0])
        order[new], order[current] = order[current], order[new]
    return order


def landmarks() -> dict[str, np.ndarray]:
    """51 static and 79 x 17 contour landmarks of the face, as faces and barycentric coordinates.

    They lie on vertices: the file keeps face and corner alone.
    """
    with np.load(Path(__file__).with_name("landmarks.npz")) as data:
        corners = {name: data[name] for name in data.files}
    one = np.eye(3)
    return {
        "lmk_faces_idx": corners["faces"].astype(np.int64),
        "lmk_bary_coords": one[corners["corners"]],
        "dynamic_lmk_faces_idx": corners["contour_faces"].astype(np.int64),
        "dynamic_lmk_bary_coords": one[corners["contour_corners"]],
    }


def hand_poses() -> dict[str, np.ndarray]:
    """A relaxed mean pose and 45 orthonormal pose components for each hand, synergies first.

    The first six: grasp, index, thumb, ring and little finger, spread, knuckles. The rest complete the basis.
    """
    out: dict[str, np.ndarray] = {}
    fingers, curl = (0, 1, 2, 3), (0.18, 0.30, 0.20)
    for letter, sign in (("l", 1.0), ("r", -1.0)):
        mean = np.zeros((5, 3, 3))
        mean[:4, :, 2] = -sign * np.array(curl)
        synergies = (
            (fingers, (0, 1, 2), 2, -sign), ((0,), (0, 1, 2), 2, -sign), ((4,), (0, 1, 2), 1, -sign),
            ((2, 3), (0, 1, 2), 2, -sign), (fingers, (0,), 1, sign), (fingers, (0,), 2, -sign),
        )  # fmt: skip
        rows = []
        for which, joints, axis, direction in synergies:
            row = np.zeros((5, 3, 3))
            row[np.ix_(which, joints, (axis,))] = direction
            rows.append(row.ravel() / np.linalg.norm(row))
        basis = np.linalg.qr(np.c_[np.array(rows).T, np.eye(45)])[0][:, :45].T
        for i, row in enumerate(rows):
            basis[i] *= np.sign(basis[i] @ row)
        out[f"hands_mean{letter}"] = mean.ravel()
        out[f"hands_components{letter}"] = basis
        out[f"hands_coeffs{letter}"] = np.zeros((1, 45), np.float32)
    return out
