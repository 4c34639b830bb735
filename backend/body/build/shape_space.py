"""The ten shape axes: readable directions, made from phenotypes by central differences and freed of stature."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from .phenotype import Phenotype

MUSCLES = {
    "torso/torso-muscle-pectoral-incr": 0.12,
    "torso/torso-muscle-dorsi-incr": 0.12,
    **{f"arms/{s}-{part}-muscle-incr": 0.12 for s in "lr" for part in ("upperarm-shoulder", "upperarm", "lowerarm")},
    **{f"legs/{s}-{part}-muscle-incr": 0.12 for s in "lr" for part in ("upperleg", "lowerleg")},
}
"""What MakeHuman's own muscle parameter lacks: it trades fat for muscle and hardly shows on the limbs."""


@dataclass(frozen=True)
class Axis:
    """One column of the shape space.

    The direction is the mean difference between bodies pushed `step` up and `step` down in one parameter.
    """

    name: str
    parameters: dict[str, float | tuple[float, ...]]
    """Phenotype field, or detail target -> how far one step moves it."""
    unit: float
    """Steps in one unit (about one standard deviation of adults)."""
    fixed_stature: bool = True
    """Whether stature is taken out, so that the axis changes shape at equal height."""


AXES = (
    Axis("stature", {"height": 0.1}, 0.88, fixed_stature=False),
    Axis("weight", {"weight": 0.25, "fat": 0.15}, 1.35),
    Axis("muscle", {"muscle": 0.25, **MUSCLES}, 1.1),
    Axis("feminine", {"gender": 0.25}, 1.1),
    Axis("age", {"age": 0.25}, 1.1),
    Axis("proportions", {"proportions": 0.3}, 0.8),
    Axis("leg_length", {"legs/upperlegs-height-incr": 0.2, "legs/lowerlegs-height-incr": 0.2}, 1.7),
    Axis("shoulder_width", {"torso/measure-shoulder-dist-incr": 0.2, "torso/torso-vshape-incr": 0.15}, 1.3),
    Axis("chest", {"cup": 0.25}, 0.8),
    Axis("belly", {"stomach/stomach-pregnant-incr": 0.15, "stomach/stomach-tone-decr": 0.2}, 1.6),
)
"""The axes in the order of the columns."""


OPPOSITES = (
    ("incr", "decr"), ("up", "down"), ("out", "in"), ("forward", "backward"), ("convex", "concave"),
    ("compress", "uncompress"), ("pointed", "round"), ("square", "round"), ("triangular", "invertedtriangular"),
)  # fmt: skip
"""Ends of the names of detail targets that undo each other."""


CENTRES = [Phenotype(gender=g, age=a, weight=w) for g in (0.3, 0.7) for a in (0.28, 0.5) for w in (0.3, 0.7)]
"""Bodies about which the axes' differences are taken."""


def opposite(target: str) -> str:
    """The detail target that moves the other way: `nose/nose-hump-decr` of `nose/nose-hump-incr`."""
    stem, _, end = target.rpartition("-")
    for one, other in OPPOSITES:
        if end in (one, other):
            return f"{stem}-{other if end == one else one}"
    raise ValueError(f"{target} has no opposite")


def push(person: Phenotype, axis: Axis, sign: float) -> Phenotype:
    """`person` moved one step up (+1) or down (-1) along the axis."""
    extra = dict(person.extra)
    fields = {}
    for name, amount in axis.parameters.items():
        if isinstance(amount, tuple):
            fields[name] = tuple(v + sign * a for v, a in zip(getattr(person, name), amount, strict=True))
        elif "/" in name:
            extra[name if sign > 0 else opposite(name)] = amount
        else:
            fields[name] = getattr(person, name) + sign * amount
    return replace(person, extra=extra, **fields)


def build_axes(
    people: list[Phenotype], to_tpose: Callable[[Phenotype], np.ndarray], chosen: tuple[Axis, ...] = AXES
) -> np.ndarray:
    """(K, 3, A) displacement per unit of each axis, averaged over `people`.

    Args:
        people: bodies about which differences are taken; the average makes the axes hold away from the mean.
        to_tpose: phenotype -> (K, 3) symmetric vertices in the T-pose.
        chosen: the A axes.
    """
    columns = []
    for axis in chosen:
        total = sum(to_tpose(push(p, axis, 1.0)) - to_tpose(push(p, axis, -1.0)) for p in people)
        columns.append(total * axis.unit / (2 * len(people)))
    return np.stack(columns, -1)


def in_steps(displacements: np.ndarray, step: float = 2.0**-15) -> np.ndarray:
    """Displacements in multiples of `step` metres (0.03 mm), float16: noise below it would only fill a file."""
    return (np.round(displacements / step) * step).astype(np.float16)


def free_of_stature(axes: np.ndarray, template: np.ndarray) -> np.ndarray:
    """Take as much of the first axis out of the others as keeps the body's height."""
    top, bottom = template[:, 1].argmax(), template[:, 1].argmin()
    rise = axes[top, 1] - axes[bottom, 1]
    out = axes.copy()
    for k, axis in enumerate(AXES):
        if axis.fixed_stature:
            out[:, :, k] -= out[:, :, 0] * (rise[k] / rise[0])
    return out
