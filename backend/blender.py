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
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from .children import tracked
from .protocol import ImpromptuError, InvalidInput, JobCancelled, RuntimeMissing, from_wire

ROOT = Path(__file__).resolve().parents[1]
WORKER = ROOT / "rendering" / "worker.py"
VARIABLE = "IMPROMPTU_BLENDER"
LOG, PARTIAL = "blender.log", "partial.json"
DEBIAN_PACKAGES = "libx11-6 libxrender1 libxfixes3 libxi6 libxkbcommon0 libsm6 libgl1"
GRACE_S = 3.0
"""Seconds that a cancelled job has to end by itself before it is killed."""
NEW_GROUP: int = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
"""Windows' flag for what `start_new_session` does elsewhere: Ctrl-C reaches the parent alone, which ends the job."""
FULL_DISK = ("No space left on device", "File too large", "Disk quota exceeded")
"""How libraries that end the process put it."""
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


def job_command(blender: list[str], job_dir: Path) -> list[str]:
    """The command line that runs the worker on a job folder."""
    if Path(blender[0]).name.lower().startswith("blender"):
        script = ["-b", "--factory-startup", "--python-exit-code", "1", "--python", str(WORKER), "--"]
        return [*blender, *script, str(job_dir)]
    return [*blender, str(WORKER), str(job_dir)]


def run_blender_job(
    job_dir: str | Path,
    on_progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> dict[str, Any]:
    """Run `rendering.worker` on a job folder and wait for its result.

    Args:
        job_dir: holds body.npz, motion.npz and job.json (see `rendering.worker`).
        on_progress: called with (stage, step, total).
        cancelled: asked about ten times a second; True ends the job.

    Returns:
        the worker's result: `files`, `frames`, `fps`, `corrective_keys`.

    Raises:
        ImpromptuError: of the worker's kind; `JobCancelled`; `RuntimeMissing` where Blender or a shared library of
            its is not there. However it ends but well, no output has changed and no temporary file is left.
    """
    job_dir = Path(job_dir).absolute()
    command = job_command(find_blender(), job_dir)
    with open(job_dir / LOG, "ab") as log:
        try:
            child = subprocess.Popen(
                command,
                # Its end tells the worker that this process is gone, however it went.
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=_clean_environment(),
                cwd=job_dir,
                start_new_session=os.name != "nt",
                creationflags=NEW_GROUP,
            )
        except OSError as error:
            raise RuntimeMissing(
                f"Blender could not be started: {error}.", f"Check {VARIABLE} or run `make setup`."
            ) from error
    last: dict[str, Any] = {}
    with tracked(child, lambda: _remove_partial(job_dir)):
        try:
            for message in _messages(child, cancelled or (lambda: False)):
                if "stage" in message and on_progress is not None:
                    on_progress(message["stage"], message["step"], message["total"])
                elif "stage" not in message:
                    last = message
            child.wait()
        finally:
            _end(child)
            if "result" not in last:
                _remove_partial(job_dir)
    return _outcome(last, child.returncode, job_dir)


def _clean_environment() -> dict[str, str]:
    """The environment without what would point the child at this interpreter's modules."""
    dropped = {"PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP"}
    return {k: v for k, v in os.environ.items() if k not in dropped} | {"PYTHONIOENCODING": "utf-8"}


def _messages(child: subprocess.Popen[bytes], cancelled: Callable[[], bool]) -> Any:
    """The child's JSON lines until it closes its output; other lines are ignored, as Blender prints some early on.

    Raises:
        JobCancelled: `cancelled()` became true.
    """
    lines: queue.Queue[bytes | None] = queue.Queue()

    def drain(stream: IO[bytes]) -> None:
        for line in stream:
            lines.put(line)
        lines.put(None)

    assert child.stdout is not None
    threading.Thread(target=drain, args=(child.stdout,), daemon=True).start()
    while True:
        if cancelled():
            raise JobCancelled("Cancelled; nothing was written.")
        try:
            line = lines.get(timeout=0.1)
        except queue.Empty:
            continue
        if line is None:
            return
        message = _parse(line)
        if message is not None:
            yield message


def _parse(line: bytes) -> dict[str, Any] | None:
    """A message of the worker's, or None for any other line."""
    try:
        message = json.loads(line)
    except ValueError:
        return None
    known = isinstance(message, dict) and message.keys() & {"stage", "result", "error"}
    return message if known else None


def _end(child: subprocess.Popen[bytes]) -> None:
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
    log = job_dir / LOG
    tail = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-12:] if log.exists() else []
    for line in reversed(tail):
        if any(words in line for words in FULL_DISK):
            raise InvalidInput("The disk is full or the file too large.", "Free some space or write elsewhere.")
        if "cannot open shared object file" in line:
            library = line.partition("ImportError:")[2].split(":")[0].strip() or "a library"
            raise RuntimeMissing(
                f"Blender needs the shared library {library}.", f"Run `apt-get install {DEBIAN_PACKAGES}`."
            )
        if "No module named 'bpy'" in line:
            raise RuntimeMissing("That Python has no bpy.", f"Run `make setup` or correct {VARIABLE}.")
    if code == 0:
        raise RuntimeMissing(
            f"The program that should be Blender ended without doing anything{': ' + tail[-1] if tail else ''}.",
            f"Set {VARIABLE} to a Blender binary or to a Python that has bpy.",
        )
    raise ImpromptuError(
        f"Blender ended with code {code}. Its last words: " + " / ".join(tail[-3:]),
        "Try again; if it happens each time, report it with these words.",
    )
