"""One writer at a time: an advisory lock on a file, released by the system when its process ends."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ..files import explain_os_error
from ..protocol import InvalidInput

WAIT_SECONDS = 300.0
"""How long a writer waits for another one."""

if os.name == "nt":
    import msvcrt

    def _try_lock(handle: int) -> None:
        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _try_lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextlib.contextmanager
def file_lock(path: Path, wait: float = WAIT_SECONDS, meanwhile: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold `path`, an empty file made for the purpose, while the block runs.

    Args:
        meanwhile: called again and again while another process holds it; what it raises ends the wait.

    Raises:
        InvalidInput: the folder cannot be written to, or another process holds the lock for longer than `wait`
            seconds.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise explain_os_error(error, path.parent) from error
    try:
        end = time.monotonic() + wait
        while True:
            try:
                _try_lock(handle)
                break
            except OSError as error:
                if time.monotonic() > end:
                    raise InvalidInput(
                        f"Another process has been writing to {path.parent} for {wait:g} s.",
                        "Try again when it has ended.",
                    ) from error
                meanwhile()
                time.sleep(0.02)
        yield
    finally:
        # Closing releases the lock; the file stays, because removing it would let two writers hold two of them.
        os.close(handle)
