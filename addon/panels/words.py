"""Small pieces that several panels draw."""

from __future__ import annotations

from typing import Any

import bpy

from ...backend.protocol import ImpromptuError

CHARACTERS = 36
"""Of one line in a side panel of 280 pixels."""


def lines(text: str, width: int = CHARACTERS) -> list[str]:
    """Text broken at words; words without spaces, as a path, are broken anywhere."""
    out = [""]
    for word in text.split():
        while len(word) > width:
            if out[-1]:
                out.append("")
            out[-1], word = word[:width], word[width:]
        if out[-1] and len(out[-1]) + 1 + len(word) > width:
            out.append("")
        out[-1] = f"{out[-1]} {word}".strip()
    return [line for line in out if line]


def width_of(context: Any) -> int:
    """Characters that fit on a line of the region that is drawn."""
    region = getattr(context, "region", None)
    scale = context.preferences.system.ui_scale or 1.0
    return max(24, int((region.width / scale - 50) / 6.6)) if region and region.type == "UI" else CHARACTERS


def sentence(layout: Any, context: Any, text: str, icon: str = "NONE") -> None:
    """A sentence on as many lines as it needs."""
    column = layout.column(align=True)
    column.scale_y = 0.8
    for i, line in enumerate(lines(text, width_of(context) - (3 if icon != "NONE" else 0))):
        column.label(text=line, icon=icon if i == 0 else ("BLANK1" if icon != "NONE" else "NONE"), translate=False)


def draw_error(layout: Any, context: Any, error: ImpromptuError, job: str) -> None:
    """What went wrong, what to do about it, and the button that does it."""
    column = layout.column(align=True)
    column.alert = True
    sentence(column, context, str(error), "ERROR")
    row = layout.row(align=True)
    if error.code == "runtime_missing" and has_operator("impromptu.install_runtime"):
        row.operator("impromptu.install_runtime", text="Install", icon="IMPORT")
    elif error.code == "incompatible" and has_operator("impromptu.repair_runtime"):
        row.operator("impromptu.repair_runtime", text="Repair", icon="TOOL_SETTINGS")
    elif error.code == "assets_missing" and has_operator("impromptu.open_preferences"):
        row.operator("impromptu.open_preferences", text="Model Files", icon="PREFERENCES")
    elif error.code == "out_of_memory":
        row.operator("impromptu.use_cpu", text="Retry on CPU", icon="FILE_REFRESH").job = job
    elif error.code == "invalid_input":
        row.operator("impromptu.retry", text="Retry", icon="FILE_REFRESH").job = job
    else:
        row.operator("impromptu.show_log", text="Show Log", icon="TEXT").job = job


def has_operator(name: str) -> bool:
    """Whether an operator is registered."""
    group, _, op = name.partition(".")
    return hasattr(bpy.types, f"{group.upper()}_OT_{op}")


class TabPanel:
    """What the panels of the tab share."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Impromptu"
