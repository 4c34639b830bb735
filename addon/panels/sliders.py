"""The Words panel: sliders named by words, their presets, and what each of them moves."""

from __future__ import annotations

from typing import Any

import bpy

from .. import slider_presets
from ..scene.handles import actor_of, skin_of, why_not_reshaped
from ..scene.means import files_for
from ..scene.slider_effect import shown_word
from ..scene.slider_state import Words, words_of
from ..words import fixed
from .shape import ActorPanel
from .words import sentence

ROOM = 26
"""Letters of both ends that a panel of usual width has room for."""
HEADINGS = {"betas": "Body", "expression": "Face"}


def spoken(word: str) -> str:
    """A word of a file as the panel shows it: translated where it is known."""
    return fixed(word)


class IMPROMPTU_MT_word_presets(bpy.types.Menu):
    """Presets of word sliders"""

    bl_idname = "IMPROMPTU_MT_word_presets"
    bl_label = "Load Preset"

    def draw(self, context: Any) -> None:
        layout, found = self.layout, slider_presets.presets()
        if not found:
            layout.label(text="No presets yet")
        for name in found:
            layout.operator("impromptu.load_words", text=name, translate=False).name = name
        if found:
            layout.separator()
            layout.menu("IMPROMPTU_MT_delete_word_preset", icon="TRASH")


class IMPROMPTU_MT_delete_word_preset(bpy.types.Menu):
    """Presets to be deleted"""

    bl_idname = "IMPROMPTU_MT_delete_word_preset"
    bl_label = "Delete Preset"

    def draw(self, context: Any) -> None:
        for name in slider_presets.presets():
            self.layout.operator("impromptu.delete_words", text=name, translate=False).name = name


class IMPROMPTU_MT_affected(bpy.types.Menu):
    """Words whose vertices can be shown"""

    bl_idname = "IMPROMPTU_MT_affected"
    bl_label = "Show Affected Vertices"

    def draw(self, context: Any) -> None:
        rig = actor_of(context)
        for words in words_of(rig) if rig else ():
            for word in words.map.words:
                entry = self.layout.operator("impromptu.show_affected", text=spoken(word), translate=False)
                entry.word = word


def lower_end(word: str, opposite: str) -> str:
    """What stands at a slider's lower end, beside its word: without the noun that both end in, if they are long."""
    first, _, noun = opposite.rpartition(" ")
    long = len(word) + len(opposite) > ROOM
    return first if long and first and word.endswith(f" {noun}") else opposite


def draw_slider(layout: Any, rig: bpy.types.Object, words: Words, i: int) -> None:
    """One word: what its ends say, and under it the slider with a dot to key it."""
    column = layout.column(align=True)
    ends = column.row()
    ends.scale_y = 0.8
    ends.label(text=spoken(lower_end(words.map.words[i], words.map.opposites[i])), translate=False)
    upper = ends.row()
    upper.alignment = "RIGHT"
    upper.label(text=spoken(words.map.words[i]), translate=False)
    row = column.row(align=True)
    row.prop(rig, words.paths[i], text="", slider=True)
    row.prop_decorator(rig, words.paths[i])


class IMPROMPTU_PT_words(ActorPanel, bpy.types.Panel):
    """Sliders of the active actor that are named by words"""

    bl_idname = "IMPROMPTU_PT_words"
    bl_label = "Words"

    def draw(self, context: Any) -> None:
        layout, rig = self.layout, actor_of(context)
        reason = why_not_reshaped(rig)
        if reason:
            sentence(layout, context, reason)
        body = layout.column()
        body.enabled = not reason
        held = words_of(rig)
        if not held:
            draw_start(body, context, rig)
            return
        for words in held:
            if len(held) > 1:
                body.label(text=HEADINGS[words.coefficients])
            for i in range(len(words.names)):
                draw_slider(body, rig, words, i)
        draw_tools(body, rig)


def draw_start(layout: Any, context: Any, rig: bpy.types.Object) -> None:
    """How an actor without sliders comes by some."""
    if files_for(rig):
        layout.operator("impromptu.make_words", icon="OPTIONS")
    elif skin_of(rig) is not None:
        sentence(
            layout,
            context,
            "No sliders ship for this body. Train its own with impromptu semantify train --model FILE "
            "-o SLIDERS.npz, then load that file.",
        )
    layout.operator("impromptu.load_word_sliders", icon="FILE_FOLDER")


def draw_tools(layout: Any, rig: bpy.types.Object) -> None:
    """The buttons under the sliders."""
    column = layout.column(align=True)
    row = column.row(align=True)
    row.operator("impromptu.random_words", icon="FILE_REFRESH")
    row.operator("impromptu.reset_words", icon="LOOP_BACK")
    row = column.row(align=True)
    row.operator("impromptu.key_words", icon="KEY_HLT")
    row.operator("impromptu.save_words", icon="FILE_TICK")
    column.menu("IMPROMPTU_MT_word_presets", icon="PRESET")
    skin = skin_of(rig)
    word = shown_word(skin.data) if skin is not None else ""
    row = layout.row(align=True)
    row.menu("IMPROMPTU_MT_affected", text=spoken(word) if word else "Show Affected Vertices", icon="GROUP_VERTEX")
    if word:
        row.operator("impromptu.hide_affected", text="", icon="X")
    row = layout.row(align=True)
    row.operator("impromptu.load_word_sliders", icon="FILE_FOLDER")
    row.operator("impromptu.remove_words", text="", icon="TRASH")


classes = (
    IMPROMPTU_MT_word_presets,
    IMPROMPTU_MT_delete_word_preset,
    IMPROMPTU_MT_affected,
    IMPROMPTU_PT_words,
)
