"""From an actor, the panel of motions and a second motion to requests for the motion model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..backend.protocol import ClassifyRequest, EditRequest, InvalidInput
from . import session
from .properties_motion import SEPARATOR
from .scene.actor_data import MotionData
from .scene.described import body_named, pairs
from .scene.provenance import origins
from .scene.read_motion import save_motion
from .scene.second_motion import read_action, read_actor, read_own
from .words import short

CHOOSE = "Choose an action, or another actor."
NAME = 16
"""Characters of a motion's name in a title that has two."""


class Sources:
    """The motions that a request is about, in files of its own: the actor's, and others as if the actor played them.

    Raises:
        InvalidInput: the actor has no motion that can be read.
    """

    def __init__(self, rig: Any, folder: Path) -> None:
        self.rig, self.folder = rig, folder
        motion, self.betas = read_own(rig)
        self.fps = motion.fps
        self.blocks: dict[str, Any] = {}
        """What each is for, as the request names it -> the action, or the rig where strips play."""
        self._keep("motion", motion, rig.animation_data.action or rig)

    def add(self, role: str, second: Any, missing: str) -> None:
        """Another motion, as the panel names it.

        Raises:
            InvalidInput: with the sentence `missing` where none is chosen; or it cannot be read.
        """
        if second.source == "ACTION":
            if second.action is None:
                raise InvalidInput(missing, CHOOSE)
            self._keep(role, read_action(self.rig, second.action), second.action)
            return
        if second.actor is None:
            raise InvalidInput(missing, CHOOSE)
        motion = read_actor(self.rig, second.actor)
        self._keep(role, motion, second.actor.animation_data.action or second.actor)

    def _keep(self, role: str, motion: MotionData, block: Any) -> None:
        save_motion(self.folder / f"{role}.npz", motion, self.betas)
        self.blocks[role] = block

    def fields(self) -> dict[str, Any]:
        """Of a request: the files, and whose motions they are."""
        files = {role: str(self.folder / f"{role}.npz") for role in self.blocks}
        return {**files, "body": body_named(self.rig), "betas": pairs(self.betas)}

    def names(self) -> dict[str, str]:
        """Of the motions, short enough for two in a title."""
        return {role: short(block.name, NAME) for role, block in self.blocks.items()}


def edit_requests(
    settings: Any, rig: Any, library: str
) -> tuple[list[tuple[EditRequest, str]], list[dict[str, Any]]]:
    """What the panel asks for, one request a step, with the title of each; and where the motions come from.

    Raises:
        InvalidInput: a motion or the words are missing, or cannot be used.
    """
    how = settings.how
    if how == "words" and not settings.words.strip():
        raise InvalidInput("It is not said what the motion shall be like.", 'Write it, as in "like a zombie".')
    sources = Sources(rig, session.scratch("edit"))
    if how != "words":
        sources.add("other", settings.other, "No second motion is chosen.")
    if how == "difference":
        sources.add("minus", settings.minus, "It is not chosen which motion is taken away.")
    fields = {**sources.fields(), "how": how, "fps": sources.fps, "seconds": settings.seconds}
    if how == "words":
        fields |= {"words": settings.words, "without": settings.without.strip(), "library": library}
    made = []
    for amount in amounts(settings):
        request = EditRequest(**fields, amount=amount)
        made.append((request, title_of(request, sources.names())))
    return made, origins(sources.blocks)


def amounts(settings: Any) -> list[float]:
    """How far each result goes: as set, or evenly from one motion to the other."""
    steps = settings.steps if settings.how == "mix" else 1
    return [settings.amount] if steps == 1 else [round(i / (steps + 1), 4) for i in range(1, steps + 1)]


def title_of(request: EditRequest, names: dict[str, str]) -> str:
    """Of the job and of the action that comes of it: what a person asked for, in no language but their own."""
    one, other = names["motion"], names.get("other", "")
    titles = {
        "words": request.words,
        "mix": f"{one} + {other} {request.amount:.0%}",
        "parts": f"{one} / {other}",
        "difference": f"{one} − {names.get('minus', '')} + {other}",
        "between": f"{one} → {other}",
    }
    return short(titles[request.how])


def classify_request(settings: Any, rig: Any, library: str) -> ClassifyRequest:
    """The actor's motion, and what to choose from.

    Raises:
        InvalidInput: the actor has no motion that can be read.
    """
    sources = Sources(rig, session.scratch("recognise"))
    labels = tuple(text.strip() for text in settings.labels.split(SEPARATOR) if text.strip())
    return ClassifyRequest(**sources.fields(), labels=labels, library=library)
