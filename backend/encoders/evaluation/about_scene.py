"""What is asked about a picture rather than the person: view, framing, light, backdrop."""

from __future__ import annotations

from collections.abc import Iterator

from ...people.negatives import LIGHTS
from ...people.surroundings import FRAMINGS, VIEWS
from .about_clothes import BASIC
from .heldout import Item
from .questions import Topic
from .wordings import word

VIEW_FORMS = ("this person is seen {}", "somebody, {}", "the picture shows the figure {}")
LIGHT_FORMS = ("this person is shown {}", "somebody {}", "a picture that was taken {}")
BACKDROP_FORMS = ("somebody before a {} wall", "the backdrop is {}", "everything behind the figure is {}")
FRAMING_FORMS = ("this picture shows {} of somebody", "{} of the figure can be seen", "{}, nothing else")
FRAMED = {"full body": "the whole body", "upper body": "the upper body", "face": "the face", "lower body": "the legs"}


def topics(item: Item) -> Iterator[Topic]:
    """Of camera, light and backdrop, where they are told."""
    facts = item.facts
    if facts.view:
        keys = (facts.view, *(v for v in VIEWS if v != facts.view))
        yield Topic("view of 4", keys, _view, VIEW_FORMS)
        if facts.view != "three-quarter":
            keys = tuple(k for k in keys if k != "three-quarter")
            yield Topic("view of 3", keys, _view, VIEW_FORMS)
    keys = (facts.framing, *(f for f in FRAMINGS if f != facts.framing))
    yield Topic("framing", keys, _framing, FRAMING_FORMS)
    if facts.light in LIGHTS:
        yield Topic("light", (facts.light, *LIGHTS[facts.light]), _light, LIGHT_FORMS)
    if facts.backdrop == "plain" and facts.backdrop_names[0] in BASIC:
        keys = (facts.backdrop_names[0], *(c for c in BASIC if c != facts.backdrop_names[0]))
        yield Topic("backdrop colour", keys, _colour, BACKDROP_FORMS)


def _view(view: str, kept: bool) -> str:
    return word("view", view, kept)


def _framing(framing: str, kept: bool) -> str:
    return FRAMED[framing]


def _light(light: str, kept: bool) -> str:
    return word("light", light, kept)


def _colour(colour: str, kept: bool) -> str:
    return word("colours", colour, kept)
