"""Memory: what is in use, what to do when it runs out, and how to give it back.

Nothing here imports torch; where a job has imported it, it is asked.
"""

from __future__ import annotations

import ctypes
import gc
import importlib.util
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

from .protocol import OutOfMemory

DEVICES = ("auto", "cpu", "cuda", "mps")
BATCH = 32
"""Items computed together, until memory runs out."""
_releases: list[Callable[[], object]] = []
T = TypeVar("T")


class Shrinkable(Protocol):
    """What `run_shrinking` needs of a job's context."""

    def shrink(self) -> str:
        """Take the next smaller way to work and say what it is; empty where there is none."""
        ...

    def progress(self, stage: str, step: int, total: int) -> None:
        """Report."""
        ...


def on_release(function: Callable[[], object]) -> Callable[[], object]:
    """Have a function called when memory is given back: one that empties a cache. Usable as a decorator."""
    _releases.append(function)
    return function


def release_models() -> tuple[int, int]:
    """Drop every loaded model and return the memory to the system.

    Returns:
        resident bytes of the process before and after.
    """
    before = process_bytes()
    factory = sys.modules.get(f"{__package__}.encoders.factory")
    if factory is not None:
        factory.release()
    for function in _releases:
        function()
    empty_caches()
    return before, process_bytes()


def empty_caches() -> None:
    """Collect what nothing refers to any more, and return free memory to the system and the GPU's driver."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    if sys.platform == "linux" and platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).malloc_trim(0)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception says that memory ran out; torch's have a class on a GPU and only words on the CPU."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    words = str(error).lower()
    return isinstance(error, RuntimeError) and ("out of memory" in words or "not enough memory" in words)


def run_shrinking(work: Callable[[], T], context: Shrinkable) -> T:
    """Do the work; each time memory runs out, do it again in the context's next smaller way.

    Raises:
        OutOfMemory: it does not fit even in the smallest way.
    """
    while True:
        try:
            return work()
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            # The frames of the traceback hold the arrays that have to go before the next trial.
            error.__traceback__ = error.__context__ = error.__cause__ = None
        smaller = context.shrink()
        if not smaller:
            raise OutOfMemory(
                "There is not enough memory for this job, even one item at a time on the CPU.",
                "Close other programs, or ask for less: a shorter motion, fewer variants, a smaller picture.",
            )
        empty_caches()
        context.progress(f"Out of memory: trying {smaller}", 0, 1)


def memory_facts() -> dict[str, Any]:
    """`used` (this process), `free` and `total` (the machine) in bytes, and the names of the loaded `models`."""
    factory = sys.modules.get(f"{__package__}.encoders.factory")
    free, total = _machine_bytes()
    models = list(factory.loaded_encoders()) if factory is not None and hasattr(factory, "loaded_encoders") else []
    return {"used": process_bytes(), "free": free, "total": total, "models": models}


def process_bytes() -> int:
    """Resident bytes of this process; 0 where the system does not tell."""
    if sys.platform == "linux":
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    if os.name == "nt":
        return _windows_process_bytes()
    said = subprocess.run(["ps", "-o", "rss=", "-p", str(os.getpid())], capture_output=True, text=True, check=False)
    return int(said.stdout) * 1024 if said.stdout.strip().isdigit() else 0


def _machine_bytes() -> tuple[int, int]:
    """Free and all bytes of the machine; 0 where the system does not tell."""
    if sys.platform == "linux":
        lines = Path("/proc/meminfo").read_text().splitlines()
        fields = {key: int(rest.split()[0]) * 1024 for key, _, rest in (line.partition(":") for line in lines)}
        return fields.get("MemAvailable", 0), fields.get("MemTotal", 0)
    if os.name == "nt":
        return _windows_machine_bytes()
    return 0, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _windows_process_bytes() -> int:
    class Counters(ctypes.Structure):
        _fields_ = (
            [("cb", ctypes.c_ulong), ("faults", ctypes.c_ulong)]
            + [(name, ctypes.c_size_t) for name in ("peak", "working_set", "a", "b", "c", "d", "e", "f")]
        )  # fmt: skip

    counters = Counters()
    counters.cb = ctypes.sizeof(counters)
    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined]
    process = ctypes.c_void_p(kernel.GetCurrentProcess())
    done = kernel.K32GetProcessMemoryInfo(process, ctypes.byref(counters), counters.cb)
    return counters.working_set if done else 0


def _windows_machine_bytes() -> tuple[int, int]:
    class Status(ctypes.Structure):
        _fields_ = (
            [("length", ctypes.c_ulong), ("load", ctypes.c_ulong)]
            + [(name, ctypes.c_uint64) for name in ("total", "free", "a", "b", "c", "d", "e")]
        )  # fmt: skip

    status = Status()
    status.length = ctypes.sizeof(status)
    done = ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))  # type: ignore[attr-defined]
    return (status.free, status.total) if done else (0, 0)


def guess_device() -> str:
    """The device that `auto` is likely to be, without the seconds that importing torch takes."""
    torch = sys.modules.get("torch")
    if torch is not None:
        return pick_device("auto")
    if sys.platform == "darwin" and platform.machine() == "arm64":
        return "mps"
    spec = importlib.util.find_spec("torch")
    version = Path(spec.origin).with_name("version.py") if spec and spec.origin else None
    if version is None or not version.is_file():
        return "cpu"
    built = version.read_text(encoding="utf-8", errors="replace")
    nvidia = Path("/proc/driver/nvidia/version").exists() or os.name == "nt"
    for line in built.splitlines():
        name, _, value = line.partition("=")
        present = {"cuda": nvidia, "hip": Path("/dev/kfd").exists()}.get(name.partition(":")[0].strip(), False)
        if present and value.strip() not in ("", "None"):
            return "cuda"
    return "cpu"


def pick_device(wanted: str = "auto") -> str:
    """`cuda`, `mps` or `cpu`: what is wanted if it is there, the fastest there is for `auto`. Imports torch."""
    import torch

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted != "auto":
        return wanted if there.get(wanted) else "cpu"
    return next(name for name in there if there[name])
