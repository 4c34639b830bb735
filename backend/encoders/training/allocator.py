"""Keeps the memory of a step for the next one."""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4
"""Of glibc's mallopt(3)."""
_PAD = 256 << 20


def keep_memory() -> bool:
    """Have the C library neither map nor give back memory a tensor at a time: a step then takes a fifth less.

    Returns:
        whether it could be asked: it is glibc's.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return all([mallopt(_MMAP_MAX, 0), mallopt(_TRIM_THRESHOLD, 2**31 - 1), mallopt(_TOP_PAD, _PAD)])
