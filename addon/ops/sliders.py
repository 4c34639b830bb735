"""Operators of the sliders named by words."""

from __future__ import annotations

from typing import Any

import bpy

from ...backend.protocol import ImpromptuError
from .. import slider_presets
from ..scene import slider_effect, sliders
from ..scene.handles import actor_of, require_actor
from ..scene.slider_state import words_of
from ..words import say
from .shape import RandomOperator, ShapeOperator, can_reshape, failed


class WordOperator(ShapeOperator):
    """What operators on an actor's sliders share: one undo step on an actor that has some."""

    @classmethod
    def poll(cls, context: Any) -> bool:
        if not can_reshape(cls, context):
            return False
        there = bool(words_of(actor_of(context)))
        if not there and hasattr(cls, "poll_message_set"):
            cls.poll_message_set("Press Make Sliders first")
        return there


class IMPROMPTU_OT_make_words(ShapeOperator, bpy.types.Operator):
    """Give the actor sliders named by words, as tall or fat, that drive its shape keys. The body stays as it is"""

    bl_idname = "impromptu.make_words"
    bl_label = "Make Sliders"

    def change(self, rig: bpy.types.Object) -> None:
        words = sliders.make_words(rig)
        self.report({"INFO"}, say("Made {count} sliders.", count=len(words)))


class IMPROMPTU_OT_load_word_sliders(ShapeOperator, bpy.types.Operator):
    """Give the actor sliders from a file that impromptu semantify train has written for its body"""

    bl_idname = "impromptu.load_word_sliders"
    bl_label = "Sliders from a File"

    filepath: bpy.props.StringProperty(subtype="FILE_PATH", name="File", description="A file of sliders (.npz)")
    filter_glob: bpy.props.StringProperty(default="*.npz", options={"HIDDEN"})

    def invoke(self, context: Any, event: Any) -> set[str]:
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def change(self, rig: bpy.types.Object) -> None:
        words = sliders.make_words(rig, bpy.path.abspath(self.filepath))
        self.report({"INFO"}, say("Made {count} sliders.", count=len(words)))


class IMPROMPTU_OT_remove_words(WordOperator, bpy.types.Operator):
    """Take the sliders and their drivers away. The body stays as it is"""

    bl_idname = "impromptu.remove_words"
    bl_label = "Remove Sliders"

    def change(self, rig: bpy.types.Object) -> None:
        slider_effect.hide_affected(rig)
        sliders.remove_words(rig)


class IMPROMPTU_OT_reset_words(WordOperator, bpy.types.Operator):
    """Set every word to 0, the mean. What no word says of this body stays"""

    bl_idname = "impromptu.reset_words"
    bl_label = "Reset"

    def change(self, rig: bpy.types.Object) -> None:
        sliders.reset_words(rig)


class IMPROMPTU_OT_random_words(WordOperator, RandomOperator, bpy.types.Operator):
    """Set every word at random, as people vary. Joints and the motion's feet follow"""

    bl_idname = "impromptu.random_words"
    bl_label = "Random"

    def change(self, rig: bpy.types.Object) -> None:
        sliders.random_words(rig, self.seed, self.amount)


class IMPROMPTU_OT_key_words(WordOperator, bpy.types.Operator):
    """Key every word at the current frame"""

    bl_idname = "impromptu.key_words"
    bl_label = "Key All"

    def change(self, rig: bpy.types.Object) -> None:
        sliders.key_words(rig, bpy.context.scene.frame_current)


class IMPROMPTU_OT_save_words(WordOperator, bpy.types.Operator):
    """Save where the sliders stand as a preset. It is there in every file, for every body that has these words"""

    bl_idname = "impromptu.save_words"
    bl_label = "Save Preset"
    bl_options = {"REGISTER"}  # noqa: RUF012 - Blender wants a set

    name: bpy.props.StringProperty(name="Name", description="Of the preset; the same name replaces it", default="")

    def invoke(self, context: Any, event: Any) -> set[str]:
        return context.window_manager.invoke_props_dialog(self)

    def execute(self, context: Any) -> set[str]:
        try:
            saved = slider_presets.save(self.name, sliders.word_values(require_actor(context)))
        except ImpromptuError as error:
            return failed(self, error)
        self.report({"INFO"}, say("Saved the preset {name}.", name=saved))
        return {"FINISHED"}


class IMPROMPTU_OT_load_words(WordOperator, bpy.types.Operator):
    """Set the sliders as they were saved. Words that this body does not have are left out"""

    bl_idname = "impromptu.load_words"
    bl_label = "Load Preset"

    name: bpy.props.StringProperty(name="Name", description="Of the preset")

    def change(self, rig: bpy.types.Object) -> None:
        saved, mine = slider_presets.load(self.name), sliders.word_values(rig)
        sliders.set_words(rig, {word: value for word, value in saved.items() if word in mine})
        left = ", ".join(word for word in saved if word not in mine)
        if left:
            self.report({"INFO"}, say("This body has no slider for {words}.", words=left))


class IMPROMPTU_OT_delete_words(bpy.types.Operator):
    """Delete a preset from the disk"""

    bl_idname = "impromptu.delete_words"
    bl_label = "Delete Preset"

    name: bpy.props.StringProperty(name="Name", description="Of the preset")

    def invoke(self, context: Any, event: Any) -> set[str]:
        return context.window_manager.invoke_confirm(self, event)

    def execute(self, context: Any) -> set[str]:
        try:
            slider_presets.delete(self.name)
        except ImpromptuError as error:
            return failed(self, error)
        return {"FINISHED"}


def show_colours(context: Any, on: bool) -> None:
    """Let the solid view of this area show colour attributes, or materials again."""
    space = getattr(context, "space_data", None)
    if space is not None and space.type == "VIEW_3D" and space.shading.type == "SOLID":
        space.shading.color_type = "VERTEX" if on else "MATERIAL"


class IMPROMPTU_OT_show_affected(WordOperator, bpy.types.Operator):
    """Colour the body by how far the word moves each vertex: blue stands still, red moves most. In the solid view"""

    bl_idname = "impromptu.show_affected"
    bl_label = "Show Affected Vertices"

    word: bpy.props.StringProperty(name="Word", description="The word of the slider")

    def execute(self, context: Any) -> set[str]:
        done = super().execute(context)
        if done == {"FINISHED"}:
            show_colours(context, True)
        return done

    def change(self, rig: bpy.types.Object) -> None:
        most = slider_effect.show_affected(rig, self.word)
        self.report({"INFO"}, say("One step moves vertices by up to {mm} mm.", mm=f"{most * 1000:.0f}"))


class IMPROMPTU_OT_hide_affected(WordOperator, bpy.types.Operator):
    """Show the body's own colours again"""

    bl_idname = "impromptu.hide_affected"
    bl_label = "Hide Affected Vertices"

    def execute(self, context: Any) -> set[str]:
        done = super().execute(context)
        show_colours(context, False)
        return done

    def change(self, rig: bpy.types.Object) -> None:
        slider_effect.hide_affected(rig)


classes = (
    IMPROMPTU_OT_make_words,
    IMPROMPTU_OT_load_word_sliders,
    IMPROMPTU_OT_remove_words,
    IMPROMPTU_OT_reset_words,
    IMPROMPTU_OT_random_words,
    IMPROMPTU_OT_key_words,
    IMPROMPTU_OT_save_words,
    IMPROMPTU_OT_load_words,
    IMPROMPTU_OT_delete_words,
    IMPROMPTU_OT_show_affected,
    IMPROMPTU_OT_hide_affected,
)
