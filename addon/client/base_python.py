"""The Python that the backend's environment is made from: named by the user, Blender's own, or one on the path."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ...backend.protocol import InvalidInput, RuntimeMissing
from .environment import child_environment
from .wheel_sets import python_range, supported_python

ASK = (
    "import importlib.util as u, json, sys; print(json.dumps({'version': list(sys.version_info[:3]), "
    "'bits': sys.maxsize.bit_length() + 1, 'executable': sys.executable, "
    "'venv': all(u.find_spec(m) for m in ('venv', 'ensurepip'))}))"
)
TIMEOUT_S = 15.0
WAY_OUT = "Install Python 3.11 or later from python.org and name it under Base Python in the preferences."


@dataclass(frozen=True)
class BasePython:
    """An interpreter, as it describes itself."""

    path: str
    version: tuple[int, int, int]
    bits: int
    has_venv: bool

    @property
    def trouble(self) -> str:
        """Why no environment can be made from it, as the end of a sentence; empty: it can."""
        if not supported_python(self.version):
            return f"is Python {'.'.join(map(str, self.version))}; the wheels are for {python_range()}"
        if self.bits != 64:
            return "is a 32-bit build; torch needs 64 bits"
        return "" if self.has_venv else "cannot make environments (it lacks venv or ensurepip)"


_described: dict[tuple[str, int], BasePython] = {}


def describe(path: str) -> BasePython | None:
    """What an interpreter says of itself; None where it is no Python. Starts it once, and again when it changes."""
    try:
        key = (path, Path(path).stat().st_mtime_ns)
    except OSError:
        return None
    if key not in _described:
        found = _ask(path)
        if found is None:
            return None
        _described[key] = found
    return _described[key]


def _ask(path: str) -> BasePython | None:
    """Start an interpreter and let it describe itself."""
    try:
        told = json.loads(_run(path, ASK))
        a, b, c = told["version"]
        return BasePython(path, (a, b, c), told["bits"], told["venv"])
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError):
        return None


def _run(path: str, code: str) -> str:
    """What an interpreter prints when it runs some code. Raises OSError and subprocess.TimeoutExpired."""
    return subprocess.run(
        [path, "-c", code],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
        env=child_environment(),
        stdin=subprocess.DEVNULL,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    ).stdout


def candidates(own: str = "") -> list[str]:
    """Interpreters worth asking, best first.

    Args:
        own: Blender's `sys.executable`; empty: this process's.
    """
    own = own or sys.executable or ""
    found = [own] if "python" in Path(own).name.lower() else []
    # Where sys.executable is Blender itself, its Python lies under the prefix.
    inside = Path(sys.prefix, "bin")
    found += [*sorted(str(p) for p in inside.glob("python3.*[0-9]")), str(inside / "python.exe")]
    names = ("python3.13", "python3.12", "python3.11", "python3", "python")
    found += [path for path in map(shutil.which, names) if path]
    return [p for p in dict.fromkeys(found) if Path(p).is_file()]


def choose_base_python(named: str = "", own: str = "") -> BasePython:
    """The interpreter to make the environment from.

    Args:
        named: the user's choice; empty: the first of `candidates` that will do.
        own: Blender's `sys.executable`; empty: this process's.

    Raises:
        InvalidInput: the named one will not do.
        RuntimeMissing: nothing was named and none was found.
    """
    if named:
        base = describe(named)
        if base is None:
            raise InvalidInput(f"{named} is not a Python interpreter.", WAY_OUT)
        if base.trouble:
            raise InvalidInput(f"{named} {base.trouble}.", WAY_OUT)
        return base
    for path in candidates(own):
        base = describe(path)
        if base is not None and not base.trouble:
            return base
    raise RuntimeMissing("No Python was found that the backend's environment can be made from.", WAY_OUT)


def lacking_modules(path: str, modules: tuple[str, ...]) -> list[str]:
    """Which modules an interpreter lacks; looks without importing them.

    Raises:
        InvalidInput: it is no Python of 3.11 or later.
    """
    base = describe(path)
    if base is None:
        raise InvalidInput(f"{path} is not a Python interpreter.", "Choose the python program of an environment.")
    if base.version < (3, 11, 0):
        number = ".".join(map(str, base.version))
        raise InvalidInput(f"{path} is Python {number}; the backend needs 3.11.", "Choose a newer one.")
    code = f"import importlib.util as u; print(*(m for m in {modules!r} if u.find_spec(m) is None))"
    return _run(path, code).split()
