"""Bodies and faces of random shape: Semantify's pictures (section 3.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..body.measure import measure
from ..people.spec import Person
from ..protocol import InvalidInput
from .figures import TIGHT, Figures
from .framing import stand_at
from .plan import Row
from .requests import ShapesRequest
from .scenes import Scenes
from .stage import Figure, Stage, assemble, studio

LIMITS = {"betas": 2.0, "expressions": 4.0}
"""Standard deviations within which coefficients are drawn (section 3.1)."""
FACE_NEARER = 0.15
"""Distance to a face, of that to a body."""
GREY = 0.6
ARMS_DOWN = {"left_shoulder": (0.0, 0.0, -1.0), "right_shoulder": (0.0, 0.0, 1.0)}
"""Axis-angle of the rest pose: from the side, arms that are held out would hide the trunk."""


class ShapesPlan:
    """Random coefficients, each shape from the front and then a quarter turn on."""

    def __init__(self, request: ShapesRequest) -> None:
        self.request = request
        self.figures = Figures(request.body, TIGHT)
        body = self.figures.body
        self.names = body.beta_names if request.what == "betas" else body.expression_names
        if not self.names:
            raise InvalidInput(f"{body.name} has no {request.what}.", "Choose another body.")
        self.limit = request.limit or LIMITS[request.what]

    def __len__(self) -> int:
        return self.request.count * self.request.views

    def rows(self, indices: Sequence[int]) -> list[Row]:
        """Coefficients and views."""
        return [self._row(i) for i in indices]

    def _row(self, index: int) -> Row:
        shape, view = divmod(index, self.request.views)
        lots = np.random.default_rng([self.request.seed, shape])
        count = min(self.request.components, len(self.names))
        drawn = lots.standard_normal(count).clip(-self.limit, self.limit)
        return {
            "shape": shape,
            "what": self.request.what,
            "coefficients": [round(float(c), 5) for c in drawn],
            "names": list(self.names[:count]),
            "view": view,
            "azimuth": 90.0 * view,
            "elevation": self.request.elevation,
            "seed": int(lots.integers(2**31)),
            "body": self.figures.name,
            "body_sha256": self.figures.sha256,
        }

    def scenes(self, rows: Sequence[Row]) -> Scenes:
        """Bodies that stand, or faces that look ahead."""
        return assemble([self._stage(row) for row in rows], self.request.size)

    def _stage(self, row: Row) -> Stage:
        figure = self._figure(row["coefficients"])
        distance, target = self.request.distance, (figure.vertices.max(0) + figure.vertices.min(0)) / 2
        if row["what"] == "expressions":
            distance, target = FACE_NEARER * distance, self._face(figure)
        camera = stand_at(row["azimuth"], row["elevation"], distance, target, self.request.fov)
        return studio(figure, camera, row["seed"], "plain" if row["what"] == "expressions" else "ground")

    def _person(self, coefficients: Sequence[float]) -> Person:
        field = "betas" if self.request.what == "betas" else "expression"
        return replace(self.figures.person, **{field: tuple(coefficients)})

    def _figure(self, coefficients: Sequence[float]) -> Figure:
        """The person in a resting pose; all of one grey where colours are not wanted."""
        body = self.figures.body
        pose = body.relaxed_pose()
        for name, turn in ARMS_DOWN.items():
            if name in body.joint_names:
                pose[body.joint_names.index(name)] = turn
        person = self._person(coefficients)
        figure = self.figures.pose(replace(person, garments=()) if self.request.plain else person, pose)
        return replace(figure, colours=np.full_like(figure.colours, GREY)) if self.request.plain else figure

    def _face(self, figure: Figure) -> NDArray[np.floating]:
        """(3,) between the eyes and the chin, or the middle of a body that names no eyes."""
        names = self.figures.body.joint_names
        eyes = [i for i, name in enumerate(names) if "eye" in name]
        if not eyes:
            return (figure.vertices.max(0) + figure.vertices.min(0)) / 2
        return figure.joints[eyes].mean(0) - np.array([0.0, 0.03, 0.0])

    def describe(self, row: Row, parts: NDArray[np.uint8]) -> Row:
        """How tall, heavy and wide a body of these betas is; a face is not measured."""
        if row["what"] == "expressions":
            return {}
        betas = Figures.tensor(np.array(row["coefficients"]))
        return {"measurements": measure(self.figures.body, betas).to_json()}
