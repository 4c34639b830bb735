"""The crop of a photo, and beside it the body that was fitted to its person."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...files import atomic_path
from ...pictures.figures import TIGHT, Figures
from ...pictures.framing import stand_at
from ...pictures.raster_engine import RasterEngine
from ...pictures.shapes import ARMS_DOWN
from ...pictures.stage import assemble, studio
from .fit import Fitted
from .picture import resized

SIDE = 480
"""Pixels of each picture's side."""
VIEWS = (15.0, 90.0)
"""Degrees around the body, from ahead."""
DISTANCE, TARGET, FOV = 5.2, 0.93, 24.0
"""Metres from the body and above the floor, degrees: all bodies at one scale, so that tall looks tall."""


def preview_of(fitted: Fitted) -> NDArray[np.uint8]:
    """(SIDE, 3 SIDE, 3) sRGB: the crop, the body from ahead and from its left."""
    figures = Figures(fitted.request.body, TIGHT)
    pose = figures.body.relaxed_pose()
    for name, turn in ARMS_DOWN.items():
        pose[figures.body.joint_names.index(name)] = turn
    person = replace(figures.person, betas=tuple(float(b) for b in fitted.betas))
    figure = figures.pose(person, pose)
    cameras = [stand_at(azimuth, 5.0, DISTANCE, np.array([0.0, TARGET, 0.0]), FOV) for azimuth in VIEWS]
    scenes = assemble([studio(figure, camera, 0, "plain") for camera in cameras], SIDE)
    bodies = [shot.picture for shot in RasterEngine().shoot(scenes, lambda: None)]
    return np.concatenate((resized(fitted.crop, (SIDE, SIDE)), *bodies), 1)


def save_picture(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Write a picture, all or nothing.

    Raises:
        InvalidInput: the folder is missing or cannot be written.
    """
    with atomic_path(path) as temporary:
        Image.fromarray(pixels).save(temporary)
