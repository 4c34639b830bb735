"""Pictures that panels draw: thumbnails of found labels and previews of jobs, loaded once each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy.utils.previews

_pictures: Any = None
MOST = 200
"""Pictures kept; beyond that all are dropped and loaded again as they are drawn."""


def picture(path: str | Path) -> int:
    """Icon number of a picture file; 0 where it cannot be shown."""
    if _pictures is None or not str(path):
        return 0
    try:
        stamp = Path(path).stat().st_mtime_ns
    except OSError:
        return 0
    key = f"{path}|{stamp}"
    if key not in _pictures:
        if len(_pictures) >= MOST:
            _pictures.clear()
        _pictures.load(key, str(path), "IMAGE")
    return _pictures[key].icon_id


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
