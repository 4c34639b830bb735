"""Look for model files, fetch one and remove what was fetched; the backend does it, a timer looks at it."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import BoolProperty, StringProperty

from ...backend.protocol import AssetsMissing, InvalidInput, ModelsRequest
from .. import package
from ..client.wheel_sets import megabytes
from ..preferences import online_access
from ..words import say
from .runtime import DIALOG, Task, TaskOperator, ask_host

FETCH_LIMIT_S = 24 * 3600.0
"""Seconds that a script waits for a download."""
OFFLINE = "Blender's online access is off: allow it in the preferences, or name a file that you have."


def fill_table(context: bpy.types.Context, models: list[dict[str, Any]]) -> None:
    """Write what the backend found into the table of the preferences."""
    kept = package.preferences(context)
    if kept is None:
        return
    kept.models.clear()
    for model in models:
        row = kept.models.add()
        row.name = str(model["name"])
        for name in ("what", "path", "licence", "problem", "host"):
            setattr(row, name, str(model.get(name) or ""))
        for name in ("found", "fetched", "begun"):
            setattr(row, name, bool(model.get(name)))
        row.size = megabytes(model["bytes"]) if model.get("bytes") else ""
        # The fields above the table are what the variables are elsewhere.
        row.how = str(model.get("how") or "").replace(f"in {model.get('variable') or '?'}", "above")
        row.checked = {True: "good", False: "bad"}.get(model.get("sha256_ok"), "")


def row_of(context: bpy.types.Context, name: str) -> Any:
    """The row of the table about a model; None where there is none."""
    kept = package.preferences(context)
    return next((row for row in kept.models if row.name == name), None) if kept is not None else None


class IMPROMPTU_OT_list_models(TaskOperator, bpy.types.Operator):
    """Look for the model files: which are here, which are missing, where to get them. Takes some seconds"""

    bl_idname = "impromptu.list_models"
    bl_label = "Look for Models"
    about = "models"

    verify: BoolProperty(
        name="Compare sha256",
        description="Read every file and compare its sum with the published one",
        default=False,
        options={"SKIP_SAVE"},
    )

    def start(self, context: bpy.types.Context) -> Task:
        """The backend."""
        return ask_host(ModelsRequest(verify=self.verify), context)

    @staticmethod
    def finished(context: bpy.types.Context, task: Task) -> str:
        """Fill the table of the preferences."""
        models = task.metrics.get("models", [])
        fill_table(context, models)
        here = sum(bool(m["found"]) for m in models)
        return say("{here} of {count} models are here.", here=here, count=len(models))


class _ModelOperator(TaskOperator):
    """What fetching and removing share: a model by its name."""

    about = "models"
    model: StringProperty(name="Model", description="Its name in the list of models", options={"SKIP_SAVE"})


class IMPROMPTU_OT_fetch_model(_ModelOperator, bpy.types.Operator):
    """Download this model into the extension's own folder. Says first from where, how much and under which licence; Blender stays usable meanwhile"""  # noqa: E501

    bl_idname = "impromptu.fetch_model"
    bl_label = "Fetch"

    @classmethod
    def description(cls, context: bpy.types.Context, properties: Any) -> str:
        """The tooltip: what the model is, then what the button does."""
        row = row_of(context, properties.model)
        return "\n".join([*([row.what] if row is not None else []), say(cls.__doc__ or "")])

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Say what will come, and ask."""
        if not online_access():
            return self.fail(AssetsMissing(OFFLINE))
        return context.window_manager.invoke_props_dialog(self, width=DIALOG)

    def draw(self, context: bpy.types.Context) -> None:
        """Host, size and licence, in lines that fit."""
        from ..panels.runtime import paragraph

        row = row_of(context, self.model)
        column = self.layout.column(align=True)
        if row is None:
            paragraph(column, say("Download {name}?", name=self.model), DIALOG + 40)
            return
        words = "Download {name} from {host}: about {size}."
        paragraph(column, say(words, name=row.name, host=row.host, size=row.size), DIALOG + 40)
        paragraph(column, row.what, DIALOG + 40)
        paragraph(column, say("Licence: {licence}.", licence=row.licence), DIALOG + 40)

    def start(self, context: bpy.types.Context) -> Task:
        """The backend, which goes on with what was broken off."""
        if not online_access():
            raise AssetsMissing(OFFLINE)
        if not self.model:
            raise InvalidInput("It is not said which model.", "Give a name of the list.")
        return ask_host(ModelsRequest(action="fetch", name=self.model), context, FETCH_LIMIT_S)

    @staticmethod
    def finished(context: bpy.types.Context, task: Task) -> str:
        """Fill the table anew."""
        fill_table(context, task.metrics.get("models", []))
        return say("The model is here.")


class IMPROMPTU_OT_remove_model(_ModelOperator, bpy.types.Operator):
    """Delete what was downloaded of this model. Files of your own stay"""

    bl_idname = "impromptu.remove_model"
    bl_label = "Remove"

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask first."""
        return context.window_manager.invoke_confirm(self, event)

    def start(self, context: bpy.types.Context) -> Task:
        """The backend."""
        if not self.model:
            raise InvalidInput("It is not said which model.", "Give a name of the list.")
        return ask_host(ModelsRequest(action="remove", name=self.model), context)

    @staticmethod
    def finished(context: bpy.types.Context, task: Task) -> str:
        """Fill the table anew and say what was freed."""
        fill_table(context, task.metrics.get("models", []))
        return say("The model was removed: {size} freed.", size=megabytes(task.metrics.get("freed", 0)))


classes = (IMPROMPTU_OT_list_models, IMPROMPTU_OT_fetch_model, IMPROMPTU_OT_remove_model)
