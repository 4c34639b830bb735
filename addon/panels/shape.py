"""The Shape and Expression panels: measurements, and sliders by the names that the body gives its axes."""

from __future__ import annotations

from typing import Any

import bpy

from ..properties_actor import is_synced, request_sync
from ..scene import gender
from ..scene.handles import actor_of, is_editable, why_not_reshaped
from ..scene.measure import Measurements
from .words import sentence

GROUPS = (
    ("Body", ("stature", "weight", "muscle", "feminine", "age")),
    ("Proportions", ("proportions", "leg_length", "shoulder_width", "chest", "belly")),
)
"""Headings for axes of these names; axes of other bodies follow under `More`."""
CHIEF_GIRTHS = ("chest", "waist", "hips")
"""Girths that are always shown; a button opens the rest."""
MOST = 20
"""Sliders of one group that are drawn; a body with 300 betas would fill the screen."""


def sections(labels: list[str]) -> list[tuple[str, list[int]]]:
    """Headings and the numbers of the axes under each.

    Args:
        labels: of all axes, as `Leg Length`.
    """
    left = list(range(len(labels)))
    out = []
    for heading, names in GROUPS:
        mine = [i for i in left if labels[i].lower().replace(" ", "_") in names]
        left = [i for i in left if i not in mine]
        if mine:
            out.append((heading, mine))
    if left:
        out.append(("More" if out else "Axes", left))
    return out


class ActorPanel:
    """What the panels of an actor share."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Impromptu"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012 - Blender wants a set

    @classmethod
    def poll(cls, context: Any) -> bool:
        return actor_of(context) is not None


def draw_measurements(layout: Any, settings: Any, told: Measurements, metric: bool) -> None:
    """A box with what was measured; feet and pounds where the scene uses them."""
    box = layout.box().column(align=True)
    girths = {k: v for k, v in told.girths_m.items() if settings.all_girths or k in CHIEF_GIRTHS}
    rows = [
        ("Height", f"{told.height_m * 100:.1f} cm" if metric else _feet(told.height_m)),
        ("Weight", f"{told.weight_kg:.1f} kg" if metric else f"{told.weight_kg / 0.45359237:.0f} lb"),
        ("Leg", _length(told.leg_m, metric)),
    ]
    rows += [(name.replace("_", " ").title(), _length(girth, metric)) for name, girth in girths.items()]
    for name, text in rows:
        row = box.split(factor=0.55)
        row.label(text=name)
        row.label(text=text, translate=False)
    if set(told.girths_m) - set(CHIEF_GIRTHS):
        arrow = "DISCLOSURE_TRI_DOWN" if settings.all_girths else "DISCLOSURE_TRI_RIGHT"
        box.prop(settings, "all_girths", icon=arrow, emboss=False)


def _length(metres: float, metric: bool) -> str:
    return f"{metres * 100:.1f} cm" if metric else f"{metres / 0.0254:.1f} in"


def _feet(metres: float) -> str:
    inches = round(metres / 0.0254)
    return f"{inches // 12}' {inches % 12}\""


class IMPROMPTU_PT_shape(ActorPanel, bpy.types.Panel):
    """Shape of the active actor"""

    bl_idname = "IMPROMPTU_PT_shape"
    bl_label = "Shape"

    def draw(self, context: Any) -> None:
        layout, rig = self.layout, actor_of(context)
        settings: Any = rig.impromptu
        told = settings.measured()
        if told is not None:
            draw_measurements(layout, settings, told, context.scene.unit_settings.system != "IMPERIAL")
        reason = why_not_reshaped(rig)
        if reason:
            sentence(layout, context, reason)
        body = layout.column()
        body.enabled = not reason
        row = body.row(align=True)
        row.operator("impromptu.random_shape", icon="FILE_REFRESH")
        row.operator("impromptu.reset_shape", icon="LOOP_BACK")
        body.operator("impromptu.shape_from_picture", icon="IMAGE_DATA")
        if gender.has_gender_axis(rig):
            row = body.row(align=True)
            now = gender.gender_of(rig)
            for name in gender.GENDERS:
                button = row.operator("impromptu.set_gender", text=name.title(), depress=name == now)
                button.gender = name
        self.draw_axes(body, rig)
        row = body.row(align=True)
        row.prop(settings, "live_joints", toggle=True)
        row.operator("impromptu.update_joints", text="Update")

    def draw_axes(self, layout: Any, rig: bpy.types.Object) -> None:
        """The sliders under their headings."""
        if not is_synced(rig) and is_editable(rig):
            request_sync()
        axes: Any = rig.impromptu.shape
        for heading, numbers in sections([a.label for a in axes]):
            column = layout.column(align=True)
            column.label(text=heading)
            for i in numbers[:MOST]:
                column.prop(axes[i], "value", text=axes[i].label, slider=True)


class IMPROMPTU_PT_expression(ActorPanel, bpy.types.Panel):
    """Face of the active actor"""

    bl_idname = "IMPROMPTU_PT_expression"
    bl_label = "Expression"
    # Of a face: Blender's own word in the default context is that of a formula.
    bl_translation_context = "Operator"

    def draw(self, context: Any) -> None:
        layout, rig = self.layout, actor_of(context)
        axes: Any = rig.impromptu.expression
        reason = why_not_reshaped(rig)
        if reason:
            sentence(layout, context, reason)
        elif not len(axes):
            sentence(layout, context, "This body has no expressions.")
            return
        body = layout.column()
        body.enabled = not reason
        row = body.row(align=True)
        row.operator("impromptu.random_expression", icon="FILE_REFRESH")
        row.operator("impromptu.reset_expression", icon="LOOP_BACK")
        column = body.column(align=True)
        for axis in list(axes)[:MOST]:
            column.prop(axis, "value", text=axis.label, slider=True)


classes = (IMPROMPTU_PT_shape, IMPROMPTU_PT_expression)
