"""The pictures of the manual: each state of the panel as a newcomer meets it."""

from __future__ import annotations

import importlib
from typing import Any

import bpy
from drive import Driver, Steps, override, region, view, window
from mathutils import Euler
from scenarios import DONE, FIRST_JOB_S, MODULE, jobs, name_backend, prepare, rigs, settings, type_prompt

LANGUAGES = {"korean": "ko_KR", "chinese": "zh_HANS" if bpy.app.version >= (4, 0) else "zh_CN"}


def sidebar(d: Driver, name: str) -> Steps:
    """A picture of the sidebar down to its last panel; the pointer waits outside, so that nothing is highlighted."""
    area = region("WINDOW")
    yield from d.mouse.move(area.x + 60, area.y + 60)
    yield from d.picture(name, kind="UI")


def pictures(d: Driver) -> Steps:
    """From the fresh install to the finished character."""
    bpy.context.preferences.view.ui_scale = 1.25
    yield from prepare(d)
    # The screen's own pointer, which simulated events do not move, waits in a corner.
    window().cursor_warp(window().width - 1, 0)
    view().spaces.active.overlay.show_floor = True
    if hasattr(bpy.context.preferences.system, "use_online_access"):  # since Blender 4.2
        bpy.context.preferences.system.use_online_access = True
    yield 0.5
    yield from sidebar(d, "panel_no_runtime")
    yield from preferences(d)
    name_backend()
    yield 0.5
    yield from sidebar(d, "panel_empty")
    yield from type_prompt(d, "a woman waves with her right hand")
    yield from found(d)
    yield from running(d)
    yield from result(d)
    yield from failing(d)
    yield from languages(d)


def found(d: Driver) -> Steps:
    """Find, and the ranked labels with their thumbnails."""
    yield from d.press_button("impromptu.find")
    yield from d.wait(lambda: jobs() and jobs()[-1].state in DONE, FIRST_JOB_S, "Find ends")
    yield from d.wait(lambda: len(settings().found), 5, "labels are found")
    yield 0.5
    yield from sidebar(d, "panel_found")


def running(d: Driver) -> Steps:
    """Act with many variants, caught in the middle and cancelled; then the one that the other pictures show."""
    settings().variants = 16
    count = len(jobs())
    yield from d.press_button("impromptu.act")
    yield from d.wait(lambda: len(jobs()) > count and jobs()[-1].step > 3, 60, "Act tells how far it is")
    yield from d.picture("panel_running", kind="UI")
    cancelled = jobs()[-1].id
    d.check("the picture was taken while it ran", jobs()[-1].state == "running", jobs()[-1].state)
    # Not by the button, which takes seconds to find: `scenarios.cancel` does that.
    bpy.ops.impromptu.cancel(job=cancelled)
    yield from d.wait(lambda: jobs()[-1].state == "cancelled", 3, "the job is cancelled")
    settings().variants = 1
    yield from d.press_button("impromptu.act")
    yield from d.wait(lambda: jobs()[-1].state in DONE and rigs(), FIRST_JOB_S, "Act ends")
    yield from alone(d, "jobs")
    bpy.ops.impromptu.remove_job(job=cancelled)


def result(d: Driver) -> Steps:
    """The actor in the middle of its motion, the whole window; then the panels one by one."""
    bpy.context.scene.frame_set(40)
    rig = rigs()[0]
    space = view().spaces.active
    # Its clothes are painted: a colour attribute, which the solid view shows when asked.
    space.shading.color_type = "VERTEX"
    space.region_3d.view_rotation = Euler((1.35, 0, 0.5)).to_quaternion()
    bpy.ops.object.select_all(action="DESELECT")
    with override():
        rig.children[0].select_set(True)
        bpy.ops.view3d.view_selected()
        rig.children[0].select_set(False)
        rig.select_set(True)
        bpy.context.view_layer.objects.active = rig
    yield 0.5
    yield from d.picture("panel_result")
    for name in ("main", "shape", "pose", "export", "retarget"):
        yield from alone(d, name)


def panels() -> list[Any]:
    """The add-on's panels, in the order in which they are registered."""
    registration = importlib.import_module(f"{MODULE}.addon.registration")
    classes = [cls for module in registration.modules() for cls in getattr(module, "classes", ())]
    return [cls for cls in classes if issubclass(cls, bpy.types.Panel)]


def alone(d: Driver, name: str) -> Steps:
    """The panels of one module, all open, without the others: copies, since Blender remembers which are closed."""
    mine = [c for c in panels() if c.__module__.endswith(f".panels.{name}")]
    for cls in reversed(panels()):
        bpy.utils.unregister_class(cls)
    copies = []
    for cls in mine:
        parent = getattr(cls, "bl_parent_id", "")
        more = {"bl_idname": f"{cls.__name__}_open", "bl_options": set()}
        copies.append(
            type(f"{cls.__name__}_open", (cls,), more | ({"bl_parent_id": f"{parent}_open"} if parent else {}))
        )
        bpy.utils.register_class(copies[-1])
    yield 0.6
    yield from sidebar(d, f"panel_{name}")
    for cls in reversed(copies):
        bpy.utils.unregister_class(cls)
    for cls in panels():
        bpy.utils.register_class(cls)
    yield 0.3


def failing(d: Driver) -> Steps:
    """A library that is not there: one sentence and its button."""
    settings().library = "/nowhere/my_motions"
    count = len(jobs())
    yield from d.press_button("impromptu.act")
    yield from d.wait(lambda: len(jobs()) > count and jobs()[-1].state in DONE, 60, "the wrong library is refused")
    yield 0.5
    yield from sidebar(d, "panel_error")
    settings().library = ""


def languages(d: Driver) -> Steps:
    """The same panel in Korean and in Chinese."""
    wanted = bpy.context.preferences.view
    for name, code in LANGUAGES.items():
        wanted.language = code
        wanted.use_translate_interface = wanted.use_translate_tooltips = True
        yield 1
        yield from sidebar(d, f"panel_{name}")
    wanted.language = "en_US"
    yield 0.5


def preferences(d: Driver) -> Steps:
    """The add-on's preferences, in the area of the 3D view."""
    # Without Blender's own lines about the extension, which show where this machine keeps it.
    yield from preferences_page(d, "panel_preferences", 270, 800)


def models(d: Driver) -> Steps:
    """The list of models in the preferences, as the backend has found them."""
    yield from prepare(d)
    name_backend()
    operators = importlib.import_module(f"{MODULE}.addon.ops.runtime")
    bpy.ops.impromptu.list_models()
    yield from d.wait(lambda: operators.running() is None, FIRST_JOB_S, "the backend has looked for models")
    # Without the page's upper part, which shows where this machine keeps things.
    yield from preferences_page(d, "panel_models", 418, 817)


def preferences_page(d: Driver, name: str, skip: int, height: int) -> Steps:
    """A picture of the preferences' page, so many pixels high, from so many below its upper edge."""
    area = view()
    area.type = "PREFERENCES"
    bpy.context.preferences.active_section = "ADDONS"
    bpy.context.window_manager.addon_search = "Impromptu"
    with bpy.context.temp_override(window=window(), area=area):
        bpy.ops.preferences.addon_expand(module=MODULE)
    yield 1
    main = next(r for r in area.regions if r.type == "WINDOW")
    yield from d.picture(name, (main.x, main.y + main.height - skip - height, main.width, height))
    area.type = "VIEW_3D"
    yield 1


def settled(d: Driver) -> Steps:
    """The pictures that need no job."""
    bpy.context.preferences.view.ui_scale = 1.25
    yield from prepare(d)
    yield from sidebar(d, "panel_no_runtime")
    yield from languages(d)
    yield from preferences(d)


SCENARIOS = {"pictures": pictures, "settled": settled, "models": models}
