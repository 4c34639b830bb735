"""Functions that Blender calls when something happens: put on its lists and taken off again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import bpy

Pairs = Iterable[tuple[str, Callable[..., Any]]]
"""Of a list's name in `bpy.app.handlers` and a function."""


def listen(pairs: Pairs) -> None:
    """Put functions on their lists."""
    for name, function in pairs:
        getattr(bpy.app.handlers, name).append(function)


def listen_no_more(pairs: Pairs) -> None:
    """Take functions off their lists; those that are on none are passed over."""
    for name, function in pairs:
        held = getattr(bpy.app.handlers, name)
        if function in held:
            held.remove(function)
