"""The backend's own Python: is there one, what would installing it take, and how is the host started in it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from ...backend.protocol import RuntimeMissing
from .installer.folders import STAMP as STAMP_NAME
from .installer.folders import STATE, Folders, python_of, read_json, size_of
from .probe import Choice, Machine, choose_device, probe
from .wheel_sets import WheelSet, load_data, megabytes, wheel_set

ROOT = Path(__file__).resolve().parents[2]
HOST = ROOT / "backend" / "__main__.py"
INDEX_VARIABLE = "IMPROMPTU_TORCH_INDEX"
"""Where torch comes from, instead of what the wheel sets say; empty: the registry that pip is set up for."""
PYTHON_VARIABLE = "IMPROMPTU_PYTHON"
"""A Python that has the backend's packages, used where the preferences name none and no runtime is installed."""
MODELS = {
    "clip_checkpoint": "IMPROMPTU_CLIP",
    "clip_model": "IMPROMPTU_CLIP_MODEL",
    "mpnet_folder": "IMPROMPTU_MPNET",
    "smplx_file": "IMPROMPTU_SMPLX",
    "smplh_file": "IMPROMPTU_SMPLH",
    "smpl_file": "IMPROMPTU_SMPL",
    "flame_file": "IMPROMPTU_FLAME",
    "smal_file": "IMPROMPTU_SMAL",
}
"""Preference -> the environment variable that tells the host."""
HINT = "Press Install in the Impromptu tab, or name a Python that has the packages in the preferences."


class Preferences(Protocol):
    """What is read of the add-on's preferences; any object with these will do."""

    user_folder: str
    """The extension's own folder."""
    runtime_mode: str
    """`MANAGED` or `EXISTING`."""
    python_path: str
    """The existing Python."""
    base_python: str
    """What the managed environment is made from; empty: found."""
    device: str
    """`auto`, `cpu`, `cuda`, `rocm` or `mps`."""
    wheels_folder: str
    """Install from this folder of wheels, without the network; empty: from the registry."""
    torch_index: str
    """`default`: as the wheel sets say; `registry`: where pip is set up to look; else an address."""
    idle_seconds: int
    """Seconds without a job after which the host gives its memory back."""
    allow_hub: bool
    """Models may be downloaded."""


@dataclass(frozen=True)
class Status:
    """How the managed runtime is."""

    state: str
    """`missing`, `partial` (an install was broken off), `ready`, `update` (the extension wants other packages) or
    `broken`."""
    sentence: str
    device: str = ""
    disk_bytes: int = 0


@dataclass(frozen=True)
class Offer:
    """What an install would do, to be read before it begins."""

    choice: Choice
    wheels: WheelSet
    offline: str
    """The folder of wheels that it would come from; empty: the network."""

    @property
    def sentence(self) -> str:
        """Such as `CPU build (no card found): downloads 398 MB, takes about 1.5 GB on disk.`"""
        about = "about " if self.wheels.estimated else ""
        size, disk = megabytes(self.wheels.download_bytes), megabytes(self.wheels.disk_bytes)
        how = f"reads wheels from {self.offline}" if self.offline else f"downloads {about}{size}"
        device, built = self.choice.device.upper(), self.wheels.built.partition("-")[2].upper()
        other = f"; the {built} build is what the registry has" if self.wheels.built != self.wheels.key else ""
        return f"{device} build ({self.choice.reason}{other}): {how}, takes about {disk} on disk."


@lru_cache(maxsize=8)
def _stamp(path: str, _changed: int) -> dict[str, Any]:
    return read_json(Path(path))


def stamp_of(environment: Path) -> dict[str, Any]:
    """What an environment was made of; empty where none is whole. Read again only when the file changes."""
    path = environment / STAMP_NAME
    try:
        return _stamp(str(path), path.stat().st_mtime_ns)
    except OSError:
        return {}


def status(user_folder: str | Path, expected_stamp: str = "") -> Status:
    """How the runtime of a user folder is, from a few file look-ups: cheap enough for a panel to draw.

    Args:
        expected_stamp: of the wheel set that this version of the extension wants for the runtime's device; empty:
            found by the runtime's own stamp.
    """
    folders = Folders(Path(user_folder))
    stamp = stamp_of(folders.runtime)
    if not stamp:
        if folders.state.is_file() or folders.new.is_dir():
            return Status("partial", "The installation was broken off: Resume goes on from there.")
        return Status("missing", "The runtime is not installed.")
    device, size = stamp.get("device", ""), int(stamp.get("bytes", 0))
    if not python_of(folders.runtime).is_file():
        return Status("broken", "The runtime's Python is gone: Repair makes it again.", device, size)
    if stamp.get("stamp") != (expected_stamp or _expected(device, stamp)):
        return Status("update", "This version of the extension needs other packages: press Update.", device, size)
    return Status("ready", f"{device.upper()} build, {megabytes(size)} on disk.", device, size)


def _expected(device: str, stamp: dict[str, Any]) -> str:
    """The stamp of today's wheel set for the device that a runtime was made for."""
    key = f"{stamp.get('system', '')}-{device}"
    if key not in load_data()["indexes"]:
        return ""
    return wheel_set(stamp["system"], device).stamp


def disk_use(user_folder: str | Path) -> dict[str, int]:
    """Bytes of the runtime, of kept wheels, of jobs and of everything else in a user folder. Walks all files."""
    folder = Path(user_folder)
    if not folder.is_dir():
        return {}
    return {p.name: size_of(p) for p in sorted(folder.iterdir()) if p.is_dir()}


def torch_index(preferences: Preferences) -> str | None:
    """The index that the user or the environment names; None: as the wheel sets say."""
    if preferences.torch_index == "registry":
        return ""
    if preferences.torch_index not in ("", "default"):
        return preferences.torch_index
    return os.environ.get(INDEX_VARIABLE)


def make_offer(preferences: Preferences, machine: Machine | None = None) -> Offer:
    """What an install would do. Probes the machine, which may start `nvidia-smi`: not for drawing.

    Raises:
        InvalidInput: the named device has no wheels on this platform.
    """
    machine = machine or probe()
    choice = choose_device(machine, preferences.device, load_data()["min_driver"])
    wheels = wheel_set(machine.system, choice.device, torch_index(preferences))
    return Offer(choice, wheels, preferences.wheels_folder)


def make_plan(action: str, offer: Offer, user_folder: str | Path, base_python: str, version: str) -> dict[str, Any]:
    """What the installer process is given.

    Args:
        action: `install`, `repair`, `verify` or `uninstall`.
        version: of the extension.
    """
    wheels = offer.wheels
    return {
        "action": action,
        "folder": str(user_folder),
        "base_python": base_python,
        "version": version,
        "system": wheels.key.partition("-")[0],
        "device": offer.choice.device,
        "stamp": wheels.stamp,
        "pip": wheels.pip,
        "first": list(wheels.first),
        "first_with_dependencies": wheels.first_with_dependencies,
        "index": wheels.index,
        "packages": list(wheels.packages),
        "pins": list(wheels.pins),
        "sizes": wheels.sizes,
        "download_bytes": wheels.download_bytes,
        "disk_bytes": wheels.disk_bytes,
        "wheels": offer.offline,
        "imports": list(wheels.imports),
        "prepare": str(ROOT / "backend" / "encoders" / "torchvision_ops.py"),
    }


def development_python() -> str:
    """The Python of the checkout's own environment, where there is one."""
    local = python_of(ROOT / ".venv")
    return str(local) if local.is_file() else ""


def find_python(preferences: Preferences) -> str:
    """The Python that the host runs in.

    In this order: the existing one that the preferences name, or the managed runtime, by the mode; then
    `IMPROMPTU_PYTHON`; then `.venv` beside the package, which is a developer's.

    Raises:
        RuntimeMissing: there is none.
    """
    if preferences.runtime_mode == "EXISTING" and preferences.python_path:
        path = Path(preferences.python_path).expanduser()
        if not path.is_file():
            raise RuntimeMissing(f"The Python {path} is not there.", "Correct its path in the preferences.")
        return str(path)
    if preferences.runtime_mode == "MANAGED":
        folders = Folders(Path(preferences.user_folder))
        if stamp_of(folders.runtime) and python_of(folders.runtime).is_file():
            return str(python_of(folders.runtime))
    other = os.environ.get(PYTHON_VARIABLE, "") or development_python()
    if other and Path(other).is_file():
        return other
    if preferences.runtime_mode == "EXISTING":
        raise RuntimeMissing("No Python is named that could run the backend.", "Name one in the preferences.")
    raise RuntimeMissing("The backend is not installed.", HINT)


def host_command(preferences: Preferences) -> list[str]:
    """The command line of the host.

    Raises:
        RuntimeMissing: there is no Python to run it.
    """
    # torch's ROCm build answers to the name of CUDA.
    device = {"rocm": "cuda"}.get(preferences.device, preferences.device)
    idle = str(int(preferences.idle_seconds))
    return [find_python(preferences), str(HOST), "serve", "--idle", idle, "--device", device]


def host_environment(preferences: Preferences) -> dict[str, str]:
    """The host's variables: model files, downloads and the cache, which stays in the user folder."""
    variables = {}
    for name, variable in MODELS.items():
        value = getattr(preferences, name, "")
        if value:
            variables[variable] = str(Path(value).expanduser()) if name != "clip_model" else value
    variables["IMPROMPTU_ALLOW_HUB"] = "1" if preferences.allow_hub else "0"
    for variable, folder in (("IMPROMPTU_CACHE", "cache"), ("HF_HOME", "hub")):
        if not os.environ.get(variable):
            variables[variable] = str(Path(preferences.user_folder, folder))
    return variables


def resumable(user_folder: str | Path) -> bool:
    """Whether an install was broken off there."""
    return Path(user_folder, STATE).is_file()
