"""Training pictures for an encoder of texts and pictures, four of each posed person, with words that are true.

A group is one person in one pose, pictured four times: in two colourings, each from two cameras, in other light and
before other backdrops. Posing costs a quarter so, and two pictures of the same shape in other colours are told apart
by nothing but what is red and what is blue: which word belongs to which garment has to be learned. A few pictures
are grey all over, and their words speak of shape alone. Clothes are worn, or painted on the bare body with soft and
uneven edges, as they are when colours of a body's vertices are found by following an encoder.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...people.actions import Action
from ...people.bodies import Split
from ...people.describing import put_into_words
from ...people.facts import Facts, see, visible
from ...people.negatives import World
from ...people.sampling import recolour, sample_person
from ...people.spec import PARTS, Person
from ...people.surroundings import Surroundings, sample_surroundings
from ...pictures.captions_plan import CaptionsPlan
from ...pictures.requests import CaptionsRequest
from ...pictures.stage import Figure, assemble
from .painting import Painter

COLOURINGS = (0, 0, 1, 1)
"""Which of its two colourings each picture of a group has."""
CAPTIONS, NEGATIVES = 5, 4
GREY_SHARE = 0.08
"""Of the pictures."""
GREYS = (0.3, 0.42, 0.55, 0.68)
"""Linear: from dark clay to white plaster."""
GREY_ROUGHNESS = (0.4, 0.9)
HAIR_WITH_SHAPE = frozenset(("long", "bob", "afro", "ponytail", "bun"))
"""What is told without its colour."""
APART = 2
"""One pixel in so many, across and down, keeps its part."""
SMUDGES = 10
"""Rounds, at most, in which each vertex of a painted body takes on what is around it."""
UNEVEN = 0.12
"""How much brighter or darker paint becomes from place to place, at most; PATCHES waves a metre."""
PATCHES = 9.0
STREAM = 4
"""Sets these pictures' lots apart from those of `pictures.captions_plan`."""


@dataclass(frozen=True)
class TrainingPicture:
    """One picture and all that is known of it."""

    picture: NDArray[np.uint8]
    """(S, S, 3) sRGB."""
    parts: NDArray[np.uint8]
    """(S // 2, S // 2) index into `part_names`, 255 where there is none: what each second pixel shows."""
    words: dict[str, Any]
    """JSON values, see `shards`."""


class PictureFactory:
    """Makes groups of pictures, each decided by its number and the seed alone.

    Args:
        size: pixels of a side, even.
        seed: decides everything that is drawn by lot.
        split: `train` or `test`, which share no combination that the other one is asked about.
        library: where poses come from (folder or .zip); empty: the library that ships.
        painted: clothes are painted on the body instead of worn.

    Raises:
        InvalidInput: a size, a seed or a split that cannot be, or a library that cannot be read.
        RuntimeMissing: numba is not installed.
    """

    part_names = PARTS

    def __init__(self, size: int, seed: int, split: str = "train", library: str = "", painted: bool = False) -> None:
        request = CaptionsRequest(count=1, size=size, seed=seed, split=split, library=library)
        self._plan = CaptionsPlan(request)
        self._size, self._seed, self._painted = size, seed, painted
        self._split: Split = self._plan.split
        self._wardrobe = self._plan.figures.wardrobe
        self._painter = Painter(self._wardrobe.faces)
        self._slots = {name: kind.slot for name, kind in self._wardrobe.kinds.items()}

    def fingerprint(self) -> dict[str, str]:
        """What the pictures are made from, besides the request: sha256 of the body and of the library's clips."""
        clips = "".join(entry.digest for entry in self._plan.library.entries)
        library = hashlib.sha256(clips.encode()).hexdigest()
        return {"body_sha256": self._plan.figures.sha256, "library_sha256": library}

    def group(self, number: int) -> list[TrainingPicture]:
        """The four pictures of one posed person."""
        lots = self._lots(number)
        person = self._person(lots)
        action = self._plan.actions.sample(lots, self._split)
        figure = self._plan.pose(person, action, self._painted)
        normals = self._painter.normals(figure.vertices)
        people = [person, recolour(lots, person, self._wardrobe)]
        figures = [figure, self._recoloured(figure, people[1])]
        if self._painted:
            figures = [self._smudged(one, lots) for one in figures]
        found = []
        for k, colouring in enumerate(COLOURINGS):
            lots = self._lots(number, k)
            around = sample_surroundings(lots, action.upright)
            grey = bool(lots.random() < GREY_SHARE)
            shown = _greyed(figures[colouring], lots) if grey else figures[colouring]
            scenes = assemble([self._plan.place(shown, action, around)], self._size)
            shot = self._painter.paint(scenes, 0, normals)
            words = self._words(lots, people[colouring], action, around, shot.parts, grey)
            thinned = np.ascontiguousarray(shot.parts[::APART, ::APART])
            found.append(TrainingPicture(shot.picture, thinned, {"group": number, **words}))
        return found

    def _person(self, lots: np.random.Generator) -> Person:
        """Somebody; of those whose clothes are painted, one whom that leaves dressed."""
        while True:
            person = sample_person(lots, self._wardrobe, self._split)
            if not self._painted:
                return person
            person = self._wardrobe.paintable(person)
            worn = {self._slots[g.kind] for g in person.garments}
            if "dress" in worn or {"top", "bottom"} <= worn:
                return person

    def _lots(self, number: int, *further: int) -> np.random.Generator:
        # As in `captions_plan`: a set for tests shares no draw with one for training.
        return np.random.default_rng([self._seed, number, self._split == "test", STREAM, *further])

    def _recoloured(self, figure: Figure, person: Person) -> Figure:
        colours, roughness, metallic = self._wardrobe.colour(person)
        return replace(figure, colours=colours, roughness=roughness, metallic=metallic)

    def _smudged(self, figure: Figure, lots: np.random.Generator) -> Figure:
        """The figure's paint run and uneven, and equally rough everywhere."""
        body = figure.colours[: self._wardrobe.num_body_vertices]
        for _ in range(int(lots.integers(SMUDGES + 1))):
            body = self._wardrobe.around @ body
        waves = lots.normal(0, PATCHES, (3, 4))
        places = figure.vertices[: len(body)]
        uneven = np.sin(places @ waves + lots.uniform(0, 2 * np.pi, 4)).mean(1, keepdims=True)
        colours = figure.colours.copy()
        colours[: len(body)] = body * (1 + lots.uniform(0, UNEVEN) * uneven)
        return replace(
            figure,
            colours=colours.clip(0, 1),
            roughness=np.full_like(figure.roughness, lots.uniform(*GREY_ROUGHNESS)),
            metallic=np.zeros_like(figure.metallic),
        )

    def _words(
        self,
        lots: np.random.Generator,
        person: Person,
        action: Action,
        around: Surroundings,
        parts: NDArray[np.uint8],
        grey: bool,
    ) -> dict[str, Any]:
        shares = visible(parts)
        facts = see(person, around, action, shares, self._slots)
        if grey:
            facts = of_shape(facts)
        shaded = around.light not in ("plain", "bright")
        world = World(person, self._wardrobe.kinds, self._plan.actions.others(action), shaded)
        told = put_into_words(lots, facts, world, shares, self._split, CAPTIONS, NEGATIVES)
        negatives = [{k: n[k] for k in ("text", "family", "caption")} for n in told["negatives"]]
        # Bare hands and feet of a grey picture are not told from gloves and socks.
        phrases = [] if grey else [{**p, "share": round(shares.get(p["slot"], 0.0), 4)} for p in told["phrases"]]
        return {
            "grey": grey,
            "captions": told["captions"],
            "negatives": negatives,
            "phrases": phrases,
            "framing": around.framing,
            "view": around.view,
        }


def of_shape(facts: Facts) -> Facts:
    """What is still true of a picture whose surfaces are all of one grey."""
    hair = facts.hair if facts.hair in HAIR_WITH_SHAPE else ""
    return replace(facts, skin="", hair=hair, hair_colour="", beard="", garments=(), slots=())


def _greyed(figure: Figure, lots: np.random.Generator) -> Figure:
    """The figure as of clay."""
    grey = GREYS[int(lots.integers(len(GREYS)))]
    rough = lots.uniform(*GREY_ROUGHNESS)
    return replace(
        figure,
        colours=np.full_like(figure.colours, grey),
        roughness=np.full_like(figure.roughness, rough),
        metallic=np.zeros_like(figure.metallic),
    )


@functools.lru_cache(maxsize=1)
def factory(size: int, seed: int, split: str, library: str, painted: bool) -> PictureFactory:
    """The factory of a set, made once a process."""
    return PictureFactory(size, seed, split, library, painted)
