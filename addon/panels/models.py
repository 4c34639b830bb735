"""The part of the preferences' page about model files: where yours are, what was found, what can be fetched."""

from __future__ import annotations

from typing import Any

import bpy

from ..ops.runtime import State, running
from ..preferences import MODEL_FIELDS, online_access
from ..words import say
from .runtime import draw_message, draw_task, paragraph


def draw_models(box: bpy.types.UILayout, kept: Any, width: float) -> None:
    """Paths of model files, the table of what was found, and a button for what can be done about each."""
    box.label(text="Models", icon="FILE_3D")
    box.prop(kept, "allow_hub")
    if kept.allow_hub and not online_access():
        paragraph(box, "Blender's online access is off, so nothing is downloaded.", width, icon="INFO")
    for name in MODEL_FIELDS:
        box.prop(kept, name)
        if name == "clip_checkpoint":
            box.prop(kept, "clip_model")
    for model in kept.models:
        _draw_row(box, model, width)
    about_models = State.about == "models"
    if running() is not None and about_models and not State.subject:
        draw_task(box, width)
    if running() is None and about_models:
        draw_message(box, width, "")
    row = box.row(align=True)
    row.operator("impromptu.list_models", icon="VIEWZOOM")
    row.operator("impromptu.list_models", text="Compare sha256", icon="FILE_TICK").verify = True


def _draw_row(box: bpy.types.UILayout, model: Any, width: float) -> None:
    """One model: its state, its licence, what to do; or how far its download is."""
    row = box.row()
    row.label(text=model.name, icon="CHECKMARK" if model.found else "BLANK1", translate=False)
    words = {"good": "sha256 agrees", "bad": "sha256 differs"}.get(model.checked, "found")
    row.label(text=words if model.found else "missing", icon="ERROR" if model.checked == "bad" else "NONE")
    row.label(text=model.licence, translate=False)
    if running() is not None and State.about == "models" and model.name == State.subject:
        draw_task(box, width)
        return
    _draw_button(row, model)
    advice = model.problem or ("" if model.found or model.host else model.how)
    if advice:
        paragraph(box, advice, width, icon="BLANK1")


def _draw_button(row: bpy.types.UILayout, model: Any) -> None:
    """Fetch, go on, remove, or where to allow a download; nothing where none of them is possible."""
    if running() is not None:
        row.label(text="")
    elif model.fetched:
        row.operator("impromptu.remove_model", icon="TRASH").model = model.name
    elif model.found or not model.host:
        row.label(text="")
    elif not online_access():
        button = row.operator("impromptu.open_preferences", text="Allow Online Access", icon="INTERNET_OFFLINE")
        button.section = "NETWORK"
    else:
        action = say("Resume") if model.begun else say("Fetch")
        text = f"{action} ({model.size})" if model.size else action
        row.operator("impromptu.fetch_model", text=text, icon="IMPORT", translate=False).model = model.name
