"""Sliders, operators and panels of an actor: they read and write its own shape keys, in one undo step each."""

import bpy
import numpy as np
import pytest
from impromptu.addon import properties_actor
from impromptu.addon.ops import photo as photo_ops
from impromptu.addon.ops import pose as pose_ops
from impromptu.addon.ops import shape as shape_ops
from impromptu.addon.panels import pose as pose_panel
from impromptu.addon.panels import shape as shape_panel
from impromptu.addon.scene.actor import build_actor
from impromptu.addon.scene.measure import Measurements
from impromptu.addon.scene.provenance import read
from impromptu.addon.scene.shape_arrays import betas_of

MODULES = (properties_actor, shape_ops, photo_ops, pose_ops, shape_panel, pose_panel)


@pytest.fixture
def registered():
    for module in MODULES:
        for cls in module.classes:
            bpy.utils.register_class(cls)
    properties_actor.register()
    yield
    properties_actor.unregister()
    for module in reversed(MODULES):
        for cls in reversed(module.classes):
            bpy.utils.unregister_class(cls)


@pytest.fixture
def shown(registered, actor):
    """The actor, with its sliders, active."""
    properties_actor.sync(actor.rig)
    bpy.context.view_layer.objects.active = actor.rig
    return actor


class Layout:
    """Stands in for Blender's layout: notes what is drawn."""

    def __init__(self, seen=None):
        self.seen = [] if seen is None else seen
        self.enabled = True

    def _inner(self, **_):
        return Layout(self.seen)

    row = column = box = split = _inner

    def label(self, text="", **_):
        self.seen.append(text)

    def prop(self, owner, name, text=None, **_):
        assert name in owner.bl_rna.properties.keys()  # noqa: SIM118 - not a dict
        self.seen.append(text or name)

    def operator(self, name, text="", **_):
        group, verb = name.split(".")
        assert getattr(getattr(bpy.ops, group), verb).get_rna_type()
        self.seen.append(text or name)
        return type("Properties", (), {})()


def draw(panel):
    class Stand:
        layout = Layout()
        draw_axes = getattr(panel, "draw_axes", None)

    stand = Stand()
    panel.draw(stand, bpy.context)
    return stand.layout.seen


def test_sliders_are_the_shape_keys(shown, body):
    axes = shown.rig.impromptu.shape
    assert [(a.key, a.label) for a in axes] == [("Shape000", "Stature"), ("Shape001", "Weight")]
    assert [a.value for a in axes] == pytest.approx(list(body.betas))
    axes[0].value = 1.5
    assert shown.skin.data.shape_keys.key_blocks["Shape000"].value == 1.5
    assert shown.rig.data["joint_betas"][0] == pytest.approx(1.5)
    shown.skin.data.shape_keys.key_blocks["Shape001"].value = 0.3
    assert axes[1].value == pytest.approx(0.3)


def test_properties_and_provenance_live_together(shown):
    shown.rig.impromptu.hand_side = "left"
    assert read(shown.rig)["prompt"] == "a test"
    assert shown.rig.impromptu.uid == shown.rig["impromptu_uid"]


def test_without_live_joints_they_wait_for_update_joints(shown):
    shown.rig.impromptu.live_joints = False
    shown.rig.impromptu.shape[0].value = 2.0
    assert shown.rig.data["joint_betas"][0] == pytest.approx(0.7)
    assert bpy.ops.impromptu.update_joints() == {"FINISHED"}
    assert shown.rig.data["joint_betas"][0] == pytest.approx(2.0)


def test_random_is_seeded_bounded_and_reset(shown):
    drawn = []
    for seed in (1, 1, 2):
        bpy.ops.impromptu.random_shape(seed=seed)
        drawn.append(betas_of(shown.skin))
    assert np.array_equal(drawn[0], drawn[1])
    assert np.abs(drawn[0] - drawn[2]).max() > 1e-3
    values = [shape_ops.draw_values(["a", "b"], s, 1.0, 1.0)["a"] for s in range(500)]
    assert np.abs(values).max() <= shape_ops.PLAUSIBLE
    assert 0.7 < np.std(values) < 1.1
    bpy.ops.impromptu.reset_shape()
    assert not betas_of(shown.skin).any()


def test_random_expression_moves_the_face_alone(shown):
    before = betas_of(shown.skin)
    bpy.ops.impromptu.random_expression(seed=3)
    assert 0 < betas_of(shown.skin, "EXPRESSION")[0] <= shape_ops.FACES
    bpy.ops.impromptu.reset_expression()
    assert not betas_of(shown.skin, "EXPRESSION").any()
    assert np.array_equal(betas_of(shown.skin), before)


def test_gender_moves_the_named_axes_and_keeps_changes(registered, body, motion, scene):
    import dataclasses

    bodied = dataclasses.replace(body, beta_names=("stature", "feminine"))
    actor = build_actor(bodied, motion, "Actor", {})
    bpy.context.view_layer.objects.active = actor.rig
    bpy.ops.impromptu.set_gender(gender="female")
    assert betas_of(actor.skin) == pytest.approx([0.7 - 0.73, -0.4 + 1.67])
    bpy.ops.impromptu.set_gender(gender="male")
    bpy.ops.impromptu.set_gender(gender="neutral")
    assert betas_of(actor.skin) == pytest.approx([0.7, -0.4], abs=1e-6)


def test_gender_of_a_body_without_that_axis_is_one_sentence(shown):
    with pytest.raises(RuntimeError, match="no axis from male to female"):
        bpy.ops.impromptu.set_gender(gender="female")


def test_panels_draw_and_say_what_there_is(shown):
    seen = draw(shape_panel.IMPROMPTU_PT_shape)
    assert {"Height", "Weight", "Leg", "Body", "Stature", "Update"} <= set(seen)
    assert "Smile" in draw(shape_panel.IMPROMPTU_PT_expression)
    buttons = {"Relaxed", "Flat", "Fist", "Action", "Each Frame", "This Frame"}
    assert buttons <= set(draw(pose_panel.IMPROMPTU_PT_pose))
    assert max(map(len, seen)) <= 35


def test_more_measurements_are_behind_a_button(shown, monkeypatch):
    monkeypatch.setattr(
        properties_actor, "measure", lambda rig: Measurements(1.8, 75.0, 75.2, 0.8, {"waist": 0.8, "upper_arm": 0.3})
    )
    seen = draw(shape_panel.IMPROMPTU_PT_shape)
    assert {"180.0 cm", "75.0 kg", "Waist", "80.0 cm", "all_girths"} <= set(seen)
    assert "Upper Arm" not in seen
    shown.rig.impromptu.all_girths = True
    bpy.context.scene.unit_settings.system = "IMPERIAL"
    assert {"Upper Arm", "11.8 in", "5' 11\"", "165 lb"} <= set(draw(shape_panel.IMPROMPTU_PT_shape))


def test_panels_of_a_linked_actor_say_why_they_stand_still(shown, link_rig):
    bpy.context.view_layer.objects.active = link_rig()
    assert "linked" in " ".join(draw(shape_panel.IMPROMPTU_PT_shape))
    assert not bpy.ops.impromptu.random_shape.poll()
    assert not bpy.ops.impromptu.snap_to_ground.poll()


def test_sliders_are_filled_when_a_file_is_opened(registered, actor, tmp_path):
    assert not len(actor.rig.impromptu.shape)
    path = str(tmp_path / "a.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    assert len(bpy.data.objects["Actor"].impromptu.shape) == 2


def test_undo_takes_back_shape_joints_and_keys_together(shown):
    def state():
        rig = bpy.data.objects["Actor"]
        skin = bpy.data.objects["Actor-mesh"]
        curve = next(c for c in rig.animation_data.action.fcurves) if bpy.app.version < (4, 4, 0) else None
        heads = [tuple(b.head_local) for b in rig.data.bones]
        return heads, betas_of(skin).tolist(), [tuple(k.co) for k in curve.keyframe_points] if curve else None

    bpy.context.preferences.edit.use_global_undo = True
    bpy.ops.ed.undo_push(message="before")
    before = state()
    bpy.ops.impromptu.random_shape(seed=4)
    bpy.ops.ed.undo_push(message="Random")
    after = state()
    assert after != before
    bpy.ops.ed.undo()
    assert state() == before
    bpy.ops.ed.redo()
    assert state() == after


def test_operators_pose_hands_and_ground(shown):
    assert bpy.ops.impromptu.set_hands(pose="FIST", side="left") == {"FINISHED"}
    with pytest.raises(RuntimeError, match="finger"):
        bpy.ops.impromptu.set_hands(pose="FIST", side="right")
    assert bpy.ops.impromptu.snap_to_ground(mode="EACH") == {"FINISHED"}
