"""The host: a child process that does jobs for Blender, over its standard input and output. See docs/protocol.md.

Three threads: the main one does the jobs, so that a signal reaches the one that runs; one reads messages, so that a
cancel or the end of input is seen at once; one writes them, so that a reader who is slow holds up no job.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .. import __version__
from . import children, memory, pipes
from .jobs import LOG, Executor, Job, Record
from .outbox import Outbox
from .protocol import PROTOCOL_VERSION, Decoder, ImpromptuError, Incompatible, InvalidInput, to_wire
from .warm import WARM_UP

NICE = 5
"""Added to the process's niceness."""
IDLE_S = 600.0
"""After so many seconds without a job the models are dropped."""


class Host:
    """Answers messages and does the jobs that they bring.

    Args:
        read_from, write_to: file descriptors of the protocol.
        device: `auto`, `cpu`, `cuda` or `mps`.
        idle_s: seconds without a job until the models are dropped; 0: never.
        warm_up: what to do before the first job, while there is none.
    """

    def __init__(
        self, read_from: int, write_to: int, device: str = "auto", idle_s: float = IDLE_S,
        warm_up: tuple[Callable[[], object], ...] = WARM_UP,
    ) -> None:  # fmt: skip
        self.device, self.idle_s = device, idle_s
        self._warm_up = list(warm_up)
        self._input = read_from
        self.outbox = Outbox(write_to, memory.memory_facts, self.leave)
        self.executor = Executor(self.outbox.send, device)
        self._waiting: queue.Queue[Job | None] = queue.Queue()
        self._jobs: dict[str, Job] = {}
        self._begun: Job | None = None
        self._lock = threading.Lock()
        self._greeted = self._ending = False
        self._code = 0

    def run(self) -> int:
        """Serve until `shutdown`; the end of input ends the process from within.

        Returns:
            exit code: 0, or 2 where the peer speaks another version.
        """
        self._catch_interrupts()
        threading.Thread(target=self._read, daemon=True).start()
        last, holding = time.monotonic(), False
        while True:
            if job := self._next():
                self._do(job)
            elif self._ending:
                break
            elif self._greeted and self._warm_up:
                self._warm(self._warm_up.pop(0))
            else:
                if holding and self.idle_s and time.monotonic() - last >= self.idle_s:
                    self._give_back()
                    holding = False
                continue
            last, holding = time.monotonic(), True
        self.outbox.close()
        children.kill_all()
        return self._code

    def _next(self) -> Job | None:
        """The next job, waiting a little for one where there is nothing else to do."""
        try:
            return self._waiting.get(block=not (self._greeted and self._warm_up), timeout=0.25)
        except queue.Empty:
            return None

    def leave(self, code: int = 0) -> None:
        """End the process at once, with all that it started, from any thread and whatever runs: the peer is gone."""
        try:
            children.kill_all()
        finally:
            os._exit(code)

    def _catch_interrupts(self) -> None:
        """An interrupt ends the running job, wherever it is; the host lives on."""
        for name in ("SIGINT", "SIGBREAK"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), lambda _, frame: self.executor.interrupt(frame))

    def _do(self, job: Job) -> None:
        """One job; what it prints goes to a log in its folder."""
        with self._lock:
            if self._jobs.get(job.id) is not job:
                return  # cancelled while it waited, and answered
            self._begun = job
        with job_log(job.folder / LOG):
            self.executor.run(job)
        with self._lock:
            self._jobs.pop(job.id, None)

    def _warm(self, step: Callable[[], object]) -> None:
        """Load something that the first job will need; if it cannot be, that job will say so."""
        try:
            step()
        except Exception:  # noqa: BLE001 - whatever is missing, a job that does without it can still be done
            traceback.print_exc()

    def _give_back(self) -> None:
        before, after = memory.release_models()
        print(f"idle for {self.idle_s:g} s: {before >> 20} MiB in use before, {after >> 20} MiB after", flush=True)

    # The reader's thread from here on.

    def _read(self) -> None:
        """Messages, until the end of input."""
        decoder, seen = Decoder(), 0
        try:
            while data := os.read(self._input, 1 << 16):
                for message in decoder.feed(data):
                    self._answer(message)
                if decoder.garbage_count > seen:
                    print(f"no message: {decoder.garbage[-1]!r}", file=sys.stderr)
                    seen = decoder.garbage_count
        except OSError as error:
            print(f"the input broke: {error}", file=sys.stderr)
        finally:
            self.leave()

    def _answer(self, message: dict[str, Any]) -> None:
        """One message; a fault in it is answered, not raised."""
        try:
            self._take(message)
        except Exception as error:  # noqa: BLE001 - one bad message must not deafen the host
            if not isinstance(error, ImpromptuError):
                traceback.print_exc()
            self.outbox.send("error", id=str(message.get("id", "")), **to_wire(error))

    def _take(self, message: dict[str, Any]) -> None:
        """Do as a message says.

        Raises:
            ImpromptuError: it cannot be done.
        """
        kind = message["type"]
        if kind == "hello":
            self._greet(message["protocol"])
        elif kind == "shutdown":
            self._end()
        elif kind == "submit" and not self._ending:
            self._submit(message)
        elif kind == "cancel":
            self._cancel(message["id"])

    def _greet(self, version: int) -> None:
        device = self.device if self.device != "auto" else memory.guess_device()
        facts = {"device": device, "memory": memory.memory_facts(), "pid": os.getpid(), "version": __version__}
        self.outbox.send("hello", protocol=PROTOCOL_VERSION, **facts)
        if version != PROTOCOL_VERSION:
            self._code = 2
            self._end()
            raise Incompatible(
                f"Blender's side speaks protocol {version}, the runtime {PROTOCOL_VERSION}.",
                "Update Impromptu, then repair the runtime in its preferences.",
            )
        self._greeted = True

    def _submit(self, message: dict[str, Any]) -> None:
        if not self._greeted:
            raise Incompatible("The first message has to be a hello.", "Say which protocol is spoken.")
        with self._lock:
            if message["id"] in self._jobs:
                # An error would carry that job's id and so end it.
                print(f"job {message['id']} is here already", file=sys.stderr)
                return
            job = self._jobs[message["id"]] = self._made(message)
        self.outbox.send("accepted", id=job.id)
        self._waiting.put(job)

    @staticmethod
    def _made(message: dict[str, Any]) -> Job:
        try:
            return Job.submitted(message)
        except (TypeError, OverflowError) as error:
            # A value that no check foresaw: the peer's mistake all the same.
            raise InvalidInput(
                f"The request cannot be read: {error}.", "Send what docs/protocol.md lists."
            ) from error

    def _cancel(self, id_: str) -> None:
        """A job that runs ends at its next step; one that waits, now."""
        with self._lock:
            job = self._jobs.get(id_)
            if job is None:
                print(f"there is no job {id_} to cancel", file=sys.stderr)
                return
            job.cancelled.set()
            if job is self._begun:
                return
            del self._jobs[id_]
        Record(job, self.outbox.send).end("cancelled")

    def _end(self) -> None:
        """Finish: what runs and what waits is cancelled."""
        self._ending = True
        with self._lock:
            for job in self._jobs.values():
                job.cancelled.set()
        self._waiting.put(None)


@contextlib.contextmanager
def job_log(path: Path) -> Any:
    """Append what is printed in the block, by Python, C or a child, to a file; to the host's log if it cannot be."""
    try:
        log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    except OSError as error:
        print(f"{path} cannot be written: {error}", file=sys.stderr)
        yield
        return
    before = os.dup(1), os.dup(2)
    pipes.point_prints_at(log, log)
    try:
        yield
    finally:
        pipes.point_prints_at(*before)
        for handle in (log, *before):
            os.close(handle)


def serve(device: str = "auto", idle_s: float = IDLE_S, log: str = "", warm_up: bool = True) -> None:
    """Be a host, to the end of the process.

    Args:
        log: file for what is printed outside jobs; empty: standard error.
    """
    read_from, write_to = pipes.claim()
    _give_way()
    if log:
        pipes.send_prints_to(log)
    code = Host(read_from, write_to, device, idle_s, WARM_UP if warm_up else ()).run()
    sys.stdout.flush()
    sys.stderr.flush()
    # Torch's threads and a daemon that reads make a tidy end slow, and there is nothing left to tidy.
    os._exit(code)


def _give_way() -> None:
    """Let Blender's window go first where both want the same cores; alone, a job is as fast as before."""
    if hasattr(os, "nice"):
        os.nice(NICE)
