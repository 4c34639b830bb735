"""Makes a set of training pictures: shard by shard, in a few processes, from where an earlier run was stopped."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait as wait_for_end
from pathlib import Path
from typing import Any

from ...files import explain_os_error, read_json, write_json
from ...motion.lock import file_lock
from ...protocol import ImpromptuError, InvalidInput
from .pictures import PictureFactory, TrainingPicture, factory
from .shards import GROUP, REQUEST, DataRequest, as_json, missing_shards, write_shard

LOCK_S = 3.0
"""Seconds to wait for another run: the processes of one that was killed notice it a moment later."""
MOST_PROCESSES = 64
AGAIN = "Name another folder, or remove this one."
Tell = Callable[[str, bool], None]
"""Takes a line of progress, and whether it is the last."""


def make(folder: Path, request: DataRequest, workers: int, tell: Tell) -> int:
    """Make the shards that are missing.

    Args:
        workers: processes; they change nothing of the pictures.

    Returns:
        0, or 130 where it was interrupted.

    Raises:
        InvalidInput: the folder holds another set or cannot be written to.
        ImpromptuError: a process was ended from outside.
    """
    if not 1 <= workers <= MOST_PROCESSES:
        raise InvalidInput(f"The number of workers is {workers}.", f"Give 1 to {MOST_PROCESSES}.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise explain_os_error(error, folder) from error
    with file_lock(folder / ".lock", LOCK_S):
        _agree(folder, request, _factory(request))
        return _make_missing(folder, request, workers, tell)


def _make_missing(folder: Path, request: DataRequest, workers: int, tell: Tell) -> int:
    todo = missing_shards(folder, request)
    total = sum(len(request.groups(n)) for n in range(request.shards)) * GROUP
    there = total - sum(len(request.groups(n)) for n in todo) * GROUP
    if todo:
        # What every picture needs is loaded before the processes, which are forked and so have it at once.
        _factory(request).group(request.groups(todo[0])[0])
    begun, made = time.monotonic(), 0
    try:
        for number in _run(folder, request, todo, workers):
            made += len(request.groups(number)) * GROUP
            rate = made / (time.monotonic() - begun)
            left = (total - there - made) / rate / 60
            tell(f"{there + made:,} of {total:,} pictures, {rate:.3g} a second, {left:.0f} min left", False)
    except KeyboardInterrupt:
        tell(f"Stopped; {there + made:,} of {total:,} pictures are there. The same command goes on from there.", True)
        return 130
    tell(f"{total:,} pictures in {folder}.", True)
    return 0


def _factory(request: DataRequest) -> PictureFactory:
    return factory(request.size, request.seed, request.split, request.library, request.painted)


def _agree(folder: Path, request: DataRequest, made: PictureFactory) -> None:
    """Write the request, or see that it is the one of the set that is there; only the count may have changed.

    Raises:
        InvalidInput: it is another one.
    """
    path = folder / REQUEST
    wanted = {**as_json(request), **made.fingerprint(), "part_names": list(made.part_names)}
    if path.exists():
        old = read_json(path)
        apart = [k for k in wanted if k != "count" and (not isinstance(old, dict) or old.get(k) != wanted[k])]
        if apart:
            raise InvalidInput(f"{folder} holds training pictures of another {', '.join(apart)}.", AGAIN)
    elif any(not p.name.startswith(".") for p in folder.iterdir()):
        raise InvalidInput(f"{folder} holds other files.", "Name a new or empty folder.")
    write_json(path, wanted)


def _run(folder: Path, request: DataRequest, todo: list[int], workers: int) -> Iterator[int]:
    """The numbers of shards, as they are done."""
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    stop = context.Event()
    pool = ProcessPoolExecutor(workers, context, _begin, (stop,))
    try:
        open_ones: set[Future[int]] = {pool.submit(_make_shard, folder, request, n) for n in todo}
        while open_ones:
            done, open_ones = wait(open_ones, 0.2, FIRST_COMPLETED)
            yield from (future.result() for future in done)
    except BrokenProcessPool as error:
        raise ImpromptuError(
            "A process that made pictures was ended from outside.",
            "Run the command again, which goes on from here; most often there was too little memory.",
        ) from error
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)


_state: dict[str, Any] = {}


def _begin(stop: Any) -> None:
    """In a new process: compute on one thread, which waits for no other, and end with the parent."""
    import signal

    import torch

    # Ctrl-C reaches the whole group; the parent alone answers it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    parent = multiprocessing.parent_process()
    assert parent is not None
    threading.Thread(target=lambda: (wait_for_end([parent.sentinel]), os._exit(1)), daemon=True).start()
    _state["stop"] = stop


class _Stopped(Exception):
    """The parent wants no more."""


def _make_shard(folder: Path, request: DataRequest, number: int) -> int:
    groups = request.groups(number)

    def pictures() -> Iterator[TrainingPicture]:
        for group in groups:
            if _state["stop"].is_set():
                raise _Stopped
            yield from _factory(request).group(group)

    write_shard(folder, number, request.size, pictures(), len(groups) * GROUP)
    return number
