"""The actor that Blender evaluates is the one that SMPL's equations give."""

import dataclasses
import io
import zipfile

import bpy
import numpy as np
import pytest
from impromptu.addon.scene import actor as actors
from impromptu.addon.scene.actor_data import load_body, load_motion
from impromptu.addon.scene.provenance import read
from impromptu.backend.protocol import InvalidInput


@pytest.mark.parametrize("frame", [0, 5, 11])
def test_evaluated_mesh_equals_linear_blend_skinning(scene, actor, reference, evaluated, frame):
    scene.frame_set(1 + frame)
    vertices, _ = reference(frame)
    assert np.abs(evaluated(actor.skin) - vertices).max() < 2e-4


@pytest.mark.parametrize("frame", [0, 11])
def test_bones_are_where_the_joints_are(scene, actor, body, reference, frame):
    scene.frame_set(1 + frame)
    heads = np.array([actor.rig.pose.bones[n].head for n in body.joint_names])
    assert np.abs(heads - reference(frame)[1]).max() < 1e-4


def test_correctives_matter_and_are_within_half_a_millimetre_each(scene, actor, reference, evaluated):
    scene.frame_set(12)
    for key in actor.skin.data.shape_keys.key_blocks:
        key.mute = key.name.startswith("Pose_")
    off = np.abs(evaluated(actor.skin) - reference(11)[0]).max()
    assert off > 0.005


def test_rest_pose_stands_on_the_floor(scene, actor, body, evaluated):
    actor.rig.animation_data.action = None
    for bone in actor.rig.pose.bones:
        bone.matrix_basis.identity()
    for key in actor.skin.data.shape_keys.key_blocks:
        key.mute = key.name.startswith("Exp")
    assert evaluated(actor.skin)[:, 2].min() == pytest.approx(0.0, abs=1e-5)


def test_names_are_those_that_users_of_the_model_know(body):
    real = dataclasses.replace(body, header={"kind": "smplx", "gender": "male"})
    assert actors.object_names("Actor", real) == ("SMPLX-male", "SMPLX-mesh-male")
    assert actors.object_names("Actor", body) == ("Actor", "Actor-mesh")


def test_provenance_is_on_rig_and_action(actor):
    for block in (actor.rig, actor.action):
        record = read(block)
        assert record["prompt"] == "a test"
        assert record["body"]["licence"] == "CC0-1.0"
        assert (block["impromptu_prompt"], block["impromptu_seed"]) == ("a test", 3)
        assert block["impromptu_licence"] == "CC0"


def test_joint_dependence_gives_the_joints_for_the_betas(actor, body):
    template = np.array(actor.rig.data["joint_template"]).reshape(-1, 3)
    dirs = np.array(actor.rig.data["joint_dirs"]).reshape(*template.shape, -1)
    assert np.abs(template + dirs @ body.betas - body.joints).max() < 1e-6


def test_two_actors_share_a_scene(scene, body, motion, actor, evaluated, reference):
    second = actors.build_actor(body, motion, "Other", {})
    scene.frame_set(1)
    assert np.abs(evaluated(second.skin) - reference(0)[0]).max() < 2e-4
    assert np.abs(evaluated(actor.skin) - reference(0)[0]).max() < 2e-4


def test_saved_file_moves_without_scripts(scene, actor, reference, evaluated, tmp_path):
    path = str(tmp_path / "actor.blend")
    name = actor.skin.name
    bpy.ops.wm.save_as_mainfile(filepath=path, copy=True)
    bpy.ops.wm.open_mainfile(filepath=path, use_scripts=False)
    scene = bpy.context.scene
    assert (scene.frame_start, scene.frame_end, scene.render.fps) == (1, 12, 25)
    assert bpy.data.objects["Actor"].animation_data.action.name == "Actor"
    scene.frame_set(12)
    assert np.abs(evaluated(bpy.data.objects[name]) - reference(11)[0]).max() < 2e-4


def damaged(path, **changes):
    """A job's body.npz with some arrays replaced."""
    arrays = {
        "v_template": np.zeros((4, 3)), "shapedirs": np.zeros((4, 3, 1)), "betas": np.zeros(1),
        "joints": np.zeros((2, 3)), "weights": np.ones((4, 2)) / 2, "parents": np.array([-1, 0]),
        "joint_names": np.array(["a", "b"]), "faces": np.array([[0, 1, 2]]), "header": np.frombuffer(b"{}", np.uint8),
    }  # fmt: skip
    np.savez(path, **(arrays | changes))
    return path


@pytest.mark.parametrize(
    "changes",
    [
        {"faces": np.array([[0, 1, 9]])},
        {"parents": np.array([1, -1])},
        {"weights": np.ones((4, 3))},
        {"betas": np.zeros(2)},
        {"v_template": np.full((4, 3), np.nan)},
        {"joint_names": np.array(["a", {}], dtype=object)},
        {"joint_names": np.array(["a", "a"])},
        {"joint_names": np.array(["a"])},
        {"faces": np.zeros((0, 3), int)},
        {"faces": np.zeros((1, 4), int)},
        {"header": np.frombuffer(b"[]", np.uint8)},
        {"header": np.frombuffer(b"\xff{", np.uint8)},
        {"weights": np.full((4, 2), "x")},
        {"jr_rows": np.array([0]), "jr_cols": np.array([4]), "jr_vals": np.ones(1)},
    ],
)
def test_damaged_body_is_refused(tmp_path, changes):
    with pytest.raises(InvalidInput):
        load_body(damaged(tmp_path / "body.npz", **changes))


def test_whole_body_is_read(tmp_path):
    assert load_body(damaged(tmp_path / "body.npz")).height == 0.0


@pytest.mark.parametrize("fps", [0.0, -1.0, np.nan, np.ones(2), "x"])
def test_impossible_rate_is_refused(tmp_path, fps):
    np.savez(tmp_path / "motion.npz", poses=np.zeros((3, 2, 3)), trans=np.zeros((3, 3)), fps=fps)
    with pytest.raises(InvalidInput, match="fps"):
        load_motion(tmp_path / "motion.npz", 2)


def test_truncated_file_is_refused(tmp_path):
    whole = damaged(tmp_path / "body.npz").read_bytes()
    (tmp_path / "body.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InvalidInput):
        load_body(tmp_path / "body.npz")


@pytest.mark.parametrize("contacts", [np.ones((3, 5)), np.ones((4, 4)), np.full((3, 4), "x")])
def test_contacts_of_another_motion_are_refused(tmp_path, contacts):
    np.savez(tmp_path / "motion.npz", poses=np.zeros((3, 2, 3)), trans=np.zeros((3, 3)), fps=30.0, contacts=contacts)
    with pytest.raises(InvalidInput, match="contacts"):
        load_motion(tmp_path / "motion.npz", 2)


def npy(shape):
    """The bytes of an array's file that claims a shape and holds nothing."""
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f8", "fortran_order": False, "shape": shape})
    return stream.getvalue()


def flagged(archive, offset, bits):
    """An archive with some bits set in every entry of its directory."""
    out, at = bytearray(archive), archive.find(b"PK\x01\x02")
    while at >= 0:
        out[at + offset] |= bits
        at = archive.find(b"PK\x01\x02", at + 4)
    return bytes(out)


@pytest.mark.parametrize("fault", ["single", "damaged", "encrypted", "packed otherwise", "huge", "directory huge"])
def test_odd_archives_are_refused_in_a_sentence(tmp_path, fault):
    path, stream = tmp_path / "motion.npz", io.BytesIO()
    noise = np.random.default_rng(0).normal(size=(50, 2, 3))
    np.savez_compressed(stream, poses=noise, trans=noise[:, 0], fps=30.0)
    archive = stream.getvalue()
    if fault == "single":
        stream = io.BytesIO()
        np.save(stream, noise)
        archive = stream.getvalue()
    elif fault == "damaged":
        archive = archive[:100] + bytes(b ^ 0x5A for b in archive[100:1500]) + archive[1500:]
    elif fault == "encrypted":
        archive = flagged(archive, 8, 1)
    elif fault == "packed otherwise":
        archive = flagged(archive, 10, 64)
    elif fault == "directory huge":
        archive = flagged(archive, 27, 127)
    else:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as out:
            out.writestr("poses.npy", npy((10**12, 2, 3)))
        archive = stream.getvalue()
    path.write_bytes(archive)
    with pytest.raises(InvalidInput, match=r"motion\.npz"):
        load_motion(path, 2)
