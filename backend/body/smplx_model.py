"""The same body as `smplx`'s own module, made from safely read arrays.

For what only smplx computes (its keypoints and landmarks), as the peer of tests and benchmarks, and for code that
expects its classes. smplx reads files with pickle; here it is only ever given files that were just written from
plain arrays.
"""

from __future__ import annotations

import contextlib
import io
import pickle
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..files import save_npz
from . import names
from .layout import BodyArrays

_CLASSES = {
    "smpl": "SMPL", "smal": "SMPL", "smplh": "SMPLH", "smplx": "SMPLX", "flame": "FLAME", "impromptu": "SMPLX",
    "impromptu_head": "FLAME", "impromptu_dog": "SMPL",
}  # fmt: skip
_SPLIT = (300, 100)
"""Shape and expression columns by which smplx's FLAME knows where the expressions begin."""


def _members(a: BodyArrays) -> dict[str, Any]:
    """The arrays under the names that smplx reads, with neutral ones for what the file lacks."""
    V, J = len(a.v_template), len(a.parents)
    members: dict[str, Any] = {
        "hands_meanl": np.zeros(45), "hands_meanr": np.zeros(45),
        "hands_componentsl": np.eye(45), "hands_componentsr": np.eye(45),
        "lmk_faces_idx": np.zeros(1, np.int64), "lmk_bary_coords": np.full((1, 3), 1 / 3),
    }  # fmt: skip
    members.update({k: v for k, v in a.extras.items() if k in members})
    members.update(
        v_template=a.v_template,
        f=a.faces,
        shapedirs=_columns(a),
        posedirs=np.zeros((V, 3, (J - 1) * 9), np.float32) if a.posedirs is None else a.posedirs,
        J_regressor=a.J_regressor,
        weights=a.weights,
        kintree_table=np.stack((a.parents, np.arange(J))),
    )
    return members


def _columns(a: BodyArrays) -> np.ndarray:
    """(V, 3, S + E) shape and expression axes; those of the default head, 49 and 28, padded with zeros."""
    if a.kind != "impromptu_head":
        return np.concatenate((a.shapedirs, a.exprdirs), 2)
    out = np.zeros((*a.shapedirs.shape[:2], sum(_SPLIT)), np.float32)
    out[:, :, : a.shapedirs.shape[2]] = a.shapedirs
    out[:, :, _SPLIT[0] : _SPLIT[0] + a.exprdirs.shape[2]] = a.exprdirs
    return out


def smplx_model(arrays: BodyArrays, batch_size: int = 1) -> Any:
    """smplx's module for a body: SMPL (SMAL too), SMPLH, SMPLX or FLAME.

    Args:
        arrays: a body's, as `load_arrays` gives them.
        batch_size: of its default parameters; SMPLX's landmarks want it equal to the batch that is run.

    Returns:
        the module, hands flat and in axis-angle, with as many of its own extra keypoints as the mesh has vertices
        for. smplx itself uses ten betas of a file that has fewer than 300.
    """
    import smplx
    from smplx.utils import Struct

    kind = _CLASSES[arrays.kind]
    options: dict[str, Any] = {"batch_size": batch_size, "num_betas": len(arrays.beta_names)}
    members = _members(arrays)
    with tempfile.TemporaryDirectory(prefix="impromptu-") as name, contextlib.redirect_stdout(io.StringIO()):
        folder = Path(name)
        if kind in ("SMPLH", "SMPLX"):
            options |= {"use_pca": False, "flat_hand_mean": True}
        if kind in ("SMPL", "SMPLH"):
            model = getattr(smplx, kind)(str(folder), data_struct=Struct(**members), **options)
        else:
            options |= {"num_expression_coeffs": len(arrays.expression_names), "ext": "npz"}
            save_npz(folder / f"{kind}_NEUTRAL.npz", **members)
            embedding = {"lmk_face_idx": members["lmk_faces_idx"], "lmk_b_coords": members["lmk_bary_coords"]}
            (folder / "flame_static_embedding.pkl").write_bytes(pickle.dumps(embedding))
            model = getattr(smplx, kind)(str(folder), **options)
    selector = model.vertex_joint_selector
    selector.extra_joints_idxs = selector.extra_joints_idxs[selector.extra_joints_idxs < len(arrays.v_template)]
    return model


def smplx_forward(
    model: Any, kind: str, betas: Tensor, expression: Tensor | None, pose: Tensor, transl: Tensor
) -> tuple[Tensor, Tensor]:
    """smplx's forward on the arguments of ours.

    Args:
        model: from `smplx_model`; kind: the body's layout.
        betas: (B, S); expression: (B, E) or none; pose: (B, J, 3) axis-angle; transl: (B, 3).

    Returns:
        (B, V, 3) vertices, and its joints, of which the first J are ours.
    """
    given: dict[str, Tensor] = {"betas": betas, "transl": transl}
    for part, (first, count) in names.parts(kind, pose.shape[1]).items():
        given[part] = pose[:, first : first + count].flatten(1)
    if expression is not None and _CLASSES[kind] in ("SMPLX", "FLAME"):
        given["expression"] = expression
    out = model(**given)
    return out.vertices, torch.as_tensor(out.joints)
