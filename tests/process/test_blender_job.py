"""A Blender job from outside: found, run, cancelled, failing in a sentence, and never harming what was there."""

import json
import os
import stat
import sys
from pathlib import Path

import numpy as np
import pytest
from impromptu.backend import blender
from impromptu.backend.protocol import ImpromptuError, InvalidInput, RuntimeMissing

ROOT = Path(__file__).parents[2]
LOCAL = ROOT / ".venv-blender" / "bin" / "python"
needs_blender = pytest.mark.skipif(not LOCAL.exists(), reason="there is no .venv-blender: run `make setup`")


def write_job(folder, outputs, previews=(), frames=4, **preview):
    """A job of a two-bone, eight-vertex body."""
    corners = np.array([[x, y, z] for y in (-0.5, 0.5) for x in (-0.1, 0.1) for z in (-0.1, 0.1)])
    faces = np.array([[0, 1, 2], [1, 3, 2], [4, 6, 5], [5, 6, 7], [0, 4, 1], [1, 4, 5], [2, 3, 6], [3, 7, 6]])
    header = {"name": "Box", "kind": "test", "sha256": "0" * 64, "licence": "CC0-1.0"}
    np.savez(
        folder / "body.npz",
        v_template=corners, shapedirs=np.zeros((8, 3, 1)), betas=np.zeros(1),
        joints=np.array([[0, -0.4, 0], [0, 0.1, 0]]), weights=np.repeat([[1.0, 0.0], [0.0, 1.0]], 4, 0),
        parents=np.array([-1, 0]), joint_names=np.array(["pelvis", "spine1"]), faces=faces,
        header=np.frombuffer(json.dumps(header).encode(), np.uint8),
    )  # fmt: skip
    poses = np.zeros((frames, 2, 3))
    poses[:, 1, 0] = np.linspace(0, 1, frames)
    np.savez(folder / "motion.npz", poses=poses, trans=np.full((frames, 3), [0, 0.5, 0]), fps=10.0)
    job = {
        "outputs": [str(p) for p in outputs],
        "previews": [str(p) for p in previews],
        "provenance": {"prompt": "a box bows", "seed": 1},
        "name": "Box",
        "preview": preview,
    }
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
    return folder


def fake_blender(tmp_path, monkeypatch, code):
    """Stand a small Python script in for Blender."""
    path = tmp_path / "python-that-fails"
    path.write_text(f"#!{sys.executable}\nimport sys\n{code}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv(blender.VARIABLE, str(path))


@pytest.fixture
def job_dir(tmp_path):
    folder = tmp_path / "job"
    folder.mkdir()
    return folder


def test_named_interpreter_comes_first(monkeypatch):
    monkeypatch.setenv(blender.VARIABLE, sys.executable)
    assert blender.find_blender() == [sys.executable]


def test_named_interpreter_that_is_not_there(monkeypatch):
    monkeypatch.setenv(blender.VARIABLE, "/nowhere/blender")
    with pytest.raises(RuntimeMissing, match="IMPROMPTU_BLENDER"):
        blender.find_blender()


def test_no_blender_at_all(monkeypatch, tmp_path):
    monkeypatch.delenv(blender.VARIABLE, raising=False)
    monkeypatch.setattr(blender, "ROOT", tmp_path)
    monkeypatch.setattr(blender.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeMissing, match="not installed"):
        blender.find_blender()


def test_binary_and_python_get_their_own_command_lines(tmp_path):
    binary = blender.job_command(["/opt/blender-4.5/blender"], blender.WORKER, tmp_path)
    assert binary[1:3] == ["-b", "--factory-startup"]
    assert binary[-2:] == ["--", str(tmp_path)]
    module = blender.job_command(["/x/python"], blender.WORKER, tmp_path)
    assert module == ["/x/python", str(blender.WORKER), str(tmp_path)]


@needs_blender
def test_job_writes_every_kind_of_file(job_dir, tmp_path):
    outputs = [tmp_path / f"box{s}" for s in (".blend", ".glb", ".fbx", ".usdc")]
    previews = [tmp_path / "box.png", tmp_path / "box.mp4"]
    steps = []
    write_job(job_dir, outputs, previews, size=64)
    result = blender.run_blender_job(job_dir, lambda *step: steps.append(step))
    assert result["files"] == [str(p) for p in outputs + previews]
    assert all(p.stat().st_size > 500 for p in outputs + previews)
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_file()) == sorted(p.name for p in outputs + previews)
    assert {s[0] for s in steps} == {"build", "export", "render"}
    assert steps[-1][1] == steps[-1][2]
    assert {oct(p.stat().st_mode & 0o777) for p in outputs} == {oct(0o666 & ~_umask())}


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


@needs_blender
@pytest.mark.parametrize("more", [{}, {"samples": 1}], ids=["drawn", "rendered"])
def test_cancelled_job_leaves_everything_as_it_was(job_dir, tmp_path, more):
    film = tmp_path / "box.mp4"
    film.write_bytes(b"before")
    write_job(job_dir, [tmp_path / "box.blend"], [film], frames=200, size=64, **more)
    seen = []
    with pytest.raises(blender.JobCancelled):
        blender.run_blender_job(job_dir, lambda *step: seen.append(step), lambda: len(seen) > 4)
    assert film.read_bytes() == b"before"
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["box.mp4"]


@needs_blender
def test_damaged_motion_is_a_sentence(job_dir, tmp_path):
    write_job(job_dir, [tmp_path / "box.blend"])
    motion = job_dir / "motion.npz"
    motion.write_bytes(motion.read_bytes()[:300])
    with pytest.raises(InvalidInput, match=r"motion\.npz"):
        blender.run_blender_job(job_dir)
    assert not (tmp_path / "box.blend").exists()


@needs_blender
def test_missing_folder_fails_before_the_work(job_dir, tmp_path):
    write_job(job_dir, [tmp_path / "box.blend", tmp_path / "nowhere" / "box.glb"])
    steps = []
    with pytest.raises(InvalidInput, match="nowhere"):
        blender.run_blender_job(job_dir, lambda *step: steps.append(step))
    assert steps == []
    assert [p for p in tmp_path.iterdir() if p.is_file()] == []


@needs_blender
@pytest.mark.parametrize("suffix", [".blend", ".glb", ".fbx", ".usdc", ".png", ".mp4"])
def test_full_disk_keeps_the_old_file(job_dir, tmp_path, monkeypatch, suffix):
    """A limit on file sizes stands in for a full disk: writes fail half way through a file."""
    target = tmp_path / f"box{suffix}"
    target.write_bytes(b"before")
    render = suffix in (".png", ".mp4")
    write_job(job_dir, [] if render else [target], [target] if render else [], size=64)
    limited = tmp_path / "limited-python"
    limited.write_text(
        f"#!{sys.executable}\nimport os, resource, sys\nresource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))\n"
        f"os.execv({str(LOCAL)!r}, [{str(LOCAL)!r}] + sys.argv[1:])\n",
        encoding="utf-8",
    )
    limited.chmod(0o755)
    monkeypatch.setenv(blender.VARIABLE, str(limited))
    with pytest.raises(ImpromptuError) as caught:
        blender.run_blender_job(job_dir)
    assert caught.value.code == "invalid_input", caught.value
    assert target.read_bytes() == b"before"
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_file()) == sorted([target.name, limited.name])


def test_crash_quotes_the_log(job_dir, tmp_path, monkeypatch):
    write_job(job_dir, [tmp_path / "box.blend"])
    fake_blender(tmp_path, monkeypatch, "print('out of luck', file=sys.stderr); sys.exit(139)")
    with pytest.raises(ImpromptuError, match="out of luck") as caught:
        blender.run_blender_job(job_dir)
    assert caught.value.code == "internal"


def test_killed_worker_leaves_no_temporary_file(job_dir, tmp_path, monkeypatch):
    write_job(job_dir, [tmp_path / "box.blend"])
    left = tmp_path / ".box-abc.blend"
    code = (
        f"import json, os, signal\nopen({str(left)!r}, 'w').write('half')\n"
        f"open({str(job_dir / 'partial.json')!r}, 'w').write(json.dumps([{str(left)!r}]))\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    fake_blender(tmp_path, monkeypatch, code)
    with pytest.raises(ImpromptuError):
        blender.run_blender_job(job_dir)
    assert not left.exists()


def test_missing_library_names_the_packages(job_dir, tmp_path, monkeypatch):
    write_job(job_dir, [tmp_path / "box.blend"])
    fake_blender(
        tmp_path, monkeypatch, "raise ImportError('libX11.so.6: cannot open shared object file: No such file')"
    )
    with pytest.raises(RuntimeMissing, match=r"libX11\.so\.6.*apt-get install libx11-6"):
        blender.run_blender_job(job_dir)


def test_python_without_bpy_says_so(job_dir, tmp_path, monkeypatch):
    write_job(job_dir, [tmp_path / "box.blend"])
    fake_blender(tmp_path, monkeypatch, "import bpy")
    with pytest.raises(RuntimeMissing, match="bpy"):
        blender.run_blender_job(job_dir)


def test_program_that_is_no_blender(job_dir, tmp_path, monkeypatch):
    write_job(job_dir, [tmp_path / "box.blend"])
    fake_blender(tmp_path, monkeypatch, "")
    with pytest.raises(RuntimeMissing, match="without doing anything"):
        blender.run_blender_job(job_dir)


def test_worker_that_prints_more_than_a_pipe_holds(job_dir, tmp_path, monkeypatch):
    write_job(job_dir, [tmp_path / "box.blend"])
    fake_blender(
        tmp_path, monkeypatch,
        "print('noise ' * 100000, file=sys.stderr); print('noise ' * 100000); print('{\"result\": {\"files\": []}}')",
    )  # fmt: skip
    assert blender.run_blender_job(job_dir) == {"files": []}


def test_environment_of_the_caller_does_not_leak(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("PYTHONHOME", "/elsewhere")
    assert not {"PYTHONPATH", "PYTHONHOME"} & blender.clean_environment().keys()


@needs_blender
def test_one_frame_is_enough(job_dir, tmp_path):
    previews = [tmp_path / "box.png", tmp_path / "box.mp4"]
    write_job(job_dir, [tmp_path / "box.glb"], previews, frames=1, size=64)
    assert blender.run_blender_job(job_dir)["frames"] == 1


@needs_blender
def test_folder_in_place_of_a_file_is_a_sentence(job_dir, tmp_path):
    (tmp_path / "box.blend").mkdir()
    write_job(job_dir, [tmp_path / "box.blend"])
    with pytest.raises(InvalidInput, match="is a folder"):
        blender.run_blender_job(job_dir)
