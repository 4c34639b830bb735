"""A body as the plain arrays that the Blender side reads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..files import save_npz
from ..protocol import InvalidInput
from .girths import measure_arrays
from .model import BodyModel


def _coefficients(given: Sequence[float] | np.ndarray | None, count: int, what: str) -> np.ndarray:
    values = np.asarray([] if given is None else given, np.float32).reshape(-1)
    if len(values) > count or not np.isfinite(values).all():
        raise InvalidInput(
            f"{len(values)} {what} were given, and the body has {count}.", f"Give {count} numbers at most."
        )
    return np.concatenate((values, np.zeros(count - len(values), np.float32)))


def write_actor_body(
    body: BodyModel,
    path: str | Path,
    betas: Sequence[float] | np.ndarray | None,
    expression: Sequence[float] | np.ndarray | None = None,
) -> None:
    """Write what `scene` needs to build the actor: mesh, rig, axes, correctives, measures (.npz, atomic).

    Args:
        body: a loaded body.
        path: the file to write.
        betas: up to S shape coefficients; missing ones are 0.
        expression: up to E expression coefficients; missing ones are 0.

    Raises:
        InvalidInput: too many coefficients, or the file cannot be written.
    """
    a = body.arrays
    shape = _coefficients(betas, len(a.beta_names), "betas")
    face = _coefficients(expression, len(a.expression_names), "expression coefficients")
    shaped = a.v_template + a.shapedirs @ shape + a.exprdirs @ face
    rows, cols = np.nonzero(a.J_regressor)
    header = {"name": a.name, "kind": a.kind, "gender": a.gender, "sha256": a.sha256, "licence": a.licence}
    arrays: dict[str, Any] = {
        "v_template": a.v_template,
        "shapedirs": a.shapedirs,
        "exprdirs": a.exprdirs,
        "betas": shape,
        "expression": face,
        "joints": (a.J_regressor.astype(np.float64) @ shaped).astype(np.float32),
        "jr_rows": rows.astype(np.int32),
        "jr_cols": cols.astype(np.int32),
        "jr_vals": a.J_regressor[rows, cols],
        "weights": a.weights,
        "parents": a.parents,
        "joint_names": np.array(a.joint_names, dtype=str),
        "faces": a.faces,
        "beta_names": np.array(a.beta_names, dtype=str),
        "expression_names": np.array(a.expression_names, dtype=str),
        "relaxed_pose": body.relaxed_pose(),
        "header": np.frombuffer(json.dumps(header, sort_keys=True).encode(), np.uint8),
    }
    if a.posedirs is not None:
        arrays["posedirs"] = a.posedirs.astype(np.float16)
    for pair in (("vt", "ft"), ("regions", "region_names")):
        if all(key in a.extras for key in pair):
            arrays.update({key: a.extras[key] for key in pair})
    arrays.update(measure_arrays(body))
    save_npz(path, **arrays)
