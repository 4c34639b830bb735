"""A Blender that starts before its job is there: used, told of when it fails, and never left behind."""

import os
import subprocess
import sys
import time

import pytest
from impromptu.backend import blender
from impromptu.backend.cli import main
from impromptu.backend.protocol import RuntimeMissing
from impromptu.backend.workplace import workplace

from .test_blender_job import ROOT, fake_blender, needs_blender, write_job


def _is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("files", [(), ("a.npz", "b.bvh")])
def test_no_blender_starts_for_files_that_need_none(files, monkeypatch):
    monkeypatch.setattr("impromptu.backend.workplace.start_blender", lambda *_: pytest.fail("it was started"))
    with workplace(files) as place:
        assert place.waiting is None
        assert place.folder.is_dir()
    assert not place.folder.exists()


@needs_blender
def test_waiting_blender_does_the_job(tmp_path):
    box = tmp_path / "box.blend"
    with workplace([box]) as place:
        write_job(place.folder, [box])
        result = blender.run_blender_job(place.folder, waiting=place.waiting)
    assert result["files"] == [str(box)]
    assert box.stat().st_size > 500
    assert place.waiting.returncode == 0
    assert not place.folder.exists()


@needs_blender
def test_work_that_fails_takes_the_waiting_blender_along(tmp_path):
    place = None

    def fail():
        nonlocal place
        with workplace([tmp_path / "a.mp4"]) as place:
            assert place.waiting.poll() is None
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert place.waiting.returncode is not None
    assert not place.folder.exists()


@needs_blender
@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_waiting_blender_ends_with_whoever_started_it(tmp_path):
    code = (
        "import os, signal\nfrom impromptu.backend.workplace import workplace\n"
        "with workplace(['a.blend']) as place:\n"
        "    print(place.waiting.pid, flush=True)\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, timeout=60)
    pid, end = int(done.stdout), time.monotonic() + 30
    while _is_running(pid) and time.monotonic() < end:
        time.sleep(0.1)
    assert not _is_running(pid)


def test_why_a_waiting_blender_has_ended_is_told_with_the_job(tmp_path, monkeypatch):
    fake_blender(tmp_path, monkeypatch, "import bpy")
    with workplace([tmp_path / "box.blend"]) as place:
        place.waiting.wait(30)
        write_job(place.folder, [tmp_path / "box.blend"])
        with pytest.raises(RuntimeMissing, match="bpy"):
            blender.run_blender_job(place.folder, waiting=place.waiting)


def test_missing_blender_is_told_with_the_job(tmp_path, monkeypatch):
    monkeypatch.setenv(blender.VARIABLE, "/nowhere/blender")
    with workplace([tmp_path / "box.blend"]) as place:
        assert place.waiting is None
        with pytest.raises(RuntimeMissing, match="/nowhere/blender"):
            blender.run_blender_job(place.folder, waiting=place.waiting)


def test_bad_request_is_told_before_a_blender_that_fails(tmp_path, monkeypatch, capsys):
    fake_blender(tmp_path, monkeypatch, "import bpy")
    assert main(["act", "a person walks", "-o", str(tmp_path / "a.blend"), "--clip", "no_such_clip"]) == 2
    assert "no_such_clip" in capsys.readouterr().err


def test_waiting_blender_starts_before_the_imports():
    """Its module needs none of what takes seconds to import."""
    code = "import sys, impromptu.backend.workplace; print([n for n in ('torch', 'numpy') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr
