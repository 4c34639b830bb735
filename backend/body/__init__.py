"""Morphable body models behind one interface.

`BodyModel`, `load_body`, `load_arrays` and `write_actor_body` are imported from here; torch comes with the first.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {"BodyModel": "model", "load_arrays": "load", "load_body": "load", "write_actor_body": "export"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
