"""Korean and Chinese of what the panels show; the words are in `translation_words.py`."""

from __future__ import annotations

import bpy

from .translation_words import WORDS

CONTEXTS = ("*", "Operator")
"""Blender looks the labels of buttons that run operators up in a context of their own."""


def table() -> dict[str, dict[tuple[str, str], str]]:
    """Locale -> (context, English) -> translation. Chinese is `zh_HANS` since Blender 4.0, `zh_CN` before."""
    chinese = "zh_HANS" if bpy.app.version >= (4, 0, 0) else "zh_CN"
    return {
        locale: {(context, english): said[i] for english, said in WORDS.items() for context in CONTEXTS}
        for i, locale in enumerate(("ko_KR", chinese))
    }


def register() -> None:
    """Let Blender translate with it."""
    bpy.app.translations.register(__name__, table())


def unregister() -> None:
    """Take the table back."""
    bpy.app.translations.unregister(__name__)
