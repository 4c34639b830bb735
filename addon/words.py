"""Sentences in the language that Blender speaks.

Blender itself translates fixed labels and tooltips; what is put together at run time is translated here: `say` for
a template of this package, `told` for a sentence that a part without Blender, as the client, has put together in
English already.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import bpy

from ..backend.protocol import ImpromptuError
from . import translations

PLACE = re.compile(r"\{(\w*)\}")
"""A placeholder of a template: `{}` or `{name}`."""


LONGEST = 40
"""Characters of a prompt in a title or in the name of an object; Blender cuts names at 63."""


def short(text: str, most: int = LONGEST) -> str:
    """Text cut at a word."""
    if len(text) <= most:
        return text
    return text[: most - 1].rsplit(" ", 1)[0] + "…"


def fixed(text: str) -> str:
    """A text of the dictionary as Blender translates it."""
    return bpy.app.translations.pgettext_iface(text)


def spoken() -> str:
    """The locale that the interface is in; empty where it is not translated."""
    return (
        translations.known(bpy.app.translations.locale)
        if bpy.context.preferences.view.use_translate_interface
        else ""
    )


def say(template: str, **values: Any) -> str:
    """A template's translation with its placeholders filled."""
    shown = fixed(template)
    return shown.format(**values) if values else shown


def told(sentence: str) -> str:
    """The translation of an English sentence, which may be a template of the dictionary with its places filled."""
    shown = fixed(sentence)
    return shown if shown != sentence or not sentence else _matched(sentence, spoken())


def explain(error: ImpromptuError) -> str:
    """What went wrong and what to do about it."""
    return " ".join(told(part) for part in (error.message, error.hint) if part)


@lru_cache(maxsize=500)
def _matched(sentence: str, locale: str) -> str:
    for pattern, translation in _patterns(locale):
        found = pattern.fullmatch(sentence)
        if found is not None:
            named = found.groupdict()
            return translation.format(**named) if named else translation.format(*found.groups())
    return sentence


@lru_cache(maxsize=4)
def _patterns(locale: str) -> list[tuple[re.Pattern[str], str]]:
    """Every template of a locale as a pattern, those with the most fixed words first."""
    found = [(english, said) for english, said in translations.words(locale).items() if PLACE.search(english)]
    found.sort(key=lambda entry: -len(PLACE.sub("", entry[0])))
    return [(re.compile(_as_pattern(english), re.DOTALL), said) for english, said in found]


def _as_pattern(template: str) -> str:
    """A regular expression that fits a template with its places filled."""
    out, end = "", 0
    for place in PLACE.finditer(template):
        group = f"(?P<{place[1]}>.+?)" if place[1] else "(.+?)"
        out += re.escape(template[end : place.start()]) + group
        end = place.end()
    return out + re.escape(template[end:])
