"""Build an actor from a job folder, write its files and its previews: one job, one process, inside Blender.

Run as `python -m impromptu.rendering.worker JOB`, as `python rendering/worker.py JOB` with a Python that has bpy,
or as `blender -b --python rendering/worker.py -- JOB`; the last two need no installed package.

The folder holds `body.npz`, `motion.npz` (see `addon.scene.actor_data`) and `job.json`:
`{"outputs": [paths], "previews": [paths], "provenance": {...}, "name": str,
"colours": {garment: sRGB hex}, "preview": {"size", "samples"}}`.
Standard output carries JSON lines alone: `{"stage", "step", "total"}` as it goes, and at the end
`{"result": {...}}` or `{"error": {"code", "message", "hint"}}`. What Blender prints goes to `blender.log`.
All files are made under temporary names beside their own and renamed together when the last one is whole.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import json
import os
import shutil
import stat
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

ROOT = Path(__file__).resolve().parents[1]
LOG = "blender.log"
PARTIAL = "partial.json"
"""Lists the temporary files, for whoever has to clean up after a killed worker."""


def bootstrap() -> str:
    """Make the package importable when this file runs as a script, whatever its folder is called.

    Returns:
        the package's name.
    """
    if __package__:
        return __package__.rpartition(".")[0]
    # The script's folder comes first on the path: its `scene` or `film` would shadow others' modules.
    sys.path[:] = [p for p in sys.path if Path(p or ".").resolve() != ROOT / "rendering"]
    spec = importlib.util.spec_from_file_location(
        "impromptu", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["impromptu"] = module
    spec.loader.exec_module(module)
    return "impromptu"


PACKAGE = bootstrap()
protocol = importlib.import_module(f"{PACKAGE}.backend.protocol")


class Channel:
    """The original standard output, for JSON lines only; everything else that prints goes to the log."""

    def __init__(self, log: Path) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        self._stream: TextIO = os.fdopen(os.dup(1), "w", encoding="utf-8")
        handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        os.close(handle)

    def send(self, message: dict[str, Any]) -> None:
        """One message, one line. A reader that has gone ends the job."""
        self._stream.write(json.dumps(message, ensure_ascii=False) + "\n")
        self._stream.flush()

    def progress(self, stage: str, step: int, total: int) -> None:
        """How far a stage is."""
        self.send({"stage": stage, "step": step, "total": total})


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


def read_job(folder: Path) -> dict[str, Any]:
    """`job.json`, checked.

    Raises:
        InvalidInput: missing, not JSON, or naming a format that cannot be written.
    """
    try:
        job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise protocol.InvalidInput(f"The job in {folder} cannot be read: {error}.", "Make it again.") from error
    for key, formats in (("outputs", protocol.BLENDER_FORMATS), ("previews", protocol.PREVIEW_FORMATS)):
        job[key] = [
            protocol.check_suffix(p, formats, "A character" if key == "outputs" else "A preview").absolute()
            for p in job.get(key, [])
        ]
    return job


def run_job(folder: Path, channel: Channel) -> dict[str, Any]:
    """Do all of a job.

    Returns:
        what was made: files, frames, keys.
    """
    actor_data = importlib.import_module(f"{PACKAGE}.addon.scene.actor_data")
    actors = importlib.import_module(f"{PACKAGE}.addon.scene.actor")
    exports = importlib.import_module(f"{PACKAGE}.addon.scene.export")
    stage = importlib.import_module(f"{PACKAGE}.rendering.scene")
    job = read_job(folder)
    body = actor_data.load_body(folder / "body.npz")
    motion = actor_data.load_motion(folder / "motion.npz", len(body.parents))
    with all_or_nothing(job["outputs"] + job["previews"], folder) as temporary:
        channel.progress("build", 0, 1)
        stage.clear_scene()
        actor = actors.build_actor(
            body, motion, job.get("name") or "Actor", job.get("provenance", {}), job.get("colours", {})
        )
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


def render_previews(
    folder: Path, job: dict[str, Any], motion: Any, temporary: dict[Path, Path], channel: Channel
) -> None:
    """Write the job's pictures and films."""
    if not job["previews"]:
        return
    previews = importlib.import_module(f"{PACKAGE}.rendering.previews")
    frames = importlib.import_module(f"{PACKAGE}.rendering.frames")
    wanted = job.get("preview") or {}
    size = int(wanted.get("size") or 480)
    films = {p.suffix.lower() for p in job["previews"]}
    quality = frames.Quality(size, size, int(wanted.get("samples") or (4 if ".mp4" in films else 12)))
    provenance = job.get("provenance", {})
    title, subtitle = previews.captions(provenance, job.get("name", ""), motion.seconds, motion.fps)
    # In the job's folder, so that whoever removes that also clears up after a worker that was killed.
    scratch = Path(tempfile.mkdtemp(prefix="frames-", dir=folder))
    try:
        show = previews.Previews(scratch, quality, (len(motion) - 1) / motion.fps, motion.fps, channel.progress)
        show.render(show.plan(films))
        for path in job["previews"]:
            if path.suffix.lower() == ".png":
                show.write_sheet(temporary[path], title, subtitle)
            else:
                show.write_film(temporary[path], title)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def end_with_parent(folder: Path) -> None:
    """End this process, without a trace, as soon as the one that started it is gone: then standard input ends.

    The thread touches no Blender data; it only waits and ends the process.
    """

    def wait() -> None:
        while os.read(0, 1024):
            continue
        if (folder / PARTIAL).exists():
            for name in json.loads((folder / PARTIAL).read_text(encoding="utf-8")):
                Path(name).unlink(missing_ok=True)
        os._exit(1)

    if not os.isatty(0) and stat.S_ISFIFO(os.fstat(0).st_mode):
        threading.Thread(target=wait, daemon=True).start()


def leave(code: int) -> None:
    """End the process. Blender as a module can hang or crash in its own clean-up, so that is skipped."""
    if "bpy" in sys.modules:
        shutil.rmtree(sys.modules["bpy"].app.tempdir, ignore_errors=True)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def main(argv: list[str]) -> None:
    """Run the job named last on the command line and end the process: 0 done, 2 the user can mend it, 1 ours."""
    folder = Path(argv[-1]).absolute()
    channel = Channel(folder / LOG)
    code = 1
    end_with_parent(folder)
    try:
        channel.send({"result": run_job(folder, channel)})
        code = 0
    except protocol.ImpromptuError as error:
        channel.send({"error": {"code": error.code, "message": error.message, "hint": error.hint}})
        code = 1 if error.code == "internal" else 2
    except ImportError as error:
        channel.send({"error": {"code": "runtime_missing", "message": f"Blender's Python lacks something: {error}.",
                                "hint": "Run `make setup` again."}})  # fmt: skip
        code = 2
    except KeyboardInterrupt:
        code = 130
    except BaseException:  # noqa: BLE001 - the process ends here; the parent quotes the log
        traceback.print_exc()
    finally:
        leave(code)


if __name__ == "__main__":
    main(sys.argv)
