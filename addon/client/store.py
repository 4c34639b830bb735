"""The folder of jobs: what is asked for and how far it is, so that it outlives Blender.

`<folder>/<id>/request.json` is written once, `state.json` at every change of state; both appear whole or not at all.
They are not forced to the disk: that would hold up the window, and what a power cut can damage is read as lost.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import time
from pathlib import Path
from typing import Any

from ...backend.protocol import KINDS, ImpromptuError, InvalidInput, from_wire, legible, to_wire
from .claim import Claim, is_claimed
from .job import TERMINAL, UNFINISHED, Job, number

REQUEST, STATE = "request.json", "state.json"


class Store:
    """The jobs on disk.

    Args:
        folder: made when the first job is.
        keep: how many finished jobs to keep; the oldest beyond that are deleted, but none that has a checkpoint.
    """

    def __init__(self, folder: Path, keep: int) -> None:
        self.folder = folder.absolute()
        self.keep = keep
        self.claim: Claim | None = None

    def create(
        self, kind: str, params: dict[str, Any], title: str, folder: Path | None, extra: dict[str, Any]
    ) -> Job:
        """A new job with its folder and request written.

        Args:
            folder: of an earlier job, whose checkpoint is to be used; None makes a new one.

        Raises:
            InvalidInput: the folder cannot be written.
        """
        if folder is None:
            name = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}"
            folder = self.folder / name
        job = Job(folder.name, kind, params, folder.absolute(), title, time.time(), extra)
        self.write(job)
        return job

    def write(self, job: Job) -> None:
        """Write a job's request and state.

        Raises:
            InvalidInput: the folder cannot be written.
        """
        request = {k: getattr(job, k) for k in ("id", "kind", "params", "created", "title", "extra")}
        try:
            job.folder.mkdir(parents=True, exist_ok=True)
            write_json(job.folder / REQUEST, request)
            self.save(job)
        except OSError as error:
            with contextlib.suppress(OSError):
                # Only an empty folder goes: with a request or a checkpoint in it, it is somebody's work.
                job.folder.rmdir()
            raise explain(error, job.folder) from error

    def save(self, job: Job) -> None:
        """Write a job's state.

        Raises:
            OSError: it cannot be written.
        """
        if self.claim is None and not job.finished:
            self.claim = Claim(self.folder)
        state: dict[str, Any] = {k: getattr(job, k) for k in ("state", "stage", "step", "total", "eta_s", "metrics")}
        state["files"] = {name: path.relative_to(job.folder).as_posix() for name, path in job.files.items()}
        state["preview"] = job.preview.relative_to(job.folder).as_posix() if job.preview else None
        state["error"] = to_wire(job.error) if job.error else None
        state["owner"] = self.claim.name if self.claim and not job.finished else None
        write_json(job.folder / STATE, state)

    def load(self) -> list[Job]:
        """The jobs of earlier sessions, oldest first; what is damaged or belongs to another open Blender is left out.

        Those that were under way when their Blender ended are failed now, and resumable.
        """
        jobs = []
        for folder in subfolders(self.folder):
            job, owner = read_job(folder)
            if job is None:
                continue
            if job.state in UNFINISHED:
                if is_claimed(self.folder, owner):
                    continue
                job.finish("failed", closed_error(job))
                # Nothing is lost where it cannot be written: the next start finds the same.
                with contextlib.suppress(OSError):
                    self.save(job)
            jobs.append(job)
        return sorted(jobs, key=lambda job: (job.created, job.id))

    def prune(self, jobs: list[Job]) -> list[Job]:
        """Delete the oldest finished jobs beyond the limit.

        Returns:
            the jobs that are left.
        """
        finished = [job for job in jobs if job.finished and job.folder.parent == self.folder]
        extra = [job for job in finished[: max(len(finished) - self.keep, 0)] if not job.has_checkpoint]
        for job in extra:
            self.delete(job)
        return [job for job in jobs if job not in extra]

    def delete(self, job: Job) -> None:
        """Delete a job's folder; what a program still holds open stays, but is no job without its request."""
        (job.folder / REQUEST).unlink(missing_ok=True)
        shutil.rmtree(job.folder, ignore_errors=True)

    def release(self) -> None:
        """Let go of the folder."""
        if self.claim is not None:
            self.claim.release()
            self.claim = None


def closed_error(job: Job) -> ImpromptuError:
    """Why a job that its Blender left unfinished has failed."""
    word = "waiting" if job.state == "queued" else "running"
    return ImpromptuError(f"Blender was closed while this job was {word}.", "Press Resume to do it again.")


def subfolders(folder: Path) -> list[Path]:
    """The folders in a folder; none where it cannot be read."""
    try:
        return [path for path in folder.iterdir() if path.is_dir()]
    except OSError:
        return []


def read_job(folder: Path) -> tuple[Job | None, str]:
    """A job from its folder, None where that holds none; and the claim of the Blender that works on it."""
    request, state = read_json(folder / REQUEST), read_json(folder / STATE)
    kind, params = request.get("kind"), request.get("params")
    if not isinstance(kind, str) or kind not in KINDS or not isinstance(params, dict):
        return None, ""
    created, extra = request.get("created"), request.get("extra")
    job = Job(folder.name, kind, params, folder.absolute(), legible(request.get("title", "")), 0.0)
    job.created = float(number(created) or 0.0)
    job.extra = extra if isinstance(extra, dict) else {}
    job.state = state["state"] if state.get("state") in TERMINAL + UNFINISHED else "running"
    job.take_progress({"stage": "", "step": 0, "total": 0, "eta_s": None, **state})
    job.preview = job.find(state.get("preview"))
    error = state.get("error")
    job.error = from_wire(error) if isinstance(error, dict) else None
    if job.state == "done":
        try:
            job.take_result({"files": {}, "metrics": {}, **state})
        except ImpromptuError:
            lost = ImpromptuError("The results of this job were deleted.", "Press Resume to make them again.")
            job.finish("failed", lost)
    return job, str(state.get("owner") or "")


def write_json(path: Path, value: Any) -> None:
    """Write JSON under a temporary name and rename it.

    Raises:
        OSError: it cannot be written; what stood there is unharmed.
    """
    temporary = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        temporary.write_text(json.dumps(value, indent=1) + "\n", encoding="ascii")
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object; an empty one where the file is missing, damaged or something else."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def explain(error: OSError, folder: Path) -> InvalidInput:
    """The sentence for a job folder that cannot be written."""
    return InvalidInput(
        f"The job's folder {folder} cannot be written: {error.strerror or error}.",
        "Free some space on that disk, or make the folder writable.",
    )
