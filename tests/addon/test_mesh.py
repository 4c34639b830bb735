"""Skin, shape keys, bones and outfit."""

import dataclasses
import json

import numpy as np
import pytest
from impromptu.addon.scene.armature import bone_tails, rest_joints
from impromptu.addon.scene.outfit import PALETTE, linear_rgba, vertex_colours


def test_shape_keys_are_named_and_set(actor, body):
    keys = actor.skin.data.shape_keys
    assert keys.key_blocks[0].name == "Basis"
    assert [keys.key_blocks[f"Shape{i:03d}"].value for i in range(2)] == pytest.approx(list(body.betas))
    assert keys.key_blocks["Exp000"].value == pytest.approx(0.5)
    assert json.loads(keys["impromptu_axes"]) == {"Shape000": "stature", "Shape001": "weight", "Exp000": "smile"}


def test_bones_are_the_joints_under_root(actor, body):
    bones = actor.rig.data.bones
    assert {b.name for b in bones} == {"root", *body.joint_names}
    for name, p in zip(body.joint_names, body.parents, strict=True):
        assert bones[name].parent.name == ("root" if p < 0 else body.joint_names[p])
    assert not bones["root"].use_deform
    assert {b.rotation_mode for b in actor.rig.pose.bones} == {"QUATERNION"}


def test_bones_point_along_their_chain(body):
    heads, tails = rest_joints(body), bone_tails(body)
    index = {n: i for i, n in enumerate(body.joint_names)}
    for bone, child in (("left_elbow", "left_wrist"), ("spine3", "neck"), ("left_wrist", "left_middle1")):
        assert np.allclose(tails[index[bone]], heads[index[child]])
    assert tails[index["head"]][2] > heads[index["head"]][2]
    assert tails[index["left_foot"]][1] < heads[index["left_foot"]][1]
    assert np.linalg.norm(tails - heads, axis=1).min() > 0.01


def test_elbows_and_knees_bend_about_x(actor):
    for name, axis in (("left_elbow", (0, 0, -1)), ("left_knee", (-1, 0, 0))):
        x = actor.rig.data.bones[name].matrix_local.to_3x3().col[0]
        assert np.dot(x, axis) > 0.9


def test_vertex_groups_carry_the_weights(actor, body):
    obj = actor.skin
    for vertex in (0, 77, len(body.weights) - 1):
        groups = {obj.vertex_groups[g.group].name: g.weight for g in obj.data.vertices[vertex].groups}
        expected = {body.joint_names[j]: w for j, w in enumerate(body.weights[vertex]) if w > 1e-6}
        assert groups == pytest.approx(expected)


def test_uv_map_and_regions(scene, body, motion):
    from impromptu.addon.scene.actor import build_actor

    vt = np.random.default_rng(0).uniform(size=(len(body.v_template), 2))
    rich = dataclasses.replace(
        body, uv=(vt, body.faces), regions=np.arange(len(vt)) % 2, region_names=("lips", "face")
    )
    skin = build_actor(rich, motion, "Rich", {}).skin
    uv = np.array([tuple(d.uv) for d in skin.data.uv_layers["UVMap"].data])
    assert np.allclose(uv, vt[body.faces.ravel()], atol=1e-6)
    group = skin.vertex_groups["region_face"].index
    assert [group in [g.group for g in skin.data.vertices[i].groups] for i in (0, 1)] == [False, True]


def test_outfit_covers_the_right_places(body):
    colours = vertex_colours(body)

    def share(joint, garment):
        at = body.weights.argmax(1) == body.joint_names.index(joint)
        return np.abs(colours[at] - linear_rgba(PALETTE[garment])).max(1).min()

    assert share("left_knee", "trousers") < 1e-6
    assert share("spine2", "shirt") < 1e-6
    assert share("left_foot", "shoes") < 1e-6
    assert share("left_wrist", "skin") < 1e-6
    assert share("left_eye_smplhf", "eye_white") < 1e-6 or share("left_eye_smplhf", "iris") < 1e-6


def test_colours_are_on_the_mesh(actor, body):
    attribute = actor.skin.data.color_attributes["outfit"]
    read = np.array([tuple(d.color) for d in attribute.data])
    assert np.allclose(read, vertex_colours(body), atol=1e-6)
    assert actor.skin.data.materials[0].name == "Impromptu outfit"


def test_named_colours_replace_their_garment_only(body):
    plain, green = vertex_colours(body), vertex_colours(body, {"shirt": "#00ff00"})
    changed = np.abs(green - plain).max(1) > 1e-6
    shirt = np.abs(plain - linear_rgba(PALETTE["shirt"])).max(1) < 1e-6
    assert shirt.any()
    assert np.allclose(green[shirt], [0, 1, 0, 1])
    trousers = np.abs(plain - linear_rgba(PALETTE["trousers"])).max(1) < 1e-6
    assert not changed[trousers].any()
