"""Which body a file holds, told from its arrays, and those arrays under one set of names."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from ..protocol import InvalidInput
from . import names
from .stand_ins import Unreadable

_DATA = Path(__file__).with_name("data")
DEFAULT_FILE = _DATA / "impromptu_body.npz"
HEAD_FILE = _DATA / "impromptu_head.npz"
DOG_FILE = _DATA / "impromptu_dog.npz"


@dataclass(frozen=True)
class BodyArrays:
    """One morphable model as plain arrays; V vertices, F faces, J joints, S shape and E expression axes."""

    name: str
    """What it is in words: only a body of the published size is called by the published name."""
    kind: str
    """The layout: `smpl`, `smplh`, `smplx`, `flame`, `smal`, or one of our own (`names.OURS`)."""
    v_template: np.ndarray
    """(V, 3) float32, metres."""
    faces: np.ndarray
    """(F, 3) int32."""
    shapedirs: np.ndarray
    """(V, 3, S) float32, metres a standard deviation."""
    exprdirs: np.ndarray
    """(V, 3, E) float32."""
    posedirs: np.ndarray | None
    """(V, 3, (J - 1) * 9) float32 on the flattened R - I of every joint but the root, or none."""
    J_regressor: np.ndarray
    """(J, V) float32."""
    weights: np.ndarray
    """(V, J) float32, rows sum to 1."""
    parents: np.ndarray
    """(J,) int32, -1 for the root, every parent before its children."""
    joint_names: tuple[str, ...]
    beta_names: tuple[str, ...]
    expression_names: tuple[str, ...]
    gender: str = "neutral"
    sha256: str = ""
    licence: str = ""
    extras: dict[str, np.ndarray] = field(default_factory=dict)
    """vt, ft, regions, region_names, hand means and components, landmarks: where the file has them."""


EXTRAS = (
    "vt", "ft", "regions", "region_names", "hands_meanl", "hands_meanr", "hands_componentsl", "hands_componentsr",
    "lmk_faces_idx", "lmk_bary_coords", "dynamic_lmk_faces_idx", "dynamic_lmk_bary_coords",
)  # fmt: skip
REQUIRED = ("v_template", "f", "shapedirs", "J_regressor", "weights", "kintree_table")
LICENCES = {
    "impromptu": "CC0-1.0",
    "impromptu_head": "CC0-1.0",
    "impromptu_dog": "Apache-2.0",
    "smpl": "Max Planck Society, SMPL model licence (non-commercial research; see its own terms)",
    "smplh": "Max Planck Society, SMPL+H / MANO model licence (non-commercial research; see its own terms)",
    "smplx": "Max Planck Society, SMPL-X model licence (non-commercial research; see its own terms)",
    "flame": "Max Planck Society, FLAME model licence (see its own terms)",
    "smal": "Max Planck Society, SMAL model licence (non-commercial research; see its own terms)",
}


def licence(kind: str, vertices: int) -> str:
    """The licence of a published model, told by its vertex count; of another file it is not known."""
    ours = kind in names.OURS or vertices == names.LAYOUTS[kind].vertices
    return LICENCES[kind] if ours else "not stated in the file"


def dense(value: Any) -> np.ndarray:
    """An array of a numpy array or a scipy sparse matrix.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(value, Unreadable):
        raise ValueError(f"it holds chumpy's {value.name}, an expression and not an array")
    return np.asarray(value.toarray() if hasattr(value, "toarray") else value)


def detect_kind(members: dict[str, Any], what: str) -> str:
    """The layout of a body model, from its arrays alone.

    Args:
        members: the file's arrays by name.
        what: the file's name, for the error.

    Raises:
        InvalidInput: arrays are missing, or no known layout has this many joints.
    """
    missing = [key for key in REQUIRED if key not in members]
    if missing:
        raise InvalidInput(
            f"{what} is not a body model: it has no {', '.join(missing)}.",
            "Give an SMPL, SMPL-H, SMPL-X, FLAME or SMAL file (.npz or .pkl).",
        )
    joints = getattr(members["J_regressor"], "shape", (0,))[0]
    # Only our own files name their axes.
    ours = "v_template_male" in members or "beta_names" in members
    for kind, layout in names.LAYOUTS.items():
        if (kind in names.OURS) == ours and joints in layout.joint_counts:
            return kind
    if ours:
        return "impromptu"
    raise InvalidInput(
        f"{what} has {joints} joints, which is no layout that Impromptu knows.",
        "Give SMPL (24 joints), SMPL-H (52), SMPL-X (55), FLAME (5) or SMAL (33 or 35).",
    )


def split_shape(kind: str, members: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Shape and expression axes of `shapedirs`, split as the layout's authors split them.

    SMPL-X and FLAME keep both in one array: 300 + 100, or 10 + 10 in their small files.
    """
    dirs = dense(members["shapedirs"]).astype(np.float32)
    if dirs.ndim == 2:
        dirs = dirs[:, :, None]
    if "beta_names" in members:
        cut = len(members["beta_names"])
    elif kind in ("smplx", "flame", "impromptu"):
        cut = 300 if dirs.shape[2] >= 400 else 10
    else:
        cut = dirs.shape[2]
    return np.ascontiguousarray(dirs[:, :, :cut]), np.ascontiguousarray(dirs[:, :, cut:])


def _check(body: BodyArrays, what: str) -> None:
    """Raises InvalidInput where the arrays contradict each other."""
    V, J = len(body.v_template), len(body.parents)
    shapes = {
        "v_template": (body.v_template.shape, (V, 3)),
        "shapedirs": (body.shapedirs.shape[:2], (V, 3)),
        "weights": (body.weights.shape, (V, J)),
        "J_regressor": (body.J_regressor.shape, (J, V)),
        "f": (body.faces.shape[1:], (3,)),
    }
    if body.posedirs is not None:
        shapes["posedirs"] = (body.posedirs.shape, (V, 3, (J - 1) * 9))
    wrong = [key for key, (have, want) in shapes.items() if have != want]
    for key in (f.name for f in fields(body)):
        value = getattr(body, key)
        if isinstance(value, np.ndarray) and value.dtype.kind == "f" and not np.isfinite(value).all():
            wrong.append(key)
    if not body.faces.size or body.faces.min() < 0 or body.faces.max() >= V:
        wrong.append("f")
    if body.parents[0] != -1 or any(not 0 <= p < i for i, p in enumerate(body.parents[1:].tolist(), 1)):
        wrong.append("kintree_table")
    if wrong:
        raise InvalidInput(
            f"{what} is not a usable body model: {', '.join(dict.fromkeys(wrong))} do not fit the rest.",
            "Copy or download it again.",
        )


def _axis_names(members: dict[str, Any], key: str, prefix: str, count: int) -> tuple[str, ...]:
    given = [str(n) for n in np.asarray(members.get(key, ())).reshape(-1)]
    return tuple(given[:count] + [f"{prefix}{i:03d}" for i in range(len(given), count)])


def _header(members: dict[str, Any]) -> dict[str, Any]:
    """The JSON beside the arrays of our own files; {} where there is none."""
    raw = members.get("header")
    if not isinstance(raw, np.ndarray) or raw.dtype != np.uint8:
        return {}
    try:
        header = json.loads(raw.tobytes())
    except ValueError:
        return {}
    return header if isinstance(header, dict) else {}


def arrange(members: dict[str, Any], what: str, sha256: str = "", variant: str = "neutral") -> BodyArrays:
    """A body model's arrays under one set of names, checked against each other.

    Args:
        members: the file's arrays by name.
        what: the file's name, for errors.
        sha256: of the file.
        variant: `male` or `female` picks that mean of the default body.

    Raises:
        InvalidInput: not a body model, or one whose arrays do not fit together.
    """
    kind = detect_kind(members, what)
    template = members.get(f"v_template_{variant}", members["v_template"])
    header = _header(members)
    try:
        shape, expression = split_shape(kind, members)
        pose = members.get("posedirs")
        pose = None if pose is None or not np.any(dense(pose)) else dense(pose).astype(np.float32)
        parents = dense(members["kintree_table"])[0].astype(np.int64).astype(np.int32)
        parents[0] = -1  # written as 2**32 - 1
        V, J = dense(template).shape[0], len(parents)
        body = BodyArrays(
            name=str(header.get("name") or names.display_name(kind, V, variant)),
            kind=kind,
            v_template=dense(template).astype(np.float32),
            faces=dense(members["f"]).astype(np.int64).astype(np.int32),
            shapedirs=shape,
            exprdirs=expression,
            posedirs=pose,
            J_regressor=dense(members["J_regressor"]).astype(np.float32),
            weights=dense(members["weights"]).astype(np.float32),
            parents=parents,
            joint_names=names.joint_names(kind, J, members.get("joint_names")),
            beta_names=_axis_names(members, "beta_names", "shape", shape.shape[2]),
            expression_names=_axis_names(members, "expression_names", "expression", expression.shape[2]),
            gender=names.gender_of(what) if kind not in names.OURS else variant,
            sha256=sha256,
            licence=str(header.get("licence") or licence(kind, V)),
            extras={k: v for k in EXTRAS if isinstance(v := members.get(k), np.ndarray) and not v.dtype.hasobject},
        )
    except (ValueError, TypeError, IndexError) as error:
        raise InvalidInput(f"{what} is not a usable body model: {error}.", "Copy or download it again.") from error
    _check(body, what)
    return body
