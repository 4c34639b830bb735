"""One job as a person sees it."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...backend.protocol import ImpromptuError, legible
from .process import read_tail

LOG = "job.log"
UNFINISHED = ("queued", "running")
TERMINAL = ("done", "failed", "cancelled")


@dataclass(eq=False)
class Job:
    """What was asked for, how far it is, and what came of it. Only the `JobQueue` changes one."""

    id: str
    kind: str
    """A key of `backend.protocol.KINDS`."""
    params: dict[str, Any]
    """The request as `to_params` gave it."""
    folder: Path
    """Where its request, state, log and results are."""
    title: str
    created: float
    """Seconds since 1970."""
    extra: dict[str, Any] = field(default_factory=dict)
    """JSON values of the caller's own, kept with the job: where its result is to land, for one."""
    state: str = "queued"
    """`queued`, `running`, `done`, `failed` or `cancelled`."""
    stage: str = ""
    step: int = 0
    total: int = 0
    """Steps of the stage; 0: not known."""
    eta_s: float | None = None
    """Seconds to the end, as the host guesses; None: it does not."""
    preview: Path | None = None
    files: dict[str, Path] = field(default_factory=dict)
    """The results by name; each was there when the job was done."""
    metrics: dict[str, Any] = field(default_factory=dict)
    error: ImpromptuError | None = None
    host_log: Path | None = None
    """Where the host's words go while it works on this."""
    host_log_start: int = 0

    @property
    def finished(self) -> bool:
        """It is in a state that it leaves only by `resume`."""
        return self.state in TERMINAL

    @property
    def resumable(self) -> bool:
        """`resume` is possible: from its checkpoint where it left one, else from the start."""
        return self.state in ("failed", "cancelled")

    @property
    def has_checkpoint(self) -> bool:
        """It left work that a resumed job goes on from."""
        return any(self.folder.glob("checkpoint*"))

    @property
    def fraction(self) -> float:
        """How much of the stage is done, 0 to 1; 0 where that is not known."""
        return min(max(self.step / self.total, 0.0), 1.0) if self.total > 0 else 0.0

    def log_tail(self, lines: int = 20) -> list[str]:
        """The last lines that the job and, while it works on this, the host have logged."""
        said = read_tail(self.folder / LOG, lines=lines)
        if self.host_log is not None:
            said += read_tail(self.host_log, self.host_log_start, lines)
        return said[-lines:]

    def take_progress(self, message: dict[str, Any]) -> None:
        """Take over a `progress` message; values that are no numbers count as not known."""
        self.stage = legible(message["stage"])[:200]
        self.step = int(number(message["step"]) or 0)
        self.total = int(number(message["total"]) or 0)
        self.eta_s = number(message["eta_s"])

    def take_preview(self, message: dict[str, Any]) -> None:
        """Take over a `preview` message, if it names a file of the job's folder."""
        self.preview = self.find(message["file"]) or self.preview

    def take_result(self, message: dict[str, Any]) -> None:
        """Take over a `result` message.

        Raises:
            ImpromptuError: it names a file that is not there, or one outside the job's folder.
        """
        named = message["files"] if isinstance(message["files"], dict) else {}
        found = {str(name): self.find(file) for name, file in named.items()}
        for name, path in found.items():
            if path is None:
                raise ImpromptuError(
                    f"The backend says that it is done, but {str(named[name])!r} is not in the job's folder.",
                    "Press Retry.",
                )
        self.files = {name: path for name, path in found.items() if path is not None}
        self.metrics = message["metrics"] if isinstance(message["metrics"], dict) else {}

    def find(self, name: Any) -> Path | None:
        """A file of the job's folder by its relative path; None where it is missing or outside."""
        if not isinstance(name, str) or "\0" in name:
            return None
        path = Path(os.path.normpath(self.folder / name))
        return path if self.folder in path.parents and path.is_file() else None

    def finish(self, state: str, error: ImpromptuError | None = None) -> None:
        """Enter a terminal state."""
        self.state, self.error, self.eta_s, self.host_log = state, error, None, None

    def begin_again(self) -> None:
        """Back into the queue, with what is in the folder left there."""
        self.state, self.error, self.stage, self.step, self.total, self.eta_s = "queued", None, "", 0, 0, None
        self.files, self.metrics = {}, {}


def number(value: Any) -> float | None:
    """A finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return value if math.isfinite(value) else None
    except OverflowError:
        # A whole number that no float holds is damage too.
        return None
