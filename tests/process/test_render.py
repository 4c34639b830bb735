"""`impromptu render` as a person runs it: killed, interrupted, asked for what cannot be."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from impromptu.backend.cli import main
from PIL import Image

MOTION = Path(__file__).parents[2] / "../shared/data/motion"


def command(*args):
    return [sys.executable, "-m", "impromptu.backend", "render", *map(str, args)]


def rows_of(folder):
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]


def files_of(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def heed_interrupts():
    """Who starts the tests in the background of a shell has them ignore Ctrl-C, and so would their children."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def wait_for_pictures(child, folder, count):
    """Until so many pictures lie there; False if the run ended before."""
    while child.poll() is None:
        if len(list(folder.glob("pictures/*/*.png"))) >= count:
            return True
        time.sleep(0.01)
    return False


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_set_that_was_killed_and_interrupted_is_the_same_as_one_that_was_not(tmp_path, capsys):
    args = ("frames", "--engine", "raster", "--size", "64", "--count", "90", "--parts", "-o")
    assert main(["render", *args, str(tmp_path / "whole"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["pictures"], said["made"], said["kept"]) == (90, 90, 0)
    assert said["per_second"] > 0
    folder = tmp_path / "stopped"
    child = subprocess.Popen(command(*args, folder), stderr=subprocess.PIPE, text=True)
    assert wait_for_pictures(child, folder, 8)
    child.kill()
    child.communicate()
    child = subprocess.Popen(command(*args, folder), stderr=subprocess.PIPE, text=True, preexec_fn=heed_interrupts)
    before = len(list(folder.glob("pictures/*/*.png")))
    assert wait_for_pictures(child, folder, before + 8)
    child.send_signal(signal.SIGINT)
    _, words = child.communicate()
    assert child.returncode == 130
    assert "goes on from there" in words
    assert "Traceback" not in words
    assert not (folder / "manifest.jsonl").exists()
    assert main(["render", *args, str(folder), "--json"]) == 0
    assert 0 < json.loads(capsys.readouterr().out)["made"] < 90 - 14
    assert files_of(folder) == files_of(tmp_path / "whole")


@pytest.mark.skipif(not MOTION.is_dir(), reason="the motion data is not beside this checkout")
def test_a_folder_of_packed_sets_gives_frames_with_their_labels(tmp_path, capsys):
    sheet = tmp_path / "sheet.png"
    sets = [str(MOTION / f"{name}.npz") for name in ("cmu_daz", "cmu_expmap8")]
    given = ["--library", *sets, "--count", "12", "--engine", "raster", "-o", str(tmp_path / "set")]
    assert main(["render", "frames", *given, "--sheet", str(sheet)]) == 0
    assert "12 pictures" in capsys.readouterr().out
    rows = rows_of(tmp_path / "set")
    assert len({r["clip"] for r in rows}) == 12
    assert all(r["label"] for r in rows)
    for row in rows:
        with Image.open(tmp_path / "set" / row["file"]) as image:
            picture = np.asarray(image)
        assert picture.shape == (224, 224, 3)
        body = np.abs(picture.astype(int) - picture[0, 0]).sum(-1) > 120
        assert body.any(1).sum() > 100 or body.any(0).sum() > 100
    with Image.open(sheet) as image:
        assert image.width > 6 * 190


def test_shapes_in_two_processes_are_those_of_one(tmp_path, monkeypatch):
    from impromptu.backend.pictures import local

    args = ["render", "shapes", "--engine", "raster", "--size", "32", "--count", "20", "--plain", "-o"]
    assert main([*args, str(tmp_path / "one")]) == 0
    monkeypatch.setattr(local, "processes_for", lambda request, count: 2)
    assert main([*args, str(tmp_path / "two")]) == 0
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["frames", "--size", "3"], "size"),
        (["frames", "--library", "nowhere"], "nowhere"),
        (["frames", "--engine", "workbench", "--denoiser", "oidn"], "workbench"),
        (["frames", "--body", "troll"], "troll"),
        (["frames", "--betas", "nose=3"], "nose"),
        (["frames", "--sheet", "sheet.gif"], "gif"),
        (["frames", "--sheet", "nowhere/sheet.png"], "nowhere"),
        (["shapes", "--views", "9"], "views"),
        (["captions", "--library", "nowhere"], "nowhere"),
        (["captions", "--count", "-4"], "count"),
    ],
)
def test_a_wrong_option_gives_one_sentence_and_no_folder_of_pictures(args, said, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["render", *args, "-o", "set"]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("impromptu: ")
    assert said in captured.err
    assert captured.err.count("\n") == 1
    assert not (tmp_path / "set" / "pictures").exists()


def test_another_request_in_the_same_folder_is_refused(tmp_path, capsys):
    given = ["--engine", "raster", "--size", "32", "--count", "2", "-o", str(tmp_path)]
    assert main(["render", "frames", *given]) == 0
    assert main(["render", "frames", *given, "--seed", "1"]) == 2
    assert "seed was 0 and is 1" in capsys.readouterr().err
    assert main(["render", "frames", *given, "--seed", "1", "--again"]) == 0


def test_help_needs_neither_torch_nor_blender():
    code = (
        "import sys\nfrom impromptu.backend.cli import main\n"
        "try: main(['render', 'captions', '--help'])\nexcept SystemExit: pass\n"
        "assert not {'torch', 'bpy', 'scipy'} & set(sys.modules), sys.modules.keys()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "--negatives" in done.stdout
