"""Texts for a person to read, in Blender's own editor: logs and the manual."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from .. import package, properties
from ..words import say

PAGES = "docs/manual"
"""The manual's pages below the package's root, in a checkout as in the zip."""


def show(context: Any, name: str, lines: list[str]) -> Any:
    """A text block of that name, in a window of its own where there can be one."""
    text = bpy.data.texts.get(name) or bpy.data.texts.new(name)
    text.clear()
    text.write("\n".join(lines).rstrip() + "\n")
    text.cursor_set(0)
    if bpy.app.background:
        return text
    bpy.ops.wm.window_new()
    area = context.window_manager.windows[-1].screen.areas[0]
    area.type = "TEXT_EDITOR"
    area.spaces.active.text = text
    area.spaces.active.show_word_wrap = True
    return text


def pages() -> list[str]:
    """The pages of the manual, one after another; empty where they are not shipped."""
    folder = Path(package.root(), PAGES)
    found = sorted(folder.glob("*.md"), key=lambda p: (p.stem not in ("index", "README"), p.name))
    out: list[str] = []
    for path in found:
        out += [*path.read_text(encoding="utf-8").splitlines(), ""]
    return out


def reference() -> list[str]:
    """Every button and setting with what it does and costs, in the person's language: needs no file."""
    out = ["Impromptu", "", say("Type a prompt, press Act: a character performs it."), "", say("Buttons"), ""]
    for name in sorted(n for n in dir(bpy.types) if n.startswith("IMPROMPTU_OT_")):
        told = getattr(bpy.types, name).bl_rna
        kind = getattr(bpy.ops.impromptu, name[len("IMPROMPTU_OT_") :]).get_rna_type()
        if kind.description:
            out += [f"{say(kind.name or told.name)}: {say(kind.description)}"]
    out += ["", say("Settings"), ""]
    for prop in properties.IMPROMPTU_PG_settings.bl_rna.properties:
        if prop.description and prop.is_runtime:
            out.append(f"{say(prop.name)}: {say(prop.description)}")
            for item in getattr(prop, "enum_items", ()):
                out.append(f"  - {say(item.name)}: {say(item.description)}")
    return out


class IMPROMPTU_OT_open_manual(bpy.types.Operator):
    """Open the manual as a text: what each button does and what it costs. Needs no network"""

    bl_idname = "impromptu.open_manual"
    bl_label = "Manual"
    bl_options = {"INTERNAL"}  # noqa: RUF012 - Blender's own form

    def execute(self, context: Any) -> set[str]:
        """The pages where they are, then the reference."""
        show(context, "Impromptu Manual", [*pages(), *reference()])
        return {"FINISHED"}


classes = (IMPROMPTU_OT_open_manual,)
