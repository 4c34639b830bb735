"""`python -m impromptu.backend.body.build.dog.sheets FILE PICTURE`: axes, poses and chance, to be looked at."""

from __future__ import annotations

import colorsys

import numpy as np
from scipy.spatial.transform import Rotation

from ..check import BuiltBody
from ..pictures import View, contact_sheet, render
from ..sheets import stack, write_model_sheet

AT = 2.5
"""Units at which each axis is shown."""
SIZE = (176, 150)
WHOLE = View(48, 8, (0.0, 0.38, 0.12), 1.0)
FACE = View(38, 10, (0.0, 0.69, 0.62), 0.40)
OF_THE_HEAD = ("head_width", "forehead", "snout", "ear")
"""Beginnings of the axes that are shown near."""
RANDOM = 12
COAT, NOSE, EYE, TONGUE = (0.62, 0.46, 0.33), (0.14, 0.11, 0.10), (0.12, 0.08, 0.06), (0.72, 0.40, 0.40)
SITTING = {"shoulder": 0.75, "hip": -0.45, "knee": 1.2, "hock": -1.5, "hind_toes": 1.5}
POSES: dict[str, dict[str, tuple[float, float, float]]] = {
    "walk": {
        "left_shoulder": (-0.40, 0, 0), "left_elbow": (0.15, 0, 0), "right_shoulder": (0.30, 0, 0),
        "right_elbow": (-0.50, 0, 0), "right_wrist": (0.60, 0, 0), "left_hip": (0.35, 0, 0),
        "left_knee": (0.25, 0, 0), "right_hip": (-0.35, 0, 0), "right_knee": (0.30, 0, 0),
        "right_hock": (-0.35, 0, 0),
    },
    "sit": {
        "root": (-0.75, 0, 0), "neck1": (0.25, 0, 0), "neck2": (0.2, 0, 0), "head": (0.3, 0, 0), "tail1": (0.7, 0, 0),
        **{
            f"{side}_{joint}": (angle, 0, 0)
            for side in ("left", "right")
            for joint, angle in SITTING.items()
        },
    },
    "look": {"neck1": (0, 0.45, 0), "neck2": (0, 0.45, 0), "head": (0, 0.35, 0.25), "left_ear": (0, 0, 0.4)},
    "tail up": {f"tail{i}": (0.30, 0, 0) for i in range(1, 8)},
    "jaw shut": {"jaw": (-0.32, 0, 0)},
    "jaw open": {"jaw": (0.30, 0, 0)},
}  # fmt: skip
"""Joint -> rotation vector, radians."""


def local_rotations(body: BuiltBody, pose: dict[str, tuple[float, float, float]]) -> np.ndarray:
    """(35, 3, 3) of named rotation vectors."""
    out = np.repeat(np.eye(3)[None], len(body.joint_names), 0)
    for name, vector in pose.items():
        out[body.joint_names.index(name)] = Rotation.from_rotvec(vector).as_matrix()
    return out


def tint(body: BuiltBody, by_region: bool = False) -> np.ndarray:
    """(V, 3) a plain coat, dark eyes and nose, red mouth; or a colour for each region."""
    if by_region:
        names = len(body.arrays["region_names"])
        palette = np.array([colorsys.hsv_to_rgb(i * 0.381 % 1, 0.55, 0.9 - 0.3 * (i % 2)) for i in range(names)])
        return palette[body.arrays["regions"]]
    out = np.tile(np.array(COAT), (len(body.template), 1))
    for colour, regions in ((NOSE, ("nose",)), (EYE, ("left_eye", "right_eye")), (TONGUE, ("mouth",))):
        out[body.region(*regions)] = colour
    return out


def sheet(body: BuiltBody, axes: list[str] | None = None) -> np.ndarray:
    """The mean from some sides and in poses, some axes (all, if none are named) at both ends, random dogs."""
    paint, rest = tint(body), local_rotations(body, {})
    names = [str(n) for n in body.arrays["beta_names"]]

    def picture(pose: np.ndarray, betas: dict[int, float], view: View, colours: np.ndarray = paint) -> np.ndarray:
        posed = body.posed(pose, betas)
        return render(posed - (0, posed[:, 1].min(), 0), body.faces, view, SIZE, colours)

    rows = [(f"mean, {a} degrees", picture(rest, {}, View(a, 6, WHOLE.centre, WHOLE.height))) for a in (0, 90, 180)]
    rows.append(("regions", picture(rest, {}, WHOLE, tint(body, True))))
    rows.append(("face", picture(rest, {}, FACE)))
    for name, pose in POSES.items():
        near = name.startswith("jaw")
        rows.append((name, picture(local_rotations(body, pose), {}, FACE if near else WHOLE)))
    ends = []
    for name in axes or names:
        view = FACE if name.startswith(OF_THE_HEAD) else WHOLE
        view = View(48, 8, (0.0, 0.5, 0.12), 1.35) if name in ("size", "leg_length") else view
        for sign in (-1, 1):
            ends.append((f"{name} {sign * AT:+g}", picture(rest, {names.index(name): sign * AT}, view)))
    rng = np.random.default_rng(8)
    wide = View(48, 8, (0.0, 0.45, 0.12), 1.25)
    chance = [
        (f"random {i}", picture(rest, dict(enumerate(rng.normal(size=len(names)))), wide)) for i in range(RANDOM)
    ]
    return stack(*(contact_sheet(part, 12) for part in (rows, ends, chance)))


if __name__ == "__main__":
    write_model_sheet(sheet, __doc__)
