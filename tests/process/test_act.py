"""The main job from prompt to files, through the command line."""

import json
import subprocess

import numpy as np
import pytest
import torch
from impromptu.backend.blender import ROOT
from impromptu.backend.body import load_body
from impromptu.backend.cli import main
from impromptu.backend.files import load_npz
from impromptu.backend.motion.importers import import_file
from impromptu.backend.motion.kinematics import matrix_from_axis_angle
from impromptu.backend.motion.perform import body_offsets
from impromptu.backend.motion.skeleton import LEG_LENGTH
from impromptu.backend.motion.soles import leg_length

BPY = ROOT / ".venv-blender" / "bin" / "python"
PROMPT = "an old man walking backwards wearing a red shirt and blue jeans"


@pytest.fixture
def act(capsys):
    def run(*argv) -> dict:
        assert main(["act", *[str(a) for a in argv], "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    return run


def test_a_backward_walk_goes_backwards_on_the_floor(act, tmp_path):
    facts = act(PROMPT, "-o", tmp_path / "man.npz", "-o", tmp_path / "man.bvh", "--seconds", 3, "--fps", 24)
    assert facts["frames"] == 72
    assert facts["body"]["words"] == ["old", "man"]
    assert facts["outfit"].keys() >= {"shirt", "trousers"}
    assert facts["slide_mm_per_frame"]["after"] < 1.0
    clip = import_file(tmp_path / "man.npz", fps=24)[0].clip
    facing = matrix_from_axis_angle(clip.poses[:, 0])[:, :, 2]
    step = np.diff(clip.trans, axis=0)
    assert ((step * facing[:-1]).sum(1) < 0).mean() > 0.95
    assert abs(clip.trans[-1, 2] - clip.trans[0, 2]) > 1.0
    from_bvh = import_file(tmp_path / "man.bvh", fps=24)[0]
    assert from_bvh.report["matched_joints"] == 22
    # AMASS stores no body: its metres stay, where BVH's skeleton tells how long the legs are.
    body = load_body("male")
    legs = leg_length(body_offsets(body.rest_joints(torch.tensor([facts["betas"]]))[0].numpy(), body.joint_names))
    travel, travel_bvh = (np.ptp(c.trans[:, 2]) for c in (clip, from_bvh.clip))
    assert travel_bvh == pytest.approx(travel * LEG_LENGTH / legs, rel=0.01)
    turned = matrix_from_axis_angle(clip.poses) - matrix_from_axis_angle(from_bvh.clip.poses)
    assert np.abs(turned).max() < 0.03


def test_a_named_clip_or_label_is_played(act, tmp_path):
    facts = act("a person walks", "-o", tmp_path / "a.npz", "--clip", "wave_right", "--seconds", 1)
    assert facts["clip"]["name"] == "wave_right"
    facts = act("a person walks", "-o", tmp_path / "a.npz", "--label", "take a bow", "--seconds", 1)
    assert facts["label"] == "take a bow"


def test_a_seed_fixes_the_result(act, tmp_path):
    first = act("a person kicks", "-o", tmp_path / "a.npz", "--seed", 7)
    second = act("a person kicks", "-o", tmp_path / "b.npz", "--seed", 7)
    a, b = load_npz(tmp_path / "a.npz"), load_npz(tmp_path / "b.npz")
    assert a.keys() == b.keys()
    assert all(np.array_equal(a[k], b[k]) for k in a)
    assert {k: v for k, v in first.items() if k != "files"} == {k: v for k, v in second.items() if k != "files"}


def test_a_loop_keeps_walking(act, tmp_path):
    facts = act("walk straight ahead", "-o", tmp_path / "a.npz", "--seconds", 12)
    assert facts["seconds"] == pytest.approx(12, abs=0.04)
    clip = import_file(tmp_path / "a.npz")[0].clip
    speed = np.linalg.norm(np.diff(clip.trans[:, [0, 2]], axis=0), axis=1) * clip.fps
    assert 0.4 < np.median(speed) < 2
    assert speed.max() < 3 * np.median(speed)


def test_betas_and_body_change_the_character(act, tmp_path):
    tall = act("walk", "-o", tmp_path / "a.npz", "--body", "female", "--betas", "stature=2,weight=-1")
    assert tall["betas"][:2] == [2.0, -1.0]
    assert "female" in tall["body"]["name"]
    assert str(load_npz(tmp_path / "a.npz")["gender"]) == "female"


@pytest.mark.skipif(not BPY.exists(), reason="no .venv-blender: `make setup` installs it")
def test_a_prompt_becomes_a_blend_that_knows_where_it_comes_from(act, tmp_path):
    old = tmp_path / "man.blend"
    old.write_bytes(b"an older file")
    outputs = ["-o", old, "-o", tmp_path / "man.glb", "--preview", tmp_path / "man.png"]
    facts = act(PROMPT, *outputs, "--seconds", 1, "--seed", 3, "--style-steps", 3)
    assert facts["files"] == [str(outputs[i]) for i in (1, 3, 5)]
    assert (tmp_path / "man.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert (tmp_path / "man.glb").read_bytes()[:4] == b"glTF"
    script = (
        "import bpy, json, sys\n"
        f"bpy.ops.wm.open_mainfile(filepath={str(old)!r})\n"
        "rig = next(o for o in bpy.data.objects if o.type == 'ARMATURE')\n"
        "props = {k: str(rig[k]) for k in rig.keys()}\n"
        "print('FACTS' + json.dumps({'bones': len(rig.pose.bones), 'action': bool(rig.animation_data.action),"
        " 'end': bpy.context.scene.frame_end - bpy.context.scene.frame_start + 1, 'props': props,"
        " 'keys': [k.name for k in rig.children[0].data.shape_keys.key_blocks]}))\n"
    )
    done = subprocess.run([str(BPY), "-c", script], capture_output=True, text=True, timeout=120)
    found = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("FACTS"))[5:])
    assert found["bones"] == 56
    assert found["action"]
    assert found["end"] == 30
    assert "Style" in found["keys"]
    assert facts["style"]["style_text"] == "an old man wearing a red shirt and blue jeans"
    assert [(p["garment"], p["found"]) for p in facts["style"]["scores"]["parts"]] == [
        ("shirt", "red"),
        ("jeans", "blue"),
    ]
    told = json.dumps(found["props"])
    assert PROMPT in told
    assert facts["body"]["sha256"] in told
    assert facts["clip"]["source"] in told
