"""The environment of a child: that of a plain shell, not of Blender's Python."""

from __future__ import annotations

import os
from collections.abc import Mapping

DROPPED = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONEXECUTABLE", "PYTHONPLATLIBDIR", "__PYVENV_LAUNCHER__")
"""What would point another interpreter at this one's modules."""
ADDED = {"PYTHONIOENCODING": "utf-8", "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}


def child_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for a process that runs in its own Python.

    Args:
        extra: wins over everything else.

    Returns:
        this process's variables, without those of its Python and of Blender.
    """
    kept = {k: v for k, v in os.environ.items() if k not in DROPPED and not k.startswith("BLENDER_")}
    return {**kept, **ADDED, **(extra or {})}
