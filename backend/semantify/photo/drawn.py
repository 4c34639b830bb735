"""Photos to learn from and to be measured on: drawn people of known shape, as different as photos are.

Clothes of any kind, hair, skin, what they do, camera, light and backdrop come by chance, each independent of the
shape, so that what is learnt is the shape alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from ...encoders.training.painting import Painter
from ...people.actions import Action
from ...people.bodies import AXES, Split
from ...people.outfits import sample_outfit
from ...people.sampling import sample_person
from ...people.spec import Person
from ...people.surroundings import Surroundings, sample_surroundings
from ...pictures.captions_plan import CaptionsPlan
from ...pictures.figures import TIGHT
from ...pictures.framing import stand_at
from ...pictures.raster_engine import RasterEngine
from ...pictures.requests import CaptionsRequest
from ...pictures.shapes import ARMS_DOWN
from ...pictures.stage import Stage, assemble, studio
from ...render.compiled import numba_there
from ..sampling import draw

SIZE = 384
"""Pixels of a side."""
LIMIT = 2.0
"""Standard deviations that each beta stays within (Semantify, section 3.1)."""
UPRIGHT = 0.75
"""Cosine of the lean, and share of a standing person's height, that poses have at least: nobody lies or crouches."""
UPPER = 0.2
"""Share of the photos from the hips up that are kept: mostly the whole person is seen."""
PLAIN_CAMERA = (0.0, 5.0, 5.0, 28.0)
"""Azimuth and elevation in degrees, metres from the body, field of view in degrees."""
STREAM = 77
"""Sets these draws apart from those of other parts of the house with the same seed."""


@dataclass(frozen=True)
class Drawn:
    """One photo of somebody of known shape."""

    pixels: NDArray[np.uint8]
    """(SIZE, SIZE, 3) sRGB."""
    betas: NDArray[np.float64]
    """(10,) of the template's."""
    whole: bool
    """Whether the person is seen from head to foot."""


class Drawings:
    """Draws photos, each decided by its number, the seed and the split.

    Args:
        template: `neutral`, `male` or `female`: which mean betas are drawn around.
        seed: of the set; split: `train`, or `test`, which has actions and garments that training never shows.
        plain: instead of all that, everybody in tight clothes, standing, from one camera ahead: for comparison.
    """

    def __init__(self, template: str = "neutral", seed: int = 0, split: str = "train", plain: bool = False) -> None:
        self.template, self.seed, self.plain = template, seed, plain
        self.split: Split = cast(Split, split)
        self._plan = CaptionsPlan(CaptionsRequest(count=1, size=SIZE, split=split))
        self._painter: Painter | None = None
        self._engine = RasterEngine()

    @property
    def body_sha256(self) -> str:
        """Of the body that is drawn."""
        return self._plan.figures.sha256

    def take(self, number: int) -> Drawn:
        """The photo of a number, without looking at those before it."""
        lots = np.random.default_rng([STREAM, self.seed, number, *([1] if self.split == "test" else [])])
        betas = draw(len(AXES), LIMIT, self.seed + 1000 * (self.split == "test"), number)
        closet = self._plan.figures.wardrobe
        person = replace(
            sample_person(lots, closet, self.split),
            template=self.template,
            betas=tuple(betas.tolist()),
            garments=sample_outfit(lots, closet.kinds, self.template, self.split),
        )
        stage, whole = self._standing(person) if self.plain else self._acting(person, lots)
        scenes = assemble([stage], SIZE)
        if self._painter is None and numba_there():
            self._painter = Painter(stage.figure.faces)
        if self._painter is None:
            shot = next(iter(self._engine.shoot(scenes, lambda: None)))
        else:
            shot = self._painter.paint(scenes, 0, self._painter.normals(stage.figure.vertices))
        return Drawn(shot.picture, betas, whole)

    def _acting(self, person: Person, lots: np.random.Generator) -> tuple[Stage, bool]:
        """Somebody who does something somewhere, and whether all of the person is seen."""
        action = self._action(lots)
        around = self._surroundings(lots, action)
        return self._plan.place(self._plan.pose(person, action), action, around), around.framing == "full body"

    def _standing(self, person: Person) -> tuple[Stage, bool]:
        body = self._plan.figures.body
        pose = body.relaxed_pose()
        for name, turn in ARMS_DOWN.items():
            pose[body.joint_names.index(name)] = turn
        figure = self._plan.figures.pose(replace(person, garments=TIGHT), pose)
        azimuth, elevation, distance, fov = PLAIN_CAMERA
        camera = stand_at(azimuth, elevation, distance, np.array([0.0, 0.9, 0.0]), fov)
        return studio(figure, camera, 0, "plain"), True

    def _action(self, lots: np.random.Generator) -> Action:
        while True:
            action = self._plan.actions.sample(lots, self.split)
            if action.upright > UPRIGHT and action.stretched > UPRIGHT:
                return action

    @staticmethod
    def _surroundings(lots: np.random.Generator, action: Action) -> Surroundings:
        while True:
            around = sample_surroundings(lots, action.upright)
            if around.framing == "full body" or (around.framing == "upper body" and lots.random() < UPPER):
                return around
