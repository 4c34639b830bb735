"""The notice at the top of the tab when something is to be set up, and the preferences' page."""

from __future__ import annotations

from typing import Any

import bpy

from ...backend.protocol import ImpromptuError
from ..client import runtime
from ..client.wheel_sets import megabytes
from ..ops.runtime import OFFLINE, State, running
from ..preferences import online_access, snapshot
from ..words import explain, say, told
from .words import lines

CHARACTER = 5.8
"""Pixels that a character of the interface's font takes, at 100 %."""
MARGIN = 56
"""Pixels of a panel that are not text: the tabs, the borders."""
ICON = 4
"""Characters that an icon takes the place of."""


def paragraph(layout: bpy.types.UILayout, text: str, width: float, icon: str = "NONE") -> None:
    """A text in as many labels as it takes.

    Args:
        width: of the layout, in pixels at 100 %.
        icon: before the first line.
    """
    per_line = max(20, int((width - MARGIN) / CHARACTER) - (ICON if icon != "NONE" else 0))
    column = layout.column(align=True)
    for i, line in enumerate(lines(told(text), per_line)):
        shown = (icon if i == 0 else "BLANK1") if icon != "NONE" else "NONE"
        column.label(text=line, icon=shown, translate=False)


def region_width(context: bpy.types.Context) -> float:
    """Pixels of the region at 100 %; that of a narrow panel where there is none."""
    region = context.region
    return region.width / context.preferences.system.ui_scale if region else 280.0


def trouble(context: bpy.types.Context | None = None) -> tuple[str, str]:
    """What stands between the person and the first job.

    Returns:
        a state (`ready`, `missing`, `partial`, `update`, `broken`) and a sentence about it.
    """
    settings = snapshot(context)
    managed = runtime.status(settings.user_folder)
    if settings.runtime_mode == "MANAGED" and managed.state in {"update", "broken"}:
        return managed.state, managed.sentence
    try:
        python = runtime.find_python(settings)
    except ImpromptuError as error:
        if managed.state == "partial":
            return "partial", managed.sentence
        named = settings.runtime_mode == "EXISTING"
        more = say("Install tells first how much it downloads.")
        return "missing", explain(error) if named else f"{told(error.message)} {more}"
    if managed.state == "ready" and settings.runtime_mode == "MANAGED":
        return "ready", managed.sentence
    return "ready", say("The backend runs in {path}.", path=python)


def draw_task(layout: bpy.types.UILayout, width: float) -> None:
    """The task that goes on: its stage, a bar, the time left, a way out."""
    task = running()
    if task is None:
        return
    column = layout.column(align=True)
    left = say("{time} left", time=time_left(task.eta_s)) if task.eta_s else ""
    if hasattr(layout, "progress") and task.total:
        column.progress(factor=task.fraction, text=f"{task.fraction:.0%}   {left}", translate=False)
    elif task.total:
        column.label(text=f"{task.fraction:.0%}   {left}", icon="TIME", translate=False)
    paragraph(column, task.stage, width)
    column.operator("impromptu.cancel_install", icon="CANCEL")


def time_left(seconds: float) -> str:
    """Such as `40 s` or `3 min`."""
    if seconds < 90:
        return say("{count} s", count=f"{seconds:.0f}")
    return say("{count} min", count=f"{seconds / 60:.0f}")


def draw_remedies(layout: bpy.types.UILayout, state: str, width: float, within: bool = False) -> None:
    """The buttons that end a trouble.

    Args:
        within: the page of the preferences is what is drawn: it need not be opened.
    """
    column = layout.column(align=True)
    offline = not online_access() and not snapshot().wheels_folder
    if state in {"missing", "partial", "update", "broken"} and offline:
        paragraph(column, OFFLINE, width, icon="INTERNET_OFFLINE" if bpy.app.version >= (4, 2, 0) else "ERROR")
        column.operator("impromptu.open_preferences", text="Allow Online Access", icon="WORLD").section = "NETWORK"
    elif state == "broken":
        column.operator("impromptu.repair_runtime", icon="TOOL_SETTINGS")
    else:
        words = {"partial": "Resume", "update": "Update"}.get(state, "Install")
        column.operator("impromptu.install_runtime", text=words, icon="IMPORT")
    if state != "update":
        column.operator("impromptu.use_python", text="Use a Python of Your Own", icon="CONSOLE")
    if not within:
        column.operator("impromptu.open_preferences", icon="PREFERENCES").section = "ADDON"


def draw_message(layout: bpy.types.UILayout, width: float, above: str) -> None:
    """What the last task came to, unless the line above says the same."""
    if State.message and told(State.message) != told(above):
        paragraph(layout, State.message, width, icon="ERROR" if State.failed else "INFO")


class IMPROMPTU_PT_runtime(bpy.types.Panel):
    """Shown until Impromptu has what it computes with"""

    bl_label = "Set Up"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Impromptu"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Something is to be set up, or is being."""
        failed = State.failed and State.about == "runtime"
        return running() is not None or failed or trouble(context)[0] != "ready"

    def draw(self, context: bpy.types.Context) -> None:
        """The sentence and the buttons that help."""
        width = region_width(context)
        if running():
            draw_task(self.layout, width)
            return
        state, sentence = trouble(context)
        if state != "ready":
            paragraph(self.layout, sentence, width, icon="INFO" if state == "missing" else "ERROR")
        draw_message(self.layout, width, sentence if state != "ready" else "")
        if state != "ready":
            draw_remedies(self.layout, state, width)
        else:
            self.layout.operator("impromptu.check_runtime", text="Try Again", icon="FILE_REFRESH")


def draw_preferences(layout: bpy.types.UILayout, kept: Any, context: bpy.types.Context) -> None:
    """The page of the preferences: runtime, models, jobs."""
    from .models import draw_models

    width = region_width(context)
    layout.use_property_split = True
    layout.use_property_decorate = False
    _draw_runtime(layout.box().column(), kept, width)
    draw_models(layout.box().column(), kept, width)
    jobs = layout.box().column()
    jobs.label(text="Jobs", icon="SEQUENCE")
    jobs.prop(kept, "idle_seconds")
    jobs.prop(kept, "keep_jobs")


def _draw_runtime(box: bpy.types.UILayout, kept: Any, width: float) -> None:
    """Which Python, how it is, and what can be done about it."""
    state, sentence = trouble()
    box.label(text="Runtime", icon="CONSOLE")
    box.prop(kept, "runtime_mode", expand=False)
    if kept.runtime_mode == "EXISTING":
        box.prop(kept, "python_path")
        box.prop(kept, "device")
    else:
        for name in ("device", "base_python", "wheels_folder", "torch_index"):
            box.prop(kept, name)
    paragraph(box, sentence, width, icon="CHECKMARK" if state == "ready" else "INFO")
    if running():
        if State.about == "runtime":
            draw_task(box, width)
        return
    if State.about == "runtime":
        draw_message(box, width, sentence)
    if state != "ready":
        draw_remedies(box, state, width, within=True)
    managed = runtime.status(snapshot().user_folder)
    row = box.row(align=True)
    row.operator("impromptu.check_runtime", icon="CHECKMARK")
    if managed.state not in {"missing", "partial"}:
        row.operator("impromptu.check_runtime", text="Check Files", icon="FILE_TICK").files = True
        row.operator("impromptu.repair_runtime", icon="TOOL_SETTINGS")
    if managed.state != "missing":
        size = f"  ({megabytes(managed.disk_bytes)})" if managed.disk_bytes else ""
        row.operator("impromptu.remove_runtime", text=say("Remove") + size, icon="TRASH", translate=False)
    if managed.state == "ready" and state == "ready":
        box.operator("impromptu.install_runtime", text="Install for Another Device", icon="IMPORT")


classes = (IMPROMPTU_PT_runtime,)
