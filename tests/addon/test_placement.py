"""In place of, or beside: nothing of a person's is lost, nobody stands in anybody."""

import dataclasses
import itertools

import bpy
import numpy as np
import pytest
from impromptu.addon.scene.handles import UID, handle, resolve
from impromptu.addon.scene.outfit import shares, vertex_colours
from impromptu.addon.scene.placement import land_motion, rig_reach, same_body
from impromptu.addon.scene.read_motion import read_motion
from impromptu.addon.scene.shape import set_values
from impromptu.addon.scene.shape_arrays import keys_of


def test_replaced_action_is_kept(scene, actor, body, motion):
    old = actor.rig.animation_data.action
    other = dataclasses.replace(motion, poses=motion.poses[::-1].copy())
    made = land_motion(actor.rig, "REPLACE", body, other, "New", {"prompt": "new"})
    assert made.rig == actor.rig
    assert made.action != old
    assert bpy.context.view_layer.objects.active == made.rig
    assert old.use_fake_user
    assert len(bpy.data.armatures) == 1
    assert made.action["impromptu_prompt"] == "new"
    assert np.abs(read_motion(made.rig)[0].trans - motion.trans).max() < 1e-5


def test_same_model_with_other_betas_is_reshaped(actor, body, motion):
    slim = dataclasses.replace(body, betas=np.array([-1.0, 2.0]))
    moved = body.shapedirs @ (slim.betas - body.betas)
    slim = dataclasses.replace(slim, joints=body.joints + moved.reshape(len(body.parents), 8, 3).mean(1))
    made = land_motion(actor.rig, "REPLACE", slim, motion, "New", {})
    assert made.rig == actor.rig
    read, betas = read_motion(made.rig)
    assert betas == pytest.approx([-1.0, 2.0])
    assert np.abs(read.trans - motion.trans).max() < 1e-5


def test_kept_shape_stays_where_the_sliders_are_now(scene, actor, body, motion):
    skin, material = actor.skin, bpy.data.materials.new("Tweed")
    skin.data.materials[0] = material
    skin.modifiers.new("Smooth", "SMOOTH")
    set_values(actor.rig, {"Shape000": 2.0})
    made = land_motion(actor.rig, "REPLACE", body, motion, "New", {}, kept=True)
    assert (made.rig, made.skin) == (actor.rig, skin)
    read, betas = read_motion(made.rig)
    assert betas == pytest.approx([2.0, -0.4])
    assert tuple(skin.data.materials) == (material,)
    assert "Smooth" in skin.modifiers
    keys = [k.value for k in keys_of(skin)]
    land_motion(actor.rig, "REPLACE", body, motion, "Of the words", {})
    assert [k.value for k in keys_of(skin)] != keys
    set_values(actor.rig, {"Shape000": 2.0})
    again, _ = read_motion(actor.rig)
    # The root's path fits the shape as if the slider had been moved after the motion had come.
    assert np.abs(again.trans - read.trans).max() < 1e-5


def test_named_garments_are_repainted_and_nothing_else(actor, body, motion):
    def colours():
        out = np.empty(len(actor.skin.data.vertices) * 4, np.float32)
        actor.skin.data.color_attributes["outfit"].data.foreach_get("color", out)
        return out.reshape(-1, 4)

    wanted = {"shirt": "#b3261e", "shoes": "#ecebe6"}
    shirt, trousers = (shares(body)[name] > 0.999 for name in ("shirt", "trousers"))
    assert shirt.any()
    assert trousers.any()
    painted = int(np.flatnonzero(trousers)[0])
    actor.skin.data.color_attributes["outfit"].data[painted].color = (0.1, 0.9, 0.2, 1.0)
    before = colours()
    land_motion(actor.rig, "REPLACE", body, motion, "New", {})
    assert np.array_equal(colours(), before)
    land_motion(actor.rig, "REPLACE", body, motion, "New", {}, wanted)
    after = colours()
    assert np.allclose(after[painted], before[painted])
    after[painted] = before[painted] = vertex_colours(body)[painted]
    assert np.allclose(before, vertex_colours(body), atol=1e-6)
    assert np.allclose(after, vertex_colours(body, wanted), atol=1e-5)


def test_another_body_takes_name_place_and_collection(scene, actor, body, motion):
    uid = actor.rig[UID]
    home, parent = bpy.data.collections.new("Home"), bpy.data.objects.new("Stage", None)
    scene.collection.children.link(home)
    scene.collection.objects.link(parent)
    for obj in (actor.rig, actor.skin):
        home.objects.link(obj)
        scene.collection.objects.unlink(obj)
    prop = bpy.data.objects.new("Hat", None)
    scene.collection.objects.link(prop)
    prop.parent, prop.parent_type, prop.parent_bone = actor.rig, "BONE", "head"
    prop.constraints.new("TRACK_TO").target = actor.skin
    coat = bpy.data.objects.new("Coat", bpy.data.meshes.new("Coat"))
    scene.collection.objects.link(coat)
    coat.modifiers.new("Armature", "ARMATURE").object = actor.rig
    actor.rig.parent, actor.rig.location = parent, (1.0, 2.0, 0.0)
    actor.rig.rotation_euler.z = 0.5
    old, found = actor.rig.animation_data.action, handle(actor.rig)
    other = dataclasses.replace(body, v_template=body.v_template * [1.0, 1.1, 1.0])
    assert not same_body(actor.rig, other)
    made = land_motion(actor.rig, "REPLACE", other, motion, "New", {})
    assert made.rig.name == "Actor"
    assert made.rig[UID] == made.skin[UID] == uid
    assert made.rig.parent == parent
    assert tuple(made.rig.location) == (1.0, 2.0, 0.0)
    assert [c.name for c in made.skin.users_collection] == ["Home"]
    assert (prop.parent, prop.parent_bone) == (made.rig, "head")
    assert (prop.constraints[0].target, coat.modifiers[0].object) == (made.skin, made.rig)
    assert old.use_fake_user
    assert len(bpy.data.armatures) == 1
    assert resolve({**found, "session": ""}) == made.rig


def test_variants_stand_in_a_row(scene, actor, body, motion):
    wide = dataclasses.replace(motion, trans=motion.trans * [8.0, 1.0, 1.0])
    rows = [rig_reach(actor.rig)]
    for k in range(3):
        made = land_motion(None, "BESIDE", body, wide if k == 1 else motion, f"Variant {k}", {})
        rows.append(rig_reach(made.rig))
        assert made.rig.location.y == made.rig.location.z == 0
    for left, right in itertools.pairwise(rows):
        assert 0.1 < right[0] - left[1] < 0.5
    assert {a.name for a in bpy.data.actions} == {"Actor", "Variant 0", "Variant 1", "Variant 2"}


def test_beside_keeps_the_scenes_rate(scene, actor, body, motion):
    made = land_motion(None, "BESIDE", body, dataclasses.replace(motion, fps=50.0), "Fast", {})
    assert (scene.render.fps, scene.frame_end) == (25, 12)
    read, _ = read_motion(made.rig, np.array([1, 2, 6]))
    assert np.abs(read.trans - motion.trans[[0, 2, 10]]).max() < 1e-5


def test_results_never_share_an_action(actor, body, motion):
    first = land_motion(actor.rig, "REPLACE", body, motion, "Walk", {}).action
    second = land_motion(actor.rig, "REPLACE", body, motion, "Walk", {}).action
    assert first != second
    assert first.name in bpy.data.actions
