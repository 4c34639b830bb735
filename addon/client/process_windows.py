"""A child on Windows: pipes that are peeked into before they are read, and a job object against orphans.

Written by Microsoft's documentation and not yet run on Windows: the project's tests run on Linux. It has the same
methods as `process_posix.Child`. The job object ends every process in it when its last handle closes, which the
system does for a Blender that is killed.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Mapping
from ctypes import wintypes
from pathlib import Path
from typing import Any

NOT_FOUND: tuple[int, ...] = ()
"""A command that is not there raises at once."""
CREATE_NO_WINDOW = 0x08000000
CREATE_NEW_PROCESS_GROUP = 0x00000200
PIPE_NOWAIT = 0x00000001
KILL_ON_JOB_CLOSE = 0x00002000
EXTENDED_LIMITS = 9
BITE = 1024
"""Bytes written at once: a pipe that cannot take all of a write may take none, and holds 4096."""


class _BasicLimits(ctypes.Structure):
    _fields_ = (
        ("PerProcessUserTimeLimit", ctypes.c_int64),
        ("PerJobUserTimeLimit", ctypes.c_int64),
        ("LimitFlags", wintypes.DWORD),
        ("MinimumWorkingSetSize", ctypes.c_size_t),
        ("MaximumWorkingSetSize", ctypes.c_size_t),
        ("ActiveProcessLimit", wintypes.DWORD),
        ("Affinity", ctypes.c_size_t),
        ("PriorityClass", wintypes.DWORD),
        ("SchedulingClass", wintypes.DWORD),
    )


class _ExtendedLimits(ctypes.Structure):
    _fields_ = (
        ("BasicLimitInformation", _BasicLimits),
        ("IoInfo", ctypes.c_uint64 * 6),
        ("ProcessMemoryLimit", ctypes.c_size_t),
        ("JobMemoryLimit", ctypes.c_size_t),
        ("PeakProcessMemoryUsed", ctypes.c_size_t),
        ("PeakJobMemoryUsed", ctypes.c_size_t),
    )


def _kernel32() -> Any:
    library = ctypes.WinDLL("kernel32", use_last_error=True)  # type: ignore[attr-defined]
    handle, pointer = wintypes.HANDLE, ctypes.c_void_p
    library.CreateJobObjectW.restype = handle
    library.CreateJobObjectW.argtypes = (pointer, wintypes.LPCWSTR)
    library.SetInformationJobObject.argtypes = (handle, ctypes.c_int, pointer, wintypes.DWORD)
    library.AssignProcessToJobObject.argtypes = (handle, handle)
    library.TerminateJobObject.argtypes = (handle, wintypes.UINT)
    library.CloseHandle.argtypes = (handle,)
    library.SetNamedPipeHandleState.argtypes = (handle, pointer, pointer, pointer)
    library.PeekNamedPipe.argtypes = (handle, pointer, wintypes.DWORD, pointer, pointer, pointer)
    return library


class Child:
    """A running command whose pipes never block.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, command: list[str], log: Path, env: Mapping[str, str], cwd: Path | None) -> None:
        import msvcrt

        self._api = _kernel32()
        with open(log, "ab") as errors:
            self.popen = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=dict(env),
                cwd=cwd,
                bufsize=0,
                creationflags=CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP,
            )
        assert self.popen.stdin is not None
        assert self.popen.stdout is not None
        self._in, self._out = self.popen.stdin, self.popen.stdout
        get_handle = msvcrt.get_osfhandle  # type: ignore[attr-defined]
        self._out_handle = wintypes.HANDLE(get_handle(self._out.fileno()))
        mode = wintypes.DWORD(PIPE_NOWAIT)
        in_handle = wintypes.HANDLE(get_handle(self._in.fileno()))
        self._api.SetNamedPipeHandleState(in_handle, ctypes.byref(mode), None, None)
        self._job = self._create_job()

    def _create_job(self) -> Any:
        """A job object that holds the child; None where the system refuses, which leaves `popen.kill`."""
        job = self._api.CreateJobObjectW(None, None)
        if not job:
            return None
        limits = _ExtendedLimits()
        limits.BasicLimitInformation.LimitFlags = KILL_ON_JOB_CLOSE
        self._api.SetInformationJobObject(job, EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits))
        process = wintypes.HANDLE(int(self.popen._handle))  # type: ignore[attr-defined]
        if self._api.AssignProcessToJobObject(job, process):
            return job
        self._api.CloseHandle(job)
        return None

    def read(self, size: int) -> bytes | None:
        """What has come, at most `size` bytes; None for nothing yet, empty at the end."""
        waiting = wintypes.DWORD()
        if not self._api.PeekNamedPipe(self._out_handle, None, 0, None, ctypes.byref(waiting), None):
            return b""
        return os.read(self._out.fileno(), min(size, waiting.value)) if waiting.value else None

    def write(self, data: memoryview) -> int:
        """How many bytes the pipe took.

        Raises:
            BrokenPipeError: nobody reads any more.
        """
        try:
            return os.write(self._in.fileno(), data[:BITE])
        except BlockingIOError:
            return 0
        except OSError as error:
            raise BrokenPipeError(*error.args) from error

    def close_input(self) -> None:
        """End the child's standard input."""
        self._in.close()

    def interrupt(self) -> None:
        """Nothing: Ctrl-C reaches only processes of the same console, and the child has none. The kill follows."""

    def kill(self) -> None:
        """End the child and whatever it started, at once."""
        if self._job:
            self._api.TerminateJobObject(self._job, 1)
        else:
            self.popen.kill()

    def sweep(self) -> None:
        """After the child has ended: end what it started."""
        if self._job:
            self._api.TerminateJobObject(self._job, 1)
            self._api.CloseHandle(self._job)
            self._job = None

    def release(self) -> None:
        """Close our ends; a child that still runs is ended with the job object."""
        self.close_input()
        self._out.close()
        self.sweep()
