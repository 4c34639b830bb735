"""Jobs: what can be done, and doing one in a folder, the same for the host and the command line."""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from types import FrameType
from typing import Any

from . import memory, protocol
from .context import JobContext, Report, plain, relative
from .protocol import ImpromptuError, InvalidInput, JobCancelled, to_wire
from .protocol.wire import encode

Function = Callable[[Any, JobContext], tuple[dict[str, "str | Path"], dict[str, Any]]]
"""Does a job: given its request and context, returns the result files by name, in its folder, and metrics."""
KINDS: dict[str, str | Function] = {
    "find": ".kinds.find:run",
    "act": ".kinds.act:run",
    "write": ".kinds.write:run",
    "body": ".kinds.body:run",
    "import": ".kinds.imports:run",
    "match": ".kinds.match:run",
    "models": ".kinds.models:run",
    "stylize": ".kinds.stylize:run",
    "fit": ".kinds.fit:run",
    "edit": ".kinds.edit:run",
    "classify": ".kinds.classify:run",
    "check": ".kinds.check:run",
}
"""Kind -> its function, or `module:function`, imported at the first job of the kind."""
REQUEST, STATE, LOG = "request.json", "state.json", "job.log"


def register(kind: str, request: type, function: str | Function) -> None:
    """Add a kind of job, for programs that start a host of their own: see docs/protocol.md.

    Args:
        request: a dataclass whose fields have JSON values as defaults.
        function: or where to import it from, as `module:function`.
    """
    protocol.KINDS[kind] = request
    KINDS[kind] = function


def function_of(kind: str) -> Function:
    """The function that does a kind of job.

    Raises:
        RuntimeMissing: a library that it needs is not installed.
    """
    function = KINDS[kind]
    if callable(function):
        return function
    module, _, name = function.partition(":")
    try:
        return getattr(importlib.import_module(module, __package__), name)
    except ModuleNotFoundError as error:
        raise protocol.RuntimeMissing(
            f"This runtime lacks {error.name}, which a {kind} job needs.", "Repair the runtime in the preferences."
        ) from error


@dataclass
class Job:
    """One thing to do. Its folder outlives it."""

    id: str
    kind: str
    request: Any
    folder: Path
    cancelled: Event = field(default_factory=Event)
    """Set it to end the job; it ends at its next step."""

    @classmethod
    def submitted(cls, message: dict[str, Any]) -> Job:
        """The job of a `submit` message.

        Raises:
            InvalidInput: an unknown kind, a request that is not valid, or no folder.
        """
        folder = Path(message["folder"])
        if not folder.is_absolute() or not folder.is_dir():
            raise InvalidInput(
                f"There is no folder {folder} for this job.", "Make it first, and give its whole path."
            )
        return cls(message["id"], message["kind"], protocol.from_params(message["kind"], message["params"]), folder)


class Executor:
    """Does jobs, one at a time, in the thread that calls `run`.

    Args:
        report: gets a job's messages: progress, preview, and in the end result, cancelled or error.
        device: `auto`, `cpu`, `cuda` or `mps`.
    """

    def __init__(self, report: Report, device: str = "auto") -> None:
        self._report, self._device = report, device
        self.running: Job | None = None
        self._interruptible = False

    def run(self, job: Job) -> str:
        """Do a job to its end; whatever goes wrong in it is reported and written, not raised.

        Returns:
            the state in which it ended: `done`, `failed` or `cancelled`.

        Raises:
            KeyboardInterrupt: where Ctrl-C has no other meaning; the job is then cancelled.
        """
        self.running = job
        record = Record(job, self._tell)
        try:
            return self._run(job, record)
        except JobCancelled:
            return record.end("cancelled")
        except KeyboardInterrupt:
            record.end("cancelled")
            raise
        except Exception as error:  # noqa: BLE001 - the host outlives any fault of a job; the log has the traceback
            traceback.print_exc()
            return record.end("failed", error=to_wire(_in_words(error)))
        finally:
            self.running = None

    def interrupt(self, frame: FrameType | None = None) -> None:
        """End the running job now, not at its next step. For a signal's handler, in the thread of `run`.

        Args:
            frame: what the signal interrupted. An import is let finish: half a C library cannot be loaded again.

        Raises:
            JobCancelled: out of the job's function, wherever it is.
        """
        if self.running is not None:
            self.running.cancelled.set()
        if self._interruptible and not _imports(frame):
            self._interruptible = False
            raise JobCancelled("Cancelled; nothing was written.")

    def _tell(self, type_: str, **fields: Any) -> None:
        """Report, safe from interrupts: one in the wrong place would leave the sender's lock taken."""
        before, self._interruptible = self._interruptible, False
        try:
            self._report(type_, **fields)
        finally:
            self._interruptible = before

    def _run(self, job: Job, record: Record) -> str:
        context = JobContext(job.id, job.folder, record.report, job.cancelled, self._device)
        context.check()
        remove_left_overs(job.folder)
        record.begin()
        try:
            self._interruptible = True
            function = function_of(job.kind)
            files, metrics = memory.run_shrinking(lambda: function(job.request, context), context)
        finally:
            self._interruptible = False
        names = {name: relative(path, job.folder) for name, path in files.items()}
        context.check()
        return record.end("done", files=names, metrics=plain(metrics))


class Record:
    """A job's `state.json` and its messages. What others have put into the file stays in it."""

    def __init__(self, job: Job, report: Report) -> None:
        self.job, self._send = job, report
        self._stage = ""

    def begin(self) -> None:
        """Write that the job runs."""
        request = self.job.folder / REQUEST
        if not request.exists():
            params = protocol.to_params(self.job.request)
            write_state(request, {"id": self.job.id, "kind": self.job.kind, "params": params})
        self._write(state="running", stage="", step=0, total=0, eta_s=None, files={}, metrics={}, error=None)

    def report(self, type_: str, **fields: Any) -> None:
        """Pass a message on; a new stage is also written."""
        if type_ == "progress" and fields["stage"] != self._stage:
            self._stage = fields["stage"]
            self._write(state="running", **{k: fields[k] for k in ("stage", "step", "total", "eta_s")})
        self._send(type_, **fields)

    def end(self, state: str, **facts: Any) -> str:
        """Write the last state, then report it.

        Returns:
            the state; `failed` where a result is too large for a message.
        """
        id_ = self.job.id
        if state == "done":
            try:
                encode("result", id=id_, **facts)
            except (ValueError, TypeError) as error:
                traceback.print_exc()
                state, facts = "failed", {"error": to_wire(error)}
        try:
            self._write(state=state, eta_s=None, **facts)
        except OSError as error:
            # The messages still tell; the folder may be gone with the file that it belonged to.
            print(f"{self.job.folder / STATE} cannot be written: {error}", file=sys.stderr)
        if state == "done":
            self._send("result", id=id_, **facts)
        elif state == "cancelled":
            self._send("cancelled", id=id_)
        else:
            self._send("error", id=id_, **facts["error"])
        return state

    def _write(self, **facts: Any) -> None:
        path = self.job.folder / STATE
        write_state(path, {**read_state(path), **facts})


def _imports(frame: FrameType | None) -> bool:
    """Whether a frame is within an import."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _in_words(error: Exception) -> BaseException:
    """An exception as what a person can act upon, where that is known."""
    if isinstance(error, ImpromptuError):
        return error
    if isinstance(error, OSError) and error.filename is not None:
        from .files import explain_os_error

        return explain_os_error(error, Path(os.fsdecode(error.filename)))
    if isinstance(error, ModuleNotFoundError):
        return protocol.RuntimeMissing(f"This runtime lacks {error.name}.", "Repair the runtime in the preferences.")
    return error


def write_state(path: Path, value: dict[str, Any]) -> None:
    """Write a small JSON file under a temporary name and rename it; not forced to the disk, for it is written often.

    Raises:
        OSError: it cannot be written; what stood there is unharmed.
    """
    temporary = path.with_name(f".{path.name}-host")
    temporary.write_text(json.dumps(value, indent=1, allow_nan=False) + "\n", encoding="ascii")
    try:
        os.replace(temporary, path)
    except PermissionError:
        # Windows refuses while somebody reads the old file, which takes microseconds.
        os.replace(temporary, path)


def read_state(path: Path) -> dict[str, Any]:
    """A small JSON file; empty where it is missing or damaged."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def remove_left_overs(folder: Path) -> None:
    """Remove the temporary files of an earlier run that was killed; checkpoints and results stay."""
    for path in folder.glob(".*"):
        if path.is_file():
            path.unlink(missing_ok=True)
