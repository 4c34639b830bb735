"""Programs that jobs start: none outlives the host, however that ends."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

_lock = threading.Lock()
_running: dict[int, tuple[subprocess.Popen[bytes], Callable[[], None]]] = {}


@contextlib.contextmanager
def tracked(child: subprocess.Popen[bytes], clean_up: Callable[[], None]) -> Iterator[None]:
    """Let `kill_all` end a child, with its process group where it leads one, while the block runs.

    Args:
        clean_up: called after the kill; removes what the child would have removed itself.
    """
    with _lock:
        _running[child.pid] = child, clean_up
    try:
        yield
    finally:
        with _lock:
            _running.pop(child.pid, None)


def kill_all() -> None:
    """Kill every tracked child and, on Linux, every other descendant; then clean up. For the end of the host."""
    with _lock:
        running = list(_running.values())
    for child, _ in running:
        _kill(child)
    if sys.platform == "linux":
        for pid in _descendants():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
    for child, clean_up in running:
        try:
            child.wait(1)
            clean_up()
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            print(f"after child {child.pid}: {error}", file=sys.stderr)


def _kill(child: subprocess.Popen[bytes]) -> None:
    """Kill a child and the group that it leads, if it does."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if os.name != "nt" and os.getpgid(child.pid) == child.pid:
            os.killpg(child.pid, signal.SIGKILL)
        else:
            child.kill()


def _descendants() -> list[int]:
    """Processes that this one started, and those that they did, from /proc."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                # The name stands in brackets and may hold anything; the parent is the second field after it.
                fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
                children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, open_ = [], [os.getpid()]
    while open_:
        below = children.get(open_.pop(), [])
        found += below
        open_ += below
    return found
