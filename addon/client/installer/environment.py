"""The environment itself: made, filled, looked at."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .folders import Folders, python_of
from .pip import pip_version, run_pip
from .report import Failure, disk_full, log
from .wheels import RETRIES_SINCE, Wheel, batches, place, sources, title

INSPECTOR = Path(__file__).with_name("inspect_environment.py")


def works(environment: Path) -> bool:
    """Whether an environment's Python starts and has pip."""
    python = python_of(environment)
    try:
        return python.is_file() and bool(pip_version(python))
    except OSError:
        return False


def make(plan: dict[str, Any], folders: Folders) -> Path:
    """The new environment, made unless a run before this one did; with a pip that can tell its progress.

    Returns:
        its Python.

    Raises:
        Failure: the base Python cannot make one, or pip cannot be had.
    """
    python = python_of(folders.new)
    if not works(folders.new):
        shutil.rmtree(folders.new, ignore_errors=True)
        command = [plan["base_python"], "-m", "venv", str(folders.new)]
        log("$ " + " ".join(command))
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", check=False, stdin=subprocess.DEVNULL
        )
        log(done.stdout + done.stderr)
        if done.returncode or not python.is_file():
            if "No space left" in done.stdout + done.stderr:
                raise disk_full(folders.user)
            raise Failure(
                "runtime_missing",
                f"{plan['base_python']} could not make an environment.",
                "Name another Python (3.11 or later, with its venv module) under Base Python in the preferences.",
            )
    if pip_version(python) < RETRIES_SINCE and plan["pip"] and not plan["wheels"]:
        arguments = ["install", "--only-binary", ":all:", "--quiet", f"pip=={plan['pip']}"]
        run_pip(python, arguments, folders.user, "updating itself")
    return python


def inspect(environment: Path, wheels: Sequence[Wheel], imports: Sequence[str] = (), prepare: str = "") -> dict:
    """What is broken in an environment.

    Args:
        imports: modules to import, once every package is whole.
        prepare: file of `ensure_torchvision_imports`; empty: none.

    Returns:
        `broken` {package: why} and `failed` {module: error}.

    Raises:
        Failure: its Python does not run.
    """
    asked = {"packages": {w["name"]: w["version"] for w in wheels}, "imports": list(imports), "prepare": prepare}
    done = subprocess.run(
        [str(python_of(environment)), str(INSPECTOR)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    log(done.stderr)
    last = (done.stdout.strip().splitlines() or [""])[-1]
    if done.returncode or not last.startswith("{"):
        raise Failure(
            "runtime_missing", "The runtime's Python ended while it was checked.", "Show the log, then press Repair."
        )
    return json.loads(last)


def put(
    environment: Path,
    plan: dict[str, Any],
    wheels: Sequence[Wheel],
    folders: Folders,
    show: Callable[[str, int], None],
) -> None:
    """Install wheels that are here, in order, over whatever is left of them.

    Raises:
        Failure: pip failed.
    """
    python, done = python_of(environment), 0
    for group in batches(wheels):
        show(f"Installing {title(group)}", done)
        files = [str(place(w, folders)) for w in group]
        options = ["--no-deps", "--force-reinstall", "--no-warn-script-location", "--quiet"]
        offline = sources(plan) if plan["wheels"] else ["--no-index"]
        run_pip(python, ["install", *options, *offline, *files], folders.user, f"installing {title(group)}")
        done += sum(w["size"] for w in group)
    show("Installed", done)


def drop_scripts(environment: Path) -> None:
    """Remove the commands that packages bring: they name the folder that the environment is about to leave."""
    for path in python_of(environment).parent.iterdir():
        if not path.name.lower().startswith("python") and path.is_file():
            path.unlink()
