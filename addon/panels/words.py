"""Small pieces that several panels draw."""

from __future__ import annotations

import unicodedata
from typing import Any

import bpy

from ...backend.protocol import ImpromptuError
from ..words import explain, told

CHARACTERS = 36
"""Of one line in a side panel of 280 pixels."""


def lines(text: str, width: int = CHARACTERS) -> list[str]:
    """Text broken at words; what has no spaces, as a path or Chinese, is broken anywhere.

    Args:
        width: Latin characters on a line; those of East Asia count as two.
    """
    out = [""]
    for word in text.split():
        if out[-1] and cells(out[-1]) + 1 + cells(word) > width:
            out.append("")
        elif out[-1]:
            out[-1] += " "
        for character in word:
            if cells(out[-1]) + cells(character) > width:
                out.append("")
            out[-1] += character
    return [line for line in out if line]


def cells(text: str) -> int:
    """Width of a text in Latin characters."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def width_of(context: Any) -> int:
    """Characters that fit on a line of the region that is drawn."""
    region = getattr(context, "region", None)
    scale = context.preferences.system.ui_scale or 1.0
    return max(24, int((region.width / scale - 50) / 6.6)) if region and region.type == "UI" else CHARACTERS


def sentence(layout: Any, context: Any, text: str, icon: str = "NONE") -> None:
    """A sentence, in the person's language, on as many lines as it needs."""
    column = layout.column(align=True)
    column.scale_y = 0.8
    for i, line in enumerate(lines(told(text), width_of(context) - (3 if icon != "NONE" else 0))):
        column.label(text=line, icon=icon if i == 0 else ("BLANK1" if icon != "NONE" else "NONE"), translate=False)


AT_FAULT = {
    "prompt": ("prompt",),
    "library": ("library",),
    "body": ("body", "body_file"),
    "model": ("body", "body_file"),
    "length": ("seconds",),
    "frame rate": ("fps",),
    "variants": ("variants",),
    "transition": ("transition",),
    "temperature": ("temperature",),
    "neighbours": ("neighbours",),
    "refine": ("refine",),
    "ranking": ("order",),
    "encoder": ("order",),
}
"""Word of an error's sentence -> the settings that it speaks of."""


def at_fault(error: ImpromptuError) -> list[str]:
    """The settings of the panel that an error speaks of, each once."""
    said = error.message.lower()
    return list(dict.fromkeys(name for word, names in AT_FAULT.items() if word in said for name in names))


def draw_wrong_input(layout: Any, context: Any, error: ImpromptuError, job: Any) -> None:
    """What was wrong in the request, to be set right where the error is told."""
    settings = context.scene.impromptu
    if job.kind == "import":
        layout.operator("impromptu.import_motion", icon="IMPORT")
    elif job.kind in ("act", "find", "body"):
        for name in at_fault(error):
            if name != "body_file" or settings.body == "file":
                layout.prop(settings, name)
        layout.operator("impromptu.edit_job", icon="GREASEPENCIL").job = job.id
    else:
        if job.kind in ("stylize", "edit"):
            layout.operator("impromptu.edit_job", icon="GREASEPENCIL").job = job.id
        layout.operator("impromptu.retry", text="Retry", icon="FILE_REFRESH").job = job.id


def draw_error(layout: Any, context: Any, error: ImpromptuError, job: Any) -> None:
    """What went wrong, what to do about it, and the button that does it."""
    column = layout.column(align=True)
    column.alert = True
    sentence(column, context, explain(error), "ERROR")
    row = layout.row(align=True)
    if error.code == "runtime_missing" and has_operator("impromptu.install_runtime"):
        row.operator("impromptu.install_runtime", text="Install", icon="IMPORT")
    elif error.code == "incompatible" and has_operator("impromptu.repair_runtime"):
        row.operator("impromptu.repair_runtime", text="Repair", icon="TOOL_SETTINGS")
    elif error.code == "assets_missing" and has_operator("impromptu.open_preferences"):
        row.operator("impromptu.open_preferences", text="Model Files", icon="PREFERENCES")
    elif error.code == "out_of_memory":
        row.operator("impromptu.use_cpu", text="Retry on CPU", icon="FILE_REFRESH").job = job.id
    elif error.code == "invalid_input":
        draw_wrong_input(layout.column(align=True), context, error, job)
    else:
        row.operator("impromptu.show_log", text="Show Log", icon="TEXT").job = job.id


def has_operator(name: str) -> bool:
    """Whether an operator is registered."""
    group, _, op = name.partition(".")
    return hasattr(bpy.types, f"{group.upper()}_OT_{op}")


class TabPanel:
    """What the panels of the tab share."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Impromptu"
