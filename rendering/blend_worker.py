"""An actor of a .blend file: read what it is, or give it a look and write it: one job, one process, inside Blender.

Run as `rendering.worker` is. The folder holds `job.json`:

- `{"task": "read", "blend": path, "actor": name}` writes `actor.json` (`name`, `body`, `betas`, `gender`, `vertices`,
  `uv`, `provenance`), `motion.npz` (poses, trans, betas, fps; one frame of an actor that nothing moves) and
  `look.npz` (colour, offsets), as `StylizeRequest` takes them.
- `{"task": "style", "blend": path, "actor": name, "style": "style.npz", "record": {...}, "blended": bool,
  "outputs": [paths], "previews": [paths], "preview": {"size", "samples"}}` gives the actor the look, whose pictures
  lie beside it in the folder, and writes the files. Those stand where they are to stay: a .blend's relative paths are
  made for its folder, and USD's pictures go into `textures` beside it.

`actor` may be empty where the file holds one actor only. The file itself is never written, and no script in it runs.
What comes over standard output, and what happens to half-made files, is as with `rendering.worker`.
"""

from __future__ import annotations

if not __package__:
    # As a script: make the package importable, then start again as a module of it.
    import runpy
    from pathlib import Path

    runpy.run_path(str(Path(__file__).with_name("bootstrap.py")))
    runpy.run_module("impromptu.rendering.blend_worker", run_name="__main__")

import json
import sys
from pathlib import Path
from typing import Any

from ..backend import protocol
from .process import Channel
from .worker import all_or_nothing, main, read_job, render_previews, wear

SHOWN_NAMES = 6
"""Names of what a file holds that an error lists."""


def open_blend(path: Path) -> None:
    """Open a .blend file, running nothing that is in it.

    Raises:
        InvalidInput: it is missing, damaged, or of a newer Blender.
    """
    import bpy

    if not path.is_file():
        raise protocol.InvalidInput(f"There is no file {path}.", "Check its name.")
    try:
        bpy.ops.wm.open_mainfile(filepath=str(path), load_ui=False, use_scripts=False)
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1].removeprefix("Error: ")
        raise protocol.InvalidInput(
            f"{path.name} cannot be opened: {reason}",
            f"Use a .blend file of Blender {bpy.app.version_string} or older.",
        ) from error


def listed(names: list[str]) -> str:
    """Names in a sentence, the first few of many."""
    more = f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
    return ", ".join(names[:SHOWN_NAMES]) + more


def find_actor(path: Path, name: str) -> Any:
    """The rig of the actor that a job is about, in the scene that is now open.

    Args:
        name: of its rig or its mesh; empty: the only one.

    Raises:
        InvalidInput: there is none, there are several, or it was not made by this program.
    """
    import bpy

    from ..addon.scene.handles import is_actor, skin_of, why_not_reshaped

    rigs = sorted((o for o in bpy.data.objects if is_actor(o) and o.users_scene), key=lambda o: o.name)
    names = [rig.name for rig in rigs]
    if not rigs:
        others = sorted(o.name for o in bpy.data.objects if o.type in ("ARMATURE", "MESH") and o.users_scene)
        held = f"; it holds {listed(others)}" if others else ""
        raise protocol.InvalidInput(
            f"{path.name} holds no actor made by Impromptu{held}.",
            "Make one by `impromptu act PROMPT -o FILE.blend` or in Blender.",
        )
    if name:
        skins = {skin.name: rig for rig in rigs if (skin := skin_of(rig)) is not None}
        found = {**skins, **{rig.name: rig for rig in rigs}}
        if name not in found:
            raise protocol.InvalidInput(f"{path.name} holds no actor {name!r}.", f"Name one of {listed(names)}.")
        rigs = [found[name]]
    if len(rigs) > 1:
        raise protocol.InvalidInput(f"{path.name} holds {len(rigs)} actors.", f"Name one of {listed(names)}.")
    why = why_not_reshaped(rigs[0])
    if why:
        raise protocol.InvalidInput(why, "Open the file in which it was made.")
    return rigs[0]


def open_actor(job: dict[str, Any]) -> Any:
    """The job's actor, with its file open, its scene shown, and the rig in object mode."""
    import bpy

    path = Path(str(job.get("blend", "")))
    open_blend(path)
    rig = find_actor(path, str(job.get("actor") or ""))
    window = bpy.context.window
    if window is not None and bpy.context.scene not in rig.users_scene:
        window.scene = rig.users_scene[0]
    active = bpy.context.view_layer.objects.active
    if active is not None and active.mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    return rig


def is_still(rig: Any) -> bool:
    """Whether no action and no strip moves the actor."""
    animation = rig.animation_data
    return animation is None or (animation.action is None and not any(t.strips for t in animation.nla_tracks))


def motion_of(rig: Any) -> Any:
    """What the actor plays, its pose now where nothing moves it, and its betas."""
    import bpy
    import numpy as np

    from ..addon.scene.read_motion import read_motion

    frames = np.array([bpy.context.scene.frame_current]) if is_still(rig) else None
    return read_motion(rig, frames)


def read_actor(folder: Path, job: dict[str, Any]) -> dict[str, Any]:
    """Write what the actor of a file is, plays and shows.

    Returns:
        the content of `actor.json`.
    """
    import numpy as np

    from ..addon.scene import described, gender, provenance
    from ..addon.scene.handles import skin_of
    from ..addon.scene.style_look import write_look

    rig = open_actor(job)
    skin = skin_of(rig)
    motion, betas = motion_of(rig)
    np.savez(folder / "motion.npz", poses=motion.poses, trans=motion.trans, betas=betas, fps=np.float64(motion.fps))
    write_look(rig, folder / "look.npz")
    told = {
        "name": rig.name,
        "body": described.body_named(rig),
        "betas": [[name, value] for name, value in described.pairs(betas)],
        "gender": gender.gender_of(rig),
        "vertices": len(skin.data.vertices),
        "uv": bool(skin.data.uv_layers),
        "frames": len(motion),
        "fps": motion.fps,
        "provenance": provenance.read(rig),
    }
    (folder / "actor.json").write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
    return told


def style_actor(folder: Path, job: dict[str, Any], channel: Channel) -> dict[str, Any]:
    """Give the actor of a file a look; write its files and previews.

    Returns:
        `files`, `frames`, `fps`.
    """
    # First: Blender's own modules are found through it.
    import bpy  # noqa: F401

    from ..addon.scene import export as exports
    from ..addon.scene import provenance
    from ..addon.scene.actor import Actor

    with all_or_nothing(job["outputs"] + job["previews"], folder) as temporary:
        channel.progress("open", 0, 1)
        rig = open_actor(job)
        wear(rig, folder / str(job.get("style") or "style.npz"), job.get("record"), bool(job.get("blended")))
        actor = Actor.of(rig)
        motion, _ = motion_of(rig)
        # The .blend first: previews change the scene.
        ordered = sorted(job["outputs"], key=lambda p: p.suffix.lower() != ".blend")
        for i, path in enumerate(ordered):
            exports.export_actor(actor, temporary[path])
            channel.progress("export", i + 1, len(ordered))
        if job["previews"]:
            set_stage(actor, motion)
            told = {"provenance": provenance.read(rig), "name": rig.name, **job}
            render_previews(folder, told, motion, temporary, channel)
    return {
        "files": [str(p) for p in job["outputs"] + job["previews"]],
        "frames": len(motion),
        "fps": motion.fps,
    }


def set_stage(actor: Any, motion: Any) -> None:
    """Show the actor alone on the stage of previews: in a scene of its own, so that the file's lights, cameras and
    compositing do not get into the picture."""
    import bpy

    from ..addon.scene.read_motion import action_frames
    from ..addon.scene.skeleton import skeleton_of
    from . import scene as stage

    frames = action_frames(actor.rig, bpy.context.scene)
    own = bpy.data.scenes.new("Impromptu Preview")
    own.render.fps, own.render.fps_base = bpy.context.scene.render.fps, bpy.context.scene.render.fps_base
    own.unit_settings.scale_length = bpy.context.scene.unit_settings.scale_length
    first = bpy.context.scene.frame_current if is_still(actor.rig) else int(frames[0])
    own.frame_start, own.frame_end = first, first + len(motion) - 1
    for obj in (actor.rig, actor.skin):
        own.collection.objects.link(obj)
        obj.hide_render = obj.hide_viewport = False
    # Its window is there in background mode too.
    bpy.context.window.scene = own
    own.frame_set(first)
    skeleton = skeleton_of(actor.rig)
    stage.create_stage(actor, tuple(skeleton.names), motion.fps, 1.0)


def run_job(folder: Path, channel: Channel) -> dict[str, Any]:
    """Do a job.

    Raises:
        InvalidInput: the task is not known, or what the task says.
    """
    job = read_job(folder, protocol.ACTOR_FORMATS)
    if job.get("task") == "read":
        return read_actor(folder, job)
    if job.get("task") == "style":
        return style_actor(folder, job, channel)
    raise protocol.InvalidInput(f"There is no task {job.get('task')!r}.", "Use read or style.")


if __name__ == "__main__":
    main(sys.argv, run_job)
