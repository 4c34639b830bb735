"""Dressed people who do something somewhere, and what may be said of each picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import cast

import numpy as np
from numpy.typing import NDArray

from ..motion.kinematics import forward_kinematics
from ..motion.library import Library
from ..motion.perform import full_pose
from ..people.actions import Action, Actions
from ..people.bodies import Split
from ..people.describing import describe
from ..people.facts import visible
from ..people.sampling import sample_person
from ..people.spec import PARTS, Person
from ..people.surroundings import FRAMED, Surroundings, sample_surroundings, stand, sun_direction
from .figures import Figures
from .framing import Placed
from .plan import Row
from .requests import CaptionsRequest
from .scenes import Scenes
from .stage import Figure, Stage, assemble

OFF_FLOOR = 0.06
"""Metres above the floor from which a body's lowest joint is in the air: lower, a foot stands on its toes."""
KEPT_CLIPS = 512
FEWER = 3
"""One vertex in so many tells where a body ends: they are a centimetre apart."""
ON_HEAD = [PARTS.index(part) for part in ("hair", "hat")]


class CaptionsPlan:
    """Each index decides a person, an action and surroundings by itself."""

    def __init__(self, request: CaptionsRequest) -> None:
        self.request = request
        self.split: Split = cast(Split, request.split)
        self.library = Library.open(request.library or None)
        self.actions = Actions(self.library)
        self.figures = Figures("neutral")
        owner = np.array(self.figures.body.joint_names)[self.figures.body.arrays.weights.argmax(1)]
        self._framed = {framing: np.flatnonzero(np.isin(owner, joints)) for framing, joints in FRAMED.items()}
        self._clip = lru_cache(KEPT_CLIPS)(self.library.load)

    def __len__(self) -> int:
        return self.request.count

    def rows(self, indices: Sequence[int]) -> list[Row]:
        """Person, action and surroundings."""
        return [self._row(i) for i in indices]

    def _row(self, index: int) -> Row:
        # A set for tests shares no draw with one for training.
        lots = np.random.default_rng([self.request.seed, index, self.split == "test"])
        person = sample_person(lots, self.figures.wardrobe, self.split)
        action = self.actions.sample(lots, self.split)
        surroundings = sample_surroundings(lots, action.upright)
        return {
            "split": self.split,
            "person": person.to_json(),
            "action": action.to_json(),
            "surroundings": surroundings.to_json(),
            "seed": surroundings.seed,
            "clip_sha256": self.library.entry(action.clip).digest,
            "licence": self.library.entry(action.clip).licence,
            "body_sha256": self.figures.sha256,
        }

    def scenes(self, rows: Sequence[Row]) -> Scenes:
        """The people, dressed and posed, where their cameras and lights are."""
        return assemble([self._stage(row) for row in rows], self.request.size)

    def _stage(self, row: Row) -> Stage:
        action = Action.from_json(row["action"])
        figure = self.pose(Person.from_json(row["person"]), action)
        return self.place(figure, action, Surroundings.from_json(row["surroundings"]))

    def place(self, figure: Figure, action: Action, around: Surroundings) -> Stage:
        """A figure that `pose` gave, where its camera, its lights and its backdrop are."""
        if around.backdrop == "ground":
            figure = self._lifted(figure, action)
        rotation, position = stand(around, self._seen(figure, around.framing), action.heading)
        return Stage(
            figure,
            Placed(rotation, position, around.fov),
            sun_direction(around, rotation)[None],
            np.array([around.sun]),
            np.array(around.ambient),
            around.backdrop,
            np.array(around.backdrop_colours),
            around.seed,
        )

    def pose(self, person: Person, action: Action, painted: bool = False) -> Figure:
        """The person in the pose of a frame, standing on the floor; `painted` as of `Wardrobe.pose`."""
        poses = self._clip(action.clip).poses[action.frame : action.frame + 1]
        return self.figures.pose(person, full_pose(poses, self.figures.body)[0], painted=painted)

    def _lifted(self, figure: Figure, action: Action) -> Figure:
        """As high above the floor as the clip is, in a jump."""
        clip, at = self._clip(action.clip), slice(action.frame, action.frame + 1)
        height = float(forward_kinematics(clip.poses[at], clip.trans[at])[1][..., 1].min())
        if height < OFF_FLOOR:
            return figure
        lift = np.array([0.0, height, 0.0], np.float32)
        return replace(figure, vertices=figure.vertices + lift, joints=figure.joints + lift)

    def _seen(self, figure: Figure, framing: str) -> NDArray[np.floating]:
        """(P, 3) what is to fill the picture: the limbs that the framing names, with what is worn on the head."""
        if not FRAMED[framing]:
            return figure.vertices[::FEWER]
        named = figure.vertices[self._framed[framing]]
        if framing != "upper body":
            return named
        return np.concatenate([named, figure.vertices[np.isin(figure.parts, ON_HEAD)]])

    def describe(self, row: Row, parts: NDArray[np.uint8]) -> Row:
        """`captions`, `negatives` and `phrases`, as of `people.describing`: true of what is seen."""
        action = Action.from_json(row["action"])
        return describe(
            np.random.default_rng([row["seed"], 1]),
            Person.from_json(row["person"]),
            Surroundings.from_json(row["surroundings"]),
            action,
            visible(parts),
            self.figures.wardrobe.kinds,
            others=self.actions.others(action),
            split=self.split,
            captions=self.request.captions,
            false=self.request.negatives,
        )
