"""Retarget an actor's motion, and show what came of it."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

from ...backend.protocol import ImpromptuError, InvalidInput, MatchRequest
from .. import loop, session
from ..scene.handles import handle, resolve
from ..scene.retarget import bone_map, retarget, write_skeleton
from ..scene.retarget_map import preset_items, read_mapping
from ..scene.retarget_report import as_text, read, to_text_block
from ..words import explain, say

_ITEMS = (
    *preset_items(),
    ("MATCH", "By Shape", "Let the motion importer's matcher find the bones; takes a second or two"),
)
PRESETS = _ITEMS
"""Items for a preset enumeration: Blender keeps no reference to the strings of items that a function makes."""
LANDING = "retarget"
"""What the landing of a match job is called."""


def chosen_source(context: Any, name: str = "") -> Any:
    """The armature to read from: by name, else the active actor (its rig where its skin is active)."""
    if name:
        return bpy.data.objects.get(name)
    active = context.active_object
    if active is None or active.type == "ARMATURE":
        return active
    modifiers = [m.object for m in active.modifiers if m.type == "ARMATURE" and m.object]
    return modifiers[0] if modifiers else active.parent


def chosen_target(context: Any, name: str = "") -> Any:
    """The armature to write to: by name, else the panel's choice."""
    return bpy.data.objects.get(name) if name else getattr(_settings(context), "retarget_target", None)


def _settings(context: Any) -> Any:
    return getattr(context.scene, "impromptu", None)


class IMPROMPTU_OT_retarget(bpy.types.Operator):
    """Give the chosen armature a new action that moves it as the active actor moves. Takes about a second; the actor is left as it is and the armature's action before stays in the file"""  # noqa: E501

    bl_idname = "impromptu.retarget"
    bl_label = "Retarget"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012 - Blender's own form

    source: StringProperty(name="Source", description="Armature to read from; empty: the active actor")
    target: StringProperty(name="Target", description="Armature to move; empty: the one chosen in the panel")
    preset: EnumProperty(name="Preset", description="Whose bone names the target has", items=PRESETS, default="AUTO")
    travel: BoolProperty(name="Root Motion", description="Let the target travel as the actor does", default=True)
    mapping: StringProperty(
        name="Mapping", description="mapping.json of a match job, in place of a preset", subtype="FILE_PATH"
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Retarget, or start the match job that finds the bones first."""
        settings = _settings(context)
        given = self.properties.is_property_set
        preset = self.preset if given("preset") else getattr(settings, "retarget_preset", "AUTO") or "AUTO"
        travel = self.travel if given("travel") else getattr(settings, "retarget_root", True)
        source, target = chosen_source(context, self.source), chosen_target(context, self.target)
        try:
            if target is None or target.type != "ARMATURE":
                raise InvalidInput("No target armature is chosen.", "Choose one under Target.")
            bones = read_mapping(self.mapping, [b.name for b in target.data.bones]) if self.mapping else None
            if bones is None and needs_match(target, preset):
                return start_match(self, context, source, target, travel)
            report = retarget(source, target, preset, travel, bones)
        except ImpromptuError as error:
            self.report({"ERROR"}, explain(error))
            return {"CANCELLED"}
        error_deg = report["limb_error_deg"]["max"]
        words = "{target} plays {action}; limbs within {angle} degrees"
        angle = f"{error_deg:.1f}"
        self.report({"INFO"}, say(words, target=target.name, action=report["action"], angle=angle))
        return {"FINISHED"}


def needs_match(target: Any, preset: str) -> bool:
    """Whether the bones must be found by shape: asked for, or no preset knows them."""
    if preset != "AUTO":
        return preset == "MATCH"
    try:
        bone_map(target)
    except InvalidInput:
        return True
    return False


def start_match(operator: Any, context: Any, source: Any, target: Any, travel: bool) -> set[str]:
    """Submit the match job of a target; its landing retargets. In background mode wait for both.

    Raises:
        InvalidInput: no source, or a folder that cannot be written.
    """
    if source is None:
        raise InvalidInput("No actor is chosen.", "Select the actor whose motion shall be carried over.")
    path = session.scratch("match") / "skeleton.json"
    write_skeleton(target, path)
    options = {"source": handle(source), "travel": travel}
    title = say("Match {name}", name=target.name)
    job = session.submit(context, MatchRequest(skeleton=str(path)), title, LANDING, target, options)
    if bpy.app.background:
        return session.finish(context, operator, job)
    loop.start()
    return {"FINISHED"}


def land_match(context: Any, job: Any, target: Any) -> str:
    """Retarget with the bones that a match job found.

    Raises:
        InvalidInput: the source or the target is gone, or the mapping does not move a body.
    """
    options = job.extra.get("options", {})
    source = resolve(options["source"]) if "source" in options else None
    if source is None or target is None:
        gone = "The actor" if source is None else "The target"
        raise InvalidInput(f"{gone} is no longer in the file.", "Choose source and target again.")
    path = next((p for p in job.files.values() if p.name == "mapping.json"), None)
    if path is None:
        raise InvalidInput("The job has no mapping.", "Press Retry.")
    bones = read_mapping(path, [b.name for b in target.data.bones])
    report = retarget(source, target, travel=bool(options.get("travel", True)), bones=bones)
    return say("{target} plays {action}.", target=target.name, action=report["action"])


LANDINGS = {LANDING: land_match}
"""Name -> function(context, job, target), for the job queue."""


class IMPROMPTU_OT_retarget_report(bpy.types.Operator):
    """Write the report of the last retargeting as a text of this file: every bone matched, missing and skipped"""

    bl_idname = "impromptu.retarget_report"
    bl_label = "Show Report"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    target: StringProperty(name="Target", description="Armature that was moved; empty: the one chosen in the panel")

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Make the text, and show it where a text editor is open."""
        rig = chosen_target(context, self.target) or chosen_source(context)
        if rig is None or not read(rig):
            self.report({"ERROR"}, say("Nothing was retargeted onto this armature yet. Press Retarget first."))
            return {"CANCELLED"}
        block = to_text_block(rig)
        for area in context.screen.areas if context.screen else ():
            if area.type == "TEXT_EDITOR":
                area.spaces.active.text = block
        if bpy.app.background:
            print(as_text(read(rig)))
        self.report({"INFO"}, say("The report is the text {name}", name=repr(block.name)))
        return {"FINISHED"}


classes = (IMPROMPTU_OT_retarget, IMPROMPTU_OT_retarget_report)
