"""What a plan can ask for: install, repair, verify, uninstall. `main` runs one and reports it."""

from __future__ import annotations

import contextlib
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from . import environment
from .folders import STAMP, Folders, publish, python_of, read_json, remove, settle, size_of, take_lock, write_json
from .report import Failure, Progress, explain, log, send
from .wheels import Wheel, advance, choose_first, choose_rest, fetch, is_here

MARGIN = 200_000_000
"""Bytes that must stay free on the disk, beside the largest wheel, which pip has twice while it fetches it."""


def check_space(plan: dict[str, Any], folders: Folders) -> None:
    """Refuse to begin what cannot end.

    Raises:
        Failure: the disk has too little room for the wheels and what is unpacked from them.
    """
    free = shutil.disk_usage(folders.user).free
    here = sum(size_of(p) for p in (folders.wheels, folders.new) if p.is_dir())
    fetched = 0 if plan["wheels"] else plan["download_bytes"] + max(plan["sizes"].values(), default=0)
    need = plan["disk_bytes"] + fetched + MARGIN - here
    if free < need:
        raise Failure(
            "invalid_input",
            f"The disk of {folders.user} has {free / 1e9:.1f} GB free; installing needs {need / 1e9:.1f} GB.",
            "Free some space, or choose the CPU build, which is the smallest.",
        )


def decide(plan: dict[str, Any], python: Path, folders: Folders, progress: Progress) -> list[Wheel]:
    """The list of wheels: that of an earlier run of the same plan, or a new one, for which torch is fetched."""
    state = read_json(folders.state)
    if state.get("stamp") != plan["stamp"] or state.get("source") != source_of(plan):
        state = {"stamp": plan["stamp"], "source": source_of(plan)}
    show = advance(progress, "download")
    if "first" not in state:
        progress.show("Choosing torch's build")
        state["first"] = choose_first(plan, python, folders)
        write_json(folders.state, state)
    if "rest" not in state:
        fetch(state["first"], python, folders, show)
        progress.show("Choosing the other packages")
        rest = choose_rest(plan, python, folders, state["first"])
        # Large ones first: what is small can then be handled many at a time.
        state["rest"] = sorted(rest, key=lambda w: (-w["size"], w["name"]))
        write_json(folders.state, state)
    return [*state["first"], *state["rest"]]


def source_of(plan: dict[str, Any]) -> list[str]:
    """What besides the pins decides which files are chosen."""
    return [plan["index"], plan["wheels"], plan["base_python"]]


def install(plan: dict[str, Any], folders: Folders) -> dict[str, Any]:
    """Make a new environment beside the one in use, and then make it the one in use.

    Raises:
        Failure: at any step; the environment in use is as it was, and the next run goes on from there.
    """
    began = time.monotonic()
    progress = Progress(plan["download_bytes"], plan["download_bytes"])
    progress.show("Preparing")
    check_space(plan, folders)
    python = environment.make(plan, folders)
    wheels = decide(plan, python, folders, progress)
    missing = [w for w in wheels if not is_here(w, folders)]
    fetched = sum(w["size"] for w in wheels) - sum(w["size"] for w in missing)
    show = advance(progress, "download")
    progress.plan("download", sum(w["size"] for w in wheels))
    fetch(wheels, python, folders, lambda stage, done: show(stage, fetched + done))
    fill(folders.new, plan, wheels, folders, progress)
    environment.drop_scripts(folders.new)
    progress.show("Finishing")
    stamp = {
        **{key: plan[key] for key in ("stamp", "version", "system", "device", "base_python")},
        "wheels": wheels,
        "bytes": size_of(folders.new),
        "downloaded": sum(w["size"] for w in missing),
        "seconds": round(time.monotonic() - began, 1),
    }
    write_json(folders.new / STAMP, stamp)
    publish(folders)
    return {key: stamp[key] for key in ("bytes", "seconds", "device")}


def fill(where: Path, plan: dict[str, Any], wheels: list[Wheel], folders: Folders, progress: Progress) -> None:
    """Install what an environment lacks of its wheels, and see that all of it imports."""
    broken = environment.inspect(where, wheels)["broken"]
    lacking = [w for w in wheels if w["name"] in broken]
    progress.plan("install", sum(w["size"] for w in lacking))
    environment.put(where, plan, lacking, folders, advance(progress, "install"))
    check(where, plan, wheels, progress)


def check(where: Path, plan: dict[str, Any], wheels: list[Wheel], progress: Progress) -> None:
    """Compare versions and files with the list, then import what the backend imports.

    Raises:
        Failure: something is missing, damaged or does not import.
    """
    progress.show("Checking that everything imports")
    found = environment.inspect(where, wheels, plan["imports"], plan["prepare"])
    if found["broken"]:
        name, why = next(iter(found["broken"].items()))
        count = len(found["broken"])
        raise Failure("runtime_missing", f"{name} {why} ({count} of {len(wheels)} packages broken).", "Press Repair.")
    if found["failed"]:
        module, error = next(iter(found["failed"].items()))
        raise Failure(
            "runtime_missing", f"{module} does not import: {error}.", "Show the log, or choose another device."
        )


def verify(plan: dict[str, Any], folders: Folders) -> dict[str, Any]:
    """Look at the environment in use and change nothing.

    Raises:
        Failure: there is none, it is of other pins, or something in it is broken.
    """
    stamp = read_json(folders.runtime / STAMP)
    if not stamp or not python_of(folders.runtime).is_file():
        raise Failure("runtime_missing", "The runtime is not installed.", "Press Install.")
    if stamp["stamp"] != plan["stamp"]:
        raise Failure("incompatible", "This version of the extension needs other packages.", "Press Update.")
    check(folders.runtime, plan, stamp["wheels"], Progress(install=1))
    return {"bytes": size_of(folders.runtime), "device": stamp["device"], "packages": len(stamp["wheels"])}


def repair(plan: dict[str, Any], folders: Folders) -> dict[str, Any]:
    """Install again what is broken, and nothing else; the whole where not even its Python runs or its pins are old.

    Raises:
        Failure: a wheel cannot be had, or it is still broken afterwards.
    """
    stamp = read_json(folders.runtime / STAMP)
    if stamp.get("stamp") != plan["stamp"] or not environment.works(folders.runtime):
        return install(plan, folders)
    progress = Progress()
    progress.show("Looking for what is broken")
    broken = environment.inspect(folders.runtime, stamp["wheels"])["broken"]
    wheels = [w for w in stamp["wheels"] if w["name"] in broken]
    log(f"broken: {broken}")
    progress.plan("download", sum(w["size"] for w in wheels if not is_here(w, folders)))
    fetch(wheels, python_of(folders.runtime), folders, advance(progress, "download"))
    fill(folders.runtime, plan, stamp["wheels"], folders, progress)
    shutil.rmtree(folders.wheels, ignore_errors=True)
    write_json(folders.runtime / STAMP, {**stamp, "bytes": size_of(folders.runtime)})
    return {"repaired": sorted(broken), "device": stamp["device"]}


def uninstall(plan: dict[str, Any], folders: Folders) -> dict[str, Any]:
    """Remove the runtime and what belongs to it."""
    Progress(install=1).show("Removing the runtime")
    return {"freed": remove(folders)}


ACTIONS = {"install": install, "repair": repair, "verify": verify, "uninstall": uninstall}


def main(plan_path: str) -> int:
    """Run the plan in a file; exit code 0 when it is done.

    Everything that goes wrong is told as one `error` message.
    """
    plan = read_json(Path(plan_path))
    folders = Folders(Path(plan["folder"]))
    try:
        with contextlib.closing(take_lock(folders)):
            settle(folders)
            metrics = ACTIONS[plan["action"]](plan, folders)
        send("result", files={}, metrics=metrics)
        return 0
    except KeyboardInterrupt:
        failure = Failure("cancelled", "The installation was cancelled.", "Press Resume to go on with it.")
    except Failure as error:
        failure = error
    except OSError as error:
        log(repr(error))
        failure = explain(error, folders.user)
    send("error", code=failure.code, message=failure.message, hint=failure.hint)
    sys.stdout.flush()
    return 1
