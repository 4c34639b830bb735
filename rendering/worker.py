"""Build an actor from a job folder, write its files and its previews: one job, one process, inside Blender.

Run as `python -m impromptu.rendering.worker JOB`, as `python rendering/worker.py JOB` with a Python that has bpy,
or as `blender -b --python rendering/worker.py -- JOB`; the last two need no installed package.

The folder holds `body.npz`, `motion.npz` (see `addon.scene.actor_data`) and `job.json`:
`{"outputs": [paths], "previews": [paths], "provenance": {...}, "name": str,
"colours": {garment: sRGB hex}, "style": "style.npz", "preview": {"size", "samples"}}`.
`style` names a look in the folder (see `addon.scene.style_data`), whose `albedo.png` and `normal.png` lie beside it;
without, the actor wears its outfit. `provenance` tells of it under `style`.
A film is drawn (see `drafts`), or with `samples` rendered by Cycles, as contact sheets always are.
With `--wait` before the folder, Blender starts and loads what it needs, and the job begins when a line comes on
standard input.
Standard output carries JSON lines alone: `{"stage", "step", "total"}` as it goes, and at the end
`{"result": {...}}` or `{"error": {"code", "message", "hint"}}`. What Blender prints goes to `blender.log`.
All files are made under temporary names beside their own and renamed together when the last one is whole.
"""

from __future__ import annotations

if not __package__:
    # As a script: make the package importable, then start again as a module of it.
    import runpy
    from pathlib import Path

    runpy.run_path(str(Path(__file__).with_name("bootstrap.py")))
    runpy.run_module("impromptu.rendering.worker", run_name="__main__")

import contextlib
import importlib
import json
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..backend import protocol
from .process import LOG, Channel, ending, read_lines

PARTIAL = "partial.json"
"""Lists the temporary files, for whoever has to clean up after a killed worker."""


def explain(error: OSError, path: Path) -> Any:
    """The sentence for a failed write."""
    return protocol.InvalidInput(
        f"{path} cannot be written: {error.strerror or error}.",
        "Check that its folder exists and is writable and that the disk has room.",
    )


@contextlib.contextmanager
def all_or_nothing(paths: list[Path], job: Path) -> Iterator[dict[Path, Path]]:
    """Temporary names beside `paths`, with their extensions; renamed together when the block succeeds.

    Raises:
        InvalidInput: a folder is missing, read-only, or full.
    """
    temporary: dict[Path, Path] = {}
    try:
        for path in paths:
            if path.is_dir():
                raise protocol.InvalidInput(f"{path} is a folder.", "Name a file in it.")
            try:
                handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
            except OSError as error:
                raise explain(error, path) from error
            os.close(handle)
            temporary[path] = Path(name)
        (job / PARTIAL).write_text(json.dumps([str(t) for t in temporary.values()]), encoding="utf-8")
        yield temporary
        for path, made in temporary.items():
            try:
                with open(made, "rb+") as stream:
                    os.fsync(stream.fileno())
                umask = os.umask(0)
                os.umask(umask)
                os.chmod(made, 0o666 & ~umask)
            except OSError as error:
                raise explain(error, path) from error
        for path, made in temporary.items():
            try:
                os.replace(made, path)
            except OSError as error:
                raise explain(error, path) from error
    except protocol.ImpromptuError as error:
        for path, made in temporary.items():
            error.message = error.message.replace(made.name, path.name)
        raise
    finally:
        for made in temporary.values():
            made.unlink(missing_ok=True)


def read_job(folder: Path, formats: tuple[str, ...] = protocol.BLENDER_FORMATS) -> dict[str, Any]:
    """`job.json`, checked.

    Args:
        formats: that outputs may have.

    Raises:
        InvalidInput: missing, not JSON, or naming a format that cannot be written.
    """
    try:
        job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise protocol.InvalidInput(f"The job in {folder} cannot be read: {error}.", "Make it again.") from error
    for key, known in (("outputs", formats), ("previews", protocol.PREVIEW_FORMATS)):
        job[key] = [
            protocol.check_suffix(p, known, "A character" if key == "outputs" else "A preview").absolute()
            for p in job.get(key, [])
        ]
    return job


def run_job(folder: Path, channel: Channel) -> dict[str, Any]:
    """Do all of a job.

    Returns:
        what was made: files, frames, keys.
    """
    # Here, so that a Blender that lacks something is told about over the channel.
    from ..addon.scene import actor as actors
    from ..addon.scene import actor_data
    from ..addon.scene import export as exports
    from . import scene as stage

    job = read_job(folder)
    body = actor_data.load_body(folder / "body.npz")
    motion = actor_data.load_motion(folder / "motion.npz", len(body.parents))
    with all_or_nothing(job["outputs"] + job["previews"], folder) as temporary:
        channel.progress("build", 0, 1)
        stage.clear_scene()
        actor = actors.build_actor(
            body, motion, job.get("name") or "Actor", job.get("provenance", {}), job.get("colours", {})
        )
        if job.get("style"):
            wear(actor.rig, folder / str(job["style"]), job.get("provenance", {}).get("style"))
        stage.create_stage(actor, body.joint_names, motion.fps, 1.0)
        channel.progress("build", 1, 1)
        # The .blend first: previews change the scene's render settings.
        ordered = sorted(job["outputs"], key=lambda p: p.suffix.lower() != ".blend")
        for i, path in enumerate(ordered):
            exports.export_actor(actor, temporary[path])
            channel.progress("export", i + 1, len(ordered))
        render_previews(folder, job, motion, temporary, channel)
    return {
        "files": [str(p) for p in job["outputs"] + job["previews"]],
        "frames": len(motion),
        "fps": motion.fps,
        "corrective_keys": actor.corrective_keys,
    }


def wear(rig: Any, style: Path, record: Any, keep: bool = False) -> None:
    """Give an actor the look of a file.

    Args:
        record: where it comes from.
        keep: blend it with the look that the actor has.

    Raises:
        InvalidInput: the file is missing, damaged, or for another body.
    """
    from ..addon.scene import style as styles
    from ..addon.scene.shape import require_shape
    from ..addon.scene.style_data import Textures, load_style

    data = load_style(style, len(require_shape(rig).data.vertices))
    styles.apply_style(rig, data, Textures.beside(style), record if isinstance(record, dict) else {}, keep)


def render_previews(
    folder: Path, job: dict[str, Any], motion: Any, temporary: dict[Path, Path], channel: Channel
) -> None:
    """Write the job's pictures and films."""
    if not job["previews"]:
        return
    from . import frames, previews

    wanted = job.get("preview") or {}
    films = {p.suffix.lower() for p in job["previews"]}
    # A film is there to be seen soon; with a contact sheet beside it, which takes longer, it has the sheet's size.
    size = int(wanted.get("size") or (400 if films == {".mp4"} else 480))
    samples = int(wanted.get("samples") or 0)
    quality = frames.Quality(size, size, samples or 12)
    provenance = job.get("provenance", {})
    title, subtitle = previews.captions(provenance, job.get("name", ""), motion.seconds, motion.fps)
    # In the job's folder, so that whoever removes that also clears up after a worker that was killed.
    scratch = Path(tempfile.mkdtemp(prefix="frames-", dir=folder))
    try:
        seconds = (len(motion) - 1) / motion.fps
        show = previews.Previews(scratch, quality, seconds, motion.fps, channel.progress, drawn=not samples)
        show.render(films)
        for path in job["previews"]:
            if path.suffix.lower() == ".png":
                show.write_sheet(temporary[path], title, subtitle)
            else:
                show.write_film(temporary[path], title)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def remove_partial(folder: Path) -> None:
    """Remove the temporary files of a job that nobody waits for any more."""
    if (folder / PARTIAL).exists():
        for name in json.loads((folder / PARTIAL).read_text(encoding="utf-8")):
            Path(name).unlink(missing_ok=True)


def load() -> None:
    """Import what jobs need."""
    scene, own = ("actor", "export", "style"), ("scene", "frames", "previews", "drafts")
    for name in (*(f"addon.scene.{n}" for n in scene), *(f"rendering.{n}" for n in own)):
        importlib.import_module(f"{__package__.rpartition('.')[0]}.{name}")


def main(argv: list[str], run: Callable[[Path, Channel], dict[str, Any]] = run_job) -> None:
    """Run the job named last on the command line and end the process."""
    folder = Path(argv[-1]).absolute()
    channel = Channel(folder / LOG)
    ordered = threading.Event()
    with ending(channel):
        read_lines(lambda _: ordered.set(), lambda: remove_partial(folder))
        if "--wait" in argv:
            load()
            ordered.wait()
        channel.send({"result": run(folder, channel)})


if __name__ == "__main__":
    main(sys.argv)
