"""Pictures that panels draw: thumbnails of found labels and previews of jobs, loaded once each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy.utils.previews

_pictures: Any = None
_there: dict[str, bool] = {}
"""Whether the file of a key is there: looked up once, since panels draw many times a second."""
MOST = 200
"""Pictures kept; beyond that all are dropped and loaded again as they are drawn."""


def picture(path: str | Path, version: object = "") -> int:
    """Icon number of a picture file; 0 where it cannot be shown.

    Args:
        version: something that changes where the file does, as the step of the job that writes it.
    """
    if _pictures is None or not str(path):
        return 0
    key = f"{path}|{version}"
    if key not in _there:
        if len(_there) >= MOST:
            _pictures.clear()
            _there.clear()
        _there[key] = Path(path).is_file()
        if _there[key]:
            _pictures.load(key, str(path), "IMAGE")
    return _pictures[key].icon_id if _there[key] else 0


def register() -> None:
    """Open the collection."""
    global _pictures
    _pictures = bpy.utils.previews.new()


def unregister() -> None:
    """Give the pictures back."""
    global _pictures
    if _pictures is not None:
        bpy.utils.previews.remove(_pictures)
    _pictures = None
    _there.clear()
