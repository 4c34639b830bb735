"""The queue of jobs as the panel uses it: what a person asks for, one tick of what happens, and how things stand."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ...backend.protocol import KINDS, InvalidInput, to_params
from .job import TERMINAL, UNFINISHED, Job
from .link import Timing
from .process import HostProcess
from .runner import Runner
from .store import Store, closed_error, explain

__all__ = ["TERMINAL", "UNFINISHED", "Job", "JobQueue", "Timing"]


class JobQueue:
    """All jobs of one Blender. Nothing here waits but `wait` and `shutdown`; nothing raises out of `tick`.

    Args:
        command: gives the host's command line; an ImpromptuError that it raises fails the job that needed a host.
        folder: of the jobs; made with the first one. Those of earlier sessions are in `jobs` at once.
        log: where hosts log.
        idle_s: seconds without a job after which the host is ended, to give its memory back; 0: never.
        timing: limits, for tests.
        keep: how many finished jobs to keep on disk.
        env: variables to add to the host's environment.
    """

    def __init__(
        self,
        command: Callable[[], list[str]],
        folder: Path,
        log: Path,
        idle_s: float = 0.0,
        timing: Timing | None = None,
        keep: int = 50,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.command = command
        self.log = log
        self.idle_s = idle_s
        self.timing = timing or Timing()
        self.env = dict(env or {})
        self.warning = ""
        """A sentence about what went wrong beside the jobs, as a full disk; empty when nothing did."""
        self._store = Store(folder, keep)
        self.jobs: list[Job] = self._store.prune(self._store.load())
        """Newest last."""
        self._runner = Runner(self._start_host, self.timing, self._note)
        self._changed: dict[str, Job] = {}
        self._states: dict[str, str] = {}
        self._ticked = self._used = self._saved = time.monotonic()

    # What a person asks for

    def submit(
        self, request: Any, title: str, folder: Path | None = None, extra: dict[str, Any] | None = None
    ) -> Job:
        """Queue a request.

        Args:
            request: an instance of one of `KINDS`.
            title: what the list of jobs shows.
            folder: of an earlier job, whose checkpoint this one goes on from; None makes a new one.
            extra: JSON values to keep with the job.

        Raises:
            InvalidInput: the folder cannot be written, or a job that is not finished uses it.
        """
        kind = next(name for name, cls in KINDS.items() if type(request) is cls)
        same = [job for job in self.jobs if folder is not None and job.folder == folder.absolute()]
        if any(not job.finished for job in same):
            raise InvalidInput("A job that is not finished uses that folder.", "Cancel it or wait for its end.")
        job = self._store.create(kind, to_params(request), title, folder, extra or {})
        return self._enqueue([j for j in self.jobs if j not in same], job)

    def cancel(self, id: str) -> None:
        """Cancel a job: a queued one at once, a running one within half a second. A finished one stays as it is."""
        job = self.get(id)
        if job is self._runner.job:
            self._runner.cancel(time.monotonic())
        elif not job.finished:
            job.finish("cancelled")
            self._note(job)

    def resume(self, id: str) -> Job:
        """Queue a failed or cancelled job again, in its folder and so from its checkpoint; others stay as they are.

        Raises:
            InvalidInput: the folder cannot be written.
        """
        job = self.get(id)
        if job.resumable:
            before = job.state, job.error
            job.begin_again()
            try:
                self._store.write(job)
            except InvalidInput:
                job.finish(*before)
                raise
            self._enqueue([j for j in self.jobs if j is not job], job)
        return job

    def retry(self, id: str) -> Job:
        """Queue the same request anew, in a folder of its own.

        Raises:
            InvalidInput: the folder cannot be written.
        """
        old = self.get(id)
        job = self._store.create(old.kind, old.params, old.title, None, old.extra)
        return self._enqueue(self.jobs, job)

    def remove(self, id: str) -> None:
        """Forget a job and delete its folder; a running one is cancelled first."""
        job = self.get(id)
        if job is self._runner.job:
            self.cancel(id)
            self._runner.finish("cancelled")
        self.jobs.remove(job)
        self._changed.pop(job.id, None)
        self._states.pop(job.id, None)
        self._store.delete(job)

    def get(self, id: str) -> Job:
        """The job of that id.

        Raises:
            InvalidInput: there is none.
        """
        for job in self.jobs:
            if job.id == id:
                return job
        raise InvalidInput("That job is not there any more.", "Choose one from the list.")

    # How things stand

    @property
    def busy(self) -> bool:
        """A job is waiting or running."""
        return any(not job.finished for job in self.jobs)

    @property
    def keep(self) -> int:
        """How many finished jobs stay on disk; the oldest beyond that go when the next one is queued."""
        return self._store.keep

    @keep.setter
    def keep(self, most: int) -> None:
        self._store.keep = most

    @property
    def needs_tick(self) -> bool:
        """A process is there to be looked after; once a second is enough when nothing is `busy`."""
        return self.busy or self._runner.link is not None or bool(self._runner.retired)

    @property
    def host_state(self) -> str:
        """`stopped`, `starting` or `ready`."""
        link = self._runner.link
        return "stopped" if link is None else "ready" if link.ready else "starting"

    @property
    def host_info(self) -> dict[str, Any]:
        """The host's `hello`: protocol, version, device, memory, pid; empty without one."""
        return dict(self._runner.link.info) if self._runner.link is not None else {}

    # The course of things

    def tick(self) -> list[Job]:
        """Take note of what has come and do what is due; call it every 0.1 s.

        Returns:
            the jobs that have changed since the last tick.
        """
        now = time.monotonic()
        gap, self._ticked = now - self._ticked, now
        self._runner.tick(now, gap if gap > self.timing.stall else 0.0)
        waiting = next((job for job in self.jobs if job.state == "queued"), None)
        if waiting is not None and self._runner.can_start(now):
            self._runner.start(waiting, now)
        if self._runner.job is not None:
            self._used = now
            if now - self._saved > self.timing.save:
                self._save(self._runner.job, now)
        elif self.idle_s > 0 and now - self._used > self.idle_s:
            self._runner.retire()
        changed, self._changed = list(self._changed.values()), {}
        return changed

    def wait(self, id: str, timeout: float | None = None) -> Job:
        """Tick until a job is finished or the time in seconds is over: for background mode and scripts."""
        job = self.get(id)
        end = None if timeout is None else time.monotonic() + timeout
        seen: dict[str, Job] = {}
        while True:
            seen.update((j.id, j) for j in self.tick())
            if job.finished or (end is not None and time.monotonic() >= end):
                # The next tick tells of what happened meanwhile.
                self._changed = {**seen, **self._changed}
                return job
            time.sleep(0.02)

    def end_host(self) -> None:
        """Start the next job on a fresh host, which sees what was changed in the settings; one at work goes on."""
        if not self.busy:
            self._runner.retire()

    def shutdown(self, wait_s: float = 0.5) -> None:
        """End every host, waiting no longer than about `wait_s` for each; unfinished jobs are left to be resumed."""
        for job in self.jobs:
            if not job.finished:
                job.finish("failed", closed_error(job))
                self._note(job)
        self._runner.job = None
        self._runner.shutdown(time.monotonic(), wait_s)
        self._store.release()

    def _enqueue(self, others: list[Job], job: Job) -> Job:
        """Add a job whose state is on disk already."""
        self.jobs = [*self._store.prune(others), job]
        self._states[job.id] = job.state
        self._changed[job.id] = job
        return job

    def _start_host(self) -> HostProcess:
        """A new host's process.

        Raises:
            ImpromptuError: there is no runtime, or it cannot be started.
        """
        return HostProcess(self.command(), self.log, self.env)

    def _note(self, job: Job) -> None:
        """A job has changed; a new state goes to disk at once."""
        self._changed[job.id] = job
        if self._states.get(job.id) != job.state:
            self._states[job.id] = job.state
            self._save(job, time.monotonic())

    def _save(self, job: Job, now: float) -> None:
        """Write a job's state; where that fails the work goes on, and `warning` tells."""
        self._saved = now
        try:
            self._store.save(job)
            self.warning = ""
        except OSError as error:
            self.warning = explain(error, job.folder).message
