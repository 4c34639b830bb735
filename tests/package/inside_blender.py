"""A person's visit, played inside Blender's Python: install the zip, act, disable, remove; says what was found.

`python inside_blender.py ZIP BACKEND_PYTHON`, with BLENDER_USER_RESOURCES naming an empty folder. The last line is
JSON: a list of {"name", "passed", "detail"}.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sys
import time
import traceback
from pathlib import Path

import bpy

MODULE = "bl_ext.user_default.impromptu"
PROMPT = "a man walking backwards"
found: list[dict] = []


def check(name: str, passed: object, detail: object = "") -> None:
    found.append({"name": name, "passed": bool(passed), "detail": str(detail)[:3000]})


def children() -> list[str]:
    """Command lines of this process's living descendants."""
    parents, lines = {}, {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it ended meanwhile
        if stat[0] != "Z":
            parents[int(folder.name)], lines[int(folder.name)] = int(stat[1]), line

    def ours(pid: int) -> bool:
        return pid in parents and (parents[pid] == os.getpid() or ours(parents[pid]))

    return [lines[pid] for pid in parents if ours(pid)]


def traces() -> set[str]:
    """Everything in Blender that carries the add-on's name."""
    names = {f"bpy.types.{n}" for n in dir(bpy.types) if n.startswith(("IMPROMPTU", "Impromptu"))}
    for owner in ("Scene", "Object", "WindowManager", "Armature", "Mesh", "Action"):
        if "impromptu" in getattr(bpy.types, owner).bl_rna.properties:
            names.add(f"bpy.types.{owner}.impromptu")
    for kind in dir(bpy.app.handlers):
        for handler in getattr(bpy.app.handlers, kind) if isinstance(getattr(bpy.app.handlers, kind), list) else ():
            if "impromptu" in getattr(handler, "__module__", ""):
                names.add(f"bpy.app.handlers.{kind}: {handler}")
    for menu in ("VIEW3D_MT_add", "VIEW3D_MT_armature_add", "TOPBAR_MT_file_import", "TOPBAR_MT_file_export"):
        for draw in getattr(getattr(bpy.types, menu), "_dyn_ui_initialize", list)():
            if "impromptu" in getattr(draw, "__module__", ""):
                names.add(f"{menu}: {draw}")
    return names


def installed_files(folder: Path) -> dict[str, int]:
    """Files and sizes, without Python's own caches."""
    return {
        str(p.relative_to(folder)): p.stat().st_size
        for p in folder.rglob("*")
        if p.is_file() and "__pycache__" not in p.parts
    }


def act(python: str) -> None:
    """Run the main job through the operators, as a script would, and look at what it left in the scene."""
    bpy.ops.impromptu.use_python(filepath=python)
    scene = bpy.context.scene
    scene.impromptu.prompt = PROMPT
    scene.impromptu.seconds = 2.0
    check("act finishes", bpy.ops.impromptu.act() == {"FINISHED"})
    rigs = [o for o in scene.objects if o.type == "ARMATURE"]
    check("one rig stands in the scene", len(rigs) == 1, [o.name for o in scene.objects])
    rig = rigs[0]
    action = rig.animation_data.action if rig.animation_data else None
    check("it has an action", action is not None)
    start, end = action.frame_range
    check("the action is as long as asked", abs((end - start) - 2.0 * scene.render.fps) <= 1, (start, end))
    bone = rig.pose.bones["left_hip"]
    poses = []
    for frame in (int(start), int((start + end) / 2)):
        scene.frame_set(frame)
        poses.append(tuple(bone.matrix.to_quaternion()))
    check("the rig moves", poses[0] != poses[1], poses)
    skins = [o for o in scene.objects if o.type == "MESH" and any(m.type == "ARMATURE" for m in o.modifiers)]
    check("a skin follows the rig", skins and len(skins[0].data.vertices) > 1000)
    low = min((skins[0].matrix_world @ v.co).z for v in skins[0].data.vertices)
    high = max((skins[0].matrix_world @ v.co).z for v in skins[0].data.vertices)
    check("it stands up in metres", 1.3 < high - low < 2.3, (low, high))
    check("it says where it comes from", PROMPT in json.dumps(str(dict(rig.items()))), dict(rig.items()))


def visit(archive: str, python: str) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    before = traces()
    bpy.ops.extensions.package_install_files(filepath=archive, repo="user_default", enable_on_install=True)
    check("installed and enabled", MODULE in bpy.context.preferences.addons)
    folder = Path(importlib.import_module(MODULE).__file__).parent
    check("it lies in the user's folder", os.environ["BLENDER_USER_RESOURCES"] in str(folder), folder)
    check("it registers", traces() - before)
    shipped = installed_files(folder)
    bpy.ops.impromptu.open_manual()
    text = bpy.data.texts["Impromptu Manual"].as_string()
    check("Help opens the pages of the manual", text.startswith("# The manual") and "# Retarget" in text, text[:200])
    try:
        act(python)
    except Exception:  # noqa: BLE001 - reported; the rest of the visit goes on
        check("the job runs", False, traceback.format_exc())
    files = installed_files(folder)
    check("a job writes nothing beside the code", files == shipped, set(files.items()) ^ set(shipped.items()))
    check("the host waits for the next job", any("serve" in line for line in children()), children())
    bpy.ops.preferences.addon_disable(module=MODULE)
    end = time.monotonic() + 15
    while children() and time.monotonic() < end:
        time.sleep(0.1)
    check("disabling ends the host", not children(), children())
    check("disabling leaves nothing in Blender", traces() == before, traces() - before)
    bpy.ops.preferences.addon_enable(module=MODULE)
    check("it can be enabled again", traces() - before)
    repositories = bpy.context.preferences.extensions.repos
    index = next(i for i, r in enumerate(repositories) if r.module == "user_default")
    bpy.ops.extensions.package_uninstall(repo_index=index, pkg_id="impromptu")
    check("uninstalling leaves nothing in Blender", traces() == before, traces() - before)
    check("uninstalling leaves no code", not folder.exists(), folder)


if __name__ == "__main__":
    try:
        visit(*sys.argv[1:3])
    except Exception:  # noqa: BLE001 - whatever it is belongs into the report
        check("the visit goes to its end", False, traceback.format_exc())
    print("\n" + json.dumps(found))
    shutil.rmtree(bpy.app.tempdir, ignore_errors=True)
    sys.stdout.flush()
    # Blender as a module can hang or crash in its own clean-up.
    os._exit(0)
