"""One question to the backend, outside the list of jobs: what models are here, does the runtime work, fetch one."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...backend.protocol import ImpromptuError, JobCancelled
from .jobs import JobQueue

FOLDER = "questions"


class HostQuestion:
    """A host that is started for one job and ended after it; has the same face as `install.RuntimeTask`.

    Args:
        request: such as `ModelsRequest()`.
        command: of the host.
        env: variables to add to its environment.
        user_folder: where it may write.
        limit_s: seconds that `wait` waits.
    """

    action = "question"

    def __init__(
        self, request: Any, command: list[str], env: Mapping[str, str], user_folder: Path, limit_s: float = 300.0
    ) -> None:
        self._folder = user_folder / FOLDER
        self.log = self._folder / "host.log"
        self._queue = JobQueue(lambda: command, self._folder / "jobs", self.log, keep=1, env=env)
        self._job = self._queue.submit(request, "")
        self._limit_s = limit_s
        self.stage = "Starting the backend"
        self.metrics: dict[str, Any] = {}
        self.error: ImpromptuError | None = None
        self.done = False

    @property
    def cancelled(self) -> bool:
        """It was asked to end before it had an answer."""
        return self._job.state == "cancelled"

    @property
    def fraction(self) -> float:
        """How much of the stage is done, 0 to 1."""
        return self._job.fraction

    @property
    def total(self) -> int:
        """Steps of the stage; 0: not known."""
        return self._job.total

    @property
    def eta_s(self) -> float | None:
        """Seconds to the end of the stage; None: not known."""
        return self._job.eta_s

    def tick(self) -> bool:
        """Take in what the host has said. Returns whether anything changed."""
        if self.done:
            return False
        changed = bool(self._queue.tick())
        if changed and self._job.stage:
            self.stage = self._job.stage
        if self._job.finished:
            self.metrics, self.error = dict(self._job.metrics), self._job.error
            if self.cancelled:
                self.error = JobCancelled("It was stopped.", "What was downloaded stays.")
            self.close()
        return changed

    def cancel(self) -> None:
        """Give up on an answer."""
        self._queue.cancel(self._job.id)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Block until there is an answer: for background mode. Returns whether there is one."""
        limit = time.monotonic() + (self._limit_s if timeout_s is None else timeout_s)
        while not self.done and time.monotonic() < limit:
            self.tick()
            time.sleep(0.02)
        return self.done

    def close(self) -> None:
        """End the host and forget its folder."""
        if not self.done:
            self.done = True
            self._queue.shutdown()
            shutil.rmtree(self._folder / "jobs", ignore_errors=True)
