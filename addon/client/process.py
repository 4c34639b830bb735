"""The backend's process as Blender sees it: messages in, messages out, never a wait."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...backend.protocol import Decoder, RuntimeMissing
from .environment import child_environment

if os.name == "nt":
    from . import process_windows as platform
else:
    from . import process_posix as platform

BITE = 1 << 16
MOST = 1 << 18
"""Bytes read in one poll: a flood must not hold up the window. More than a pipe holds, so that the last poll after
the child's end gets all there is."""
LOG_LIMIT = 1 << 22
"""Bytes; a longer log is set aside as `NAME.old` when the next process starts."""
REPAIR = "Open the preferences of Impromptu and install or repair the runtime there."


class HostProcess:
    """A child that speaks the wire protocol over its standard input and output.

    Args:
        command: program and arguments.
        log: where its standard error goes, appended; made with its folder.
        env: variables to add to `child_environment`.

    Raises:
        RuntimeMissing: there is no such program, or it cannot be started.
    """

    def __init__(self, command: list[str], log: Path, env: Mapping[str, str] | None = None) -> None:
        if shutil.which(command[0]) is None:
            raise RuntimeMissing(f"The backend's Python is not there: {command[0]}.", REPAIR)
        self.log = prepare_log(log)
        self.log_start = self.log_size()
        """Where this process's part of the log begins, in bytes."""
        cwd = self.log.parent if self.log.is_file() else None
        try:
            self._child = platform.Child(command, self.log, child_environment(env), cwd)
        except OSError as error:
            raise RuntimeMissing(f"The backend could not be started: {error.strerror or error}.", REPAIR) from error
        self._decoder = Decoder()
        self._unsent = bytearray()
        self._stopping = False
        self.closed = False
        self.ended = False
        """The process has ended and all that it said has been read."""

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._child.popen.pid

    @property
    def returncode(self) -> int | None:
        """None while it runs; minus the signal's number if it was killed by one."""
        return self._child.popen.poll()

    @property
    def alive(self) -> bool:
        """It runs."""
        return self.returncode is None

    @property
    def missing(self) -> bool:
        """It ended because there was no such program."""
        return self.returncode in platform.NOT_FOUND

    def log_size(self) -> int:
        """Bytes in the log so far; 0 where it cannot be written."""
        return self.log.stat().st_size if self.log.is_file() else 0

    @property
    def garbage(self) -> list[bytes]:
        """The last lines of its standard output that were no messages."""
        return self._decoder.garbage

    def send(self, data: bytes) -> None:
        """Send bytes, now or, where the pipe is full, in later polls."""
        if not self._stopping and not self.closed:
            self._unsent += data
            self._flush()

    def stop(self, farewell: bytes = b"") -> None:
        """Send a last message and end its standard input, which asks it to end."""
        self.send(farewell)
        self._stopping = True
        self._flush()

    def poll(self) -> list[dict[str, Any]]:
        """The messages that have come since the last poll."""
        if self.closed:
            return []
        # Asked before reading: what a process said before it ended is in the pipe by then.
        over = not self.alive
        if over:
            self._child.sweep()
        else:
            self._flush()
        messages: list[dict[str, Any]] = []
        for _ in range(MOST // BITE):
            data = self._child.read(BITE)
            if not data:
                break
            messages += self._decoder.feed(data)
        self.ended = over
        return messages

    def interrupt(self) -> None:
        """Ask for its end as Ctrl-C does; nothing on Windows."""
        if self.alive:
            self._child.interrupt()

    def kill(self) -> None:
        """End it and what it started. Later polls take note of its end."""
        if self.alive:
            self._child.kill()
        else:
            self._child.sweep()

    def close(self, wait_s: float = 1.0) -> None:
        """Kill it if it still runs and let go of everything; waits no longer than `wait_s`."""
        if self.closed:
            return
        self.kill()
        # A process that even a kill does not end at once hangs in the kernel: the guard outlives us and sees to it.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.popen.wait(wait_s)
            self._child.sweep()
        self.closed = True
        self._child.release()

    def wait(self, timeout_s: float) -> bool:
        """Wait for its end; was there one? Only for `shutdown` and scripts: it blocks."""
        try:
            self._child.popen.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _flush(self) -> None:
        """Write what the pipe takes."""
        try:
            while self._unsent:
                # The view must be let go before the bytes can be cut.
                with memoryview(self._unsent) as view:
                    taken = self._child.write(view)
                if not taken:
                    return
                del self._unsent[:taken]
        except BrokenPipeError:
            # Its end is noticed by the next poll.
            self._unsent.clear()
        if self._stopping:
            self._child.close_input()


def prepare_log(log: Path) -> Path:
    """Make the log's folder, set a long one aside, and see that it can be written.

    Returns:
        the log, or the null device where it cannot be written: no log is no reason not to work.
    """
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.is_file() and log.stat().st_size > LOG_LIMIT:
            os.replace(log, log.with_name(log.name + ".old"))
        with open(log, "ab"):
            return log
    except OSError:
        return Path(os.devnull)


def read_tail(path: Path, start: int = 0, lines: int = 20) -> list[str]:
    """The last lines of a log, none before byte `start`; none where it cannot be read."""
    try:
        with open(path, "rb") as stream:
            end = stream.seek(0, os.SEEK_END)
            # 400 bytes a line is ample; a log of megabytes is not read to show its end.
            stream.seek(max(min(start, end), end - 400 * lines))
            text = stream.read().decode("utf-8", "replace")
    except OSError:
        return []
    return [line.rstrip() for line in text.splitlines() if line.strip()][-lines:]
