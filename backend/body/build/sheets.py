"""`python -m impromptu.backend.body.build.sheets FILE FOLDER`: contact sheets of poses and betas, to be looked at."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from .check import BuiltBody, stature, volume
from .pictures import SKIN, View, contact_sheet, render
from .poses import NAMED, local_rotations

SHEET_POSES = (
    "T", "arms down", "arms up", "arms forward", "squat", "deep knee", "elbow 140", "twist", "side bend", "lunge",
)  # fmt: skip
CLOSE = (
    ("arms down", (0.0, 0.22, 0.0), 0.95), ("arms up", (0.0, 0.3, 0.0), 1.25),
    ("arms forward", (0.0, 0.2, 0.1), 0.95), ("elbow 140", (0.0, 0.1, 0.1), 0.9),
    ("squat", (0.0, -0.38, 0.2), 1.1), ("fists", (0.0, -0.05, 0.1), 0.8),
)  # fmt: skip
WHOLE = (210, 300)


def colours(body: BuiltBody, eye_joint: str = "_eye_smplhf") -> np.ndarray:
    """(V, 3) skin with white eyes, dark irises and reddish lips, so that the face can be judged."""
    out = np.tile(np.array(SKIN), (len(body.template), 1))
    out[body.region("lips")] *= (0.86, 0.66, 0.66)
    out[body.region("mouth")] *= (0.55, 0.35, 0.35)
    for side in ("left", "right"):
        eye = np.nonzero(body.region(f"{side}_eye"))[0]
        out[eye] = 0.92
        centre = body.joints(body.template)[body.joint_names.index(f"{side}{eye_joint}")]
        ahead = body.template[eye] - centre
        out[eye[ahead[:, 2] / np.linalg.norm(ahead, axis=1) > 0.93]] = (0.16, 0.10, 0.08)
    return out


def poses_sheet(body: BuiltBody) -> np.ndarray:
    """Ten poses from two sides, then close views of shoulders, elbows, hips and hands."""
    pictures, tint = [], colours(body)
    for azimuth in (25, 150):
        for name in SHEET_POSES:
            vertices = body.posed(NAMED[name])
            middle = (vertices.min(0) + vertices.max(0)) / 2
            height = 1.08 * max(np.ptp(vertices[:, 1]), 1.62)
            view = View(azimuth, 6, tuple(middle), height)
            pictures.append((name, render(vertices, body.faces, view, WHOLE, tint)))
    whole = contact_sheet(pictures, 10)
    close = []
    for name, centre, height in CLOSE:
        for azimuth in (30, 200):
            view = View(azimuth, 6, centre, height)
            close.append((name, render(body.posed(NAMED[name]), body.faces, view, (350, 300), tint)))
    return stack(whole, contact_sheet(close, 6))


def betas_sheet(body: BuiltBody, male: BuiltBody, female: BuiltBody) -> np.ndarray:
    """Every axis at -3 and +3, the three means, the ten expressions."""
    stand = local_rotations({"both_shoulder": (0, 0, -52), "both_collar": (0, 0, -4)})
    view = View(28, 6, (0.0, -0.44, 0.0), 2.12)
    pictures, tint = [], colours(body)
    for column, name in enumerate(body.arrays["beta_names"]):
        for sign in (-3, 3):
            shape = body.shaped({column: sign})
            caption = f"{name} {sign:+d}   {stature(shape):.2f} m  {volume(shape, body.faces):.0f} L"
            pictures.append((caption, render(body.posed(stand, {column: sign}), body.faces, view, (208, 290), tint)))
    for name, other in (("male", male), ("neutral", body), ("female", female)):
        shape = other.template
        caption = f"{name}   {stature(shape):.2f} m  {volume(shape, body.faces):.0f} L"
        pictures.append((caption, render(other.posed(stand), body.faces, view, (208, 290), tint)))
    faces = []
    close = View(22, 0, (0.0, 0.335, 0.05), 0.32)
    for column, name in enumerate(body.arrays["expression_names"], start=10):
        faces.append((str(name), render(body.shaped({column: 3}), body.faces, close, (208, 230), tint)))
    return stack(contact_sheet(pictures, 10), contact_sheet(faces, 10))


def stack(*sheets: np.ndarray) -> np.ndarray:
    """Sheets below each other, the narrower ones filled up with white."""
    width = max(s.shape[1] for s in sheets)
    padded = [np.pad(s, ((0, 0), (0, width - s.shape[1]), (0, 0)), constant_values=255) for s in sheets]
    return np.concatenate(padded)


def write_model_sheet(sheet: Callable[[BuiltBody, list[str] | None], np.ndarray], described: str | None) -> None:
    """Read the command line of a model with one sheet, and write that.

    Args:
        sheet: of the model and of the axes to show, all where none are named; (H, W, 3) uint8.
    """
    from PIL import Image

    parser = argparse.ArgumentParser(description=described)
    parser.add_argument("file", type=Path)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--axes", nargs="*", help="axes that are shown; all if none are named")
    options = parser.parse_args()
    found = sheet(BuiltBody(options.file), options.axes)
    Image.fromarray(found).save(options.picture, quality=80, optimize=True)


def main() -> None:
    """Write body_poses.jpg and body_betas.jpg."""
    from PIL import Image

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    body, male, female = (BuiltBody(options.file, v) for v in ("neutral", "male", "female"))
    for name, sheet in (("poses", poses_sheet(body)), ("betas", betas_sheet(body, male, female))):
        Image.fromarray(sheet).save(options.folder / f"body_{name}.jpg", quality=82, optimize=True)


if __name__ == "__main__":
    main()
