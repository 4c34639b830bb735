"""Korean and Chinese of what the add-on shows: `locales/LOCALE.json` holds English -> translation.

`{}` and `{name}` stand for what a sentence is filled with at run time; see `words`.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import bpy

FOLDER = Path(__file__).parent / "locales"
LOCALES = ("ko_KR", "zh_HANS")
CONTEXTS = ("*", "Operator")
"""Blender looks the labels of buttons that run operators up in a context of their own."""


@cache
def words(locale: str) -> dict[str, str]:
    """English -> translation; empty for a locale that there is no file for."""
    path = FOLDER / f"{locale}.json"
    return json.loads(path.read_text(encoding="utf-8")) if locale in LOCALES else {}


def known(locale: str) -> str:
    """One of `LOCALES` for what Blender calls it; Chinese is `zh_HANS` since Blender 4.0, `zh_CN` before."""
    return "zh_HANS" if locale == "zh_CN" else locale


def table() -> dict[str, dict[tuple[str, str], str]]:
    """What Blender wants: its own locale -> (context, English) -> translation."""
    chinese = "zh_HANS" if bpy.app.version >= (4, 0, 0) else "zh_CN"
    return {
        chinese if locale == "zh_HANS" else locale: {
            (context, english): said for english, said in words(locale).items() for context in CONTEXTS
        }
        for locale in LOCALES
    }


def register() -> None:
    """Let Blender translate with it."""
    bpy.app.translations.register(__name__, table())


def unregister() -> None:
    """Take the table back."""
    bpy.app.translations.unregister(__name__)
