"""`python -m impromptu.backend.body.build.dog --data WHEEL -o FILE`: the default animal from dm_control's dog."""

from __future__ import annotations

import argparse
import sys

import numpy as np

from ..command import run_build
from ..regressor import fit_row, regressor_errors
from ..shape_space import in_steps
from .axes import AXES, build_axes
from .regions import REGIONS, label_regions
from .reshape import Reshaper, Traits
from .rig import INDEX, JOINTS, MIRROR, PARENTS, Rig, build_rig
from .skin import FLIP, Skin, read_skin

CANDIDATES = 320
"""Vertices that a joint is read from."""
PUSHED = 2.0
"""Units of an axis at which the joints are fitted."""
HELD_OUT = 100
"""Random dogs that the figures are measured on."""


def build(skin: Skin, log=print) -> tuple[dict[str, np.ndarray], dict]:
    """All arrays of the file, and the figures of the model card."""
    rig = build_rig(skin)
    reshaper = Reshaper(skin, rig)
    template, joints = reshaper.dog(Traits())
    template = (template + template[skin.mirror] * FLIP) / 2
    axes, moved = build_axes(reshaper)
    axes = (axes + axes[skin.mirror] * FLIP[:, None]) / 2
    log("axes")
    regressor = fit_joints(skin, rig, np.r_[template, joints], np.concatenate([axes, moved]))
    log("joint regressor")
    parents = np.where(PARENTS < 0, 2**32 - 1, PARENTS)
    arrays = {
        "v_template": template.astype(np.float32),
        "f": skin.faces.astype(np.uint32),
        "shapedirs": in_steps(axes),
        "J_regressor": regressor.astype(np.float32),
        "weights": rig.weights.astype(np.float32),
        "kintree_table": np.stack([parents, np.arange(len(JOINTS))]).astype(np.uint32),
        "joint_names": np.array(JOINTS),
        "beta_names": np.array(AXES),
        "vt": skin.uv.astype(np.float32),
        "ft": skin.uv_faces.astype(np.uint32),
        "regions": label_regions(skin, rig),
        "region_names": np.array(REGIONS),
    }
    return arrays, _figures(arrays, reshaper, moved)


def fit_joints(skin: Skin, rig: Rig, mean: np.ndarray, along: np.ndarray) -> np.ndarray:
    """(35, V) joint regressor, symmetric, fitted to the mean above all and to every axis.

    Args:
        mean: (V + 35, 3) skin and joints.
        along: (V + 35, 3, S) what a unit of each axis does to them.
    """
    count = len(skin.vertices)
    dogs = np.concatenate([mean[None], mean + PUSHED * np.moveaxis(along, 2, 0)])
    bodies, targets = dogs[:, :count], dogs[:, count:]
    importance = np.r_[40.0, np.ones(len(dogs) - 1)]
    regressor = np.zeros((len(JOINTS), count))
    for j, name in enumerate(JOINTS):
        if name.startswith("right_"):
            regressor[j] = regressor[MIRROR[j]][skin.mirror]
            continue
        family = [j, max(PARENTS[j], 0), *np.flatnonzero(np.equal(PARENTS, j))]
        near = rig.weights[:, family].sum(1) > 0.5
        if name.startswith("left_"):
            near &= mean[:count, 0] > 0
        distance = np.where(near, np.linalg.norm(mean[:count] - mean[count + j], axis=1), np.inf)
        ranked = np.argsort(distance, kind="stable")[: min(3 * CANDIDATES, int(near.sum()))]
        chosen = ranked[np.linspace(0, len(ranked) - 1, min(CANDIDATES, len(ranked))).astype(int)]
        regressor[j, chosen] = fit_row(bodies[:, chosen], targets[:, j], importance)
        if MIRROR[j] == j:
            regressor[j] = (regressor[j] + regressor[j][skin.mirror]) / 2
    return regressor


def _figures(arrays: dict[str, np.ndarray], reshaper: Reshaper, moved: np.ndarray) -> dict:
    """How well the linear axes give what the reshaping gives, for random dogs in all traits at once."""
    rng = np.random.default_rng(11)
    shapes, template = arrays["shapedirs"].astype(float), arrays["v_template"].astype(float)
    regressor = arrays["J_regressor"].astype(float)
    traits = [dict(zip(AXES, rng.normal(size=len(AXES)), strict=True)) for _ in range(HELD_OUT)]
    dogs = [reshaper.dog(Traits(**t)) for t in traits]
    true = np.array([v for v, _ in dogs])
    linear = np.array([template + shapes @ np.array(list(t.values())) for t in traits])
    error = 1000 * np.linalg.norm(linear - true, axis=2)
    left = (true - template).reshape(HELD_OUT, -1)
    fitted = np.linalg.lstsq(shapes.reshape(-1, len(AXES)), left.T, rcond=None)[0].T
    best = left - fitted @ shapes.reshape(-1, len(AXES)).T
    span = np.array([template + PUSHED * shapes[:, :, k] for k in range(len(AXES))])
    rest = regressor @ template
    joints = np.array([rest + PUSHED * moved[:, :, k] for k in range(len(AXES))])
    along_axes = 1000 * regressor_errors(regressor, span, joints)
    free = 1000 * regressor_errors(regressor, true, np.array([j for _, j in dogs]))
    return {
        "spread_mm": round(float(1000 * np.linalg.norm(left.reshape(true.shape), axis=2).mean()), 1),
        "fitted_mean_mm": round(float(1000 * np.linalg.norm(best.reshape(true.shape), axis=2).mean()), 2),
        "linear_mean_mm": round(float(error.mean()), 2),
        "linear_p95_mm": round(float(np.percentile(error, 95)), 2),
        "joints_along_axes_mean_mm": round(float(along_axes.mean()), 2),
        "joints_random_mean_mm": round(float(free.mean()), 2),
        "joints_random_worst": JOINTS[int(free.mean(0).argmax())],
        "joints_random_worst_mm": round(float(free.mean(0).max()), 2),
        "jaw_mm": round(float(free.mean(0)[INDEX["jaw"]]), 2),
    }


def main(arguments: list[str] | None = None) -> int:
    """Build the file; print its figures as JSON."""
    parser = argparse.ArgumentParser(prog="python -m impromptu.backend.body.build.dog", description=__doc__)
    parser.add_argument("--data", required=True, help="the wheel of dm_control 1.0.50, or its dog_skin.skn")
    return run_build(parser, lambda options, log: build(read_skin(options.data), log), arguments)


if __name__ == "__main__":
    sys.exit(main())
