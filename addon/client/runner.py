"""One job at a time on a host: started when it is needed, kept for the next job, replaced when it fails."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from ...backend.protocol import ImpromptuError, JobCancelled, encode, from_wire
from .job import LOG, Job
from .link import HostLink, Timing
from .process import HostProcess, read_tail

STARTING, CANCELLING = "starting the backend", "cancelling"
"""Stages that the client itself reports."""


class Runner:
    """The job that is under way and the hosts that live. Times are `time.monotonic()`.

    Args:
        start_host: makes a host's process; an ImpromptuError that it raises fails the job that needed one.
        timing: limits.
        changed: called with the job after each change of it.
    """

    def __init__(self, start_host: Callable[[], HostProcess], timing: Timing, changed: Callable[[Job], None]) -> None:
        self.start_host = start_host
        self.timing = timing
        self.changed = changed
        self.job: Job | None = None
        self.link: HostLink | None = None
        self.retired: list[HostLink] = []
        """Hosts that get no more jobs and have not ended yet."""
        self.handed: float | None = None
        """When the host was given the job; None: it was not yet."""
        self._accepted = False
        self._cancel_by: float | None = None

    def start(self, job: Job, now: float) -> None:
        """Make a job the one that is under way. There must be none."""
        self.job, self.handed, self._accepted, self._cancel_by = job, None, False, None
        job.state, job.stage = "running", STARTING
        self.changed(job)
        if self.link is None:
            try:
                self.link = HostLink(self.start_host(), self.timing, now)
            except ImpromptuError as error:
                self.finish("failed", error)
                return
        job.host_log, job.host_log_start = self.link.process.log, self.link.process.log_size()

    def can_start(self, now: float) -> bool:
        """May a job be started? Not while one is under way, nor while a cancelled one may yet end in time."""
        if self.job is not None:
            return False
        if self.link is not None and self.link.owed:
            if self.link.patient(now):
                return False
            self.retire()
        return True

    def cancel(self, now: float) -> None:
        """Cancel the job: before a host has it at once, else when the host answers or has taken too long to."""
        if self.job is None or self._cancel_by is not None:
            return
        if self.handed is None or self.link is None:
            self.finish("cancelled")
            return
        self._cancel_by = now + self.timing.answer
        self.job.stage, self.job.eta_s = CANCELLING, None
        self.link.owe(self.job.id, now)
        self.link.process.send(encode("cancel", id=self.job.id))
        self.changed(self.job)

    def finish(self, state: str, error: ImpromptuError | None = None) -> None:
        """End the job that is under way, in a terminal state."""
        job, self.job, self.handed, self._cancel_by = self.job, None, None, None
        if job is not None:
            job.finish(state, error)
            self.changed(job)

    def retire(self) -> None:
        """Give the host no more jobs; it is asked to end as soon as it owes no answer."""
        if self.link is not None:
            self.retired.append(self.link)
            self.link = None

    def tick(self, now: float, absent: float) -> None:
        """Take note of what hosts say and do what is due.

        Args:
            now: the time.
            absent: seconds that Blender was away, which count as silence of nobody.
        """
        if self.link is not None:
            self.link.excuse(absent)
            self._listen(self.link, now)
        if self._cancel_by is not None and now >= self._cancel_by:
            self.finish("cancelled")
        for link in self.retired:
            self._see_off(link, now)
        self.retired = [link for link in self.retired if not link.process.closed]

    def shutdown(self, now: float, wait_s: float) -> None:
        """End every host, waiting no longer than about `wait_s` for each."""
        self.retire()
        for link in self.retired:
            link.leave(now)
        for link in self.retired:
            link.process.wait(wait_s)
            link.process.close()
        self.retired = []

    def _listen(self, link: HostLink, now: float) -> None:
        """Take over what the host says, and notice where it says no more."""
        for message in link.poll(now):
            self._receive(link, message)
        link.escalate(now)
        problem = link.problem(now) or self._ignored(now)
        if problem is not None:
            self._lose_host(link, problem)
        elif self.job is not None and self.handed is None and link.ready:
            job = self.job
            self.handed, job.stage = now, ""
            link.process.send(encode("submit", id=job.id, kind=job.kind, params=job.params, folder=str(job.folder)))
            self.changed(job)

    def _receive(self, link: HostLink, message: dict[str, Any]) -> None:
        """One message about a job."""
        kind, job = message["type"], self.job
        ours = job is not None and message.get("id") == job.id
        if link.owed:
            # Whatever the answer to a cancel: the person was told that nothing comes of it.
            if message.get("id") == link.owed and kind in ("result", "cancelled", "error"):
                link.forgive()
                if ours:
                    self.finish("cancelled")
            return
        if job is None or not ours:
            return
        self._accepted = True
        if kind == "progress":
            job.take_progress(message)
        elif kind == "preview":
            job.take_preview(message)
        elif kind == "result":
            try:
                job.take_result(message)
                self.finish("done")
            except ImpromptuError as error:
                self.finish("failed", error)
        elif kind in ("cancelled", "error"):
            error = from_wire(message) if kind == "error" else None
            stopped = error is None or isinstance(error, JobCancelled)
            self.finish("cancelled" if stopped else "failed", error)
        self.changed(job)

    def _ignored(self, now: float) -> ImpromptuError | None:
        """A host that lives but never took the job."""
        if self.handed is None or self._accepted or now - self.handed <= self.timing.silence:
            return None
        words = f"The backend did not take the job within {self.timing.silence:g} s and was ended."
        return ImpromptuError(words, "Press Resume to try again.")

    def _lose_host(self, link: HostLink, problem: ImpromptuError) -> None:
        """End a host from which no more is to be expected, and fail its job with its last words."""
        link.process.kill()
        self.retire()
        link.forgive()
        if self.job is None:
            return
        said = read_tail(link.process.log, self.job.host_log_start)
        said += [f"not a message: {line.decode('utf-8', 'replace')}" for line in link.process.garbage]
        # A disk too full for a log is a reason for the failure more likely than a second one.
        with contextlib.suppress(OSError), open(self.job.folder / LOG, "a", encoding="utf-8") as log:
            log.write("\n".join([*said, str(problem), ""]))
        if self._cancel_by is None:
            self.finish("failed", problem)
        else:
            self.finish("cancelled")

    def _see_off(self, link: HostLink, now: float) -> None:
        """Bring a retired host to its end."""
        link.poll_for_end()
        if link.process.ended:
            link.process.close()
            return
        if not link.owed:
            link.leave(now)
        link.escalate(now)
