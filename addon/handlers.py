"""What happens when a file is opened: jobs go on, their results do not land in it by themselves."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.app.handlers import persistent

from . import loop, session
from .listening import listen, listen_no_more


@persistent
def after_load(*_args: Any) -> None:
    """Another file is open now."""
    session.new_file()
    if session.has_queue():
        loop.start()


@persistent
def after_undo(*_args: Any) -> None:
    """Draw what is there now; nothing of what was there is held."""
    if not bpy.app.background:
        loop.redraw()


HANDLERS = (("load_post", after_load), ("undo_post", after_undo), ("redo_post", after_undo))


def register() -> None:
    """Listen to Blender."""
    listen(HANDLERS)
    loop.start_with_earlier()


def unregister() -> None:
    """Listen no more, stop the timer and end the host."""
    listen_no_more(HANDLERS)
    loop.stop()
    session.close()
