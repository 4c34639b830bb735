"""Registers every class, property, handler and translation of the add-on; unregisters them in reverse.

A module lists its Blender classes in `classes` and may have `register()` and `unregister()` for the rest.
"""

from __future__ import annotations

import importlib
from types import ModuleType

import bpy

from . import session

ORDER = (
    "icons",
    "properties_actor",
    "properties",
    "properties_look",
    "properties_motion",
    "preferences",
    "ops.texts",
    "ops.act",
    "ops.body",
    "ops.look",
    "ops.motion",
    "ops.jobs",
    "ops.export",
    "ops.shape",
    "ops.sliders",
    "ops.photo",
    "ops.pose",
    "ops.retarget",
    "ops.runtime",
    "ops.models",
    "panels.runtime",
    "panels.main",
    "panels.look",
    "panels.jobs",
    "panels.found",
    "panels.motion",
    "panels.shape",
    "panels.sliders",
    "panels.photo",
    "panels.pose",
    "panels.export",
    "panels.retarget",
    "translations",
    "previewing",
    "handlers",
    "sliders_live",
)
"""Modules of `addon`, property groups before what points at them, panels in the order they are drawn."""


def modules() -> list[ModuleType]:
    """The modules of `ORDER`."""
    return [importlib.import_module(f"{__package__}.{name}") for name in ORDER]


def register() -> None:
    """Register all; if one fails, those before it are taken back, so that the add-on can be enabled again."""
    done: list[ModuleType] = []
    try:
        for module in modules():
            done.append(module)
            _register(module)
    except Exception:
        for module in reversed(done):
            _unregister(module)
        raise


def unregister() -> None:
    """Take everything back; nothing of the add-on stays in Blender."""
    for module in reversed(modules()):
        _unregister(module)


def _register(module: ModuleType) -> None:
    for cls in getattr(module, "classes", ()):
        bpy.utils.register_class(cls)
    session.LANDINGS.update(getattr(module, "LANDINGS", {}))
    if hasattr(module, "register"):
        module.register()


def _unregister(module: ModuleType) -> None:
    if hasattr(module, "unregister"):
        module.unregister()
    for cls in reversed(getattr(module, "classes", ())):
        if getattr(cls, "is_registered", False):
            bpy.utils.unregister_class(cls)
