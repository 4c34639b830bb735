"""The actor's motion onto another armature: what to choose, and what came of it."""

from __future__ import annotations

from typing import Any

import bpy

from ..ops.retarget import chosen_source
from ..scene.retarget_report import read
from ..words import say

SHOWN = 6
"""Lines of a table that the panel shows; the report has them all."""


class IMPROMPTU_PT_retarget(bpy.types.Panel):
    """Carries the active actor's motion over to another armature."""

    bl_label = "Retarget"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Impromptu"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012 - Blender's own form

    def draw(self, context: bpy.types.Context) -> None:
        """Target, preset, root motion, the button and the last report."""
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        settings = getattr(context.scene, "impromptu", None)
        for name in ("retarget_target", "retarget_preset", "retarget_root"):
            if hasattr(settings, name):
                layout.prop(settings, name)
        source, target = chosen_source(context), getattr(settings, "retarget_target", None)
        row = layout.row()
        row.enabled = target is not None and source is not None and source is not target
        row.operator("impromptu.retarget", icon="CON_ARMATURE")
        if source is None or source.type != "ARMATURE":
            layout.label(text="Select the actor to read from", icon="INFO")
        elif source is target:
            layout.label(text="Select the actor, not the target", icon="INFO")
        if target is not None and read(target):
            _draw_report(layout, read(target))


def _draw_report(layout: Any, report: dict[str, Any]) -> None:
    """The last report in a few lines."""
    box = layout.box()
    column = box.column(align=True)
    error = report["limb_error_deg"]
    mean, worst = f"{error['mean']:.1f}\u00b0", f"{error['max']:.1f}\u00b0"
    matched, spare, scale = len(report["matched"]), len(report["extra"]), f"{report['scale']:.2f}"
    for line in (
        say("Preset: {preset}", preset=report["preset"]),
        say("Limbs: {mean} mean, {worst} max", mean=mean, worst=worst),
        say("{matched} matched, {spare} extra, scale {scale}", matched=matched, spare=spare, scale=scale),
    ):
        column.label(text=line, translate=False)
    _draw_table(column, say("{count} missing", count=len(report["missing"])), report["missing"], "QUESTION")
    _draw_table(column, say("{count} skipped", count=len(report["skipped"])), report["skipped"], "ERROR")
    box.operator("impromptu.retarget_report", icon="TEXT")


def _draw_table(column: Any, title: str, table: dict[str, str], icon: str) -> None:
    """The first names of a table under its title."""
    if not table:
        return
    column.separator()
    column.label(text=title, icon=icon, translate=False)
    for name in list(table)[:SHOWN]:
        column.label(text=name, icon="BLANK1", translate=False)
    if len(table) > SHOWN:
        column.label(text=say("and {count} more", count=len(table) - SHOWN), icon="BLANK1", translate=False)


classes = (IMPROMPTU_PT_retarget,)
