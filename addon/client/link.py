"""A host and what is known of it: whether it is ready, hung or dead, and whether it still owes an answer."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import Any

from ...backend.protocol import PROTOCOL_VERSION, ImpromptuError, Incompatible, RuntimeMissing, encode
from .process import REPAIR, HostProcess, read_tail


@dataclass(frozen=True)
class Timing:
    """How long the client waits for what, in seconds."""

    hello: float = 120.0
    """For a new host's first word: a cold disk and torch take their time."""
    silence: float = 60.0
    """For any word of a host that works: it says `alive` every 2 s."""
    answer: float = 0.1
    """For the answer to a cancel, before the job counts as cancelled without it: with a look every 0.1 s before and
    after it, a person has it within half a second."""
    patience: float = 1.5
    """After a cancel, before the next job gets another host: loading the models again takes longer than that."""
    interrupt: float = 3.0
    """After a cancel, before the host is interrupted as by Ctrl-C."""
    kill: float = 10.0
    """After a cancel, before the host is killed."""
    leave: float = 3.0
    """For a host that was asked to end, before it is killed."""
    save: float = 2.0
    """Between two notes of a running job's progress on disk."""
    stall: float = 5.0
    """A longer time between two ticks is Blender's own absence, and no silence of the host."""


class HostLink:
    """A running host. Times are `time.monotonic()`."""

    def __init__(self, process: HostProcess, timing: Timing, now: float) -> None:
        self.process = process
        self.timing = timing
        self.started = self.heard = now
        self.info: dict[str, Any] = {}
        """Its `hello`: protocol, version, device, memory, pid; memory is kept up to date."""
        self.owed = ""
        """Id of the cancelled job whose end it has not told yet."""
        self._since = 0.0
        self._interrupted = False
        self._left: float | None = None
        process.send(encode("hello", protocol=PROTOCOL_VERSION))

    @property
    def ready(self) -> bool:
        """It has said `hello` in our protocol."""
        return self.info.get("protocol") == PROTOCOL_VERSION

    def poll(self, now: float) -> list[dict[str, Any]]:
        """What it says about jobs; nothing is believed before a `hello` of our protocol."""
        about_jobs = []
        for message in self.process.poll():
            self.heard = now
            if message["type"] == "hello":
                self.info = message
            elif message["type"] == "alive":
                self.info["memory"] = message["memory"]
            elif self.ready:
                about_jobs.append(message)
        return about_jobs

    def poll_for_end(self) -> None:
        """Listen for nothing but the end of the cancelled job."""
        for message in self.process.poll():
            if self.owed and message.get("id") == self.owed and message["type"] in ("result", "cancelled", "error"):
                self.forgive()

    def excuse(self, seconds: float) -> None:
        """Do not count a time in which nobody listened."""
        self.heard += seconds
        self.started += seconds

    def owe(self, job: str, now: float) -> None:
        """A job was cancelled: its end is to be told."""
        self.owed, self._since, self._interrupted = job, now, False

    def forgive(self) -> None:
        """It has told the end of the cancelled job."""
        self.owed = ""

    def patient(self, now: float) -> bool:
        """Is it worth waiting for its answer to a cancel?"""
        return now - self._since < self.timing.patience

    def escalate(self, now: float) -> None:
        """Interrupt, then kill, a host that does not answer a cancel or does not leave."""
        if self._left is not None and now - self._left >= self.timing.leave and not self.owed:
            self.process.kill()
        if not self.owed:
            return
        if now - self._since >= self.timing.kill:
            self.process.kill()
        elif now - self._since >= self.timing.interrupt and not self._interrupted:
            self._interrupted = True
            self.process.interrupt()

    def leave(self, now: float) -> None:
        """Ask it to end."""
        if self._left is None:
            self._left = now
            self.process.stop(encode("shutdown"))

    def problem(self, now: float) -> ImpromptuError | None:
        """Why no more is to be expected of it; None while there is no reason."""
        if self.process.ended:
            return self._end()
        theirs = self.info.get("protocol", PROTOCOL_VERSION)
        if theirs != PROTOCOL_VERSION:
            words = f"The runtime speaks version {theirs!r} of the protocol, this add-on version {PROTOCOL_VERSION}."
            return Incompatible(words, REPAIR)
        if not self.ready and now - self.started > self.timing.hello:
            return RuntimeMissing(f"The backend did not start within {self.timing.hello:g} s{self._words()}", REPAIR)
        if self.ready and now - self.heard > self.timing.silence:
            words = f"The backend has said nothing for {self.timing.silence:g} s and was ended{self._words()}"
            return ImpromptuError(words, "Press Resume to try again.")
        return None

    def _end(self) -> ImpromptuError:
        """How it ended."""
        code = self.process.returncode
        if self.process.missing:
            return RuntimeMissing(f"The backend's program could not be run{self._words()}", REPAIR)
        if code is not None and code < 0:
            hint = "Press Resume; if it happens again, close other programs to free memory and show the log."
            return ImpromptuError(f"The backend was ended by {signal_name(-code)}{self._words()}", hint)
        if not self.ready:
            return RuntimeMissing(f"The backend could not start (exit code {code}){self._words()}", REPAIR)
        words = f"The backend ended with exit code {code}{self._words()}"
        return ImpromptuError(words, "Press Resume; if it happens each time, report it with the log.")

    def _words(self) -> str:
        """Its last words, to end a sentence with."""
        said = read_tail(self.process.log, self.process.log_start, 1)
        if not said and self.process.garbage:
            said = [self.process.garbage[-1].decode("utf-8", "replace").strip()]
        return f"; its last words: {said[-1][:200]}" if said else "."


def signal_name(number: int) -> str:
    """`SIGKILL` and the like."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
