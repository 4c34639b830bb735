"""A child on Linux and macOS: non-blocking pipes, a process group, and a guard against orphans.

The guard is one waiting shell in the child's group. It holds the reading end of a pipe whose only writing end is
ours, so it learns when Blender ends, however that happens; it gives the child two seconds to end by itself (its
standard input has ended too) and then kills the whole group. While it lives, the group's number cannot be given
to others, so that signalling the group is safe even after its leader has ended.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

# Standard error carries the life line into the shell, because it is a one-digit number, which is all that some
# shells can redirect; the command itself gets the log instead. `read` is built in: there is nothing to be missing.
GUARD = '(exec <&2 >/dev/null 2>&1; read -r _; sleep 2; kill -9 -$$) & exec "$@" 2>>"$0"'
NOT_FOUND = (126, 127)
"""What a shell answers where the command is not there or is no program."""


class Child:
    """A running command whose pipes never block.

    Raises:
        OSError: it cannot be started. A command that is not there ends with one of `NOT_FOUND` instead.
    """

    def __init__(self, command: list[str], log: Path, env: Mapping[str, str], cwd: Path | None) -> None:
        guard, self._lifeline = os.pipe()
        try:
            self.popen = subprocess.Popen(
                ["/bin/sh", "-c", GUARD, str(log), *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=guard,
                env=dict(env),
                cwd=cwd,
                bufsize=0,
                start_new_session=True,
            )
        except OSError:
            os.close(self._lifeline)
            raise
        finally:
            os.close(guard)
        assert self.popen.stdin is not None
        assert self.popen.stdout is not None
        self._in, self._out = self.popen.stdin, self.popen.stdout
        os.set_blocking(self._in.fileno(), False)
        os.set_blocking(self._out.fileno(), False)
        self._swept = False

    def read(self, size: int) -> bytes | None:
        """What has come, at most `size` bytes; None for nothing yet, empty at the end."""
        try:
            return os.read(self._out.fileno(), size)
        except BlockingIOError:
            return None

    def write(self, data: memoryview) -> int:
        """How many bytes the pipe took.

        Raises:
            BrokenPipeError: nobody reads any more.
        """
        try:
            return os.write(self._in.fileno(), data)
        except BlockingIOError:
            return 0

    def close_input(self) -> None:
        """End the child's standard input."""
        # What a full pipe could not take is lost with it, as its reader is.
        with contextlib.suppress(BrokenPipeError):
            self._in.close()

    def interrupt(self) -> None:
        """Ctrl-C for the child and whatever it started."""
        self._signal(signal.SIGINT)

    def kill(self) -> None:
        """End the child and whatever it started, at once."""
        self._signal(signal.SIGKILL)

    def sweep(self) -> None:
        """After the child has ended: end what it started and the guard."""
        if not self._swept:
            self._signal(signal.SIGKILL)
            self._swept = True

    def release(self) -> None:
        """Close our ends. A child that still runs learns of it, and the guard sees to the rest."""
        self.close_input()
        self._out.close()
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1

    def _signal(self, number: int) -> None:
        if self._swept:
            return
        # Gone is what was wanted; macOS denies the signal to a group of which only a zombie is left.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.popen.pid, number)
