"""Buttons, panel, presets and colours of the word sliders, which file a body has, and one undo step each."""

import importlib.util
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import bpy
import numpy as np
import pytest
from impromptu.addon import slider_presets, sliders_live, translations
from impromptu.addon.panels import sliders as slider_panel
from impromptu.addon.scene import gender, means, slider_effect, slider_state, sliders
from impromptu.addon.scene.actions import curves_of
from impromptu.addon.scene.skeleton import skeleton_of
from impromptu.backend.protocol import InvalidInput
from impromptu.backend.protocol.slider_map import read_sliders, shipped_file


def beside(name):
    spec = importlib.util.spec_from_file_location(f"addon_{name}", Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


slider_body, stand_ins = beside("slider_body"), beside("test_actor_panel")


@pytest.fixture
def presets(tmp_path, monkeypatch):
    """An empty folder of presets."""
    monkeypatch.setattr(slider_presets, "folder", lambda: tmp_path / "presets")
    return tmp_path / "presets"


@pytest.fixture
def shown(panel, actor, presets):
    """The actor, active, with the add-on registered."""
    bpy.context.view_layer.objects.active = actor.rig
    return actor


@pytest.fixture
def worded(shown, tmp_path):
    """The same with sliders."""
    bpy.ops.impromptu.load_word_sliders(filepath=str(slider_body.write_map(tmp_path / "sliders.npz")))
    return shown


class Layout(stand_ins.Layout):
    """Notes menus and the dots for keys too, and takes RNA paths of custom properties."""

    def _inner(self, **_):
        return Layout(self.seen)

    row = column = box = split = _inner

    def prop(self, owner, name, text=None, **_):
        assert owner.path_resolve(name) is not None
        self.seen.append(name)

    def prop_decorator(self, owner, name, **_):
        assert owner.path_resolve(name) is not None
        self.seen.append(f"key {name}")

    def menu(self, name, text="", **_):
        assert hasattr(bpy.types, name)
        self.seen.append(text or name)

    def separator(self):
        self.seen.append("---")


def draw(cls):
    layout = Layout()
    cls.draw(SimpleNamespace(layout=layout), bpy.context)
    return layout.seen


def test_the_panel_tells_how_a_body_without_sliders_comes_by_some(shown):
    seen = " ".join(draw(slider_panel.IMPROMPTU_PT_words))
    assert "impromptu semantify train --model FILE -o SLIDERS.npz" in seen
    assert "impromptu.load_word_sliders" in seen
    assert "impromptu.make_words" not in seen
    with pytest.raises(RuntimeError, match="No sliders ship"):
        bpy.ops.impromptu.make_words()


def test_the_panel_has_both_ends_of_each_word_and_every_button(worded):
    seen = draw(slider_panel.IMPROMPTU_PT_words)
    first = seen.index("short")
    assert seen[first : first + 4] == ["short", "tall", '["word_tall"]', 'key ["word_tall"]']
    for name in ("random_words", "reset_words", "key_words", "save_words", "remove_words"):
        assert f"impromptu.{name}" in seen
    assert {"IMPROMPTU_MT_word_presets", "Show Affected Vertices"} <= set(seen)
    assert draw(slider_panel.IMPROMPTU_MT_affected) == ["tall", "long legs"]


def test_long_ends_leave_out_the_noun_that_both_have():
    assert slider_panel.lower_end("broad shoulders", "narrow shoulders") == "narrow"
    assert slider_panel.lower_end("long legs", "short legs") == "short legs"
    assert slider_panel.lower_end("a word that is long by itself", "shoulders") == "shoulders"


def test_shipped_words_are_spoken_in_every_language():
    for found in (f for _, f in means.shipped() if f.about["family"] == "body"):
        for locale in translations.LOCALES:
            said = translations.words(locale)
            assert [w for w in (*found.words, *found.opposites) if w and w not in said] == []


def test_each_gender_of_the_default_body_has_its_own_file(shown):
    rig, about = shown.rig, read_sliders(shipped_file("body")).about
    record = json.loads(rig["impromptu_record"])
    record["body"]["sha256"] = about["model_sha256"]
    rig["impromptu_record"] = json.dumps(record)
    blocks = shown.skin.data.shape_keys
    for k in range(2, 10):
        shown.skin.shape_key_add(name=f"Shape{k:03d}", from_mix=False)
    blocks["impromptu_axes"] = json.dumps({f"Shape{k:03d}": name for k, name in enumerate(about["names"])})
    for name in gender.GENDERS:
        rig[gender.GENDER] = name
        path, found = means.files_for(rig)["betas"]
        assert (path.name, found.about["template"]) == (f"body_{name}.npz", name)
        words = means.words_for(rig)[0]
        feminine = gender.MEANS[name].get("feminine", 0.0)
        assert words.centre[about["names"].index("feminine")] == pytest.approx(feminine)
        assert np.allclose(words.map.mean - words.centre, found.mean)
    assert not means.is_made_for(rig, slider_body.slider_map(model_sha256="1" * 64))


def test_random_reset_and_key_are_buttons(worded):
    assert bpy.ops.impromptu.random_words(seed=4) == {"FINISHED"}
    assert any(sliders.word_values(worded.rig).values())
    bpy.context.scene.frame_set(7)
    bpy.ops.impromptu.key_words()
    keyed = [c for c in curves_of(worded.rig) if c.data_path.startswith('["word_')]
    assert sorted(c.data_path for c in keyed) == ['["word_long_legs"]', '["word_tall"]']
    assert all(c.keyframe_points[0].co[0] == 7 for c in keyed)
    bpy.ops.impromptu.reset_words()
    assert set(sliders.word_values(worded.rig).values()) == {0.0}


def test_a_preset_is_saved_loaded_and_deleted(worded, presets):
    sliders.set_words(worded.rig, {"tall": 1.25, "long legs": -0.5})
    bpy.ops.impromptu.save_words(name="Basket: ball/player")
    assert slider_presets.presets() == ["Basket ball player"]
    assert draw(slider_panel.IMPROMPTU_MT_word_presets)[0] == "Basket ball player"
    sliders.reset_words(worded.rig)
    bpy.ops.impromptu.load_words(name="Basket ball player")
    assert sliders.word_values(worded.rig) == pytest.approx({"tall": 1.25, "long legs": -0.5})
    bpy.ops.impromptu.delete_words(name="Basket ball player")
    assert slider_presets.presets() == []
    assert [p for p in presets.iterdir()] == []
    with pytest.raises(RuntimeError, match="no preset"):
        bpy.ops.impromptu.load_words(name="Basket ball player")


def test_a_preset_of_other_words_sets_those_that_are_there(worded):
    slider_presets.save("Other", {"tall": 0.75, "wise": 2.0})
    before = sliders.word_values(worded.rig)["long legs"]
    bpy.ops.impromptu.load_words(name="Other")
    assert sliders.word_values(worded.rig) == pytest.approx({"tall": 0.75, "long legs": before})


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"format": "other", "words": {}}', '{"format": "impromptu-words", "words": {"tall": "1"}}',
     '{"format": "impromptu-words", "words": {"tall": NaN}}', " " * 70_000, "[" * 5000],
)  # fmt: skip
def test_a_damaged_preset_is_refused(presets, text):
    presets.mkdir()
    (presets / "bad.json").write_text(text)
    with pytest.raises(InvalidInput, match="damaged"):
        slider_presets.load("bad")


def test_a_preset_that_cannot_be_written_leaves_the_old_one(presets, monkeypatch):
    slider_presets.save("a", {"tall": 1.0})

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(slider_presets.os, "replace", full)
    with pytest.raises(InvalidInput, match="No space left"):
        slider_presets.save("a", {"tall": 2.0})
    assert slider_presets.load("a") == {"tall": 1.0}
    assert [p.name for p in presets.iterdir()] == ["a.json"]
    with pytest.raises(InvalidInput, match="name"):
        slider_presets.save(" ../ ", {"tall": 2.0})


def test_affected_vertices_are_coloured_by_how_far_they_move(worded, body):
    mesh = worded.skin.data
    mesh.color_attributes.new("Clothes", "FLOAT_COLOR", "POINT")
    mesh.color_attributes.active_color = mesh.color_attributes["Clothes"]
    bpy.ops.impromptu.show_affected(word="tall")
    wanted = np.linalg.norm(body.shapedirs @ slider_body.MOVE[:, 0], axis=1)
    assert np.abs(slider_effect.displacement(worded.rig, "tall") - wanted).max() < 1e-6
    assert mesh.color_attributes.active_color.name == slider_effect.ATTRIBUTE
    colours = np.empty(len(mesh.vertices) * 4, np.float32)
    mesh.color_attributes[slider_effect.ATTRIBUTE].data.foreach_get("color", colours)
    colours = colours.reshape(-1, 4)
    assert np.allclose(colours[wanted.argmax(), :3], slider_effect.RAMP[-1], atol=1e-5)
    assert colours[wanted.argmin(), 2] > colours[wanted.argmin(), 0]
    assert slider_effect.shown_word(mesh) == "tall"
    bpy.ops.impromptu.show_affected(word="long legs")
    assert "long legs" in draw(slider_panel.IMPROMPTU_PT_words)[-6:]
    bpy.ops.impromptu.hide_affected()
    assert slider_effect.ATTRIBUTE not in mesh.color_attributes
    assert mesh.color_attributes.active_color.name == "Clothes"
    assert slider_effect.shown_word(mesh) == ""


def heads(rig):
    return np.array([rig.data.bones[n].head_local for n in skeleton_of(rig).names])


def joints_wanted(rig):
    return skeleton_of(rig).heads(slider_state.joint_betas(rig, np.zeros(2)))


def test_undo_takes_back_a_drag_and_what_followed_it(worded, evaluated):
    bpy.context.preferences.edit.use_global_undo = True
    bpy.context.scene.frame_set(6)
    name = worded.rig.name
    sliders.set_words(worded.rig, {"tall": 0.5})
    bpy.ops.ed.undo_push(message="Before")
    before, mesh = heads(worded.rig), evaluated(worded.skin)
    worded.rig["word_tall"] = -1.5
    worded.rig.update_tag()
    bpy.context.view_layer.update()
    bpy.ops.ed.undo_push(message="Dragged")
    # Only after the step was pushed do joints and root follow.
    sliders_live.catch_up()
    dragged = heads(worded.rig)
    assert np.abs(dragged - before).max() > 1e-3

    bpy.ops.ed.undo()
    rig = bpy.data.objects[name]
    assert rig["word_tall"] == pytest.approx(0.5)
    assert np.abs(heads(rig) - before).max() < 1e-5
    assert np.abs(evaluated(rig.children[0]) - mesh).max() < 1e-4
    bpy.ops.ed.redo()
    rig = bpy.data.objects[name]
    assert rig["word_tall"] == pytest.approx(-1.5)
    assert np.abs(heads(rig) - dragged).max() < 1e-5
    assert np.abs(heads(rig) - joints_wanted(rig)).max() < 1e-6


def test_the_file_is_saved_with_joints_in_their_place(worded, tmp_path):
    worded.rig["word_tall"] = -1.5
    worded.rig.update_tag()
    bpy.context.view_layer.update()
    assert np.abs(heads(worded.rig) - joints_wanted(worded.rig)).max() > 1e-3
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    rig = next(o for o in bpy.data.objects if o.type == "ARMATURE")
    assert rig["word_tall"] == pytest.approx(-1.5)
    assert np.abs(heads(rig) - joints_wanted(rig)).max() < 1e-6


def test_without_live_joints_they_wait_for_update(worded):
    worded.rig.impromptu.live_joints = False
    worded.rig["word_tall"] = -1.5
    worded.rig.update_tag()
    bpy.context.view_layer.update()
    sliders_live.catch_up()
    assert sliders.is_unsettled(worded.rig)
    bpy.ops.impromptu.update_joints()
    assert not sliders.is_unsettled(worded.rig)


def test_a_window_waits_until_the_slider_is_let_go_of(worded, monkeypatch):
    timers = []
    clock = SimpleNamespace(now=100.0)
    stand_in = SimpleNamespace(
        app=SimpleNamespace(
            background=False,
            is_job_running=lambda _: False,
            timers=SimpleNamespace(
                is_registered=lambda f: f in timers, register=lambda f, first_interval: timers.append(f)
            ),
        ),
        types=bpy.types, data=bpy.data, context=bpy.context,
    )  # fmt: skip
    monkeypatch.setattr(sliders_live, "bpy", stand_in)
    monkeypatch.setattr(sliders_live.time, "monotonic", lambda: clock.now)
    graph = SimpleNamespace(updates=[SimpleNamespace(id=worded.rig)])
    worded.rig["word_tall"] = -1.5
    sliders_live.after_update(None, graph)
    clock.now += 0.2
    sliders_live.after_update(None, graph)
    assert len(timers) == 1
    clock.now += 0.1
    assert sliders_live._tick() == pytest.approx(0.15)
    assert sliders.is_unsettled(worded.rig)
    clock.now += 0.2
    assert sliders_live._tick() is None
    assert not sliders.is_unsettled(worded.rig)


def test_a_body_of_another_gender_changes_its_sliders_not_its_keys(worded, monkeypatch, tmp_path):
    other = slider_body.slider_map(words=("tall", "wise"), template="female")
    words = slider_state.Words(other, np.zeros(2), "betas", "test_female.npz", True)
    held = slider_state.Words(slider_body.slider_map(), np.zeros(2), "betas", "test_neutral.npz", True)
    monkeypatch.setattr(sliders, "words_for", lambda *_: [held])
    sliders.make_words(worded.rig)
    bpy.ops.impromptu.key_words()
    monkeypatch.setattr(sliders, "words_for", lambda *_: [words])
    sliders.renew(worded.rig)
    assert sliders.word_values(worded.rig).keys() == {"tall", "wise"}
    assert "word_long_legs" not in worded.rig
    assert sliders.is_word_path(worded.rig, '["word_tall"]')
    assert slider_state.is_keyed(worded.rig, slider_state.words_of(worded.rig)[0])
