"""A person gives an actor a look: previews in the panel and on the actor, cancel, undo, resume, the end."""

from __future__ import annotations

import importlib
from typing import Any

import bpy
import numpy as np
from drive import Driver, Steps, override, region, view
from mathutils import Euler
from scenarios import DONE, FIRST_JOB_S, MODULE, jobs, name_backend, prepare, rigs, settings

STEPS = 60
PROMPT = "a woman walking"
LOOK = "a red shirt and blue jeans"


def module(name: str) -> Any:
    return importlib.import_module(f"{MODULE}.addon.{name}")


def skin() -> Any:
    return module("scene.handles").skin_of(rigs()[0])


def colours() -> np.ndarray:
    """(V, 3) sRGB that the actor shows."""
    return module("scene.style_look").shown_look(rigs()[0])[0]


def wears() -> tuple[str, int, bool]:
    """The active colours, how many looks, and whether it is a preview."""
    style = module("scene.style")
    slots = module("scene.style_slots")
    return (
        slots.active_colour(skin()),
        style.count_styles(rigs()[0]),
        module("scene.style_preview").is_preview(rigs()[0]),
    )


def close_up() -> Steps:
    """The actor fills the view, in the colours of its vertices."""
    space = view().spaces.active
    space.shading.color_type = "VERTEX"
    space.region_3d.view_rotation = Euler((1.35, 0, 0.4)).to_quaternion()
    bpy.ops.object.select_all(action="DESELECT")
    with override():
        skin().select_set(True)
        bpy.ops.view3d.view_selected()
        skin().select_set(False)
        rigs()[0].select_set(True)
        bpy.context.view_layer.objects.active = rigs()[0]
    yield 0.3


def actor(d: Driver) -> Steps:
    """An actor that walks, and the settings of the look."""
    settings().prompt = PROMPT
    settings().seconds = 1.0
    bpy.ops.impromptu.act()
    yield from d.wait(lambda: jobs()[-1].state in DONE and rigs(), 3 * FIRST_JOB_S, "there is an actor")
    bpy.ops.impromptu.remove_job(job=jobs()[-1].id)
    look = bpy.context.scene.impromptu_look
    look.prompt, look.steps = LOOK, STEPS
    yield from close_up()
    bpy.ops.ed.undo_push(message="Ready")


def look(d: Driver) -> Steps:
    """From the click to the finished look."""
    yield from prepare(d)
    name_backend()
    yield from actor(d)
    plain, before = colours(), sorted(o.name for o in bpy.data.objects)
    yield from d.press_button("impromptu.stylise")
    yield from d.wait(lambda: jobs() and jobs()[-1].kind == "stylize", 5, "a click on Stylise makes a job")
    yield from d.wait(lambda: wears()[2] or jobs()[-1].finished, 2 * FIRST_JOB_S, "a preview is on the actor")
    d.check("it runs", jobs()[-1].state == "running", jobs()[-1].error or jobs()[-1].state)
    first = colours()
    d.check("the preview changes its colours", np.abs(first - plain).max() > 0.05, np.abs(first - plain).max())
    d.check("the panel has a picture of it", jobs()[-1].preview is not None, jobs()[-1].preview)
    yield from d.picture("look_running")
    yield from d.wait(lambda: np.abs(colours() - first).max() > 1e-3, 60, "another preview follows")
    yield from undone_meanwhile(d)
    yield from cancelled(d, plain, before)
    yield from finished(d)
    yield from worn(d)


def undone_meanwhile(d: Driver) -> Steps:
    """A step of the person's own while the job runs, undone and redone."""
    rigs()[0].location.y = 0.5
    yield 0.2
    bpy.ops.ed.undo_push(message="Moved")
    yield from to_the_view(d)
    yield from d.mouse.press("Z", ctrl=True)
    yield from d.wait(lambda: rigs()[0].location.y == 0, 5, "Ctrl-Z takes back what the person did")
    yield from d.wait(lambda: wears()[2], 5, "the preview comes again")
    yield from d.mouse.press("Z", ctrl=True, shift=True)
    yield from d.wait(lambda: rigs()[0].location.y == 0.5, 5, "so does redo")
    yield from d.wait(lambda: wears()[2], 5, "and the preview with it")


def to_the_view(d: Driver) -> Steps:
    """The pointer where a key is for the 3D view."""
    area = region("WINDOW")
    yield from d.mouse.move(area.x + area.width * 0.3, area.y + area.height * 0.3)


def cancelled(d: Driver, plain: np.ndarray, before: list[str]) -> Steps:
    """Cancel keeps what was seen last; one Ctrl-Z goes back to the actor as it was, with the person's own step."""
    yield from d.press_button("impromptu.cancel")
    yield from d.wait(lambda: jobs()[-1].state == "cancelled", 30, "the job is cancelled")
    yield from d.wait(lambda: not wears()[2], 5, "the last preview is kept")
    kept = colours()
    d.check("it is the actor's look now", wears()[:2] == ("style", 1), wears())
    d.check("as it was shown", np.abs(kept - plain).max() > 0.05)
    yield from d.picture("look_cancelled")
    yield from to_the_view(d)
    yield from d.mouse.press("Z", ctrl=True)
    yield 0.5
    d.check("one undo takes it back", wears() == ("outfit", 0, False), wears())
    d.check("to the plain colours", np.abs(colours() - plain).max() < 1e-5, np.abs(colours() - plain).max())
    d.check("what the person did stays", rigs()[0].location.y == 0.5, rigs()[0].location)
    d.check("nothing else is gone", sorted(o.name for o in bpy.data.objects) == before, bpy.data.objects[:])
    yield from d.mouse.press("Z", ctrl=True, shift=True)
    yield 0.5
    d.check("one redo brings it again", np.abs(colours() - kept).max() < 1e-5 and wears()[1] == 1, wears())


def finished(d: Driver) -> Steps:
    """Resume goes on to the end."""
    at = jobs()[-1].step
    yield from d.press_button("impromptu.resume")
    yield from d.wait(lambda: jobs()[-1].stage == "Styling" or jobs()[-1].finished, 180, "the job goes on")
    d.check("from where it was", jobs()[-1].step >= at * 0.5, (at, jobs()[-1].step))
    yield from d.wait(lambda: jobs()[-1].state in DONE, 900, "the job ends")
    d.check("the job is done", jobs()[-1].state == "done", jobs()[-1].error)
    yield from d.wait(lambda: module("session").is_landed(jobs()[-1]) and not wears()[2], 10, "the look is landed")
    d.check("one look", wears()[:2] == ("style", 1), wears())
    yield 0.5
    yield from d.picture("look_done")
    kept = colours()
    yield from to_the_view(d)
    yield from d.mouse.press("Z", ctrl=True)
    yield 0.5
    d.check("one undo goes to the look before", wears()[1] == 1 and np.abs(colours() - kept).max() > 1e-4, wears())
    yield from d.mouse.press("Z", ctrl=True, shift=True)
    yield 0.5
    d.check("redo to the finished one", np.abs(colours() - kept).max() < 1e-5, wears())


def worn(d: Driver) -> Steps:
    """Remove by a click, and its undo."""
    yield from d.press_button("impromptu.remove_style")
    yield 0.5
    d.check("Remove brings the outfit back", wears() == ("outfit", 0, False), wears())
    yield from to_the_view(d)
    yield from d.mouse.press("Z", ctrl=True)
    yield 0.5
    d.check("undo brings the look again", wears()[:2] == ("style", 1), wears())


SCENARIOS = {"look": look}
