"""The measured body of a person without its mesh: what a tape says is nearly quadratic in the betas.

`python -m impromptu.backend.people.measures` measures sampled bodies (`backend.body.measure`), fits the quadratics,
and takes from the same people how uncommon each measure is; both go into `measures.json` beside this file.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..files import read_json, write_json
from .bodies import AXES, TEMPLATES, sample_body

FILE = Path(__file__).with_name("measures.json")
MEASURED = ("height", "breadth", "chest", "waist", "hips", "shoulders", "leg")
"""Metres; `breadth` is the cube root of the volume."""
SAMPLE = 1200
"""Bodies a template that are measured."""
QUANTILES = (0.5, 2.0, 5.0, 10.0, 16.0, 25.0, 50.0, 75.0, 84.0, 90.0, 95.0, 98.0, 99.5)
"""Per cent of the people of a template that have less."""
_Z = np.array([-2.58, -2.05, -1.64, -1.28, -0.99, -0.67, 0, 0.67, 0.99, 1.28, 1.64, 2.05, 2.58])
"""The same in standard deviations of a normal distribution."""
_UPPER = np.triu_indices(len(AXES) + 1)

Array = NDArray[np.floating]


def traits(measured: dict[str, Any], betas: Array) -> dict[str, Any]:
    """What is seen of a body, each in a unit of its own, of single values or of arrays.

    Args:
        measured: by `MEASURED`.
        betas: (..., 10).
    """
    m = measured
    axes = dict(zip(AXES, np.moveaxis(betas, -1, 0), strict=True))
    return {
        "stature": m["height"],
        "weight": m["breadth"] ** 3 / m["height"] ** 2,
        "muscle": axes["muscle"] + 0.25 * axes["shoulder_width"] - 0.15 * np.maximum(axes["weight"], 0),
        "shoulders": m["shoulders"] / m["height"],
        "belly": m["waist"] / (m["hips"] + m["chest"]),
        "curves": (m["hips"] + m["chest"]) / m["waist"],
        "legs": m["leg"] / m["height"],
        "age": axes["age"],
    }


@lru_cache(maxsize=1)
def _fitted() -> tuple[dict[str, Array], dict[str, dict[str, Array]]]:
    """By template: (measures, 66) coefficients; and for each trait the values at `QUANTILES`."""
    kept = read_json(FILE)
    return (
        {t: np.array(kept[t]["coefficients"]) for t in TEMPLATES},
        {t: {name: np.array(v) for name, v in kept[t]["quantiles"].items()} for t in TEMPLATES},
    )


def measure_person(template: str, betas: tuple[float, ...]) -> dict[str, float]:
    """By `MEASURED`, metres, within two per cent of the tape."""
    return dict(zip(MEASURED, (_fitted()[0][template] @ _features(np.array(betas))).tolist(), strict=True))


@lru_cache(maxsize=1024)
def uncommon(template: str, betas: tuple[float, ...]) -> dict[str, float]:
    """Each trait in standard deviations of the sampled people of the same template."""
    found = traits(measure_person(template, betas), np.array(betas))
    knots = _fitted()[1][template]
    return {name: float(np.interp(value, knots[name], _Z)) for name, value in found.items()}


def _features(betas: Array) -> Array:
    """(..., 66) products of up to two of (..., 10) betas."""
    one = np.concatenate((np.ones((*betas.shape[:-1], 1)), betas), -1)
    return one[..., _UPPER[0]] * one[..., _UPPER[1]]


def tape(template: str, betas: Array) -> Array:
    """(n, measures) of (n, 10) betas, from the meshes."""
    import torch

    from ..body.load import load_body
    from ..body.measure import measure

    body = load_body(template)
    ends = [body.joint_names.index(f"{side}_shoulder") for side in ("left", "right")]
    rows = []
    for one in torch.from_numpy(betas).float():
        found = measure(body, one)
        joints = body.rest_joints(one)[0]
        girths = [found.girths_m[name] for name in ("chest", "waist", "hips")]
        shoulders = float((joints[ends[0]] - joints[ends[1]]).norm())
        rows.append([found.height_m, (found.volume_l / 1000) ** (1 / 3), *girths, shoulders, found.leg_m])
    return np.array(rows)


def fit() -> dict[str, Any]:
    """What `measures.json` holds."""
    kept = {}
    for number, template in enumerate(TEMPLATES):
        rng = np.random.default_rng(number)
        people: list[tuple[float, ...]] = []
        while len(people) < SAMPLE:
            found, betas = sample_body(rng, "train" if len(people) % 6 else "test")
            if found == template:
                people.append(betas)
        betas = np.array(people)
        measured = tape(template, betas)
        coefficients = np.linalg.lstsq(_features(betas), measured, rcond=None)[0].T
        seen = traits(dict(zip(MEASURED, measured.T, strict=True)), betas)
        quantiles = {k: np.percentile(v, QUANTILES).round(5).tolist() for k, v in seen.items()}
        kept[template] = {"coefficients": coefficients.round(6).tolist(), "quantiles": quantiles}
    return kept


if __name__ == "__main__":
    write_json(FILE, fit())
