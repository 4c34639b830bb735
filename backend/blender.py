"""Blender from outside: find an interpreter that has it, and run a job in a process of its own."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from .children import tracked
from .protocol import ImpromptuError, InvalidInput, JobCancelled, RuntimeMissing, from_wire

ROOT = Path(__file__).resolve().parents[1]
WORKER = ROOT / "rendering" / "worker.py"
BLEND_WORKER = ROOT / "rendering" / "blend_worker.py"
VARIABLE = "IMPROMPTU_BLENDER"
LOG, PARTIAL = "blender.log", "partial.json"
WAIT = "--wait"
"""Lets a worker start without its job and wait for a line on standard input."""
DEBIAN_PACKAGES = "libx11-6 libxrender1 libxfixes3 libxi6 libxkbcommon0 libsm6 libgl1"
GRACE_S = 3.0
"""Seconds that a cancelled job has to end by itself before it is killed."""
NEW_GROUP: int = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
"""Windows' flag for what `start_new_session` does elsewhere: Ctrl-C reaches the parent alone, which ends the job."""
FULL_DISK = ("No space left on device", "File too large", "Disk quota exceeded")
"""How libraries that end the process put it."""
NO_DRIVER = ("No OpenGL vendor", "GLX or EGL context", "Couldn't open libEGL", "Couldn't open libGL")
"""How Blender's graphics library puts it before it ends the process."""
Progress = Callable[[str, int, int], None]


def find_blender() -> list[str]:
    """The command that runs Blender's Python or Blender itself.

    In this order: the environment variable IMPROMPTU_BLENDER (a Python that has bpy, or a Blender binary);
    `.venv-blender` beside the package; this interpreter, if it has bpy; `blender` on the path.

    Raises:
        RuntimeMissing: there is none.
    """
    named = os.environ.get(VARIABLE, "").strip()
    if named:
        found = shutil.which(named)
        if found is None:
            raise RuntimeMissing(
                f"{VARIABLE} names {named}, which is not a program.",
                "Set it to a Blender binary or to a Python that has bpy.",
            )
        return [found]
    local = ROOT / ".venv-blender" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if local.exists():
        return [str(local)]
    if importlib.util.find_spec("bpy") is not None:
        return [sys.executable]
    found = shutil.which("blender")
    if found is not None:
        return [found]
    raise RuntimeMissing(
        "Blender is not installed.",
        f"Run `make setup`, or set {VARIABLE} to a Blender binary or to a Python that has bpy.",
    )


def job_command(blender: list[str], script: Path, *arguments: str | Path) -> list[str]:
    """The command line that runs a script of `rendering`; a job's folder is its last argument."""
    if Path(blender[0]).name.lower().startswith("blender"):
        start = ["-b", "--factory-startup", "--python-exit-code", "1", "--python", str(script), "--"]
        return [*blender, *start, *map(str, arguments)]
    return [*blender, str(script), *map(str, arguments)]


def start_blender(script: Path, folder: Path, *options: str) -> subprocess.Popen[bytes]:
    """Start a script of `rendering` on a folder, which gets its log.

    Whoever calls it ends it by `end_child`. Its standard input tells it, by ending, that this process is gone.

    Raises:
        RuntimeMissing: there is no Blender, or it cannot be started.
    """
    command = job_command(find_blender(), script, *options, folder)
    with open(folder / LOG, "ab") as log:
        try:
            return subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=clean_environment(),
                cwd=folder,
                start_new_session=os.name != "nt",
                creationflags=NEW_GROUP,
            )
        except OSError as error:
            raise RuntimeMissing(
                f"Blender could not be started: {error}.", f"Check {VARIABLE} or run `make setup`."
            ) from error


def run_blender_job(
    job_dir: str | Path,
    on_progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    script: Path | None = None,
    waiting: subprocess.Popen[bytes] | None = None,
) -> dict[str, Any]:
    """Run a worker of `rendering` on a job folder and wait for its result.

    Args:
        job_dir: holds body.npz, motion.npz and job.json (see `rendering.worker`).
        on_progress: called with (stage, step, total).
        cancelled: asked about ten times a second; True ends the job.
        script: another worker than `rendering.worker`, with a folder of its own kind.
        waiting: a worker that was started in the folder with `WAIT`, instead of a new one.

    Returns:
        the worker's result: `files`, `frames`, `fps`, `corrective_keys`.

    Raises:
        ImpromptuError: of the worker's kind; `JobCancelled`; `RuntimeMissing` where Blender or a shared library of
            its is not there. However it ends but well, no output has changed and no temporary file is left.
    """
    job_dir = Path(job_dir).absolute()
    child = waiting or start_blender(script or WORKER, job_dir)
    last: dict[str, Any] = {}
    with tracked(child, lambda: _remove_partial(job_dir)):
        try:
            if waiting is not None:
                # One that has ended meanwhile has left its reason.
                with contextlib.suppress(OSError):
                    _order(waiting)
            for message in _messages(child, cancelled or (lambda: False)):
                if "stage" in message and on_progress is not None:
                    on_progress(message["stage"], message["step"], message["total"])
                elif "stage" not in message:
                    last = message
            child.wait()
        finally:
            end_child(child)
            if "result" not in last:
                _remove_partial(job_dir)
    return _outcome(last, child.returncode, job_dir)


def read_actor(
    job_dir: str | Path,
    blend: str | Path,
    actor: str = "",
    on_progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> dict[str, Any]:
    """Read an actor out of a .blend file, which stays as it is and whose scripts are not run.

    Args:
        job_dir: an empty folder; gets `motion.npz`, `look.npz` and `actor.json`, as `StylizeRequest` takes them.
        actor: name of its rig or mesh; may be empty where the file holds one actor.
        on_progress, cancelled: as in `run_blender_job`.

    Returns:
        the content of `actor.json`: `name`, `body`, `betas` (pairs), `gender`, `vertices`, `uv` (whether it has
        texture coordinates), `frames`, `fps`, `provenance`.

    Raises:
        ImpromptuError: as `run_blender_job`; InvalidInput where the file cannot be opened or holds no such actor.
    """
    return _blend_job(job_dir, {"task": "read", "blend": _absolute(blend), "actor": actor}, on_progress, cancelled)


def style_actor(
    job_dir: str | Path,
    blend: str | Path,
    outputs: Sequence[str | Path],
    previews: Sequence[str | Path] = (),
    actor: str = "",
    style: str = "style.npz",
    record: Mapping[str, Any] | None = None,
    blended: bool = False,
    preview: Mapping[str, int] | None = None,
    on_progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> dict[str, Any]:
    """Give the actor of a .blend file a look and write it; the file itself is only written if it is an output.

    Args:
        job_dir: holds the look, and its `albedo.png` and `normal.png` where there are some.
        outputs: files of any of `ACTOR_FORMATS`, where they are to stay: a .blend finds other files from there, and
            a .usdc has its pictures in `textures` beside it. All are written or none.
        previews: files of `PREVIEW_FORMATS`.
        actor: as in `read_actor`.
        style: the look's file in the folder.
        record: where the look comes from; every output carries it.
        blended: keep a look that the actor has and blend the two by a slider.
        preview: `size` in pixels; with `samples` a pixel films are rendered by Cycles instead of drawn.
        on_progress, cancelled: as in `run_blender_job`.

    Returns:
        `files`, `frames`, `fps`.

    Raises:
        ImpromptuError: as `run_blender_job`; InvalidInput as `read_actor`, or where the look is for another body.
    """
    job = {
        "task": "style",
        "blend": _absolute(blend),
        "actor": actor,
        "style": style,
        "record": dict(record or {}),
        "blended": blended,
        "outputs": [_absolute(p) for p in outputs],
        "previews": [_absolute(p) for p in previews],
        "preview": dict(preview or {}),
    }
    return _blend_job(job_dir, job, on_progress, cancelled)


def staged_textures(staged: Mapping[Path, Path]) -> dict[Path, Path]:
    """The pictures that were written beside staged USD files, and where they have to go with them.

    Args:
        staged: finished file -> goal. A goal's folder gets a `textures` folder where it needs one.
    """
    found = {}
    for source, goal in staged.items():
        for picture in sorted((source.parent / "textures").glob("*")) if source.suffix == ".usdc" else ():
            (goal.parent / "textures").mkdir(exist_ok=True)
            found[picture] = goal.parent / "textures" / picture.name
    return found


def _absolute(path: str | Path) -> str:
    return str(Path(path).absolute())


def _blend_job(
    job_dir: str | Path,
    job: dict[str, Any],
    on_progress: Progress | None,
    cancelled: Callable[[], bool] | None,
) -> dict[str, Any]:
    """Run `rendering.blend_worker` on a job."""
    (Path(job_dir) / "job.json").write_text(json.dumps(job, ensure_ascii=False), encoding="utf-8")
    return run_blender_job(job_dir, on_progress, cancelled, BLEND_WORKER)


def clean_environment() -> dict[str, str]:
    """The environment without what would point the child at this interpreter's modules.

    Its numpy multiplies small matrices in threads of its own; threads for those would wait for one another.
    """
    dropped = {"PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP"}
    kept = {k: v for k, v in os.environ.items() if k not in dropped}
    return {"OPENBLAS_NUM_THREADS": "1", **kept, "PYTHONIOENCODING": "utf-8"}


def _messages(child: subprocess.Popen[bytes], cancelled: Callable[[], bool]) -> Any:
    """The child's JSON lines until it closes its output; other lines are ignored, as Blender prints some early on.

    Raises:
        JobCancelled: `cancelled()` became true.
    """
    lines = lines_of(child)
    while True:
        if cancelled():
            raise JobCancelled("Cancelled; nothing was written.")
        try:
            line = lines.get(timeout=0.1)
        except queue.Empty:
            continue
        if line is None:
            return
        message = parse_line(line, {"stage", "result", "error"})
        if message is not None:
            yield message


def _order(waiting: subprocess.Popen[bytes]) -> None:
    """Tell a waiting worker that its job is there."""
    assert waiting.stdin is not None
    waiting.stdin.write(b"go\n")
    waiting.stdin.flush()


def lines_of(child: subprocess.Popen[bytes]) -> queue.Queue[bytes | None]:
    """The lines that a child prints, as they come; None after the last."""
    lines: queue.Queue[bytes | None] = queue.Queue()

    def drain(stream: IO[bytes]) -> None:
        for line in stream:
            lines.put(line)
        lines.put(None)

    assert child.stdout is not None
    threading.Thread(target=drain, args=(child.stdout,), daemon=True).start()
    return lines


def parse_line(line: bytes, known: set[str]) -> dict[str, Any] | None:
    """A message that has one of the known keys, or None for any other line: Blender prints some early on."""
    try:
        message = json.loads(line)
    except ValueError:
        return None
    return message if isinstance(message, dict) and message.keys() & known else None


def end_child(child: subprocess.Popen[bytes]) -> None:
    """Make sure that the child and its group are gone: an interrupt, then a kill."""
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            if os.name == "nt":
                child.terminate()
            else:
                os.killpg(child.pid, signal.SIGINT)
        try:
            child.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                if os.name == "nt":
                    child.kill()
                else:
                    os.killpg(child.pid, signal.SIGKILL)
            child.wait()
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            # What it did not live to read.
            with contextlib.suppress(BrokenPipeError):
                stream.close()


def _remove_partial(job_dir: Path) -> None:
    """Remove the temporary files of a worker that was killed before it could."""
    listed = job_dir / PARTIAL
    if listed.exists():
        for name in json.loads(listed.read_text(encoding="utf-8")):
            Path(name).unlink(missing_ok=True)


def _outcome(last: dict[str, Any], code: int, job_dir: Path) -> dict[str, Any]:
    """The result, or the error as an exception."""
    if "result" in last and code == 0:
        return last["result"]
    if "error" in last:
        raise from_wire(last["error"])
    raise why_ended(code, job_dir)


def why_ended(code: int, folder: Path) -> ImpromptuError:
    """What a script's log says about its end, where it could not say so itself.

    Args:
        code: that it returned.
        folder: holds its log.
    """
    log = folder / LOG
    tail = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-12:] if log.exists() else []
    for line in reversed(tail):
        if any(words in line for words in FULL_DISK):
            return InvalidInput("The disk is full or the file too large.", "Free some space or write elsewhere.")
        if any(words in line for words in NO_DRIVER):
            return RuntimeMissing(
                "Blender found no graphics driver, which this engine needs.",
                "Use cycles, or run `apt-get install libegl1 libgl1-mesa-dri`.",
            )
        if "cannot open shared object file" in line:
            library = line.partition("ImportError:")[2].split(":")[0].strip() or "a library"
            return RuntimeMissing(
                f"Blender needs the shared library {library}.", f"Run `apt-get install {DEBIAN_PACKAGES}`."
            )
        if "No module named 'bpy'" in line:
            return RuntimeMissing("That Python has no bpy.", f"Run `make setup` or correct {VARIABLE}.")
    if code == 0:
        return RuntimeMissing(
            f"The program that should be Blender ended without doing anything{': ' + tail[-1] if tail else ''}.",
            f"Set {VARIABLE} to a Blender binary or to a Python that has bpy.",
        )
    return ImpromptuError(
        f"Blender ended with code {code}. Its last words: " + " / ".join(tail[-3:]),
        "Try again; if it happens each time, report it with these words.",
    )
