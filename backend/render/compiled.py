"""Loops compiled by numba, where it is installed, and kept in the user's cache folder."""

from __future__ import annotations

import importlib.util
import threading
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, TypeVar

import torch

from ..assets import cache_folder
from ..protocol import InvalidInput, RuntimeMissing

Method = Literal["auto", "torch", "numba"]
Part = TypeVar("Part")
Made = TypeVar("Made")
_SETTING = threading.Lock()
"""Numba's settings are one for all threads."""


def numba_there() -> bool:
    """Whether numba is installed; found without importing it."""
    return importlib.util.find_spec("numba") is not None


def runs_compiled(method: Method, device: torch.device) -> bool:
    """Whether the compiled loop is to be used: where it is asked for, or by `auto` on a processor that has it.

    Raises:
        RuntimeMissing: it is asked for and numba is not installed.
    """
    if method == "torch" or (method == "auto" and device.type != "cpu"):
        return False
    there = numba_there()
    if method == "numba" and not there:
        raise RuntimeMissing("The compiled rasteriser needs numba.", "Install impromptu[fast], or use torch's.")
    return there


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile at the first call, keeping IEEE sums as written and letting other threads run.

    The machine code is kept in the cache folder (or NUMBA_CACHE_DIR), not beside the source, which may be read-only.
    Where neither can be written, each process compiles for itself, which takes a second or two.
    """
    import numba
    from numba.core import config

    loop = numba.njit(nogil=True, error_model="numpy")(function)
    settings: Any = config
    with _SETTING:
        kept = settings.CACHE_DIR
        try:
            settings.CACHE_DIR = kept or str(cache_folder() / "numba")
            loop.enable_caching()
        except (InvalidInput, RuntimeError) as error:
            warnings.warn(f"Compiled loops are not kept: {error}", stacklevel=2)
        finally:
            settings.CACHE_DIR = kept
    return loop


def in_threads(work: Callable[[Part], Made], parts: Iterable[Part]) -> list[Made]:
    """What `work` makes of each part, in order; on as many threads as torch has."""
    listed, threads = list(parts), torch.get_num_threads()
    if threads == 1 or len(listed) < 2:
        return [work(part) for part in listed]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, listed))
