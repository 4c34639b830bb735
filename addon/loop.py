"""Looks after the jobs ten times a second, in the window: reads the pipe, redraws the tab, lands results.

It is one of Blender's own timers and no modal operator: a modal one that runs for as long as a job holds back
auto-save, dies with its window or with the loading of a file, and stands before every other operator's events.
"""

from __future__ import annotations

from typing import Any

import bpy

from . import previewing, session

BUSY_S, IDLE_S = 0.1, 1.0
"""Seconds between two looks, with and without jobs under way."""
TAB = "Impromptu"
MODES = ("OBJECT", "POSE")
"""A result waits while a person edits a mesh, sculpts or paints."""
BLOCKING = ("TRANSFORM_OT_", "OBJECT_OT_", "POSE_OT_", "ANIM_OT_", "ACTION_OT_", "GRAPH_OT_", "NLA_OT_")
"""A result waits while the mouse drags something."""


def start() -> None:
    """Begin to look after the jobs; in background mode, where no timer fires, there is nothing to begin."""
    if not bpy.app.background and not bpy.app.timers.is_registered(tick):
        bpy.app.timers.register(tick, first_interval=BUSY_S, persistent=True)


def start_with_earlier() -> None:
    """Have the jobs of earlier sessions read once Blender is up, since a panel must not read the disk to be drawn."""
    if not bpy.app.background and not bpy.app.timers.is_registered(_first):
        bpy.app.timers.register(_first, first_interval=BUSY_S, persistent=True)


def _first() -> None:
    if session.has_earlier_jobs():
        session.queue()
        redraw()
        start()


def stop() -> None:
    """Look after them no more."""
    for timer in (tick, _first):
        if bpy.app.timers.is_registered(timer):
            bpy.app.timers.unregister(timer)


def tick() -> float | None:
    """One look.

    Returns:
        seconds to the next one; None where nothing is left to be looked after.
    """
    if not session.has_queue():
        return None
    jobs = session.queue()
    changed = jobs.tick()
    waiting = [job for job in jobs.jobs if session.waits_to_land(job)]
    if waiting:
        _land(waiting)
    looks = [job for job in jobs.jobs if previewing.is_due(job)]
    if looks:
        _preview(looks)
    if changed or waiting or looks:
        redraw()
    if jobs.busy or waiting or looks:
        return BUSY_S
    return IDLE_S if jobs.needs_tick else None


def why_wait(context: Any) -> str:
    """What a result has to wait for, in a few words; empty for nothing."""
    if bpy.app.is_job_running("RENDER"):
        return "Waits for the render"
    if context.mode not in MODES:
        return "Waits for Object Mode"
    for window in context.window_manager.windows:
        if any(op.bl_idname.startswith(BLOCKING) for op in getattr(window, "modal_operators", ())):
            return "Waits for the mouse"
    return ""


def _land(waiting: list[Any]) -> None:
    """Land the first job whose scene a window shows, as an operator: one undo step."""
    for window in bpy.context.window_manager.windows:
        job = next((job for job in waiting if session.belongs_to(job, window.scene)), None)
        area = next((a for a in window.screen.areas if a.type == "VIEW_3D"), window.screen.areas[0])
        region = next((r for r in area.regions if r.type == "WINDOW"), None)
        if job is None:
            continue
        with bpy.context.temp_override(window=window, area=area, region=region):
            if not why_wait(bpy.context):
                try:
                    bpy.ops.impromptu.land("EXEC_DEFAULT", True, job=job.id)
                except RuntimeError as error:
                    # The panel shows the sentence that `session.notes` keeps; an error raised here ends the timer.
                    print(f"Impromptu: {error}")
        return


def _preview(looks: list[Any]) -> None:
    """Show looks that grow, and keep those whose job has ended early, where a window shows their scene."""
    for window in bpy.context.window_manager.windows:
        area = next((a for a in window.screen.areas if a.type == "VIEW_3D"), window.screen.areas[0])
        region = next((r for r in area.regions if r.type == "WINDOW"), None)
        for job in [job for job in looks if session.belongs_to(job, window.scene)]:
            looks.remove(job)
            with bpy.context.temp_override(window=window, area=area, region=region):
                if not why_wait(bpy.context):
                    previewing.follow(job)


def redraw() -> None:
    """Draw the sidebars of 3D views again, and the preferences, where they may show jobs."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "PREFERENCES":
                area.tag_redraw()
            elif area.type == "VIEW_3D":
                for region in area.regions:
                    # From 4.2 on a region tells its tab; others need no drawing.
                    if region.type == "UI" and getattr(region, "active_panel_category", TAB) in (
                        TAB,
                        "",
                        "UNSUPPORTED",
                    ):
                        region.tag_redraw()
