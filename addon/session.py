"""The one queue of jobs of this Blender, and what is kept of each job so that its result can be put into the scene.

A job remembers in its `extra` which landing it wants, the handle of the actor that it is for, the file that it was
ordered in and the panel's settings of that moment. No Blender object is kept.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
import traceback
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import bpy

from ..backend.protocol import ImpromptuError, InvalidInput, from_params
from . import package, preferences
from .client.jobs import Job, JobQueue
from .scene.handles import handle, resolve
from .scene.whole import all_or_nothing
from .words import explain, say, told

LANDED = "landed"
"""File in a job's folder: its result was put into a scene."""

GIVEN = 20
"""Folders of `scratch` that are kept for a retry."""

Landing = Callable[[Any, Job, Any], "str | None"]
"""(context, job, target's object or None) -> one sentence on what was done, or None."""

LANDINGS: dict[str, Landing] = {}
"""By the name that a job's `extra` carries."""

_queue: JobQueue | None = None
_started_with: tuple[list[str], dict[str, str]] | None = None
"""Command line and variables of the host that runs."""
_file = uuid.uuid4().hex
_landed: set[str] = set()
notes: dict[str, ImpromptuError] = {}
"""Why the result of a job (by id) could not be put into the scene."""


def landing(name: str) -> Callable[[Landing], Landing]:
    """Make a function the landing of that name."""

    def add(function: Landing) -> Landing:
        LANDINGS[name] = function
        return function

    return add


def _command() -> list[str]:
    """The host's command line; its variables are taken from the preferences at the same time."""
    global _started_with
    command, env = preferences.host_command(), preferences.host_environment()
    if _queue is not None:
        _queue.env = env
    _started_with = command, env
    return command


def queue() -> JobQueue:
    """The jobs of this Blender; reads those of earlier sessions the first time."""
    global _queue
    if _queue is None:
        # Neither folder is made before there is a job to put into it.
        jobs, log = package.jobs_folder(create=False), package.user_folder(create=False) / "host.log"
        kept = preferences.snapshot()
        _queue = JobQueue(_command, jobs, log, idle_s=float(kept.idle_seconds), keep=kept.keep_jobs)
        _know_landed(_queue)
    return _queue


def has_queue() -> bool:
    """Whether a queue was made: with none, there is nothing to look after."""
    return _queue is not None


def has_earlier_jobs() -> bool:
    """Whether an earlier session left jobs that the panel should show."""
    return _queue is None and package.jobs_folder(create=False).is_dir()


def follow_preferences() -> None:
    """Take over how long the host may idle and how many jobs are kept, as a person has just set them."""
    if _queue is not None:
        kept = preferences.snapshot()
        _queue.idle_s, _queue.keep = float(kept.idle_seconds), kept.keep_jobs


def _know_landed(jobs: JobQueue) -> None:
    """Note which results of earlier sessions were put into a scene, so that drawing need not look at the disk."""
    _landed.update(job.id for job in jobs.jobs if (job.folder / LANDED).exists())


def _renew_host() -> None:
    """Let go of an idle host that was started with other settings."""
    if _queue is None or _started_with is None or _queue.host_state == "stopped":
        return
    try:
        wanted = preferences.host_command(), preferences.host_environment()
    except ImpromptuError:
        # The queue fails the job with this very error once it needs a new host.
        _queue.end_host()
        return
    if wanted != _started_with:
        _queue.end_host()


def use(
    command: Callable[[], list[str]], folder: Path, env: Mapping[str, str] | None = None, timing: Any = None
) -> JobQueue:
    """Work with another host and another folder, as tests do."""
    global _queue
    close()
    _queue = JobQueue(command, folder / "jobs", folder / "host.log", env=env, timing=timing)
    _know_landed(_queue)
    return _queue


def close() -> None:
    """End the host; unfinished jobs can be resumed later."""
    global _queue, _started_with
    if _queue is not None:
        _queue.shutdown()
    _queue = _started_with = None
    _landed.clear()
    notes.clear()


def _folder() -> Path:
    """Where the queue's jobs are."""
    return queue().log.parent / "jobs"


def scratch(name: str) -> Path:
    """A new folder for a file that a request names; it goes with the oldest ones when there are many.

    Raises:
        InvalidInput: it cannot be made.
    """
    parent = _folder() / ".given"
    try:
        parent.mkdir(parents=True, exist_ok=True)
        old = sorted(parent.iterdir(), key=lambda p: p.stat().st_mtime)[:-GIVEN]
        for folder in old:
            shutil.rmtree(folder, ignore_errors=True)
        made = parent / f"{name}-{uuid.uuid4().hex[:12]}"
        made.mkdir()
    except OSError as error:
        raise InvalidInput(f"The folder of jobs cannot be written: {error}.", "Free some disk space.") from error
    return made


def submit(
    context: Any, request: Any, title: str, land: str, target: Any = None, options: dict[str, Any] | None = None
) -> Job:
    """Queue a request whose result is to be put into this scene.

    Args:
        land: a key of `LANDINGS`.
        target: the object that it is for, or None.
        options: JSON values that the landing reads, as the placement.
    """
    extra = {
        "land": land,
        "target": handle(target) if target is not None else None,
        "file": _file,
        "scene": context.scene.name,
        "scene_uid": getattr(context.scene, "session_uid", 0),
        "options": options or {},
    }
    _renew_host()
    return queue().submit(request, title, extra=extra)


def again(context: Any, job: Job) -> Job:
    """Queue a job's request anew, for this file and scene, and for the same actor where that is still here."""
    request = from_params(job.kind, job.params)
    options = job.extra.get("options", {})
    return submit(context, request, job.title, str(job.extra.get("land", "")), find_target(job), options)


def new_file() -> None:
    """Another file was opened: results of jobs that were ordered before do not land in it by themselves."""
    global _file
    _file = uuid.uuid4().hex


def is_landed(job: Job) -> bool:
    """Whether the job's result was put into a scene once."""
    return job.id in _landed


def can_land(job: Job) -> bool:
    """Whether there is a result that a landing knows."""
    return job.state == "done" and str(job.extra.get("land")) in LANDINGS


def waits_to_land(job: Job) -> bool:
    """Whether its result is to be put into this file's scene as soon as that is possible."""
    return can_land(job) and job.id not in notes and job.extra.get("file") == _file and not is_landed(job)


def belongs_to(job: Job, scene: Any) -> bool:
    """Whether the job was ordered in this scene, whatever that is called by now."""
    uid = job.extra.get("scene_uid", 0)
    return getattr(scene, "session_uid", 0) == uid if uid else scene.name == job.extra.get("scene")


def from_elsewhere(job: Job) -> bool:
    """Whether the job was ordered in a file that is not open any more."""
    return job.extra.get("file") != _file


def land(context: Any, job: Job) -> str:
    """Put a job's result into the scene.

    Returns:
        one sentence on what was done.

    Raises:
        ImpromptuError: there is no result, or it does not fit the scene as it is now.
    """
    function = LANDINGS.get(str(job.extra.get("land")))
    if function is None or job.state != "done":
        raise InvalidInput("This job has no result to put into the scene.", "Press Retry.")
    # One attempt by itself; a result that does not fit would else be tried at every tick.
    _landed.add(job.id)
    try:
        with all_or_nothing():
            sentence = function(context, job, find_target(job))
    except ImpromptuError as error:
        notes[job.id] = error
        raise
    except Exception as error:
        traceback.print_exc()
        words = f"The result could not be put into the scene: {error}."
        notes[job.id] = ImpromptuError(words, "Press Retry; if it happens again, apply it to a new actor.")
        raise notes[job.id] from error
    notes.pop(job.id, None)
    # On a disk that is full it is known for this session only: the result is in the scene all the same.
    with contextlib.suppress(OSError):
        (job.folder / LANDED).touch()
    return sentence or say("The result is in the scene.")


def find_target(job: Job) -> Any:
    """The object that the job is for; None where it was for none, or this file does not have it.

    Only an actor's own identifier speaks for it in a file that was opened after the job was ordered.
    """
    found = job.extra.get("target")
    if not isinstance(found, dict) or (from_elsewhere(job) and not found.get("uid")):
        return None
    return resolve(found)


def lost_target(job: Job) -> bool:
    """Whether the job was for an actor that is not there any more."""
    return isinstance(job.extra.get("target"), dict) and find_target(job) is None


def refused(context: Any, job: Job) -> ImpromptuError:
    """Why a result that was not tried is not in the scene: it waits for something, which a script cannot see."""
    from . import loop

    why = loop.why_wait(context)
    if not why:
        return ImpromptuError("The result could not be put into the scene.")
    words = say(
        "The result is not in the scene: {why}. Then run impromptu.land with job {id}.", why=told(why), id=job.id
    )
    return ImpromptuError(words)


def finish(context: Any, operator: Any, job: Job) -> set[str]:
    """Wait for a job and land it: what an operator does in background mode or when a script asks it to wait.

    Returns:
        what the operator's `execute` is to return.
    """
    seen = ""
    jobs = queue()
    while not job.finished:
        jobs.wait(job.id, 0.25)
        stage = job.stage
        if stage and stage != seen:
            print(f"Impromptu: {told(stage)}", file=sys.stderr)
            seen = stage
    error = job.error or ImpromptuError(f"The job was {job.state}.")
    if job.state != "done":
        operator.report({"ERROR"}, explain(error))
        return {"CANCELLED"}
    if str(job.extra.get("land")) in LANDINGS:
        try:
            # Called as an operator of its own, so that the change is one undo step.
            bpy.ops.impromptu.land("EXEC_DEFAULT", True, job=job.id)
        except RuntimeError:
            error = notes.get(job.id) or refused(context, job)
            operator.report({"ERROR"}, explain(error))
            return {"CANCELLED"}
    then = job.extra.get("then")
    return finish(context, operator, jobs.get(then)) if isinstance(then, str) else {"FINISHED"}
