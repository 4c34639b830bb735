"""The two ends of the protocol, taken away from everything else in the process. Imports nothing but `os` and `sys`.

A library's print, a C printf or a child's output must not break a message, and nothing but the host may read
requests. So file descriptors 0 and 1 are duplicated for the protocol, then 0 is pointed at nothing and 1 at the log.
"""

from __future__ import annotations

import os
import sys

_claimed: tuple[int, int] | None = None


def claim() -> tuple[int, int]:
    """Take standard input and output for the protocol, once a process; what is printed then goes to standard error.

    Returns:
        the file descriptors to read messages from and to write messages to; children do not inherit them.
    """
    global _claimed
    if _claimed is None:
        sys.stdout.flush()
        _claimed = os.dup(0), os.dup(1)
        if os.name == "nt":
            _make_binary(_claimed)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        # Written out line by line, so that the log tells what came last before a crash.
        for stream in (sys.stdout, sys.stderr):
            getattr(stream, "reconfigure", lambda **_: None)(line_buffering=True, errors="backslashreplace")
    return _claimed


def _make_binary(handles: tuple[int, ...]) -> None:
    """Windows' C library would turn \\n into \\r\\n and end the input at a Ctrl-Z."""
    import msvcrt

    for handle in handles:
        msvcrt.setmode(handle, os.O_BINARY)  # type: ignore[attr-defined]


def send_prints_to(path: str) -> None:
    """Append what is printed from now on, by Python, C or a child, to a file.

    Raises:
        OSError: it cannot be opened.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    point_prints_at(handle, handle)
    os.close(handle)


def point_prints_at(out: int, err: int) -> None:
    """Make file descriptors 1 and 2 copies of two others; what was printed before goes to where it belongs."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    _flush_c()
    os.dup2(out, 1)
    os.dup2(err, 2)


def _flush_c() -> None:
    """Write out what C's printf has buffered."""
    if os.name == "nt":
        return  # each C runtime has buffers of its own there
    import ctypes

    ctypes.CDLL(None).fflush(None)
