"""`impromptu stylize`: an actor of a .blend file gets another look, and nothing is lost where it cannot."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from impromptu.backend.blender import ROOT
from impromptu.backend.cli import main

BPY = ROOT / ".venv-blender" / "bin" / "python"
needs_blender = pytest.mark.skipif(not BPY.exists(), reason="no .venv-blender: `make setup` installs it")
LOOK = """
import bpy, json, numpy as np
bpy.ops.wm.open_mainfile(filepath={path!r})
rig = next(o for o in bpy.data.objects if o.type == "ARMATURE")
skin = next(o for o in rig.children if o.type == "MESH")
colours = np.empty(len(skin.data.vertices) * 4, np.float32)
skin.data.color_attributes["style"].data.foreach_get("color", colours)
colours = colours.reshape(-1, 4)
groups = {{g.name: g.index for g in skin.vertex_groups}}
out = {{}}
for name in ("region_chest", "region_left_thigh"):
    own = [v.index for v in skin.data.vertices if any(g.group == groups[name] for g in v.groups)]
    out[name] = np.median(colours[own, :3], axis=0).tolist()
print("FACTS" + json.dumps({{**out, "keys": [k.name for k in skin.data.shape_keys.key_blocks]}}))
"""


def seen(path: Path) -> dict[str, Any]:
    """What Blender finds in a file."""
    done = subprocess.run([str(BPY), "-c", LOOK.format(path=str(path))], capture_output=True, text=True, timeout=180,
                          check=False)  # fmt: skip
    return json.loads(next(line for line in done.stdout.splitlines() if line.startswith("FACTS"))[5:])


@needs_blender
def test_an_actor_is_restyled_and_then_edited(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made, other, edited = (tmp_path / f"{name}.blend" for name in ("made", "other", "edited"))
    assert main(["act", "someone waves", "-o", str(made), "--seconds", "0.5"]) == 0
    before = made.read_bytes()
    asked = [
        "stylize",
        str(made),
        "a green shirt and red trousers",
        "-o",
        str(other),
        "--steps",
        "3",
        "--texture",
        "64",
    ]
    assert main(asked) == 0
    assert made.read_bytes() == before
    look = seen(other)
    r, g, b = look["region_chest"]
    assert g > r
    assert g > b
    r, g, b = look["region_left_thigh"]
    assert r > 2 * g
    assert "Style" in look["keys"]
    edit = ["stylize", str(other), "blue trousers", "--start", "present", "-o", str(edited), "--steps", "3", "--json"]
    capsys.readouterr()
    assert main([*edit, "--texture", "0"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["files"] == [str(edited)]
    again = seen(edited)
    assert again["region_chest"] == pytest.approx(look["region_chest"], abs=0.02)
    assert again["region_left_thigh"][2] > 2 * again["region_left_thigh"][0]


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["none.blend", "a suit"], "nothing to write"),
        (["none.glb", "a suit", "-o", "out.blend"], "another program"),
        (["none.blend", "-o", "out.blend"], "nothing to look like"),
        (["none.blend", "a suit", "-o", "out.txt"], "cannot be written"),
        (["none.blend", "a suit", "-o", "missing/out.blend"], "no folder"),
        (["none.blend", "a suit", "-o", "out.blend", "--steps", "-1"], "steps"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    argv: list[str],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["stylize", *argv]) == 2
    assert sentence in capsys.readouterr().err.lower()
    assert not list(tmp_path.iterdir())


@needs_blender
def test_a_file_without_an_actor_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = tmp_path / "empty.blend"
    script = f"import bpy; bpy.ops.wm.save_as_mainfile(filepath={str(empty)!r})"
    subprocess.run([str(BPY), "-c", script], capture_output=True, timeout=120, check=False)
    assert main(["stylize", str(empty), "a suit", "-o", str(tmp_path / "out.blend"), "--steps", "2"]) == 2
    assert "holds no actor" in capsys.readouterr().err
    assert not (tmp_path / "out.blend").exists()
