"""Loops compiled by numba, where it is installed, and kept in the user's cache folder."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

from ..assets import cache_folder


def numba_there() -> bool:
    """Whether numba is installed; found without importing it."""
    return importlib.util.find_spec("numba") is not None


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile at the first call, keeping IEEE sums as written and letting other threads run.

    The machine code is kept in the cache folder, not beside the source: an installed package may be read-only.
    """
    import numba
    from numba.core import config

    settings: Any = config
    kept, settings.CACHE_DIR = settings.CACHE_DIR, str(cache_folder() / "numba")
    try:
        return numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    finally:
        settings.CACHE_DIR = kept
