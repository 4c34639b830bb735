"""Files that other programs read: written, read back, and the joints are where they were."""

import bpy
import numpy as np
import pytest
from impromptu.addon.scene.export import WRITERS, check_written, export_actor
from impromptu.backend.protocol import InvalidInput

FRAME = 8


def read_back(path):
    """The armature of a file, imported into an empty scene."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.render.fps = 25
    if path.suffix == ".glb":
        bpy.ops.import_scene.gltf(filepath=str(path), bone_heuristic="BLENDER")
    elif path.suffix == ".fbx":
        bpy.ops.import_scene.fbx(filepath=str(path))
    else:
        bpy.ops.wm.usd_import(filepath=str(path))
    return next(o for o in bpy.context.scene.objects if o.type == "ARMATURE")


def joints_at(rig, names, frame):
    bpy.context.scene.frame_set(frame)
    bones = rig.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose.bones
    return np.array([(rig.matrix_world @ bones[n].matrix).translation for n in names])


@pytest.mark.parametrize(("suffix", "first"), [(".glb", 0), (".fbx", 1), (".usdc", 1)])
def test_joints_survive_the_round_trip(actor, body, reference, tmp_path, suffix, first):
    path = tmp_path / f"actor{suffix}"
    expected = reference(FRAME)[1]
    export_actor(actor, path)
    rig = read_back(path)
    # The clip starts at frame 1; importers put a file's first moment at 0 (glTF, seconds) or where it was.
    offsets = [np.abs(joints_at(rig, body.joint_names, FRAME + k) - expected).max() for k in (0, 1, 2)]
    assert min(offsets) < 1e-3, offsets


@pytest.mark.parametrize("suffix", [".glb", ".fbx", ".usdc"])
def test_correctives_and_shape_survive(actor, reference, evaluated, tmp_path, suffix):
    path = tmp_path / f"actor{suffix}"
    expected = np.sort(reference(FRAME)[0], axis=0)
    export_actor(actor, path)
    read_back(path)
    skin = next(o for o in bpy.context.scene.objects if o.type == "MESH")
    for key in skin.data.shape_keys.key_blocks[1:]:
        # Blender's importers leave sliders at 0 to 1, which would clamp what the file holds.
        key.slider_min, key.slider_max = -10, 10
    errors = []
    for frame in (FRAME, FRAME + 1, FRAME + 2):
        bpy.context.scene.frame_set(frame)
        # glTF splits and reorders vertices: compare the extremes of each axis.
        points = evaluated(skin)
        errors.append(np.abs(np.stack([points.min(0) - expected[0], points.max(0) - expected[-1]])).max())
    assert min(errors) < 2e-3, errors


def test_unknown_format_is_refused(actor, tmp_path):
    with pytest.raises(InvalidInput, match="not a format"):
        export_actor(actor, tmp_path / "actor.xyz")


@pytest.mark.parametrize("suffix", [".blend", ".glb", ".fbx", ".usdc"])
def test_folder_that_is_a_file_is_one_sentence(actor, tmp_path, suffix):
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInput, match="written"):
        export_actor(actor, tmp_path / "file" / f"actor{suffix}")


def test_half_a_file_is_noticed(tmp_path):
    (tmp_path / "a.glb").write_bytes(b"")
    with pytest.raises(InvalidInput, match="completely"):
        check_written(tmp_path / "a.glb")


def test_nothing_else_is_left_in_the_folder(actor, tmp_path):
    for suffix in (".blend", ".glb", ".fbx", ".usdc"):
        (tmp_path / f"actor{suffix}").touch()
        export_actor(actor, tmp_path / f"actor{suffix}")
    assert sorted(p.suffix for p in tmp_path.iterdir()) == [".blend", ".fbx", ".glb", ".usdc"]


def arrays_of(actor):
    blocks = (actor.rig, actor.skin, actor.rig.data, actor.skin.data, actor.rig.animation_data.action)
    return [{k: (v.typecode, v.to_list()) for k, v in b.items() if hasattr(v, "typecode")} for b in blocks]


@pytest.mark.parametrize("suffix", [".glb", ".fbx", ".usdc"])
def test_no_array_of_the_add_on_reaches_other_programs(actor, tmp_path, capfd, suffix):
    actor.rig["mine"] = [1.0, 2.0, 3.0]
    before = arrays_of(actor)
    assert "probe_weights" in before[3]
    path = tmp_path / f"actor{suffix}"
    export_actor(actor, path)
    assert arrays_of(actor) == before
    assert b"probe_weights" not in path.read_bytes()
    assert b"impromptu_root_fit" not in path.read_bytes()
    assert b"mine" in path.read_bytes()
    assert "impromptu_root_fit" not in "".join(capfd.readouterr())


def test_a_failed_export_gives_the_arrays_back(actor, tmp_path, monkeypatch):
    before = arrays_of(actor)

    def fails(actor, path):
        assert "joint_dirs" not in actor.rig.data
        raise RuntimeError("Error: no")

    monkeypatch.setitem(WRITERS, ".glb", fails)
    with pytest.raises(InvalidInput, match="no"):
        export_actor(actor, tmp_path / "a.glb")
    assert arrays_of(actor) == before
