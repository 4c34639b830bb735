"""Looks without a window: a job that builds a styled actor, and actors that are read from and styled in a .blend."""

import json
import struct
import subprocess

import numpy as np
import pytest
from impromptu.backend import blender
from impromptu.backend.body import load_body, write_actor_body
from impromptu.backend.protocol import InvalidInput
from PIL import Image

LOCAL = blender.ROOT / ".venv-blender" / "bin" / "python"
pytestmark = pytest.mark.skipif(not LOCAL.exists(), reason="there is no .venv-blender: run `make setup`")
BETAS = [0.8, -0.5]
RED = 0.75


def write_look(folder, count, colour=RED, relief=0.01, name="style"):
    """A look of one colour with relief, and its pictures."""
    offsets = np.zeros((count, 3), np.float32)
    offsets[:, 1] = relief
    np.savez(
        folder / f"{name}.npz",
        colour=np.tile(np.float32([colour, 0.1, 0.1]), (count, 1)),
        displacement=np.full(count, relief, np.float32),
        direction=np.tile(np.float32([0, 1, 0]), (count, 1)),
        offsets=offsets,
        roughness=np.full(count, 0.3, np.float32),
        metallic=np.zeros(count, np.float32),
        prompt=np.array("all red"),
    )
    Image.new("RGB", (64, 64), (191, 26, 26)).save(folder / name.replace("style", "albedo.png"))
    Image.new("RGB", (64, 64), (128, 128, 255)).save(folder / name.replace("style", "normal.png"))


def write_actor(folder, outputs, frames=5, style=True, uv=True, **more):
    """A job of the default body that nods."""
    folder.mkdir(parents=True, exist_ok=True)
    body = load_body("neutral")
    count = len(body.arrays.v_template)
    write_actor_body(body, folder / "body.npz", BETAS)
    if not uv:
        with np.load(folder / "body.npz") as data:
            kept = {k: data[k] for k in data.files if k not in ("vt", "ft")}
        np.savez(folder / "body.npz", **kept)
    poses = np.zeros((frames, len(body.parents), 3))
    poses[:, body.joint_names.index("neck"), 0] = np.linspace(0, 0.5, frames)
    np.savez(folder / "motion.npz", poses=poses, trans=np.zeros((frames, 3)), fps=10.0)
    if style:
        write_look(folder, count)
    told = {"prompt": "she nods", "seed": 2, "body": {"spec": "neutral"}, "style": {"prompt": "all red", "seed": 9}}
    job = {"outputs": [str(p) for p in outputs], "provenance": told, "name": "Nod", **more}
    (folder / "job.json").write_text(json.dumps({**job, **({"style": "style.npz"} if style else {})}))
    return count


def in_blender(code, *argv):
    """Run code in Blender's Python; what it prints as JSON last."""
    end = "\nimport sys, os; sys.stdout.flush(); os._exit(0)"
    run = subprocess.run([LOCAL, "-c", f"import bpy, json, sys\n{code}{end}", *map(str, argv)],
                         capture_output=True, text=True, check=False, cwd="/")  # fmt: skip
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.strip().splitlines()[-1])


def json_of(glb):
    raw = glb.read_bytes()
    (length,) = struct.unpack_from("<I", raw, 12)
    return json.loads(raw[20 : 20 + length])


STATE = """
bpy.ops.wm.open_mainfile(filepath=sys.argv[1])
rig = next(o for o in bpy.data.objects if o.type == "ARMATURE")
skin = next(o for o in bpy.data.objects if o.type == "MESH" and o.parent == rig)
keys = {k.name: k.value for k in skin.data.shape_keys.key_blocks if k.name.startswith("Style")}
print(json.dumps({
    "keys": keys, "active": skin.data.color_attributes.active_color.name, "material": skin.data.materials[0].name,
    "images": sorted(i.name for i in bpy.data.images if i.packed_file), "record": json.loads(rig["impromptu_record"]),
    "objects": sorted(o.name for o in bpy.data.objects), "scenes": len(bpy.data.scenes),
    "linked": [m.filepath for m in bpy.data.libraries] + [i.filepath for i in bpy.data.images if not i.packed_file],
}))
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Files of a plain actor and of a styled one."""
    folder = tmp_path_factory.mktemp("made")
    write_actor(folder / "plain", [folder / "plain.blend"], style=False)
    blender.run_blender_job(folder / "plain")
    outputs = [folder / f"styled{s}" for s in (".blend", ".glb", ".usdc")]
    write_actor(folder / "styled", outputs)
    blender.run_blender_job(folder / "styled")
    return folder


def test_a_job_with_a_look_builds_a_styled_actor(made):
    state = in_blender(STATE, made / "styled.blend")
    assert state["keys"] == {"Style": 1}
    assert (state["active"], state["material"]) == ("style", "Impromptu style")
    assert len(state["images"]) == 2
    assert state["record"]["styles"] == [{"prompt": "all red", "seed": 9}]
    told = json_of(made / "styled.glb")
    assert len(told["images"]) == 2
    assert "baseColorTexture" in told["materials"][0]["pbrMetallicRoughness"]
    assert len(list((made / "textures").glob("*.png"))) == 2


def test_a_job_without_a_look_wears_the_outfit(made):
    state = in_blender(STATE, made / "plain.blend")
    assert (state["keys"], state["active"], state["images"]) == ({}, "outfit", [])


def test_a_job_whose_look_is_for_another_body_writes_nothing(tmp_path):
    write_actor(tmp_path / "job", [tmp_path / "a.blend"])
    write_look(tmp_path / "job", 100)
    with pytest.raises(InvalidInput, match="body of 100 points"):
        blender.run_blender_job(tmp_path / "job")
    assert not (tmp_path / "a.blend").exists()


def test_an_actor_is_read_as_a_request_takes_it(made, tmp_path):
    before = (made / "styled.blend").read_bytes()
    told = blender.read_actor(tmp_path, made / "styled.blend")
    assert told == json.loads((tmp_path / "actor.json").read_text())
    assert (told["name"], told["body"], told["gender"], told["uv"]) == ("Nod", "neutral", "neutral", True)
    assert [round(v, 4) for _, v in told["betas"][:3]] == [*BETAS, 0]
    assert told["provenance"]["styles"][0]["seed"] == 9
    with np.load(tmp_path / "motion.npz") as motion, np.load(tmp_path / "look.npz") as look:
        assert (len(motion["poses"]), float(motion["fps"])) == (5, 10)
        assert motion["poses"][-1, load_body("neutral").joint_names.index("neck"), 0] == pytest.approx(0.5, abs=1e-3)
        assert look["colour"][:, 0] == pytest.approx(RED, abs=1e-4)
        assert look["offsets"][:, 1] == pytest.approx(0.01, abs=1e-5)
    assert (made / "styled.blend").read_bytes() == before


def test_a_plain_actor_shows_its_outfit(made, tmp_path):
    told = blender.read_actor(tmp_path, made / "plain.blend", "Nod")
    with np.load(tmp_path / "look.npz") as look:
        assert not look["offsets"].any()
        assert len(np.unique(look["colour"].round(2), axis=0)) > 5
        assert len(look["colour"]) == told["vertices"]


def test_a_look_is_put_on_the_actor_of_a_file(made, tmp_path):
    job = tmp_path / "job"
    job.mkdir()
    told = blender.read_actor(job, made / "plain.blend")
    write_look(job, told["vertices"])
    out = tmp_path / "out"
    out.mkdir()
    before = (made / "plain.blend").read_bytes()
    files = [out / f"red{s}" for s in (".blend", ".glb", ".fbx", ".usdc", ".bvh", ".npz")]
    steps = []
    result = blender.style_actor(
        job, made / "plain.blend", files, [out / "red.png", out / "red.mp4"], record={"seed": 4},
        preview={"size": 96}, on_progress=lambda *step: steps.append(step),
    )  # fmt: skip
    assert result["frames"] == 5
    names = ["red.blend", "red.bvh", "red.fbx", "red.glb", "red.mp4", "red.npz", "red.png", "red.usdc", "textures"]
    assert sorted(p.name for p in out.iterdir()) == names
    assert (made / "plain.blend").read_bytes() == before
    state = in_blender(STATE, out / "red.blend")
    assert state["keys"] == {"Style": 1}
    assert state["record"]["prompt"] == "she nods"
    assert state["record"]["styles"] == [{"prompt": "all red", "seed": 4}]
    # The stage of previews is not in the file; what was in it before is.
    assert (state["objects"], state["scenes"]) == (in_blender(STATE, made / "plain.blend")["objects"], 1)
    assert len(json_of(out / "red.glb")["images"]) == 2
    shown = np.asarray(Image.open(out / "red.png").convert("RGB")).astype(int)
    red = (shown[..., 0] - shown[..., 1:].max(-1)) > 60
    assert red.mean() > 0.03
    assert {stage for stage, _, _ in steps} >= {"export", "render"}


def test_a_second_look_can_be_blended_with_the_first(made, tmp_path):
    told = blender.read_actor(tmp_path, made / "styled.blend")
    write_look(tmp_path, told["vertices"], 0.2)
    blender.style_actor(tmp_path, made / "styled.blend", [tmp_path / "two.blend"], blended=True)
    state = in_blender(STATE, tmp_path / "two.blend")
    assert set(state["keys"]) == {"Style", "Style.001"}
    assert [s.get("seed") for s in state["record"]["styles"]] == [9, None]


def test_a_body_without_texture_coordinates_works(tmp_path):
    write_actor(tmp_path / "job", [tmp_path / "a.blend"], style=False, uv=False)
    blender.run_blender_job(tmp_path / "job")
    told = blender.read_actor(tmp_path, tmp_path / "a.blend")
    assert told["uv"] is False
    write_look(tmp_path, told["vertices"])
    for name in ("albedo.png", "normal.png"):
        (tmp_path / name).unlink()
    blender.style_actor(tmp_path, tmp_path / "a.blend", [tmp_path / "b.glb"])
    told = json_of(tmp_path / "b.glb")
    assert "images" not in told
    assert "COLOR_0" in told["meshes"][0]["primitives"][0]["attributes"]


MAKE = """
import numpy as np
bpy.ops.wm.read_factory_settings(use_empty=True)
kind, path = sys.argv[1:3]
if kind == "mesh":
    bpy.ops.mesh.primitive_monkey_add()
    bpy.ops.object.armature_add()
if kind in ("still", "two", "scene"):
    bpy.ops.wm.open_mainfile(filepath=sys.argv[3])
    rig = next(o for o in bpy.data.objects if o.type == "ARMATURE")
if kind == "still":
    rig.animation_data_clear()
    bpy.context.scene.frame_set(4)
    rig.pose.bones["neck"].rotation_quaternion = (0.9, 0.3, 0, 0)
if kind == "two":
    twin, skin = rig.copy(), rig.children[0].copy()
    twin.name, skin.name = "Twin", "Twin-mesh"
    skin.data, skin.parent, skin.modifiers[0].object = skin.data.copy(), twin, twin
    for obj in (twin, skin):
        bpy.context.scene.collection.objects.link(obj)
if kind == "scene":
    bpy.context.window.scene = bpy.data.scenes.new("Empty")
bpy.ops.wm.save_as_mainfile(filepath=path)
print("1")
"""


def test_a_still_actor_gives_its_pose(made, tmp_path):
    in_blender(MAKE, "still", tmp_path / "still.blend", made / "plain.blend")
    told = blender.read_actor(tmp_path, tmp_path / "still.blend")
    assert told["frames"] == 1
    with np.load(tmp_path / "motion.npz") as motion:
        assert np.abs(motion["poses"][0]).max() > 0.3
    write_look(tmp_path, told["vertices"])
    result = blender.style_actor(
        tmp_path, tmp_path / "still.blend", [tmp_path / "b.glb"], [tmp_path / "b.png"],
        preview={"size": 64, "samples": 1},
    )  # fmt: skip
    assert result["frames"] == 1
    names = json_of(tmp_path / "b.glb")["meshes"][0]["extras"]["targetNames"]
    assert json_of(tmp_path / "b.glb")["meshes"][0]["weights"][names.index("Style")] == 1


def test_of_two_actors_one_is_named(made, tmp_path):
    in_blender(MAKE, "two", tmp_path / "two.blend", made / "plain.blend")
    with pytest.raises(InvalidInput, match=r"holds 2 actors.*Nod, Twin"):
        blender.read_actor(tmp_path, tmp_path / "two.blend")
    with pytest.raises(InvalidInput, match=r"no actor 'Eve'.*Nod, Twin"):
        blender.read_actor(tmp_path, tmp_path / "two.blend", "Eve")
    assert blender.read_actor(tmp_path, tmp_path / "two.blend", "Twin")["name"] == "Twin"
    assert blender.read_actor(tmp_path, tmp_path / "two.blend", "Twin-mesh")["name"] == "Twin"


def test_an_actor_of_another_scene_is_found(made, tmp_path):
    in_blender(MAKE, "scene", tmp_path / "scene.blend", made / "plain.blend")
    told = blender.read_actor(tmp_path, tmp_path / "scene.blend")
    write_look(tmp_path, told["vertices"])
    blender.style_actor(tmp_path, tmp_path / "scene.blend", [tmp_path / "a.glb"])
    assert len(json_of(tmp_path / "a.glb")["images"]) == 2


def test_what_holds_no_actor_is_one_sentence(tmp_path):
    in_blender(MAKE, "mesh", tmp_path / "mesh.blend")
    with pytest.raises(InvalidInput, match=r"no actor made by Impromptu; it holds Armature, Suzanne"):
        blender.read_actor(tmp_path, tmp_path / "mesh.blend")
    in_blender(MAKE, "empty", tmp_path / "empty.blend")
    with pytest.raises(InvalidInput, match=r"empty\.blend holds no actor made by Impromptu\."):
        blender.read_actor(tmp_path, tmp_path / "empty.blend")
    with pytest.raises(InvalidInput, match="no file"):
        blender.read_actor(tmp_path, tmp_path / "nowhere.blend")
    (tmp_path / "bad.blend").write_bytes(b"BLENDER nothing")
    with pytest.raises(InvalidInput, match=r"bad\.blend cannot be opened"):
        blender.read_actor(tmp_path, tmp_path / "bad.blend")


def test_a_look_for_another_body_leaves_every_output_as_it_was(made, tmp_path):
    write_look(tmp_path, 50)
    goal = tmp_path / "a.blend"
    goal.write_bytes(b"before")
    with pytest.raises(InvalidInput, match="body of 50 points"):
        blender.style_actor(tmp_path, made / "plain.blend", [goal])
    assert goal.read_bytes() == b"before"
    assert not list(tmp_path.glob(".a-*"))


def test_a_script_in_the_file_does_not_run(made, tmp_path):
    code = f"""
bpy.ops.wm.open_mainfile(filepath={str(made / "plain.blend")!r})
text = bpy.data.texts.new("evil.py")
text.write("open({str(tmp_path / "ran")!r}, 'w')")
text.use_module = True
bpy.ops.wm.save_as_mainfile(filepath={str(tmp_path / "evil.blend")!r})
print("1")
"""
    in_blender(code)
    blender.read_actor(tmp_path, tmp_path / "evil.blend")
    assert not (tmp_path / "ran").exists()


def test_staged_usd_files_bring_their_pictures(tmp_path):
    (tmp_path / "stage" / "textures").mkdir(parents=True)
    (tmp_path / "stage" / "textures" / "a.png").touch()
    (tmp_path / "goal").mkdir()
    staged = {tmp_path / "stage" / "out0.usdc": tmp_path / "goal" / "x.usdc"}
    found = blender.staged_textures(staged)
    assert found == {tmp_path / "stage" / "textures" / "a.png": tmp_path / "goal" / "textures" / "a.png"}
    assert blender.staged_textures({tmp_path / "stage" / "o.glb": tmp_path / "goal" / "x.glb"}) == {}
