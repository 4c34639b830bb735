"""Takes a request's pictures on this machine: in a few processes where the work is ours, else with one Blender."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import closing
from functools import cache
from multiprocessing.connection import wait
from typing import Any

from ..protocol import ImpromptuError
from .engines import open_engine
from .plan import Engine
from .requests import PicturesRequest, from_json, to_json
from .taking import Taken, plan_of, take

MOST_PROCESSES = 16
"""Each holds a wardrobe and torch: about half a gigabyte."""
WORTH = 100
"""Pictures of ours for which more processes repay their start."""
CHUNK = 16
"""Pictures a process is given at once."""


def processes_for(request: PicturesRequest, count: int) -> int:
    """How many processes take `count` pictures the fastest here."""
    if request.engine != "raster" or count < WORTH:
        return 1
    return min(
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, MOST_PROCESSES
    )


def run(
    request: PicturesRequest,
    indices: Sequence[int],
    check: Callable[[], None] = lambda: None,
    processes: int = 0,
) -> Iterator[Taken]:
    """The pictures of some indices, in any order.

    Args:
        check: called often; what it raises ends the work.
        processes: 0: as many as pay.

    Raises:
        ImpromptuError: Blender or a process fails, or what `check` raises.
    """
    processes = processes or processes_for(request, len(indices))
    if processes > 1:
        yield from _run_processes(request, indices, check, processes)
        return
    with closing(open_engine(request)) as engine:
        yield from take(request, indices, engine, check)


def _run_processes(
    request: PicturesRequest, indices: Sequence[int], check: Callable[[], None], processes: int
) -> Iterator[Taken]:
    chunks = deque(list(indices[i : i + CHUNK]) for i in range(0, len(indices), CHUNK))
    # A forked process has the wardrobe and the library at once, and shares them; it computes on one thread, so that
    # it never waits for the threads of torch that stayed behind.
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    plan_of(request)
    pool = ProcessPoolExecutor(processes, context, _begin, (to_json(request),))
    given: deque[Future[list[Taken]]] = deque()
    try:
        while chunks or given:
            while chunks and len(given) < 2 * processes:
                given.append(pool.submit(_take, chunks.popleft()))
            yield from _result(given.popleft(), check)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _result(future: Future[list[Taken]], check: Callable[[], None]) -> list[Taken]:
    """A process's pictures, asked for ten times a second."""
    from concurrent.futures import TimeoutError
    from concurrent.futures.process import BrokenProcessPool

    while True:
        check()
        try:
            return future.result(0.1)
        except TimeoutError:
            continue
        except BrokenProcessPool as error:
            raise ImpromptuError(
                "A process that took pictures was ended from outside.",
                "Run the command again, which goes on from here; most often there was too little memory.",
            ) from error


_state: dict[str, Any] = {}


def _begin(request: dict[str, Any]) -> None:
    """In a new process: see to it that it ends with its parent."""
    import signal

    # Ctrl-C reaches the whole group; the parent alone answers it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None
    threading.Thread(target=lambda: (wait([parent.sentinel]), os._exit(1)), daemon=True).start()
    _state["request"] = from_json(request)


@cache
def _engine() -> Engine:
    return open_engine(_state["request"])


def _take(indices: list[int]) -> list[Taken]:
    return list(take(_state["request"], indices, _engine()))
