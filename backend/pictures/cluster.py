"""The same pictures from a Dask cluster: work goes out in tasks, pictures come back as they are taken.

Tasks are pure, so a worker that is lost or slow costs time alone: another one takes the same pictures. Nothing is
written but by whoever asks for the pictures; workers need no disk in common.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

from ..protocol import AssetsMissing, ImpromptuError, Incompatible, InvalidInput, RuntimeMissing
from .farm import Attempt, Farm, Pace
from .hands import identity, unpack, work
from .requests import CaptionsRequest, FramesRequest, PicturesRequest, ShapesRequest, to_json
from .taking import Taken

CONNECT_S = 10
"""Seconds that a scheduler may take to answer."""
LOOK_S = 1.0
"""Seconds between two looks which workers there are."""
WAIT_S = 0.2
"""Seconds between two looks whether the work is cancelled."""
REMIND_S = 30.0
"""Seconds without anything new after which it is said what is waited for."""
OWN_FAULTS = (RuntimeMissing, Incompatible, AssetsMissing)
"""What is a worker's own fault, whatever it is asked for."""
AGAIN = "What was taken is kept: run the same command again to go on."


def run(
    request: PicturesRequest,
    indices: Sequence[int],
    address: str,
    check: Callable[[], None] = lambda: None,
    tell: Callable[[str], None] = lambda line: None,
    pace: Pace | None = None,
) -> Iterator[Taken]:
    """The pictures of some indices, as they come: the same that `taking.take` gives, each once, in any order.

    Args:
        indices: each below `len(plan_of(request))`.
        address: of the scheduler, as `tcp://host:8786`.
        check: called several times a second; what it raises ends the work and its tasks.
        tell: told in a line what happens to the cluster.
        pace: how the work is divided.

    Raises:
        RuntimeMissing: Dask is not installed, the scheduler is not there or has gone.
        Incompatible: a worker that was there at the beginning has another version, library or body.
        ImpromptuError: no worker can do the work; the same pictures failed on, or ended, one worker after the other.
    """
    with _connected(address) as client:
        yield from _Run(client, address, request, indices, check, tell, pace or Pace()).pictures()


@contextlib.contextmanager
def _connected(address: str) -> Iterator[Any]:
    """A client of the scheduler, which says nothing by itself."""
    try:
        from distributed import Client
    except ImportError as error:
        raise RuntimeMissing("Dask is not installed.", "Run `pip install 'impromptu[cluster]'`.") from error
    scheme, _, rest = address.rpartition("://")
    if scheme in ("http", "https") or ":" not in rest:
        raise InvalidInput(f"{address} is not the address of a Dask scheduler.", "Give it as tcp://HOST:8786.")
    # What goes wrong is told in our own words; its reports of lost connections would only come between.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        client = Client(address, timeout=CONNECT_S, set_as_default=False, name="impromptu")
    except TypeError as error:
        raise InvalidInput(
            f"{address} wants TLS, and Dask's configuration names no certificates.",
            "Set distributed.comm.tls in Dask's configuration, or use tcp://.",
        ) from error
    except (OSError, ValueError, RuntimeError, AssertionError, MemoryError) as error:
        # A peer that is something else is told by its first bytes, read as a length.
        raise RuntimeMissing(
            f"No Dask scheduler answers at {address}.",
            "Check that `dask scheduler` runs there, and its address: of tcp:// or tls://, with a port as 8786.",
        ) from error
    try:
        yield client
    finally:
        client.close(timeout=3)


def with_whole_paths(request: PicturesRequest) -> PicturesRequest:
    """The request with the files that it names, where they are here, named from the root of the file system."""

    def whole(name: str) -> str:
        return str(Path(name).absolute()) if Path(name).exists() else name

    changed: dict[str, Any] = {}
    if isinstance(request, (FramesRequest, CaptionsRequest)):
        changed["library"] = tuple(whole(name) for name in request.library)
    if isinstance(request, (FramesRequest, ShapesRequest)):
        changed["body"] = whole(request.body)
    return dataclasses.replace(request, **changed)


class _Run:
    """One run on a cluster."""

    def __init__(
        self,
        client: Any,
        address: str,
        request: PicturesRequest,
        indices: Sequence[int],
        check: Callable[[], None],
        tell: Callable[[str], None],
        pace: Pace,
    ) -> None:
        self._client, self._address, self._check, self._tell = client, address, check, tell
        # A worker works in another folder.
        request = with_whole_paths(request)
        order = {"request": to_json(request), "identity": identity(request)}
        self._order = json.dumps(order, sort_keys=True)
        name = f"impromptu-{hashlib.sha256(self._order.encode()).hexdigest()[:16]}"
        self._farm = Farm(indices, name, pace)
        self._tasks: dict[str, tuple[Attempt, Any]] = {}
        self._ended: queue.Queue[str | OSError] = queue.Queue()
        self._there: frozenset[str] = frozenset()
        self._first: frozenset[str] | None = None
        """The workers at the beginning: one of them that differs ends the run before it has cost anything."""
        self._blender = ""
        self._wake: Any = None
        self._stop = threading.Event()
        self._news = time.monotonic()

    def pictures(self) -> Iterator[Taken]:
        """All pictures; however this ends, no task of it stays on the cluster."""
        watch = threading.Thread(target=self._watch, daemon=True)
        try:
            if self._client.dashboard_link:
                self._tell(f"The cluster's dashboard: {self._client.dashboard_link}")
            self._there = self._first = frozenset(self._client.nthreads())
            watch.start()
            while self._farm.left:
                self._check()
                self._look()
                for attempt in self._farm.orders(time.monotonic()):
                    self._send(attempt)
                yield from self._receive()
        except OSError as error:
            raise self._gone() from error
        finally:
            self._stop.set()
            futures = [future for _, future in self._tasks.values()]
            self._tasks.clear()
            with contextlib.suppress(OSError):
                self._client.cancel([*futures, *([self._wake] if self._wake else [])])

    def _watch(self) -> None:
        """Keep looking which workers there are; in a thread, since a scheduler that hangs would hold up all else."""
        while not self._stop.wait(LOOK_S):
            try:
                self._there = frozenset(self._client.nthreads())
            except (OSError, RuntimeError) as error:
                self._ended.put(OSError(str(error)))
                return

    def _look(self) -> None:
        """Take note of workers that have come or gone, and of tasks that take too long."""
        now = time.monotonic()
        before = len(self._farm.members)
        joined, gone = self._farm.see(self._there, now)
        self._cancel(gone)
        after = len(self._farm.members)
        if joined or after < before + len(joined):
            left = before + len(joined) - after
            came = f", {len(joined)} new" if before and joined else ""
            self._say(f"Workers: {after}{came}{f', {left} lost' if left else ''}.")
        # Late is only what has not come back, and not what lies here still.
        for attempt in self._farm.late(now) if self._ended.empty() else ():
            self._say(f"{attempt.worker} takes long; others are given its pictures too.")
        if after:
            self._wake = None
        elif self._wake is None:
            # A cluster that adapts itself starts workers once there is a task.
            self._wake = self._client.submit(int, key=f"{self._farm.name}-wake", pure=False)
        if now - self._news > REMIND_S:
            self._say("Waiting for workers." if not after else f"Waiting; {len(self._tasks)} tasks are with workers.")

    def _say(self, line: str) -> None:
        self._news = time.monotonic()
        self._tell(line)

    def _send(self, attempt: Attempt) -> None:
        """Submit a task to its worker."""
        future = self._client.submit(
            work,
            self._order,
            list(attempt.indices),
            attempt.key,
            key=attempt.key,
            workers=[attempt.worker],
            allow_other_workers=False,
        )
        self._tasks[attempt.key] = attempt, future
        future.add_done_callback(lambda done: self._ended.put(done.key))

    def _receive(self) -> Iterator[Taken]:
        """Wait a little for the end of a task, and give out its pictures."""
        try:
            ended = self._ended.get(timeout=WAIT_S)
        except queue.Empty:
            return
        if isinstance(ended, OSError):
            raise ended
        attempt, future = self._tasks.pop(ended, (None, None))
        if attempt is None or future is None:
            return
        content = self._fetch(attempt, future)
        if content is None:
            return
        load, now = unpack(content), time.monotonic()
        error = load.error or self._other_blender(load.blender)
        if error is not None:
            self._fault(attempt, error, now)
            return
        self._news = now
        new, unneeded = self._farm.finished(attempt, load.seconds, len(content), now)
        self._cancel(unneeded)
        del future, content
        if new:
            yield from load.taken

    def _other_blender(self, version: str) -> Incompatible | None:
        """Two Blenders take two pictures of the same scene: the first one's version counts."""
        self._blender = self._blender or version
        if version in ("", self._blender):
            return None
        return Incompatible(
            f"it has Blender {version}, and the pictures so far are of {self._blender}.",
            "Install the same Blender on every worker.",
        )

    def _fetch(self, attempt: Attempt, future: Any) -> bytes | None:
        """What a task gave; None where it failed or went with its worker."""
        if future.status == "error":
            self._failure(attempt, future.exception())
            return None
        while attempt.worker in self._there and future.status in ("finished", "pending"):
            try:
                return future.result(timeout=LOOK_S)
            except TimeoutError:
                self._check()
            except CancelledError:
                break
        if self._client.status != "running":
            raise self._gone()
        # The worker was lost between the end of its task and this.
        future.cancel()
        self._farm.lost(attempt, time.monotonic())
        return None

    def _failure(self, attempt: Attempt, error: BaseException | None) -> None:
        """Deal with an exception that is not ours: of Dask, or a fault in what the worker runs."""
        from distributed import KilledWorker

        now, words = time.monotonic(), str(error)
        if isinstance(error, KilledWorker):
            self._farm.lost(attempt, now)
        elif "deserialization of the task graph" in words:
            raise Incompatible(
                f"The scheduler at {self._address} cannot read the tasks: it has no Impromptu, or another version.",
                "Install the same version where the scheduler runs, and start it again.",
            )
        elif isinstance(error, ImportError):
            self._fault(attempt, RuntimeMissing(f"{words}.", "Install Impromptu with all its parts on it."), now)
        else:
            said = ImpromptuError(f"{type(error).__name__}: {words}.", "Look at the worker's log.")
            self._fault(attempt, said, now)

    def _fault(self, attempt: Attempt, error: ImpromptuError, now: float) -> None:
        """Deal with a worker's error: the worker is left out, the pictures are tried elsewhere, or the run ends."""
        said = type(error)(f"The worker at {attempt.worker} says: {error.message}", error.hint)
        said.code = error.code
        if not isinstance(error, OWN_FAULTS) and attempt.chunk is not None:
            if not self._farm.failed(attempt, now):
                raise said
            self._say(f"{said.message} The pictures go to another worker.")
            return
        assert self._first is not None
        if attempt.worker in self._first and attempt.chunk is None and not isinstance(error, RuntimeMissing):
            raise said
        # This task's pictures go back too.
        self._cancel(self._farm.refuse(attempt.worker))
        if not self._farm.usable:
            raise said
        self._say(f"{said} It is left out.")

    def _cancel(self, attempts: Sequence[Attempt]) -> None:
        """Take tasks off the cluster."""
        pairs = [self._tasks.pop(a.key, None) for a in attempts]
        futures = [pair[1] for pair in pairs if pair]
        if futures:
            self._client.cancel(futures)

    def _gone(self) -> RuntimeMissing:
        return RuntimeMissing(f"The scheduler at {self._address} has gone.", AGAIN)
