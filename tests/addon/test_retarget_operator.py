"""The operator in background mode, with explicit names, and the panel's drawing."""

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import bpy
import pytest
from impromptu.addon.ops import retarget as ops
from impromptu.addon.panels import retarget as panels

_spec = importlib.util.spec_from_file_location("retarget_rigs", Path(__file__).with_name("retarget_rigs.py"))
rigs = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(rigs)


@pytest.fixture
def registered():
    done = []
    for cls in (*ops.classes, *panels.classes):
        bpy.utils.register_class(cls)
        done.append(cls)
    yield
    for cls in reversed(done):
        bpy.utils.unregister_class(cls)


def test_by_names(actor, registered):
    rig = rigs.make_rig(rigs.VROID, name="Other")
    assert bpy.ops.impromptu.retarget(source=actor.rig.name, target="Other", preset="vroid") == {"FINISHED"}
    assert rig.animation_data.action
    assert bpy.ops.impromptu.retarget_report(target="Other") == {"FINISHED"}
    assert "J_Bip_C_Hips" in bpy.data.texts["Retarget Other"].as_string()


def test_what_is_wrong_is_said_in_a_sentence(actor, registered):
    with pytest.raises(RuntimeError, match="No target armature"):
        bpy.ops.impromptu.retarget(source=actor.rig.name, target="nobody")
    rigs.make_rig(rigs.VROID, name="Other")
    with pytest.raises(RuntimeError, match="has no bones for"):
        bpy.ops.impromptu.retarget(source=actor.rig.name, target="Other", preset="unreal")
    with pytest.raises(RuntimeError, match="Nothing was retargeted"):
        bpy.ops.impromptu.retarget_report(target="Other")


class Layout:
    """Notes what a panel draws."""

    def __init__(self, log):
        self.log = log

    def __getattr__(self, name):
        def call(*args, **kwargs):
            self.log.append((name, args[1:] or args, kwargs))
            return Layout(self.log)

        return call


def test_panel_shows_the_report(actor, registered):
    rig = rigs.make_rig(rigs.VRM, name="Other")
    bpy.ops.impromptu.retarget(source=actor.rig.name, target="Other")
    log = []
    settings = SimpleNamespace(retarget_target=rig, retarget_root=True)
    context = SimpleNamespace(scene=SimpleNamespace(impromptu=settings), active_object=actor.skin)
    panels.IMPROMPTU_PT_retarget.draw(SimpleNamespace(layout=Layout(log)), context)
    words = [kwargs.get("text", "") for _, _, kwargs in log]
    assert "4 missing" in words
    assert any("max" in w for w in words)
    assert ("operator", ("impromptu.retarget",), {"icon": "CON_ARMATURE"}) in log
