"""The pictures of the manual: each state of the panel as a newcomer meets it."""

from __future__ import annotations

import bpy
from drive import Driver, Steps, override, region, view, window
from scenarios import DONE, FIRST_JOB_S, MODULE, jobs, name_backend, prepare, rigs, settings, type_prompt

LANGUAGES = {"korean": ("ko_KR",), "chinese": ("zh_HANS", "zh_CN")}
PANELS = ("main", "found", "jobs", "shape", "expression", "pose", "motion", "export", "retarget")


def sidebar(d: Driver, name: str) -> Steps:
    """A picture of the sidebar down to its last panel; the pointer waits outside, so that nothing is highlighted."""
    area = region("WINDOW")
    yield from d.mouse.move(area.x + 60, area.y + 60)
    yield from d.picture(name, kind="UI")


def pictures(d: Driver) -> Steps:
    """From the fresh install to the finished character."""
    bpy.context.preferences.view.ui_scale = 1.25
    yield from prepare(d)
    view().spaces.active.overlay.show_floor = True
    yield from sidebar(d, "panel_no_runtime")
    name_backend()
    yield 0.5
    yield from sidebar(d, "panel_empty")
    yield from type_prompt(d, "a woman waves with her right hand")
    yield from found(d)
    yield from running(d)
    yield from result(d)
    yield from failing(d)
    yield from languages(d)
    yield from preferences(d)


def found(d: Driver) -> Steps:
    """Find, and the ranked labels with their thumbnails."""
    yield from d.press_button("impromptu.find")
    yield from d.wait(lambda: jobs() and jobs()[-1].state in DONE, FIRST_JOB_S, "Find ends")
    yield from d.wait(lambda: len(settings().found), 5, "labels are found")
    yield 0.5
    yield from sidebar(d, "panel_found")


def running(d: Driver) -> Steps:
    """Act, caught in the middle."""
    count = len(jobs())
    yield from d.press_button("impromptu.act")
    yield from d.wait(lambda: len(jobs()) > count and jobs()[-1].stage, 30, "Act tells how far it is")
    yield from d.picture("panel_running", kind="UI")
    yield from d.wait(lambda: jobs()[-1].state in DONE and rigs(), FIRST_JOB_S, "Act ends")


def result(d: Driver) -> Steps:
    """The actor in the middle of its motion, the whole window; then the panels one by one."""
    bpy.context.scene.frame_set(40)
    rig = rigs()[0]
    bpy.ops.object.select_all(action="DESELECT")
    with override():
        for obj in (rig, *rig.children):
            obj.select_set(True)
        bpy.ops.view3d.view_selected()
        bpy.context.view_layer.objects.active = rig
    yield 0.5
    yield from d.picture("panel_result")
    yield from sidebar(d, "panel_jobs")
    for name in ("shape", "pose", "export", "retarget"):
        yield from alone(d, name)


def alone(d: Driver, name: str) -> Steps:
    """One panel with the others out of the way: scrolls until its top is at the top."""
    classes = [getattr(bpy.types, f"IMPROMPTU_PT_{n}", None) for n in PANELS]
    others = [c for c, n in zip(classes, PANELS, strict=True) if c and n != name]
    for cls in others:
        bpy.utils.unregister_class(cls)
    yield 0.5
    yield from sidebar(d, f"panel_{name}")
    for cls in others:
        bpy.utils.register_class(cls)
    yield 0.2


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
    for name, codes in LANGUAGES.items():
        known = [item.identifier for item in wanted.bl_rna.properties["language"].enum_items]
        wanted.language = next((code for code in codes if code in known), codes[0])
        wanted.use_translate_interface = wanted.use_translate_tooltips = True
        yield 1
        yield from sidebar(d, f"panel_{name}")
    wanted.language = "en_US"
    yield 0.5


def preferences(d: Driver) -> Steps:
    """The add-on's preferences, in the area of the 3D view."""
    area = view()
    area.type = "PREFERENCES"
    bpy.context.preferences.active_section = "ADDONS"
    bpy.context.window_manager.addon_search = "Impromptu"
    with bpy.context.temp_override(window=window(), area=area):
        bpy.ops.preferences.addon_expand(module=MODULE)
    yield 1
    main = next(r for r in area.regions if r.type == "WINDOW")
    # Without Blender's own lines about the extension, which show where this machine keeps it.
    yield from d.picture("panel_preferences", (main.x, main.y, main.width, main.height - 270))
    area.type = "VIEW_3D"


def settled(d: Driver) -> Steps:
    """The pictures that need no job."""
    bpy.context.preferences.view.ui_scale = 1.25
    yield from prepare(d)
    yield from sidebar(d, "panel_no_runtime")
    yield from languages(d)
    yield from preferences(d)


SCENARIOS = {"pictures": pictures, "settled": settled}
