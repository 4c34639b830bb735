"""What the add-on puts into Blender it takes back, and it can be enabled again."""

import bpy
import pytest
from impromptu.addon import handlers, loop, registration, session


def left():
    """What of the add-on Blender still has."""
    found = [name for name in dir(bpy.types) if name.startswith("IMPROMPTU_")]
    found += [name for name in ("Scene", "Object") if hasattr(getattr(bpy.types, name), "impromptu")]
    for name in dir(bpy.app.handlers):
        listeners = getattr(bpy.app.handlers, name)
        if isinstance(listeners, list):
            found += [f"{name}: {f.__module__}" for f in listeners if "impromptu" in getattr(f, "__module__", "")]
    return found


def test_nothing_is_left_and_it_registers_again(scene):
    for _ in range(2):
        registration.register()
        assert bpy.context.scene.impromptu.fps == 30
        assert hasattr(bpy.types, "IMPROMPTU_PT_main")
        registration.unregister()
        assert left() == []


def test_a_failure_takes_back_what_was_done(scene, monkeypatch):
    def fail():
        raise OSError("no")

    monkeypatch.setattr(handlers, "register", fail)
    with pytest.raises(OSError, match="no"):
        registration.register()
    monkeypatch.undo()
    assert left() == []


def test_settings_are_saved_with_the_file(scene, tmp_path):
    registration.register()
    try:
        bpy.context.scene.impromptu.prompt = "a man walking backwards"
        bpy.context.scene.impromptu.seconds = 3.5
        path = str(tmp_path / "saved.blend")
        bpy.ops.wm.save_as_mainfile(filepath=path)
        bpy.ops.wm.read_factory_settings(use_empty=True)
        assert bpy.context.scene.impromptu.prompt == ""
        bpy.ops.wm.open_mainfile(filepath=path)
        assert bpy.context.scene.impromptu.prompt == "a man walking backwards"
        assert bpy.context.scene.impromptu.seconds == 3.5
    finally:
        registration.unregister()


def test_every_operator_and_setting_says_what_it_does(scene):
    registration.register()
    try:
        for module in registration.modules():
            for cls in getattr(module, "classes", ()):
                if issubclass(cls, bpy.types.Operator):
                    assert cls.__doc__ or getattr(cls, "bl_description", ""), cls
                    assert cls.bl_idname.startswith("impromptu."), cls
    finally:
        registration.unregister()


def test_nothing_is_looked_after_without_jobs():
    assert not session.has_queue()
    assert loop.tick() is None
