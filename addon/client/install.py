"""An installer process as Blender sees it: started, polled, cancelled; never waited for."""

from __future__ import annotations

import contextlib
import json
import time
from collections import deque
from pathlib import Path
from typing import Any

from ...backend.protocol import ImpromptuError, InvalidInput, JobCancelled, RuntimeMissing, from_wire
from .installer.folders import LOCK
from .installer.report import explain
from .process import HostProcess, read_tail

INSTALLER = Path(__file__).with_name("installer")
KILL_AFTER_S = 3.0
"""Seconds that an interrupted installer has to end. What it leaves is resumed wherever it was."""
LOG = "install.log"
PLAN = "install-plan.json"


class RuntimeTask:
    """One run of the installer.

    Args:
        plan: from `runtime.make_plan`; its base Python runs the installer.

    Raises:
        RuntimeMissing: the base Python cannot be started.
        InvalidInput: the user folder cannot be written to.
    """

    def __init__(self, plan: dict[str, Any]) -> None:
        folder = Path(plan["folder"])
        self.action: str = plan["action"]
        self.log = folder / LOG
        self.stage, self.step, self.total = "Starting", 0, 0
        self.eta_s: float | None = None
        self.metrics: dict[str, Any] = {}
        self.error: ImpromptuError | None = None
        self.done = False
        """It has ended, with or without an error."""
        self._asked_to_end: float | None = None
        self._killed = False
        path = folder / PLAN
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(plan), encoding="utf-8")
        except OSError as error:
            told = explain(error, folder)
            raise InvalidInput(told.message, told.hint) from error
        self._process = HostProcess([plan["base_python"], str(INSTALLER), str(path)], self.log)

    @property
    def fraction(self) -> float:
        """0 to 1, of the bytes to fetch and to install."""
        return min(1.0, self.step / self.total) if self.total else 0.0

    @property
    def cancelled(self) -> bool:
        """It ended because it was asked to."""
        return isinstance(self.error, JobCancelled)

    def tick(self) -> bool:
        """Take in what the installer has said. Returns whether anything changed; takes microseconds."""
        if self.done:
            return False
        messages = self._process.poll()
        for message in messages:
            self._take(message)
        if self._asked_to_end is not None and time.monotonic() - self._asked_to_end > KILL_AFTER_S:
            self._process.kill()
        if self._process.ended:
            self._finish()
            return True
        return bool(messages)

    def _take(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "progress":
            self.stage, self.eta_s = message["stage"], message["eta_s"]
            self.step, self.total = message["step"], message["total"]
        elif kind == "result":
            self.metrics = message["metrics"]
        elif kind == "error":
            self.error = from_wire(message)

    def _finish(self) -> None:
        """It has ended: with a result, with an error, or without a word."""
        self.done, self.eta_s = True, None
        code = self._process.returncode
        self._process.close()
        if self.error is not None or (code == 0 and self.metrics):
            self._clear()
            return
        if self._asked_to_end is not None:
            self.error = JobCancelled("The installation was cancelled.", "Press Resume to go on with it.")
            return
        # The installer's own commands say nothing about why it ended.
        said = (line for line in read_tail(self.log, self._process.log_start) if not line.startswith("$ "))
        tail = deque(said, maxlen=1)
        self.error = RuntimeMissing(
            f"The installer ended without a result ({tail[0] if tail else f'exit code {code}'}).",
            "Show the log, then press Resume.",
        )

    def _clear(self) -> None:
        """After the runtime has been removed, nothing of its installs stays."""
        if self.action == "uninstall" and self.error is None:
            for name in (LOG, PLAN, LOCK):
                (self.log.parent / name).unlink(missing_ok=True)

    def cancel(self) -> None:
        """Ask it to end; what it has fetched stays for a later run."""
        if self._asked_to_end is None and not self.done:
            self._asked_to_end = time.monotonic()
            self.stage = "Cancelling"
            self._process.interrupt()

    def wait(self, timeout_s: float = 3600.0) -> bool:
        """Block until it has ended: for background mode. Returns whether it did."""
        limit = time.monotonic() + timeout_s
        while not self.done and time.monotonic() < limit:
            self.tick()
            time.sleep(0.05)
        return self.done

    def close(self) -> None:
        """End it at once: Blender is being closed, or the add-on disabled."""
        if not self.done:
            with contextlib.suppress(OSError):
                self._process.close()
            self.done = True
