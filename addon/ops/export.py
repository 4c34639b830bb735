"""The active actor as a file."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import bpy

from ...backend.protocol import ImpromptuError, InvalidInput, check_suffix
from ..scene import provenance
from ..scene.actor import Actor
from ..scene.export import TEXTURES, WRITERS, export_actor
from ..scene.handles import actor_of, require_actor
from ..words import explain, say


def export_whole(actor: Actor, goal: Path) -> None:
    """Write the file, and beside it `NAME.json` with where the actor comes from; USD's pictures into `textures`.

    All are written under other names and renamed: an export that fails leaves what is there.

    Raises:
        InvalidInput: the folder cannot be written or the exporter failed.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=".impromptu-", dir=goal.parent) as folder:
            part = Path(folder, goal.name)
            export_actor(actor, part)
            told = {"file": goal.name, "impromptu": provenance.read(actor.rig)}
            beside = Path(folder, f"{goal.name}.json")
            beside.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            move_textures(Path(folder), goal.parent)
            os.replace(part, goal)
            os.replace(beside, goal.with_name(beside.name))
    except OSError as error:
        raise InvalidInput(
            f"{goal.name} cannot be written: {error.strerror or error}.", "Choose a folder that you can write to."
        ) from error


def move_textures(folder: Path, goal: Path) -> None:
    """Move the pictures that an exporter left beside its file to where that goes; their names tell what they show."""
    for made in sorted((folder / TEXTURES).glob("*")):
        (goal / TEXTURES).mkdir(exist_ok=True)
        os.replace(made, goal / TEXTURES / made.name)


class IMPROMPTU_OT_export(bpy.types.Operator):
    """Write the active actor and its motion to a file, and beside it where they come from (.json). Takes seconds, Alembic longer; the scene stays as it is"""  # noqa: E501

    bl_idname = "impromptu.export"
    bl_label = "Export"
    bl_options = {"REGISTER"}  # noqa: RUF012 - Blender's own form

    filepath: bpy.props.StringProperty(
        name="File", description="File to write", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )
    check_existing: bpy.props.BoolProperty(default=True, options={"HIDDEN"})
    filter_glob: bpy.props.StringProperty(default="*.blend;*.glb;*.fbx;*.usdc;*.abc;*.bvh;*.npz", options={"HIDDEN"})

    @classmethod
    def poll(cls, context: Any) -> bool:
        """An actor must be active, in Object Mode."""
        reason = "" if actor_of(context) is not None else "Click an actor first"
        reason = reason or ("" if context.mode in ("OBJECT", "POSE") else "Leave Edit Mode first")
        if reason and hasattr(cls, "poll_message_set"):
            cls.poll_message_set(reason)
        return not reason

    def invoke(self, context: Any, event: Any) -> set[str]:
        """Ask for the file, with a name and the panel's format filled in."""
        suffix = context.scene.impromptu.export_format
        name = bpy.path.clean_name(actor_of(context).name)
        folder = Path(bpy.data.filepath).parent if bpy.data.filepath else Path.home()
        self.filepath = str(folder / f"{name}{suffix}")
        self.filter_glob = f"*{suffix}"
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: Any) -> set[str]:
        """Write it; selection, active object and mode are put back."""
        layer = context.view_layer
        active, selected = layer.objects.active, [o for o in layer.objects if o.select_get()]
        mode, files = context.mode, context.preferences.filepaths
        versions = files.save_version
        try:
            rig = require_actor(context)
            path = Path(bpy.path.abspath(self.filepath))
            if not path.suffix:
                path = path.with_name(path.name + context.scene.impromptu.export_format)
            check_suffix(path, tuple(WRITERS), "A character")
            if mode != "OBJECT":
                bpy.ops.object.mode_set(mode="OBJECT")
            export_whole(Actor.of(rig), path)
        except ImpromptuError as error:
            self.report({"ERROR"}, explain(error))
            return {"CANCELLED"}
        finally:
            # Writing a .blend copy turns backups off, which is the person's own choice.
            files.save_version = versions
            for obj in layer.objects:
                obj.select_set(obj in selected)
            layer.objects.active = active
            if mode == "POSE" and active is not None and context.mode != "POSE":
                bpy.ops.object.mode_set(mode="POSE")
        self.report({"INFO"}, say("Wrote {name}", name=path.name))
        return {"FINISHED"}


classes = (IMPROMPTU_OT_export,)
