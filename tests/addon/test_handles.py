"""An actor is found again, and never another in its place."""

import json

import bpy
import numpy as np
import pytest
from impromptu.addon.scene import handles, provenance
from impromptu.addon.scene.actor import build_actor
from impromptu.addon.scene.handles import why_not_reshaped
from impromptu.addon.scene.read_motion import read_motion
from impromptu.addon.scene.shape import set_values
from impromptu.addon.scene.skeleton import has_skeleton, skeleton_of
from impromptu.backend.protocol import InvalidInput

HAS_SESSION_UIDS = hasattr(bpy.types.ID, "session_uid")


def duplicate(actor, linked=False):
    bpy.ops.object.select_all(action="DESELECT")
    actor.rig.select_set(True)
    actor.skin.select_set(True)
    bpy.context.view_layer.objects.active = actor.rig
    bpy.ops.object.duplicate(linked=linked)
    return bpy.context.view_layer.objects.active


def test_handle_is_json_and_survives_renaming(actor):
    found = json.loads(json.dumps(handles.handle(actor.rig)))
    actor.rig.name = "Somebody else"
    assert handles.resolve(found) == actor.rig


def test_deleted_actor_is_gone(actor):
    found = handles.handle(actor.rig)
    bpy.data.objects.remove(actor.rig)
    assert handles.resolve(found) is None


def test_of_original_and_duplicate_the_very_object_is_found(actor):
    found = handles.handle(actor.rig)
    twin = duplicate(actor)
    assert handles.resolve(found) == actor.rig != twin
    assert handles.resolve(handles.handle(twin)) == twin
    if HAS_SESSION_UIDS:
        bpy.data.objects.remove(actor.rig)
        assert handles.resolve(found) is None


def test_saved_file_finds_by_uid_though_renamed(actor, tmp_path):
    found = handles.handle(actor.rig)
    actor.rig.name = "Renamed"
    path = str(tmp_path / "a.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    assert handles.resolve({**found, "session": "another run of Blender"}).name == "Renamed"


def test_duplicates_get_uids_of_their_own_and_the_original_keeps_its(actor):
    uid = actor.rig[handles.UID]
    twin = duplicate(actor)
    assert twin[handles.UID] == uid
    handles.tell_apart()
    assert actor.rig[handles.UID] == uid == actor.skin[handles.UID]
    assert twin[handles.UID] != uid
    assert handles.skin_of(twin)[handles.UID] == twin[handles.UID]


@pytest.mark.parametrize("linked", [False, True])
def test_duplicate_moves_its_own_mesh_and_rig(actor, evaluated, linked):
    twin = duplicate(actor, linked)
    before, joints = evaluated(actor.skin), [tuple(b.head_local) for b in actor.rig.data.bones]
    set_values(twin, {"Shape000": 2.0})
    bpy.context.view_layer.update()
    skin = handles.skin_of(twin)
    assert skin != actor.skin
    assert skin.data.shape_keys.key_blocks["Shape000"].value == 2.0
    assert np.abs(evaluated(actor.skin) - before).max() < 1e-6
    assert [tuple(b.head_local) for b in actor.rig.data.bones] == joints
    assert [tuple(b.head_local) for b in twin.data.bones] != joints
    drivers = skin.data.shape_keys.animation_data.drivers
    assert {t.id for d in drivers for v in d.driver.variables for t in v.targets} == {twin}


def test_active_mesh_parent_and_rig_lead_to_the_actor(actor):
    class Context:
        active_object = actor.skin

    assert handles.actor_of(Context) == actor.rig
    Context.active_object = actor.rig
    assert handles.actor_of(Context) == actor.rig
    Context.active_object = bpy.data.objects.new("Cube", None)
    assert handles.actor_of(Context) is None


def test_actors_of_a_scene(scene, actor, body, motion):
    other = build_actor(body, motion, "Other", {})
    scene.collection.objects.link(bpy.data.objects.new("Camera", None))
    assert {a.name for a in handles.actors(scene)} == {actor.rig.name, other.rig.name}
    assert handles.skin_of(other.rig) == other.skin


@pytest.mark.parametrize("override", [False, True])
def test_linked_actor_is_read_only_and_says_so(actor, link_rig, override):
    rig = link_rig()
    if override:
        rig = rig.override_create(remap_local_usages=True)
    assert handles.is_editable(rig) is override
    assert "another file" in handles.why_not_reshaped(rig)
    with pytest.raises(handles.InvalidInput, match="another file"):
        set_values(rig, {"Shape000": 1.0})


@pytest.mark.parametrize(
    ("name", "value"),
    [("rest_axes", [1.0] * 5), ("joint_names", "no names"), ("joint_template", "x"), ("floor", [1])],
)
def test_damaged_joints_are_told_in_a_sentence(actor, name, value):
    actor.rig.data[name] = value
    assert not has_skeleton(actor.rig)
    assert "damaged" in why_not_reshaped(actor.rig)
    with pytest.raises(InvalidInput, match="damaged"):
        skeleton_of(actor.rig)


def test_renamed_bone_is_told_in_a_sentence(actor, body):
    bone = body.joint_names[-1]
    actor.rig.data.bones[bone].name = "Mine"
    assert bone in why_not_reshaped(actor.rig)
    with pytest.raises(InvalidInput, match=f"no bone {bone}"):
        read_motion(actor.rig)


@pytest.mark.parametrize("text", ["{nope", "[1]", "3"])
def test_damaged_provenance_counts_as_none(actor, text):
    actor.rig[provenance.KEY] = text
    assert provenance.read(actor.rig) == {}
