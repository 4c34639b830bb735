"""A motion is generated, changed by words, mixed with another action, and recognised, all by clicks."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

import bpy
from drive import Driver, Steps, folder, override, region, window
from pictures import alone, sidebar
from scenarios import DONE, FIRST_JOB_S, MODULE, jobs, name_backend, prepare, rigs, settings
from words_panel import back, only

WORDS = "like a zombie"


def module(name: str) -> Any:
    return importlib.import_module(f"{MODULE}.addon.{name}")


def edits() -> Any:
    return bpy.context.scene.impromptu_motion


def played() -> str:
    """Name of the action that the actor plays."""
    return rigs()[0].animation_data.action.name


def chosen_backend(d: Driver) -> None:
    """The backend that ships; where that has no motion model, one in whose place another program stands."""
    name_backend()
    root = module("package").root()
    if (root / "backend" / "kinds" / "edit.py").is_file():
        return
    print("       the motion model is stood in for", flush=True)
    host = str(Path(__file__).with_name("motion_host.py"))
    program = [os.environ["IMPROMPTU_WINDOW_PYTHON"], host, str(root / "backend" / "__main__.py"), "serve"]
    module("session").use(lambda: program, folder() / "queue")


def ended(d: Driver, count: int, name: str) -> Steps:
    """Wait for the job after the first `count` ones, and for its result."""
    yield from d.wait(lambda: len(jobs()) > count, 5, f"{name}: a click makes a job")
    yield from d.wait(lambda: jobs()[-1].state in DONE, 2 * FIRST_JOB_S, f"{name}: the job ends")
    d.check(f"{name}: the job is done", jobs()[-1].state == "done", jobs()[-1].error)
    landed = module("session").is_landed
    yield from d.wait(lambda: landed(jobs()[-1]), 10, f"{name}: the result is in the scene")
    yield 0.3


def acted(d: Driver) -> Steps:
    """A clip of the library, then a motion that is generated, on the same actor."""
    for prompt, motion in (("a man waves", "retrieve"), ("a man walking", "generate")):
        settings().prompt, settings().motion, settings().seconds = prompt, motion, 2.0
        count = len(jobs())
        bpy.ops.impromptu.act()
        yield from ended(d, count, f"Act, {motion}")
    d.check("one actor has both actions", len(rigs()) == 1 and len(bpy.data.actions) == 2, bpy.data.actions[:])
    settings().motion = "retrieve"
    yield from alone(d, "main")
    with override():
        bpy.context.view_layer.objects.active = rigs()[0]


def by_words(d: Driver) -> Steps:
    """Typed and clicked; undone and redone."""
    old, count = played(), len(jobs())
    place = yield from d.find("impromptu_motion.words")
    d.check("there is a field for words", place is not None)
    yield from d.mouse.click(*place)
    yield from d.mouse.write(WORDS)
    yield from d.mouse.press("RET")
    yield 0.2
    d.check("what is typed is in the panel", edits().words == WORDS, edits().words)
    bpy.ops.ed.undo_push(message="Typed")
    # Without results, so that the manual shows none that a stand-in gave.
    yield from sidebar(d, "panel_motion")
    yield from d.press_button("impromptu.edit_motion")
    yield from ended(d, count, "by words")
    d.check("the actor plays a new action", played() == WORDS, played())
    d.check("the old one is in the file", old in bpy.data.actions, bpy.data.actions[:])
    area = region("WINDOW")
    yield from d.mouse.move(area.x + area.width * 0.3, area.y + area.height * 0.3)
    yield from d.mouse.press("Z", ctrl=True)
    yield 0.5
    d.check("one undo brings the old one back", played() == old and WORDS not in bpy.data.actions, played())
    yield from d.mouse.press("Z", ctrl=True, shift=True)
    yield 0.5
    d.check("one redo the new one", played() == WORDS, played())


def mixed(d: Driver) -> Steps:
    """With the first action of the file."""
    count = len(jobs())
    edits().how = "mix"
    edits().other.action = next(a for a in bpy.data.actions if a.name.startswith("a man waves"))
    objects = sorted(o.name for o in bpy.data.objects)
    yield 0.3
    yield from d.press_button("impromptu.edit_motion")
    yield from ended(d, count, "mix")
    d.check("the mix is an action of its own", played().startswith(f"{WORDS} + a man waves"), played())
    d.check("no stand-in is left", sorted(o.name for o in bpy.data.objects) == objects, bpy.data.objects[:])
    for how in ("difference", "parts", "between"):
        edits().how = how
        yield from sidebar(d, f"motion_{how}")
    edits().how = "mix"


def recognised(d: Driver) -> Steps:
    """The labels in the panel."""
    count = len(jobs())
    yield from d.press_button("impromptu.recognise_motion")
    yield from ended(d, count, "Recognise")
    d.check("labels are shown", len(edits().recognised_labels) > 1, len(edits().recognised_labels))
    d.check("and clips", len(edits().recognised_clips) > 0, len(edits().recognised_clips))
    yield from sidebar(d, "motion_mix")
    edits().how = "words"
    yield from sidebar(d, "motion_recognised")


def languages(d: Driver) -> Steps:
    """Longer words in the same room."""
    wanted = bpy.context.preferences.view
    for name, code in (("korean", "ko_KR"), ("chinese", "zh_HANS" if bpy.app.version >= (4, 0) else "zh_CN")):
        wanted.language, wanted.use_translate_interface = code, True
        yield 1
        yield from sidebar(d, f"motion_{name}")
    wanted.language = "en_US"


def motion(d: Driver) -> Steps:
    """The whole visit."""
    bpy.context.preferences.view.ui_scale = 1.25
    yield from prepare(d)
    window().cursor_warp(window().width - 1, 0)
    chosen_backend(d)
    yield from acted(d)
    copies = only("motion")
    yield 0.5
    yield from by_words(d)
    yield from mixed(d)
    yield from recognised(d)
    yield from languages(d)
    back(copies)


SCENARIOS = {"motion": motion}
