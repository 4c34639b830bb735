"""Bad input: exit code 2, one sentence that says what to do, nothing half-written, existing outputs untouched."""

import errno
import io
import json
import os
import pickle
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from impromptu.backend import outputs
from impromptu.backend.cli import emit, main
from impromptu.backend.motion.library import Library
from impromptu.backend.protocol import InvalidInput

BVH = """HIERARCHY
ROOT Hips
{
  OFFSET 0 0 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  End Site
  {
    OFFSET 0 1 0
  }
}
MOTION
Frames: 2
Frame Time: 0.0333333
0 90 0 0 0 0
0 90 0 0 0 0
"""


@pytest.fixture
def refused(capsys, tmp_path):
    """Run the command line; it must refuse with one sentence, and leave the folder as it was."""

    def run(*argv: str, match: str = "") -> str:
        before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
        code = main([str(a) for a in argv])
        captured = capsys.readouterr()
        lines = captured.err.strip().splitlines()
        assert code == 2, captured
        assert len(lines) == 1, captured.err
        assert lines[0].startswith("impromptu: ")
        assert "Traceback" not in captured.err + captured.out
        assert match.lower() in lines[0].lower(), lines[0]
        after = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
        assert {p: after.get(p) for p in before} == before
        assert not [p for p in after if p.name.startswith(".") and p not in before and ".cache" not in p.parts]
        return lines[0]

    return run


def amass(path: Path, **changes) -> Path:
    arrays = {
        "poses": np.zeros((20, 156)),
        "trans": np.zeros((20, 3)),
        "mocap_framerate": np.float64(30),
        "betas": np.zeros(16),
    }
    np.savez(path, **(arrays | changes))
    return path


def test_unknown_extension(refused, tmp_path):
    assert ".blend" in refused("act", "walk", "-o", tmp_path / "a.xyz")
    assert ".mp4" in refused("act", "walk", "--preview", tmp_path / "a.gif")
    assert ".bvh" in refused("library", "add", make(tmp_path / "a.docx", b"x"), "--library", tmp_path / "lib")


def make(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_nothing_to_write(refused):
    refused("act", "walk", match="nothing to write")


@pytest.mark.parametrize("prompt", ["", "   \n"])
def test_empty_prompt(refused, tmp_path, prompt):
    refused("act", prompt, "-o", tmp_path / "a.npz", match="empty")
    refused("retrieve", prompt, match="empty")


def test_long_prompt(refused, tmp_path):
    refused("act", "walk " * 2000, "-o", tmp_path / "a.npz", match="characters")


def test_library_that_is_none(refused, tmp_path):
    (tmp_path / "some").mkdir()
    refused("retrieve", "walk", "--library", tmp_path / "some", match="library")
    refused("retrieve", "walk", "--library", tmp_path / "missing", match="library")
    refused("act", "walk", "--library", tmp_path / "some", "-o", tmp_path / "a.npz", match="library")


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"poses": np.full((20, 156), np.nan)}, "not numbers"),
        ({"poses": np.array([[{"a": 1}]], dtype=object)}, "objects"),
        ({"mocap_framerate": np.float64(0)}, "rate"),
        ({"poses": np.zeros((20, 7))}, "poses"),
    ],
)
def test_bad_npz(refused, tmp_path, changes, match):
    refused("library", "add", amass(tmp_path / "a.npz", **changes), "--library", tmp_path / "lib", match=match)


def test_truncated_npz(refused, tmp_path):
    path = amass(tmp_path / "a.npz")
    path.write_bytes(path.read_bytes()[:900])
    refused("library", "add", path, "--library", tmp_path / "lib", match="a.npz")


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("Frames: 2", "Frames: 5", "frames"),
        ("Frame Time: 0.0333333", "Frame Time: 0", "frame time"),
        ("0 90 0 0 0 0", "0 90 0 0 0 zero", "a.bvh"),
        ("HIERARCHY", "NOTHING", "a.bvh"),
    ],
)
def test_bad_bvh(refused, tmp_path, old, new, match):
    path = make(tmp_path / "a.bvh", BVH.replace(old, new).encode())
    refused("library", "add", path, "--library", tmp_path / "lib", match=match)


def test_good_files_land_beside_a_bad_one(tmp_path, capsys):
    good = amass(
        tmp_path / "walk_forward.npz", poses=np.random.default_rng(0).normal(0, 0.05, (20, 156)).cumsum(0) * 0.05
    )
    bad = make(tmp_path / "bad.npz", b"PK\x03\x04 not a zip")
    code = main(["library", "add", str(good), str(bad), "--library", str(tmp_path / "lib"), "--json"])
    captured = capsys.readouterr()
    assert code == 2
    assert "bad.npz" in captured.err
    assert [c["file"] for c in json.loads(captured.out)["clips"]] == [str(good)]
    library = Library.open(tmp_path / "lib")
    assert len(library.entries) == 1
    assert library.verify() == []


@pytest.mark.parametrize("fps", ["0", "-30", "nan", "100000"])
def test_bad_rate(refused, tmp_path, fps):
    refused("act", "walk", f"--fps={fps}", "-o", tmp_path / "a.npz", match="frame rate")


def test_body_of_the_wrong_kind(refused, tmp_path):
    clip = amass(tmp_path / "clip.npz")
    refused("act", "walk", "--body", clip, "-o", tmp_path / "a.npz", match="clip.npz")
    refused("body", "--body", make(tmp_path / "body.pkl", b"not a pickle"), match="body.pkl")
    refused("act", "walk", "--body", tmp_path / "none.npz", "-o", tmp_path / "a.npz", match="none.npz")
    refused("act", "walk", "--betas", "1,x", "-o", tmp_path / "a.npz", match="betas have")
    refused("act", "walk", "--betas", "wings=1", "-o", tmp_path / "a.npz", match="wings")


class Evil:
    def __reduce__(self):
        return os.system, (f"touch {Path(os.environ['EVIL']).as_posix()}",)


def test_pickled_code_never_runs(refused, tmp_path, monkeypatch):
    monkeypatch.setenv("EVIL", str(tmp_path / "ran"))
    body = make(tmp_path / "SMPL_NEUTRAL.pkl", pickle.dumps({"v_template": Evil()}))
    refused("body", "--body", body)
    clip = amass(tmp_path / "clip.npz", poses=np.array([Evil()], dtype=object))
    refused("library", "add", clip, "--library", tmp_path / "lib")
    assert not (tmp_path / "ran").exists()


def test_output_folder_is_missing_or_a_file(refused, tmp_path):
    refused("act", "walk", "-o", tmp_path / "no" / "a.npz", match="folder")
    (tmp_path / "dir.npz").mkdir()
    refused("act", "walk", "-o", tmp_path / "dir.npz", match="folder")
    refused("act", "walk", "-o", tmp_path / "a.npz", "-o", tmp_path / "a.npz", match="twice")


def read_only_folder(tmp_path: Path) -> Path:
    """A folder that even root cannot write to, where the system has one."""
    if os.geteuid():
        folder = tmp_path / "locked"
        folder.mkdir(mode=0o555)
        return folder
    folder = Path("/sys/kernel")
    if not folder.is_dir():
        pytest.skip("root may write everywhere here")
    return folder


def test_read_only_output_folder(refused, tmp_path):
    refused("act", "walk", "-o", read_only_folder(tmp_path) / "a.npz", match="write")


def test_existing_output_survives_a_limit_on_file_sizes(tmp_path):
    old = make(tmp_path / "a.blend", b"precious")
    code = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "from impromptu.backend.cli import main\nsys.exit(main(sys.argv[1:]))\n"
    )
    argv = [sys.executable, "-c", code, "act", "walk", "-o", str(old)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "limit" in done.stderr.splitlines()[-1] or "disk" in done.stderr.splitlines()[-1]
    assert old.read_bytes() == b"precious"
    assert [p.name for p in tmp_path.iterdir()] == ["a.blend"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_polite_end_leaves_nothing(tmp_path):
    """SIGTERM, as schedulers and time-outs send it, in the middle of the work."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    argv = [sys.executable, "-m", "impromptu.backend.cli", "motion", "interpolate", "walk_long", "run_long"]
    argv += ["--steps", "30", "-o", str(tmp_path / "mix.npz")]
    environment = {**os.environ, "TMPDIR": str(scratch)}
    child = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True, env=environment)
    end = time.monotonic() + 120
    while not list(scratch.glob("impromptu-*/body.npz")) and time.monotonic() < end:
        time.sleep(0.05)
    child.terminate()
    _, told = child.communicate(timeout=60)
    assert child.returncode == 130, told
    assert "cancelled" in told.splitlines()[-1]
    assert not list(tmp_path.glob("mix*"))
    assert not list(scratch.glob("impromptu-*"))


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_full_disk_under_the_result_is_a_sentence():
    argv = [sys.executable, "-m", "impromptu.backend.cli", "library", "list"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(argv, stdout=full, stderr=subprocess.PIPE, text=True, timeout=300, check=False)
    assert done.returncode == 2, done.stderr
    assert done.stderr.strip() == (
        "impromptu: The disk is full: standard output. Free some space or write elsewhere."
    )


def test_full_disk_publishes_nothing(tmp_path, monkeypatch):
    staged = {make(tmp_path / f"s{i}", b"new" * 10): make(tmp_path / f"goal{i}", b"old") for i in range(2)}
    real, calls = shutil.copyfileobj, []

    def fill_up(source, target, *rest):
        calls.append(target)
        if len(calls) == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(source, target, *rest)

    monkeypatch.setattr(outputs.shutil, "copyfileobj", fill_up)
    with pytest.raises(InvalidInput, match=r"disk is full.*[Ff]ree some space"):
        outputs.publish(staged)
    assert {goal.read_bytes() for goal in staged.values()} == {b"old"}
    assert len(list(tmp_path.iterdir())) == 4


def test_names_that_are_too_long(refused, tmp_path):
    name = "x" * 300
    refused("act", "a man walks", "-o", tmp_path / f"{name}.npz", match="too long")
    refused("retrieve", "a man walks", "--library", tmp_path / name, match="too long")
    refused("body", "--body", tmp_path / f"{name}.npz", match="too long")


def test_prompt_that_is_not_text(refused):
    refused("retrieve", os.fsdecode(b"a \xff man"), match="not valid unicode")


def test_betas_may_start_with_a_minus(refused, capsys):
    assert main(["body", "--betas", "-1,2", "--json"]) == 0
    capsys.readouterr()
    refused("body", "--betas", "-99,2", match="-99")


def test_output_that_cannot_carry_every_letter(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    emit({"prompt": "走る 🏃"})
    stream.seek(0)
    assert json.loads(stream.read()) == {"prompt": "走る 🏃"}
