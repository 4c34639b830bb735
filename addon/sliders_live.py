"""Puts rest joints and root where word sliders want them, as soon as a person lets go of them.

While a slider is dragged, drivers alone move mesh and bones: one evaluation a change. What needs edit mode waits
until nothing has moved for a moment. It is no undo step of its own: joints carry with them what they were fitted to,
so that whatever undo brings back belongs together, and the moment after an undo they are fitted again.
"""

from __future__ import annotations

import time
from typing import Any

import bpy
from bpy.app.handlers import persistent

from ..backend.protocol import ImpromptuError
from . import loop
from .listening import listen, listen_no_more
from .scene.handles import is_actor, own_data, skin_of
from .scene.shape_arrays import keys_of
from .scene.slider_state import FAMILY, STORED, is_unsettled, words_of
from .scene.sliders import settle

CALM_S = 0.25
"""Seconds without a change after which a slider counts as let go."""
_due = 0.0


def rigs() -> list[bpy.types.Object]:
    """Actors with sliders that this file owns."""
    return [o for o in bpy.data.objects if STORED in o and o.library is None and o.users_scene and is_actor(o)]


def is_borrowed(rig: bpy.types.Object) -> bool:
    """Whether the mesh still follows the sliders of another actor, as a linked duplicate's does."""
    skin = skin_of(rig)
    for words in words_of(rig):
        animation, keys = skin.data.shape_keys.animation_data, keys_of(skin, FAMILY[words.coefficients])
        curve = animation.drivers.find(f'key_blocks["{keys[0].name}"].value')
        if any(t.id != rig for v in curve.driver.variables for t in v.targets):
            return True
    return False


def catch_up() -> None:
    """Fit joints and root of every actor whose sliders have moved."""
    for rig in rigs():
        settings: Any = getattr(rig, "impromptu", None)
        try:
            if rig.override_library is None and is_borrowed(rig):
                own_data(rig)
            if is_unsettled(rig) and (settings is None or settings.live_joints):
                settle(rig)
        except ImpromptuError as error:
            # The panel shows why the actor cannot be changed; an error raised here ends the timer.
            print(f"Impromptu: {error}")


def soon() -> None:
    """Have `catch_up` run when nothing has moved for a moment; at once where no timer fires."""
    global _due
    if bpy.app.background:
        catch_up()
        return
    _due = time.monotonic() + CALM_S
    if not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=CALM_S)


def _tick() -> float | None:
    left = _due - time.monotonic()
    if left > 0:
        return left
    playing = any(w.screen.is_animation_playing for w in bpy.context.window_manager.windows)
    if playing or loop.why_wait(bpy.context):
        return CALM_S
    catch_up()
    loop.redraw()
    return None


@persistent
def after_update(_scene: Any, graph: Any = None) -> None:
    """Something was evaluated anew: perhaps an actor with sliders."""
    if bpy.app.background or graph is None or bpy.app.is_job_running("RENDER"):
        return
    moved = (update.id for update in graph.updates)
    if any(isinstance(block, bpy.types.Object) and STORED in block for block in moved):
        soon()


@persistent
def after_undo(*_: Any) -> None:
    """Sliders may be back where joints are not."""
    soon()


@persistent
def before_save(*_: Any) -> None:
    """Who opens the file without the add-on finds joints in their place."""
    if not bpy.app.is_job_running("RENDER"):
        catch_up()


HANDLERS = (
    ("depsgraph_update_post", after_update),
    ("undo_post", after_undo),
    ("redo_post", after_undo),
    ("save_pre", before_save),
)


def register() -> None:
    """Listen to Blender."""
    listen(HANDLERS)


def unregister() -> None:
    """Listen no more."""
    listen_no_more(HANDLERS)
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
