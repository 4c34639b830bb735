"""Word sliders move mesh, joints and root by drivers alone, keep their limits, and survive keys, Act and undo."""

import dataclasses
import importlib.util
import sys
from pathlib import Path

import bpy
import numpy as np
import pytest
from impromptu.addon import sliders_live
from impromptu.addon.scene import placement, shape, slider_state, sliders
from impromptu.addon.scene.actor import build_body
from impromptu.addon.scene.duplicate import duplicate_beside
from impromptu.addon.scene.placement import replace_action
from impromptu.addon.scene.sampling import channels_of, sample_rotations
from impromptu.addon.scene.shape_arrays import betas_of, shape_arrays
from impromptu.addon.scene.skeleton import global_rotations, joint_positions, skeleton_of
from impromptu.backend.protocol import InvalidInput


def beside(name):
    spec = importlib.util.spec_from_file_location(f"addon_{name}", Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


slider_body, tools = beside("slider_body"), beside("conftest")
TALL, LEGS = '["word_tall"]', '["word_long_legs"]'


@pytest.fixture
def file(tmp_path):
    return slider_body.write_map(tmp_path / "sliders.npz")


@pytest.fixture
def worded(actor, file):
    """The actor with sliders."""
    sliders.make_words(actor.rig, file)
    return actor


def drag(rig, **values):
    """What the panel's slider does: the custom property changes, Blender evaluates."""
    for name, value in values.items():
        rig[f"word_{name}"] = value
    rig.update_tag()
    bpy.context.view_layer.update()


def expected(rig, **values):
    """Betas by hand: what the sliders leave over, and what they give."""
    words = slider_state.words_of(rig)[0]
    given = {"tall": float(rig["word_tall"]), "long_legs": float(rig["word_long_legs"]), **values}
    return slider_state.rest_of(rig, words) + slider_body.MOVE @ [given["tall"], given["long_legs"]]


def heads(rig):
    return np.array([rig.data.bones[n].head_local for n in skeleton_of(rig).names])


def posed(rig):
    """(J, 3) heads of the posed bones in the armature's frame."""
    seen = rig.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return np.array([seen.pose.bones[n].head for n in skeleton_of(rig).names])


def rooted(points, root):
    return points - points[root]


def test_a_body_keeps_its_shape_when_it_gets_sliders(actor, file, body, evaluated, scene):
    scene.frame_set(6)
    before = evaluated(actor.skin)
    assert sliders.make_words(actor.rig, file) == ["tall", "long legs"]
    assert np.abs(evaluated(actor.skin) - before).max() < 1e-5
    values = [actor.rig["word_tall"], actor.rig["word_long_legs"]]
    assert slider_body.MOVE @ values == pytest.approx(list(body.betas), abs=1e-5)


def test_sliders_are_properties_with_a_range_a_soft_range_and_a_tooltip(worded):
    told = worded.rig.id_properties_ui("word_tall").as_dict()
    assert (told["min"], told["max"]) == pytest.approx((-2.2, 2.4))
    assert (told["soft_min"], told["soft_max"], told["default"]) == pytest.approx((-2.0, 2.0, 0.0))
    assert "short to tall" in told["description"]
    assert "long legs" in worded.rig.id_properties_ui("word_long_legs").as_dict()["description"]


def test_every_driver_is_one_that_blender_evaluates_without_python(worded):
    blocks = (worded.rig, worded.skin.data.shape_keys)
    mine = [c for b in blocks for c in b.animation_data.drivers if not c.data_path.startswith('key_blocks["Pose')]
    assert len(mine) > 20
    assert all(c.driver.is_simple_expression and c.driver.is_valid for c in mine)


def test_a_dragged_slider_moves_mesh_and_joints_in_one_evaluation(worded, scene):
    rig = worded.rig
    scene.frame_set(12)
    drag(rig, tall=1.7, long_legs=-1.1)
    betas, skeleton = betas_of(worded.skin), skeleton_of(rig)
    assert betas == pytest.approx(list(expected(rig)), abs=1e-4)
    rotations = global_rotations(skeleton, sample_rotations(rig, skeleton, channels_of(rig), np.array([12.0])))
    wanted = joint_positions(skeleton, skeleton.heads(betas), rotations, np.zeros((1, 3)))[0]
    assert np.abs(rooted(posed(rig), skeleton.root) - rooted(wanted, skeleton.root)).max() < 1e-4
    # Without the drivers the joints would stand where they stood.
    stale = joint_positions(skeleton, heads(rig), rotations, np.zeros((1, 3)))[0]
    assert np.abs(rooted(stale, skeleton.root) - rooted(wanted, skeleton.root)).max() > 5e-3


def test_a_body_at_rest_is_its_shape_while_a_slider_is_dragged(scene, body, file, evaluated):
    made = build_body(body, "Still", {})
    sliders.make_words(made.rig, file)

    def face():
        return evaluated(made.skin) - shape_arrays(made.skin).shaped(betas_of(made.skin))

    away = -face()
    drag(made.rig, tall=-1.9, long_legs=1.4)
    away += face()
    # All of it moves by the same, so that the soles stay; nothing is out of shape.
    assert np.abs(away - away.mean(0)).max() < 1e-4


def test_the_soles_keep_their_height_while_a_slider_is_dragged(scene, body, file, evaluated):
    # A body that grows evenly, so that it is plain where its soles go.
    dirs = np.stack([body.v_template * 0.06, np.zeros_like(body.v_template)], -1)
    joints = body.v_template.reshape(len(body.parents), 8, 3).mean(1)
    grown = dataclasses.replace(body, shapedirs=dirs, betas=np.zeros(2), expression=np.zeros(1), joints=joints)
    made = build_body(grown, "Still", {})
    sliders.make_words(made.rig, file)
    before = evaluated(made.skin)[:, 2]
    drag(made.rig, tall=2.0)
    after = evaluated(made.skin)[:, 2]
    assert np.ptp(after) - np.ptp(before) > 0.1
    # The few vertices that count as soles are not all equally low.
    assert abs(after.min() - before.min()) < 2e-3


@pytest.mark.parametrize("frame", [1, 12])
def test_a_slider_let_go_of_is_linear_blend_skinning_with_moved_joints(worded, body, scene, evaluated, frame):
    drag(worded.rig, tall=1.7, long_legs=-1.1)
    assert sliders.settle(worded.rig)
    scene.frame_set(frame)
    assert np.abs(evaluated(worded.skin) - by_hand(body, worded.rig, frame)).max() < 2e-4
    assert np.abs(heads(worded.rig) - skeleton_of(worded.rig).heads(betas_of(worded.skin))).max() < 1e-6
    assert not sliders.settle(worded.rig)


def by_hand(body, rig, frame):
    return beside("test_shape").by_hand(body, rig, frame)


@pytest.mark.parametrize("frame", [4, 12])
def test_a_drag_hardly_differs_from_what_it_becomes(worded, scene, evaluated, frame):
    scene.frame_set(frame)
    drag(worded.rig, tall=1.0)
    root = skeleton_of(worded.rig).root
    dragged = evaluated(worded.skin) - posed(worded.rig)[root]
    sliders.settle(worded.rig)
    scene.frame_set(frame)
    assert np.abs(evaluated(worded.skin) - posed(worded.rig)[root] - dragged).max() < 6e-3


def key(rig, frame, **values):
    for name, value in values.items():
        rig[f"word_{name}"] = value
        rig.keyframe_insert(f'["word_{name}"]', frame=frame)


def test_keyed_sliders_play_from_a_file_without_the_add_on(worded, scene, tmp_path):
    rig = worded.rig
    key(rig, 1, tall=-1.0)
    key(rig, 11, tall=2.0)
    wanted = {f: expected(rig, tall=t) for f, t in ((1, -1.0), (11, 2.0))}
    path = str(tmp_path / "keyed.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    rig = next(o for o in bpy.data.objects if o.type == "ARMATURE")
    skin, skeleton = rig.children[0], skeleton_of(rig)
    for frame, betas in wanted.items():
        bpy.context.scene.frame_set(frame)
        assert betas_of(skin) == pytest.approx(list(betas), abs=1e-4)
        rotations = global_rotations(skeleton, sample_rotations(rig, skeleton, channels_of(rig), np.array([frame])))
        joints = joint_positions(skeleton, skeleton.heads(betas), rotations, np.zeros((1, 3)))[0]
        assert np.abs(rooted(posed(rig), skeleton.root) - rooted(joints, skeleton.root)).max() < 1e-4
    bpy.context.scene.frame_set(6)
    assert wanted[1][0] < betas_of(skin)[0] < wanted[11][0]


def test_keyed_sliders_are_rendered(scene, body, file, tmp_path):
    made = build_body(body, "Still", {})
    move = np.array([[40.0], [0.0]])
    slider_body.write_map(tmp_path / "big.npz", move=move, words=("tall",), opposites=("",), limit=99.0)
    sliders.make_words(made.rig, tmp_path / "big.npz")
    key(made.rig, 1, tall=0.0)
    key(made.rig, 5, tall=1.0)
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(camera)
    camera.location, camera.rotation_euler = (0, -4, 1), (np.pi / 2, 0, 0)
    scene.camera, scene.render.film_transparent = camera, True
    scene.render.engine, scene.cycles.samples = "CYCLES", 1
    scene.render.resolution_x = scene.render.resolution_y = 96
    scene.render.resolution_percentage = 100
    seen = []
    for frame in (1, 5):
        scene.frame_set(frame)
        scene.render.filepath = str(tmp_path / f"{frame}.png")
        bpy.ops.render.render(write_still=True)
        pixels = np.array(bpy.data.images.load(scene.render.filepath).pixels[:]).reshape(96, 96, 4)
        seen.append(pixels[..., 3] > 0.1)
    assert seen[0].sum() > 20
    assert (seen[0] != seen[1]).sum() > 20


def test_keys_and_drivers_do_not_break_the_limit(actor, tmp_path):
    rig = actor.rig
    sliders.make_words(rig, slider_body.write_map(tmp_path / "tight.npz", limit=1.0))
    key(rig, 1, tall=2.4, long_legs=2.4)
    for curve in channels_of(rig).values():
        if curve.data_path == TALL:
            curve.keyframe_points[0].co[1] = 50.0
            curve.update()
    bpy.context.scene.frame_set(3)
    bpy.context.scene.frame_set(1)
    assert betas_of(actor.skin).max() == pytest.approx(1.0, abs=1e-4)
    assert rig["word_tall_now"] == pytest.approx(2.4, abs=1e-4)


def test_a_body_beyond_the_limit_stays_as_it_is(actor, tmp_path):
    shape.set_values(actor.rig, {"Shape000": 4.5})
    sliders.make_words(actor.rig, slider_body.write_map(tmp_path / "tight.npz", limit=1.0))
    assert betas_of(actor.skin)[0] == pytest.approx(4.5)
    drag(actor.rig, tall=1.0)
    assert betas_of(actor.skin)[0] == pytest.approx(4.5, abs=1e-4)


def test_an_axis_that_is_set_is_read_by_the_sliders(worded):
    shape.set_values(worded.rig, {"Shape000": 1.2, "Shape001": 0.4})
    bpy.context.view_layer.update()
    assert betas_of(worded.skin) == pytest.approx([1.2, 0.4], abs=1e-5)
    values = [worded.rig["word_tall"], worded.rig["word_long_legs"]]
    assert slider_body.MOVE @ values == pytest.approx([1.2, 0.4], abs=1e-4)
    assert np.abs(heads(worded.rig) - skeleton_of(worded.rig).heads([1.2, 0.4])).max() < 1e-6


def test_an_axis_that_is_set_under_keyed_sliders_stays_set(worded, scene):
    key(worded.rig, 1, tall=0.5)
    scene.frame_set(2)
    shape.set_values(worded.rig, {"Shape001": -1.3})
    scene.frame_set(3)
    assert betas_of(worded.skin)[1] == pytest.approx(-1.3, abs=1e-4)
    assert worded.rig["word_tall"] == pytest.approx(0.5)


def test_another_motion_keeps_the_keys_of_the_sliders(worded, body, motion, scene):
    rig = worded.rig
    key(rig, 1, tall=-1.0)
    key(rig, 11, tall=2.0)
    curve = channels_of(rig)[TALL, 0]
    curve.keyframe_points[0].interpolation = "CONSTANT"
    old = rig.animation_data.action
    made = replace_action(rig, body, motion, "Next", {"prompt": "next"})
    assert made.action not in (None, old)
    carried = channels_of(rig)[TALL, 0]
    assert [(k.co[0], k.co[1], k.interpolation) for k in carried.keyframe_points] == [
        (1.0, -1.0, "CONSTANT"), (11.0, 2.0, curve.keyframe_points[1].interpolation)
    ]  # fmt: skip
    scene.frame_set(11)
    assert betas_of(worded.skin) == pytest.approx(list(expected(rig, tall=2.0)), abs=1e-4)
    assert (LEGS, 0) not in channels_of(rig)


def test_another_body_goes_on_with_the_keys_of_words_that_it_has(worded, motion, scene, monkeypatch):
    key(worded.rig, 1, tall=-1.0, long_legs=0.5)
    key(worded.rig, 11, tall=2.0)
    other = slider_state.Words(slider_body.slider_map(words=("tall", "wise")), np.zeros(2), "betas", "b.npz", True)
    monkeypatch.setattr(placement, "files_for", lambda _: {"betas": None})
    monkeypatch.setattr(sliders, "words_for", lambda *_: [other])
    made = placement.replace_actor(worded.rig, tools.make_body(seed=4), motion, "Next", {"prompt": "next"})
    assert sliders.word_values(made.rig).keys() == {"tall", "wise"}
    keyed = {path: [k.co[1] for k in c.keyframe_points] for (path, _), c in channels_of(made.rig).items()}
    assert keyed[TALL] == [-1.0, 2.0]
    assert LEGS not in keyed
    scene.frame_set(1)
    low = betas_of(made.skin)[0]
    scene.frame_set(11)
    assert betas_of(made.skin)[0] == pytest.approx(low + 3 * slider_body.MOVE[0, 0], abs=1e-4)


def test_a_duplicate_has_sliders_of_its_own(worded):
    copy = duplicate_beside(worded.rig)
    before = betas_of(worded.skin)
    drag(copy, tall=2.0)
    assert betas_of(worded.skin) == pytest.approx(list(before))
    skin = next(o for o in bpy.data.objects if o.parent == copy)
    assert abs(betas_of(skin)[0] - before[0]) > 0.1
    drag(worded.rig, tall=-2.0)
    assert copy["word_tall_now"] == pytest.approx(2.0)


def test_a_linked_duplicate_gets_sliders_of_its_own(worded):
    rig, skin = worded.rig, worded.skin
    copy, worn = rig.copy(), skin.copy()
    for new in (copy, worn):
        bpy.context.scene.collection.objects.link(new)
    worn.parent = copy
    worn.modifiers[0].object = copy
    assert sliders_live.is_borrowed(copy)
    sliders_live.catch_up()
    assert not sliders_live.is_borrowed(copy)
    assert not sliders_live.is_borrowed(rig)
    before = betas_of(skin)
    drag(copy, tall=1.9)
    assert betas_of(skin) == pytest.approx(list(before))
    assert abs(betas_of(worn)[0] - before[0]) > 0.1


def test_removed_sliders_leave_the_body_and_no_driver(worded, evaluated, scene):
    scene.frame_set(5)
    sliders.set_words(worded.rig, {"tall": 1.5})
    bpy.context.view_layer.update()
    before = evaluated(worded.skin)
    sliders.remove_words(worded.rig)
    bpy.context.view_layer.update()
    assert np.abs(evaluated(worded.skin) - before).max() < 1e-5
    assert not [name for name in (*worded.rig.keys(), *worded.rig.data.keys()) if name.startswith("word_")]
    assert not len(worded.rig.animation_data.drivers)
    assert not [k for k in worded.skin.data.shape_keys.key_blocks if k.name.startswith("Joints_")]
    shape.set_values(worded.rig, {"Shape000": 0.0})
    bpy.context.view_layer.update()
    assert betas_of(worded.skin)[0] == 0.0


def test_random_is_seeded_and_reset_is_the_mean(worded):
    drawn = []
    for seed in (1, 1, 2):
        sliders.random_words(worded.rig, seed)
        drawn.append(sliders.word_values(worded.rig))
    assert drawn[0] == drawn[1] != drawn[2]
    assert max(map(abs, drawn[2].values())) <= sliders.PLAUSIBLE
    sliders.reset_words(worded.rig)
    assert set(sliders.word_values(worded.rig).values()) == {0.0}
    assert not sliders.is_unsettled(worded.rig)


def test_unknown_words_and_foreign_files_are_refused_in_a_sentence(worded, tmp_path):
    with pytest.raises(InvalidInput, match="no slider wise"):
        sliders.set_words(worded.rig, {"wise": 1.0})
    many = slider_body.write_map(tmp_path / "many.npz", move=np.eye(7, 2))
    with pytest.raises(InvalidInput, match="another body"):
        sliders.make_words(worded.rig, many)
    assert sliders.word_values(worded.rig).keys() == {"tall", "long legs"}


def test_sliders_of_a_face_drive_expressions_alone(worded, tmp_path):
    joints = heads(worded.rig)
    face = dict(coefficients="expression", move=np.array([[0.9]]), words=("happy",), opposites=("sad",))
    sliders.make_words(worded.rig, slider_body.write_map(tmp_path / "face.npz", **face))
    assert [w.coefficients for w in slider_state.words_of(worded.rig)] == ["betas", "expression"]
    before = betas_of(worded.skin)
    worded.rig["face_happy"] = 1.0
    worded.rig.update_tag()
    bpy.context.view_layer.update()
    rest = slider_state.rest_of(worded.rig, slider_state.words_of(worded.rig, "expression")[0])
    assert betas_of(worded.skin, "EXPRESSION") == pytest.approx([rest[0] + 0.9], abs=1e-4)
    assert betas_of(worded.skin) == pytest.approx(list(before))
    assert np.array_equal(heads(worded.rig), joints)
    drag(worded.rig, tall=-1.0)
    assert betas_of(worded.skin)[0] != pytest.approx(before[0])


def test_damaged_properties_count_as_no_sliders(worded):
    worded.rig[slider_state.STORED] = "{nonsense"
    assert slider_state.words_of(worded.rig) == ()
    shape.set_values(worded.rig, {"Shape001": 0.1})


def test_linked_actors_are_left_alone(worded, link_rig):
    rig = link_rig()
    assert sliders_live.rigs() == []
    with pytest.raises(InvalidInput):
        sliders.set_words(rig, {"tall": 1.0})
