"""What a person does in the panel, step by step; Blender runs this file, `harness.play` names the scenario."""

from __future__ import annotations

import importlib
import os
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import bpy

sys.path.insert(0, str(Path(__file__).parent))
from drive import Driver, Steps, folder, region, window

PROMPT = "a man walking backwards"
MODULE = "bl_ext.user_default.impromptu" if bpy.app.version >= (4, 2) else "impromptu"
DONE = ("done", "failed", "cancelled")
FIRST_JOB_S = 180
"""Seconds for a job that has to start the host and load its models."""


def settings() -> Any:
    return bpy.context.scene.impromptu


def jobs() -> list[Any]:
    return importlib.import_module(f"{MODULE}.addon.session").queue().jobs


def told() -> bool:
    """The host has said how far the last job is; before that the panel says that it is starting."""
    job = jobs()[-1]
    return bool(job.finished or (job.stage and not job.stage.startswith("starting")))


def rigs() -> list[Any]:
    return [o for o in bpy.data.objects if o.type == "ARMATURE"]


def prepare(d: Driver) -> Steps:
    """A clean window: the add-on enabled, the sidebar open at its tab, the backend named."""
    preferences = bpy.context.preferences
    preferences.view.show_splash = False
    preferences.use_preferences_save = False
    window().screen.show_statusbar = False
    bpy.data.objects.remove(bpy.data.objects["Cube"])
    bpy.ops.ed.undo_push(message="Ready")
    archive = next(folder().glob("*.zip"))
    if bpy.app.version >= (4, 2):
        bpy.ops.extensions.package_install_files(filepath=str(archive), repo="user_default", enable_on_install=True)
    else:
        with zipfile.ZipFile(archive) as zipped:
            zipped.extractall(Path(os.environ["BLENDER_USER_SCRIPTS"], "addons", MODULE))
        bpy.ops.preferences.addon_refresh()
        bpy.ops.preferences.addon_enable(module=MODULE)
    yield 0.5
    d.check("the add-on is enabled", MODULE in preferences.addons)
    yield from d.open_tab("IMPROMPTU_PT_main")


def name_backend() -> None:
    """What the preferences' button for an existing Python does."""
    bpy.ops.impromptu.use_python(filepath=os.environ["IMPROMPTU_WINDOW_PYTHON"])


def type_prompt(d: Driver, text: str) -> Steps:
    """Click into the prompt's field, replace what it holds."""
    place = yield from d.find("impromptu.prompt")
    d.check("the prompt's field is there", place is not None)
    yield from d.mouse.click(*place)
    yield from d.mouse.press("A", ctrl=True)
    yield from d.mouse.write(text)
    yield from d.mouse.press("RET")
    yield 0.2
    d.check("what is typed is the prompt", settings().prompt == text, settings().prompt)


def undo_and_redo(d: Driver, before: list[str]) -> Steps:
    """One Ctrl-Z takes the whole job back, one Shift-Ctrl-Z brings it again."""
    after, actions = sorted(o.name for o in bpy.data.objects), len(bpy.data.actions)
    prompt = settings().prompt
    area = region("WINDOW")
    yield from d.mouse.move(area.x + area.width * 0.3, area.y + area.height * 0.3)
    yield from d.mouse.press("Z", ctrl=True)
    yield 0.5
    d.check("one undo takes the actor back", sorted(o.name for o in bpy.data.objects) == before, bpy.data.objects[:])
    d.check("undo keeps the prompt", settings().prompt == prompt, settings().prompt)
    yield from d.mouse.press("Z", ctrl=True, shift=True)
    yield 0.5
    d.check("one redo brings it again", sorted(o.name for o in bpy.data.objects) == after, bpy.data.objects[:])
    d.check(
        "with its action", len(bpy.data.actions) == actions and rigs()[0].animation_data.action, bpy.data.actions[:]
    )


def act(d: Driver) -> Steps:
    """Type, act, watch, undo, redo; a second job on the warm host; settings saved with the file."""
    yield from prepare(d)
    name_backend()
    yield from type_prompt(d, PROMPT)
    bpy.ops.ed.undo_push(message="Typed")
    before = sorted(o.name for o in bpy.data.objects)
    place = yield from d.find("impromptu.act")
    d.check("the Act button is there", place is not None)
    start = time.perf_counter()
    yield from d.mouse.click(*place)
    yield from d.wait(lambda: jobs(), 2, "a click on Act makes a job")
    yield from d.wait(told, 60, "progress is told")
    d.measured("cold: click to first progress, s", time.perf_counter() - start)
    yield from d.wait(lambda: jobs()[-1].state in DONE, FIRST_JOB_S, "the job ends")
    d.check("the job is done", jobs()[-1].state == "done", jobs()[-1].error)
    yield from d.wait(rigs, 5, "a rig is in the scene")
    d.measured("cold: click to keyframes, s", time.perf_counter() - start)
    yield 0.5
    (gap, frames), whole = d.gaps.since(start), time.perf_counter() - start
    d.measured("cold: worst gap between redraws, s", gap)
    # A window that is frozen while the job runs draws nothing for nearly all of it.
    d.check("the window keeps drawing while the job runs", gap < whole / 3 and frames > 20, (gap, frames, whole))
    yield from undo_and_redo(d, before)
    yield from warm(d)
    path = str(folder() / "saved.blend")
    settings().seconds = 3.5
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    yield 1
    d.check("settings are saved with the file", (settings().prompt, settings().seconds) == (PROMPT, 3.5))
    d.check("so is the actor", len(rigs()) == 1 and rigs()[0].animation_data.action, bpy.data.objects[:])


def warm(d: Driver) -> Steps:
    """A ten-second clip with the models loaded: what `make bench` times."""
    settings().seconds = 10.0
    count = len(jobs())
    place = yield from d.find("impromptu.act")
    start = time.perf_counter()
    yield from d.mouse.click(*place)
    yield from d.wait(lambda: len(jobs()) > count and told(), 20, "it starts")
    d.measured("warm: click to first progress, s", time.perf_counter() - start)
    yield from d.wait(lambda: jobs()[-1].state in DONE, 60, "the second job ends")
    wanted = 10 * bpy.context.scene.render.fps

    def keyed() -> bool:
        action = rigs() and rigs()[0].animation_data and rigs()[0].animation_data.action
        return bool(action) and abs(action.frame_range[1] - action.frame_range[0] - wanted) <= 2

    yield from d.wait(keyed, 10, "the new motion is keyed")
    d.measured("warm: click to keyframes, s", time.perf_counter() - start)
    yield 0.5
    d.measured("warm: worst gap between redraws, s", d.gaps.since(start)[0])


def cancel(d: Driver) -> Steps:
    """Cancel a job by clicking while it runs; the scene stays; the next job works."""
    yield from prepare(d)
    name_backend()
    yield from type_prompt(d, PROMPT)
    before = sorted(o.name for o in bpy.data.objects)
    settings().variants = 16
    yield from d.press_button("impromptu.act")
    yield from d.wait(lambda: jobs() and jobs()[-1].state == "running", 30, "the job runs")
    place = yield from d.find("impromptu.cancel")
    d.check("there is a button for cancel", place is not None, jobs()[-1].state)
    d.check("it still runs when the button is found", jobs()[-1].state == "running", jobs()[-1].state)
    yield from d.mouse.click(*place)
    yield from d.wait(lambda: jobs()[-1].state == "cancelled", 3, "the job is cancelled")
    d.measured("click on Cancel to cancelled, s", time.perf_counter() - d.mouse.clicked)
    yield 1
    d.check("the scene is as it was", sorted(o.name for o in bpy.data.objects) == before, bpy.data.objects[:])
    settings().variants = 1
    yield from d.press_button("impromptu.act")
    yield from d.wait(lambda: jobs()[-1].state in DONE and rigs(), FIRST_JOB_S, "the next job works")


SCENARIOS = {"act": act, "cancel": cancel}

if __name__ == "__main__":
    if os.environ["IMPROMPTU_WINDOW_SCENARIO"] not in SCENARIOS:
        import looks
        import motion_panel
        import pictures
        import words_panel

        SCENARIOS |= pictures.SCENARIOS | looks.SCENARIOS | words_panel.SCENARIOS | motion_panel.SCENARIOS
    seconds = float(os.environ.get("IMPROMPTU_WINDOW_SECONDS", "280"))
    Driver(folder()).start(SCENARIOS[os.environ["IMPROMPTU_WINDOW_SCENARIO"]], seconds)
