"""Pictures of samples: one look, one light, cameras that stand still (Semantify, section 3.1).

What varies from picture to picture is the shape alone: skin, hair, clothes, pose, light and ground are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from ..encoders.training.painting import Painter
from ..pictures.figures import OUTFIT, TIGHT, Figures
from ..pictures.framing import Placed, stand_at
from ..pictures.raster_engine import RasterEngine
from ..pictures.shapes import ARMS_DOWN, GREY
from ..pictures.stage import Figure, assemble, studio
from ..protocol import InvalidInput
from ..render.compiled import numba_there
from .families import Family, View
from .skins import face_colours, fur

BACKDROP = "plain"
BELOW_EYES = 0.03
"""Metres from the eyes down to the middle of a face."""
GARMENTS = {"bare": (), "grey": (), "fur": (), "tight": TIGHT, "plain": OUTFIT}
"""Outfit of a family -> garments."""
MOST_SHOWN = 2.0
"""Of coefficients that only go up: there eyes are closed, further on lids cross."""


class Studio:
    """Takes pictures of one model's samples.

    Args:
        family: tells cameras, clothes and which coefficients vary.
        spec: of the model, as `load_body` takes it.
        views: cameras; none: the family's.
        outfit: of `families.OUTFITS`; empty: the family's.

    Raises:
        InvalidInput: no such model, or it has no coefficients of that kind.
    """

    def __init__(self, family: Family, spec: str, views: Sequence[View] = (), outfit: str = "") -> None:
        self.family, self.views = family, tuple(views) or family.views
        self.outfit = outfit or family.outfit
        self.figures = Figures(spec, GARMENTS[self.outfit])
        self.body = self.figures.body
        names = self.body.beta_names if family.coefficients == "betas" else self.body.expression_names
        there = self.body.num_betas if family.coefficients == "betas" else self.body.num_expression
        if not there:
            raise InvalidInput(f"{self.body.name} has no {family.coefficients}.", "Choose another model or family.")
        self.count = min(family.components, there)
        self.names = tuple(names[: self.count])
        """Of the coefficients; empty where the model does not name them."""
        self.one_sided = family.coefficients == "expression" and bool(names)
        """Whether coefficients only go up from 0: named expressions are blend shapes, unnamed ones components."""
        self.limit = min(family.limit, MOST_SHOWN) if self.one_sided else family.limit
        """Standard deviations that samples stay within."""
        self._face = face_colours(self.body, self.figures.person)
        self._pose = self.body.relaxed_pose()
        for name, turn in ARMS_DOWN.items():
            if family.pose == "arms_down" and name in self.body.joint_names:
                self._pose[self.body.joint_names.index(name)] = turn
        mean = self.figure(np.zeros(self.count))
        target = self._target(mean)
        self._cameras = [_place(view, target) for view in self.views]
        self._painter = Painter(mean.faces) if numba_there() else None
        self._engine = RasterEngine()

    def figure(self, coefficients: NDArray[np.floating]) -> Figure:
        """The model in its resting pose, on the floor, of (count,) coefficients."""
        person = replace(self.figures.person, **{self.family.coefficients: tuple(float(c) for c in coefficients)})
        figure = self.figures.pose(person, self._pose)
        if self.outfit == "grey":
            return replace(figure, colours=np.full_like(figure.colours, GREY))
        if self.outfit == "fur":
            return replace(figure, colours=fur(len(figure.colours)))
        if self._face is not None:
            colours = figure.colours.copy()
            colours[: len(self._face)] = self._face
            return replace(figure, colours=colours)
        return figure

    def pictures(self, coefficients: NDArray[np.floating], size: int) -> NDArray[np.uint8]:
        """(views, size, size, 3) sRGB of one sample.

        Args:
            coefficients: (count,).
            size: pixels of a side, even.
        """
        figure = self.figure(coefficients)
        scenes = assemble([studio(figure, camera, 0, BACKDROP) for camera in self._cameras], size)
        if self._painter is None:
            return np.stack([shot.picture for shot in self._engine.shoot(scenes, lambda: None)])
        normals = self._painter.normals(figure.vertices)
        return np.stack([self._painter.paint(scenes, k, normals).picture for k in range(len(scenes))])

    @torch.no_grad()
    def vertices(self, coefficients: NDArray[np.floating]) -> NDArray[np.float32]:
        """(n, V, 3) metres of the bare model at rest, of (n, count) coefficients."""
        given = torch.from_numpy(np.asarray(coefficients, np.float32))
        return self.body.shaped(**{self.family.coefficients: given}).numpy()

    def _target(self, mean: Figure) -> NDArray[np.floating]:
        """(3,) where cameras look, found once on the mean model."""
        if self.family.target == "floor":
            return np.zeros(3)
        middle = (mean.vertices.max(0) + mean.vertices.min(0)) / 2
        eyes = [i for i, name in enumerate(self.body.joint_names) if "eye" in name]
        if self.family.target == "face" and eyes:
            return mean.joints[eyes].mean(0) - np.array([0.0, BELOW_EYES, 0.0])
        return middle


def _place(view: View, target: NDArray[np.floating]) -> Placed:
    return stand_at(view.azimuth, view.elevation, view.distance, target + np.array([0.0, view.height, 0.0]), view.fov)
