"""`python -m impromptu.backend.body.build.head.sheets FILE PICTURE`: axes, expressions, chance, to be looked at."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from ..check import BuiltBody
from ..pictures import View, contact_sheet, render
from ..sheets import colours, stack, write_model_sheet

AT = 2.5
"""Units at which each axis is shown."""
SIZE = (150, 176)
VIEW = View(24, 3, (0.0, 0.105, 0.02), 0.37)
CLOSE = View(18, 0, (0.0, 0.12, 0.03), 0.29)
JAW = 0.35
"""Radians of an open mouth."""
RANDOM = 14


def turned(name: str, angles: tuple[float, float, float], body: BuiltBody) -> np.ndarray:
    """(5, 3, 3) a pose with one joint turned, by a rotation vector in radians."""
    pose = np.repeat(np.eye(3)[None], len(body.joint_names), 0)
    pose[body.joint_names.index(name)] = Rotation.from_rotvec(angles).as_matrix()
    return pose


def tint(body: BuiltBody) -> np.ndarray:
    """(V, 3) skin, eyes and lips as on the body; teeth and tongue."""
    out = colours(body, "_eye")
    out[body.region("upper_teeth", "lower_teeth")] = (0.92, 0.90, 0.84)
    out[body.region("tongue")] = (0.72, 0.38, 0.36)
    return out


def sheet(body: BuiltBody, axes: list[str] | None = None) -> np.ndarray:
    """The mean and poses, some axes (all, if none are named) at both ends, expressions, random heads."""
    paint, rest = tint(body), np.repeat(np.eye(3)[None], 5, 0)
    names = [str(n) for n in body.arrays["beta_names"]]
    expressions = [str(n) for n in body.arrays["expression_names"]]

    def picture(pose: np.ndarray, betas: dict[int, float], view: View) -> np.ndarray:
        return render(body.posed(pose, betas), body.faces, view, SIZE, paint)

    poses = [
        (f"mean, {a} degrees", picture(rest, {}, View(a, 3, VIEW.centre, VIEW.height))) for a in (0, 45, 90, 180)
    ]
    for name, angles in (
        ("jaw", (JAW, 0, 0)), ("neck", (0, 0.7, 0)), ("neck", (-0.5, 0, 0)), ("neck", (0.5, 0, 0)),
        ("left_eye", (0, 0.4, 0)),
    ):  # fmt: skip
        poses.append((f"{name} turned", picture(turned(name, angles, body), {}, VIEW)))
    poses.append(("jaw turned, near", picture(turned("jaw", (JAW, 0, 0), body), {}, CLOSE)))
    ends = [
        (f"{name} {sign * AT:+g}", picture(rest, {names.index(name): sign * AT}, VIEW))
        for name in axes or names
        for sign in (-1, 1)
    ]
    shown = [(n, picture(rest, {len(names) + k: 3.0}, CLOSE)) for k, n in enumerate(expressions)]
    rng = np.random.default_rng(5)
    chance = [
        (f"random {i}", picture(rest, dict(enumerate(rng.normal(size=len(names)))), VIEW)) for i in range(RANDOM)
    ]
    return stack(*(contact_sheet(rows, 14) for rows in (poses, ends, shown, chance)))


if __name__ == "__main__":
    write_model_sheet(sheet, __doc__)
