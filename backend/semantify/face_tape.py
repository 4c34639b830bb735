"""What a tape says of faces: distances between the 68 landmarks, as the files of heads place them.

Landmarks 0 to 50 are numbers 17 to 67 of the usual 68 (brows, nose, eyes, lips); the contour's 17 come from the row
of the dynamic ones that looks straight ahead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from ..body.model import MorphableBody

STATIC, CONTOUR = 51, 17
LEAST = 1e-6


def face_landmarks(body: MorphableBody, meshes: np.ndarray) -> np.ndarray | None:
    """(n, 68, 3) metres; None where the model's file has no landmarks.

    Args:
        meshes: (n, V, 3).
    """
    held = body.arrays.extras
    names = ("lmk_faces_idx", "lmk_bary_coords", "dynamic_lmk_faces_idx", "dynamic_lmk_bary_coords")
    if not all(name in held for name in names) or len(held["lmk_faces_idx"]) != STATIC:
        return None
    rows = held["dynamic_lmk_faces_idx"]
    if rows.ndim != 2 or rows.shape[1] != CONTOUR:
        return None
    ahead = len(rows) // 2
    faces = np.concatenate((rows[ahead], held["lmk_faces_idx"]))
    shares = np.concatenate((held["dynamic_lmk_bary_coords"][ahead], held["lmk_bary_coords"])).astype(np.float64)
    corners = meshes[:, body.arrays.faces[faces]]
    return np.einsum("nlcx,lc->nlx", corners, shares)


def _span(a: int, b: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda at: np.linalg.norm(at[:, a] - at[:, b], axis=1)


_LENGTHS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "face_width": _span(0, 16),
    "face_height": _span(8, 27),
    "jaw_width": _span(4, 12),
    "chin_width": _span(6, 10),
    "nose_width": _span(31, 35),
    "nose_length": _span(27, 33),
    "nose_depth": lambda at: at[:, 30, 2] - (at[:, 31, 2] + at[:, 35, 2]) / 2,
    "eye_width": lambda at: (_span(36, 39)(at) + _span(42, 45)(at)) / 2,
    "eye_open": lambda at: (at[:, [37, 38, 43, 44], 1] - at[:, [41, 40, 47, 46], 1]).mean(1),
    "eye_spacing": _span(39, 42),
    "mouth_width": _span(48, 54),
    "mouth_open": lambda at: at[:, 62, 1] - at[:, 66, 1],
    "lips": lambda at: _span(51, 62)(at) + _span(57, 66)(at),
    "brow_height": lambda at: at[:, 17:27, 1].mean(1) - at[:, [36, 39, 42, 45], 1].mean(1),
    "inner_brows": lambda at: at[:, [21, 22], 1].mean(1) - at[:, [17, 26], 1].mean(1),
    "mouth_corners": lambda at: at[:, [48, 54], 1].mean(1) - at[:, [62, 66], 1].mean(1),
    "mouth_sideways": lambda at: at[:, 48:68, 0].mean(1),
}


def face_lengths(landmarks: np.ndarray) -> dict[str, np.ndarray]:
    """By name, (n,) metres each.

    Args:
        landmarks: (n, 68, 3), y up, facing +z.
    """
    return {name: np.asarray(of(landmarks), np.float64) for name, of in _LENGTHS.items()}


def _over(name: str, whole: str) -> Callable[[Mapping[str, np.ndarray]], np.ndarray]:
    return lambda m: m[name] / np.maximum(m[whole], LEAST)


FACE_TRAITS: dict[str, Callable[[Mapping[str, np.ndarray]], np.ndarray]] = {
    "face_roundness": _over("face_width", "face_height"),
    "jaw": _over("jaw_width", "face_width"),
    "chin": _over("chin_width", "face_width"),
    "nose_broad": _over("nose_width", "face_width"),
    "nose_long": _over("nose_length", "face_height"),
    "nose_deep": _over("nose_depth", "face_height"),
    "eyes": lambda m: m["eye_width"] * m["eye_open"] / np.maximum(m["face_width"], LEAST) ** 2,
    "eyes_apart": _over("eye_spacing", "face_width"),
    "mouth_broad": _over("mouth_width", "face_width"),
    "lips_full": _over("lips", "face_height"),
    "mouth_gape": lambda m: m["mouth_open"],
    "eyes_wide": lambda m: m["eye_open"],
    "brows_up": lambda m: m["brow_height"],
    "brows_inner_up": lambda m: m["inner_brows"],
    "corners_up": lambda m: m["mouth_corners"],
    "mouth_aside": lambda m: np.abs(m["mouth_sideways"]),
    "mouth_small": lambda m: -m["mouth_width"],
}
"""Name -> shares of the face's width or height for shapes, lengths in metres for expressions."""
