"""Blender is killed in the middle of something: the file on disk is whole, and the result is not lost."""

import json
import os
import signal
import subprocess
import sys
import time

import bpy
import pytest
from impromptu.addon import session
from impromptu.addon.panels import jobs as panels
from impromptu.addon.scene.handles import actors

pytestmark = pytest.mark.skipif(os.name != "posix", reason="SIGKILL is a POSIX signal")

VICTIM = """
import sys, time
from pathlib import Path
import bpy
from impromptu.addon import landings, registration, session
import json
command, folder, blend, what = json.loads(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4]
bpy.ops.wm.read_factory_settings(use_empty=True)
registration.register()
session.use(lambda: command, folder)
bpy.context.scene.impromptu.prompt = "walk"
bpy.ops.impromptu.act()
bpy.ops.wm.save_as_mainfile(filepath=blend)
def say(word):
    print(word, flush=True)
if what == "landing":
    def stop(*_args):
        say("now")
        time.sleep(600)
    # The scene is half changed here: the action is there, its actor is not yet the active one.
    landings.choose = stop
    bpy.ops.impromptu.act()
# Enough to write that there is a middle.
mesh = bpy.data.meshes.new("Cloud")
mesh.vertices.add(5_000_000)
mesh.use_fake_user = True
say("now")
while True:
    if what == "autosave":
        bpy.ops.wm.save_as_mainfile(filepath=blend + ".autosave", copy=True, check_existing=False)
    else:
        bpy.ops.wm.save_mainfile()
"""


@pytest.fixture
def kill(tmp_path, panel):
    """Let another Blender work and kill it: (what it does, until when to wait) -> the path of its file."""
    command = session.queue().command()
    session.close()
    blend = str(tmp_path / "work.blend")

    def run(what, is_time=lambda: True):
        arguments = [sys.executable, "-c", VICTIM, json.dumps(command), str(tmp_path), blend, what]
        victim = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd="/")
        said = []
        for line in victim.stdout:
            said.append(line)
            if line.strip() == "now":
                break
        assert "now" in "".join(said[-1:]), "".join(said[-20:])
        end = time.monotonic() + 60
        while not is_time() and time.monotonic() < end:
            time.sleep(0.002)
        victim.send_signal(signal.SIGKILL)
        victim.wait(20)
        victim.stdout.close()
        return blend

    yield run
    session.close()


def reopen(blend, command, folder):
    """What the next Blender does: open the file, read the jobs."""
    bpy.ops.wm.open_mainfile(filepath=blend)
    return session.use(command, folder)


def texts_of_the_list():
    """The buttons under the newest job."""

    class Layout:
        def __init__(self, drawn):
            self.drawn = drawn

        def __getattr__(self, name):
            def call(*args, **options):
                self.drawn.append((name, options.get("text", "")))
                return Layout(self.drawn)

            return call

    drawn = []
    panels.draw_job(Layout(drawn), bpy.context, session.queue().jobs[-1])
    return [text for name, text in drawn if name == "operator"]


def test_killed_in_the_middle_of_a_landing(kill, tmp_path):
    blend = kill("landing")
    jobs = reopen(blend, lambda: ["false"], tmp_path)
    assert len(actors(bpy.context.scene)) == 1, "the saved file is whole and the old one"
    assert len(bpy.data.actions) == 1
    job = jobs.jobs[-1]
    assert job.state == "done"
    assert not session.is_landed(job)
    assert "Apply Here" in texts_of_the_list()
    assert bpy.ops.impromptu.land(job=job.id) == {"FINISHED"}
    # The actor that it was for is known again by its own identifier.
    assert len(actors(bpy.context.scene)) == 1
    assert len(bpy.data.actions) == 2
    assert actors(bpy.context.scene)[0].animation_data.action.frame_range[1] == 12


@pytest.mark.parametrize("what", ["save", "autosave"])
def test_killed_while_it_saves(kill, tmp_path, what):
    # Blender writes beside the file and renames.
    part = tmp_path / f"work.blend{'.autosave' if what == 'autosave' else ''}@"
    blend = kill(what, part.exists)
    assert part.exists(), "it was killed before the end of the save"
    jobs = reopen(blend, lambda: ["false"], tmp_path)
    assert len(actors(bpy.context.scene)) == 1
    assert len(bpy.data.actions) == 1
    job = jobs.jobs[-1]
    assert job.state == "done"
    # It had landed in what may have been lost with Blender, so that the list offers it again.
    assert session.is_landed(job)
    assert session.from_elsewhere(job)
    assert bpy.ops.impromptu.land(job=job.id) == {"FINISHED"}
    assert len(actors(bpy.context.scene)) == 2
