"""Blender as an engine: pictures in order from one process, and one sentence for everything that can go wrong."""

import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from impromptu.backend import blender
from impromptu.backend.body.load import load_body
from impromptu.backend.pictures import blender_engine
from impromptu.backend.pictures.blender_engine import SCRIPT, BlenderEngine, read_targa
from impromptu.backend.pictures.part_map import NONE
from impromptu.backend.pictures.scenes import Scenes
from impromptu.backend.protocol import (
    EngineOptions,
    ImpromptuError,
    InvalidInput,
    JobCancelled,
    OutOfMemory,
    RuntimeMissing,
)
from impromptu.backend.render.cameras import orbit

ROOT = Path(__file__).parents[3]
LOCAL = ROOT / ".venv-blender" / "bin" / "python"
needs_blender = pytest.mark.skipif(not LOCAL.exists(), reason="there is no .venv-blender: run `make setup`")

FAKE = """
import json, os, signal, sys, time
from pathlib import Path
folder = Path(sys.argv[-1])
starts = Path(__file__).with_name("starts")
starts.write_text((starts.read_text() if starts.exists() else "") + f"{os.getpid()}\\n")
born = len(starts.read_text().split())

def tell(**message):
    print(json.dumps(message), flush=True)

def targa(i, size=8, alpha=255):
    path = folder / f"{i}.tga"
    header = bytes([0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, size, 0, size, 0, 32, 8])
    path.write_bytes(header + bytes([0, 0, i, alpha]) * size * size)
    return str(path)

def picture(i, **more):
    tell(picture=i, file=targa(i), margin=0, fine=1, seconds={"sync": 0, "render": 0, "write": 0}, **more)

def orders():
    for line in sys.stdin:
        yield json.loads(line)

print("Blender prints things")
"""
WORKS = "for o in orders():\n    for i in range(o['first'], 4): picture(i)\n    tell(done=4)\n"


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """A function that stands a small program in for Blender and its script."""
    monkeypatch.setattr(blender_engine, "RAM", tmp_path)
    monkeypatch.setattr(blender_engine, "RAM_BYTES", 0)

    def install(code):
        path = tmp_path / "python"
        path.write_text(f"#!{sys.executable}\n{FAKE}\n{code}", encoding="utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv(blender.VARIABLE, str(path))
        return tmp_path

    return install


def scenes(n=4, size=8, backdrop="plain"):
    """One triangle, n times."""
    return Scenes(
        faces=np.array([[0, 1, 2]]), vertices=np.tile(np.eye(3, dtype=np.float32), (n, 1, 1)),
        colours=np.ones((n, 3, 3), np.float32), roughness=np.ones((n, 3), np.float32),
        metallic=np.zeros((n, 3), np.float32), parts=np.zeros((n, 3), np.uint8), part_names=("skin",),
        camera_rotation=np.tile(np.eye(3), (n, 1, 1)), camera_position=np.tile([0.0, 0.0, 4.0], (n, 1)),
        fov=np.full(n, 30.0), height=size, width=size, light_direction=np.tile([[0.0, 0.0, 1.0]], (n, 1, 1)),
        light_colour=np.ones((n, 1, 3)), ambient=np.zeros((n, 3)), backdrop=(backdrop,) * n,
        backdrop_colours=np.zeros((n, 2, 3)), seeds=np.arange(n),
    )  # fmt: skip


def look_up(value=None):
    """A check that never raises."""


def starts(folder):
    """Process numbers of the Blenders that were started and lived long enough to say so."""
    told = folder / "starts"
    return [int(pid) for pid in told.read_text().split()] if told.exists() else []


def gone(pid):
    for _ in range(50):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def assert_nothing_is_left(folder):
    assert all(gone(pid) for pid in starts(folder))
    assert not list(folder.glob("impromptu-pictures-*"))


def reds(shots):
    return [int(s.picture[0, 0, 0]) for s in shots]


def test_pictures_come_in_order_from_one_process(fake):
    folder = fake(WORKS)
    engine = BlenderEngine()
    for _ in range(2):
        shots = list(engine.shoot(scenes(), look_up))
        assert reds(shots) == [0, 1, 2, 3]
        assert shots[0].picture.shape == (8, 8, 3)
    # What was read is removed at once.
    assert not list(folder.glob("impromptu-pictures-*/*.tga"))
    engine.close()
    assert len(starts(folder)) == 1
    assert len(engine.seconds) == 8
    assert_nothing_is_left(folder)


def test_no_scenes_start_nothing(fake):
    folder = fake(WORKS)
    assert list(BlenderEngine().shoot(scenes().take(slice(0, 0)), look_up)) == []
    assert not (folder / "starts").exists()


def test_the_options_travel(fake):
    keep = "Path(__file__).with_name('order').write_text(json.dumps(o))"
    folder = fake(WORKS.replace("o in orders():", f"o in orders():\n    {keep}"))
    engine = BlenderEngine(EngineOptions("workbench", 3, threads=2))
    list(engine.shoot(scenes(), look_up))
    engine.close()
    order = json.loads((folder / "order").read_text())
    assert order["options"] == {
        "engine": "workbench", "samples": 3, "denoiser": "none", "device": "cpu", "threads": 2
    }  # fmt: skip
    assert engine.name == "workbench"


def test_a_killed_blender_is_started_again_for_what_is_missing(fake):
    die = "if i == 2 and born == 1: time.sleep(.2); os.kill(os.getpid(), 9)\n        picture(i)"
    folder = fake(WORKS.replace(" picture(i)", f"\n        {die}"))
    engine = BlenderEngine()
    assert reds(engine.shoot(scenes(), look_up)) == [0, 1, 2, 3]
    engine.close()
    assert len(starts(folder)) == 2
    assert_nothing_is_left(folder)


def test_a_blender_that_is_killed_again_and_again_is_given_up(fake):
    folder = fake("os.kill(os.getpid(), 9)\n")
    with pytest.raises(OutOfMemory, match="killed from outside, twice"):
        list(BlenderEngine().shoot(scenes(), look_up))
    assert len(starts(folder)) == 2
    assert_nothing_is_left(folder)


def test_a_blender_that_crashes_is_quoted(fake):
    folder = fake("print('it burns', file=sys.stderr); sys.exit(3)\n")
    with pytest.raises(ImpromptuError, match=r"ended with code 3\..*it burns"):
        list(BlenderEngine().shoot(scenes(), look_up))
    assert len(starts(folder)) == 2


@pytest.mark.parametrize(
    ("words", "kind", "said"),
    [
        ("ModuleNotFoundError: No module named 'bpy'", RuntimeMissing, "no bpy"),
        ("Warning: No OpenGL vendor detected.", RuntimeMissing, "no graphics driver"),
        ("OSError: [Errno 28] No space left on device", InvalidInput, "disk is full"),
    ],
)
def test_what_another_try_would_not_mend_is_said_at_once(fake, words, kind, said):
    folder = fake(f"print({words!r}, file=sys.stderr); sys.exit(1)\n")
    with pytest.raises(kind, match=said):
        list(BlenderEngine().shoot(scenes(), look_up))
    assert len(starts(folder)) == 1
    assert_nothing_is_left(folder)


def test_an_error_of_the_childs_is_raised_as_what_it_is(fake):
    folder = fake("tell(error={'code': 'runtime_missing', 'message': 'There is no card.', 'hint': 'Use cpu.'})\n")
    with pytest.raises(RuntimeMissing, match=r"There is no card\. Use cpu\."):
        list(BlenderEngine().shoot(scenes(), look_up))
    assert_nothing_is_left(folder)


def test_a_blender_that_hangs_is_ended(fake):
    folder = fake("signal.signal(signal.SIGINT, signal.SIG_IGN)\nfor o in orders(): picture(0); time.sleep(60)\n")
    taken = BlenderEngine(hang_s=0.5).shoot(scenes(), look_up)
    assert next(taken).picture[0, 0, 0] == 0
    with pytest.raises(ImpromptuError, match="has not taken a picture"):
        next(taken)
    assert_nothing_is_left(folder)


def test_a_cancelled_batch_ends_blender_and_the_next_starts_another(fake):
    slow = "for o in orders():\n    for i in range(o['first'], 4):\n        picture(i)\n"
    slow += "        if born == 1: time.sleep(30)\n    tell(done=4)\n"
    folder = fake(slow)
    engine, seen = BlenderEngine(), []

    def check():
        if seen:
            raise JobCancelled("Cancelled.")

    taken = engine.shoot(scenes(), check)
    seen.append(next(taken))
    with pytest.raises(JobCancelled):
        next(taken)
    assert_nothing_is_left(folder)
    assert reds(engine.shoot(scenes(), look_up)) == [0, 1, 2, 3]
    engine.close()


def test_a_batch_that_nobody_wants_any_more_ends_blender(fake):
    folder = fake(WORKS.replace("picture(i)", "picture(i); time.sleep(.3)"))
    taken = BlenderEngine().shoot(scenes(), look_up)
    next(taken)
    taken.close()
    assert_nothing_is_left(folder)


def test_a_picture_that_is_cut_off_is_not_handed_on(fake):
    code = "for o in orders():\n    path = targa(0); os.truncate(path, 100)\n"
    code += "    tell(picture=0, file=path, margin=0, fine=1, seconds={})\n    time.sleep(30)\n"
    folder = fake(code)
    with pytest.raises(InvalidInput, match="not written whole"):
        list(BlenderEngine().shoot(scenes(), look_up))
    assert_nothing_is_left(folder)


def test_scenes_that_find_no_room_leave_nothing(fake, monkeypatch):
    folder = fake(WORKS)

    def full(self, path):
        raise InvalidInput("The disk is full.", "Free some space.")

    monkeypatch.setattr(Scenes, "save", full)
    with pytest.raises(InvalidInput, match="disk is full"):
        list(BlenderEngine().shoot(scenes(), look_up))
    assert_nothing_is_left(folder)


def test_the_disk_is_used_where_memory_has_no_room(fake, tmp_path, monkeypatch):
    fake(WORKS)
    elsewhere = tmp_path / "disk"
    elsewhere.mkdir()
    monkeypatch.setattr(blender_engine.tempfile, "tempdir", str(elsewhere))
    for name, value in (("RAM_BYTES", 1 << 60), ("RAM", tmp_path / "nowhere")):
        monkeypatch.setattr(blender_engine, name, value)
        engine = BlenderEngine()
        taken = engine.shoot(scenes(), look_up)
        next(taken)
        assert list(elsewhere.glob("impromptu-pictures-*"))
        engine.close()


def test_margins_are_cut_off_and_fine_pixels_averaged(fake):
    told = "tell(picture=0, file=targa(0, 24), margin=2, fine=2, seconds={}); tell(done=1)"
    fake(f"for o in orders():\n    {told}\n")
    engine = BlenderEngine()
    (shot,) = engine.shoot(scenes(1), look_up)
    engine.close()
    assert shot.picture.shape == (8, 8, 3)


@pytest.mark.parametrize("from_top", [True, False])
def test_targa_is_read_from_the_top(tmp_path, from_top):
    rows = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
    header = bytes([3, 0, 2, *[0] * 9, 3, 0, 2, 0, 32, 0x28 if from_top else 8])
    stored = rows[..., [2, 1, 0, 3]][:: 1 if from_top else -1]
    (tmp_path / "a.tga").write_bytes(header + b"abc" + stored.tobytes())
    assert np.array_equal(read_targa(tmp_path / "a.tga"), rows)


def people(n, size, **changes):
    """The default body from n sides; black, before a green backdrop, unless told otherwise."""
    body = load_body("neutral")
    with torch.inference_mode():
        pose = torch.from_numpy(body.relaxed_pose())[None]
        vertices = body(pose=pose).vertices.numpy().repeat(n, 0)
    count = vertices.shape[1]
    middle = torch.tensor((vertices[0].max(0) + vertices[0].min(0)) / 2)
    cameras = orbit(
        torch.linspace(0, 120, n), torch.full((n,), 10.0), torch.full((n,), 4.2), middle, 30.0, size, size
    )  # fmt: skip
    made = {
        "faces": body.faces.numpy(), "vertices": vertices, "colours": np.zeros((n, count, 3), np.float32),
        "roughness": np.ones((n, count), np.float32), "metallic": np.zeros((n, count), np.float32),
        "parts": np.where(vertices[..., 1] > float(middle[1]), 1, 0).astype(np.uint8),
        "part_names": ("below", "above"), "camera_rotation": cameras.rotation.numpy(),
        "camera_position": cameras.position.numpy(), "fov": cameras.fov.numpy(), "height": size, "width": size,
        "light_direction": np.tile([[0.0, 0.0, 1.0]], (n, 1, 1)), "light_colour": np.zeros((n, 1, 3)),
        "ambient": np.zeros((n, 3)), "backdrop": ("plain",) * n,
        "backdrop_colours": np.tile([[0.0, 1.0, 0.0], [0.0, 1.0, 0.0]], (n, 1, 1)), "seeds": np.arange(n),
    }  # fmt: skip
    return Scenes(**made | changes)


@needs_blender
def test_masks_of_ours_lie_on_what_blender_drew(monkeypatch):
    monkeypatch.setenv(blender.VARIABLE, str(LOCAL))
    engine = BlenderEngine()
    wanted = people(2, 224)
    shots = list(engine.shoot(wanted, look_up))
    for shot in shots:
        # Half of the backdrop's light is sRGB 188.
        covered, ours = shot.picture[..., 1] < 188, shot.parts != NONE
        assert (covered & ours).sum() / (covered | ours).sum() > 0.98
        assert 0.05 < ours.mean() < 0.5
        rows = np.nonzero(shot.parts == 1)[0].max(), np.nonzero(shot.parts == 0)[0].min()
        assert abs(rows[0] - rows[1]) < 40
    again = list(engine.shoot(wanted.take(slice(1, 2)), look_up))
    assert np.array_equal(again[0].picture, shots[1].picture)
    engine.close()


@needs_blender
def test_workbench_shows_the_person_before_the_backdrop(monkeypatch):
    monkeypatch.setenv(blender.VARIABLE, str(LOCAL))
    white = np.ones((2, load_body("neutral").num_vertices, 3), np.float32)
    engine = BlenderEngine(EngineOptions("workbench"))
    try:
        shots = list(engine.shoot(people(2, 96, colours=white, backdrop=("plain", "ground")), look_up))
    except RuntimeMissing as error:
        pytest.skip(str(error))
    finally:
        engine.close()
    for shot in shots:
        assert (shot.picture[[0, -1], 0] == [0, 255, 0]).all()
        assert shot.picture[shot.parts != NONE][:, [0, 2]].mean() > 100


@needs_blender
def test_blender_ends_with_the_process_that_started_it(tmp_path):
    folder = tmp_path / "child"
    folder.mkdir()
    child = subprocess.Popen([str(LOCAL), str(SCRIPT), str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdin is not None
    assert child.stdout is not None
    assert "ready" in json.loads(child.stdout.readline())
    child.stdin.close()
    assert child.wait(20) == 1
    assert not folder.exists()


@needs_blender
def test_an_error_inside_blender_is_one_line(tmp_path):
    folder = tmp_path / "child"
    folder.mkdir()
    order = json.dumps({"scenes": str(tmp_path / "none.npz"), "options": {}})
    child = subprocess.Popen([str(LOCAL), str(SCRIPT), str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(order.encode() + b"\n")
    child.stdin.flush()
    said = [json.loads(line) for line in child.stdout]
    assert said[-1]["error"]["code"] == "invalid_input"
    assert child.wait(20) == 2
    child.stdin.close()
