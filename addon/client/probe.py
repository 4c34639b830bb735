"""What this machine can compute on, found without loading torch: drivers and devices, from files and one command."""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...backend.protocol import InvalidInput

DEVICES = ("cpu", "cuda", "rocm", "mps")
SMI_TIMEOUT_S = 5.0
LABELS = {"cpu": "CPU", "cuda": "CUDA (NVIDIA)", "rocm": "ROCm (AMD)", "mps": "Metal (Apple)"}


@dataclass(frozen=True)
class Machine:
    """The parts of a machine that decide which wheels run on it."""

    system: str
    """`linux`, `windows` or `darwin`."""
    arch: str
    """`x86_64`, `arm64` or whatever the platform says."""
    nvidia_driver: str = ""
    """Version of the NVIDIA driver; empty: none."""
    rocm: str = ""
    """Version of the installed ROCm, `unknown` where it does not tell; empty: none."""
    amd_card: bool = False
    """An AMD card with its compute driver is here, whether or not ROCm is."""


@dataclass(frozen=True)
class Choice:
    """A device, and why it."""

    device: str
    reason: str


def _run(command: list[str]) -> str:
    """What a command prints; empty where it is missing, fails or hangs."""
    flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=SMI_TIMEOUT_S, check=False, creationflags=flags
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def probe(root: Path = Path("/"), run: Callable[[list[str]], str] = _run, system: str = "") -> Machine:
    """Look at this machine. Takes a millisecond where the driver tells its version in a file, else as `nvidia-smi`.

    Args:
        root: where the file system begins; tests give another.
        run: what answers a command line with its output; tests give another.
        system: `linux`, `windows` or `darwin`; empty: this one.
    """
    if not system:
        system = {"win32": "windows", "darwin": "darwin"}.get(sys.platform, "linux")
    arch = platform.machine().lower().replace("amd64", "x86_64").replace("aarch64", "arm64")
    if system == "darwin":
        return Machine(system, arch)
    version = re.search(r"\b(\d{3,}\.\d+(?:\.\d+)?)\b", _read(root / "proc/driver/nvidia/version"))
    if version is None:
        told = run(["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"])
        version = re.search(r"\b(\d{3,}\.\d+(?:\.\d+)?)\b", told)
    driver = version[1] if version else ""
    amd = system == "linux" and (root / "dev/kfd").exists()
    rocm = ""
    if amd and (root / "opt/rocm").is_dir():
        rocm = _read(root / "opt/rocm/.info/version").strip() or "unknown"
    return Machine(system, arch, driver, rocm, amd)


def offered(machine: Machine) -> tuple[str, ...]:
    """The devices for which wheels exist on a machine's platform, whether or not it has the hardware."""
    if machine.system == "darwin":
        return ("cpu", "mps") if machine.arch == "arm64" else ("cpu",)
    if machine.system == "windows":
        return ("cpu", "cuda")
    return ("cpu", "cuda", "rocm") if machine.arch == "x86_64" else ("cpu", "cuda")


def choose_device(machine: Machine, wanted: str = "auto", min_driver: int = 0) -> Choice:
    """The device to install for.

    Args:
        wanted: `auto`, or the one that the user names.
        min_driver: first number of the oldest NVIDIA driver that the CUDA wheels run with.

    Raises:
        InvalidInput: the named device has no wheels on this platform.
    """
    possible = offered(machine)
    if wanted != "auto":
        if wanted not in possible:
            raise InvalidInput(
                f"There is no {LABELS.get(wanted, wanted)} build for {machine.system} on {machine.arch}.",
                f"Choose {' or '.join(LABELS[d] for d in possible)}, or automatic.",
            )
        return Choice(wanted, "chosen in the preferences")
    if "mps" in possible:
        return Choice("mps", "Apple silicon")
    if machine.nvidia_driver and "cuda" in possible:
        if int(machine.nvidia_driver.split(".")[0]) >= min_driver:
            return Choice("cuda", f"NVIDIA driver {machine.nvidia_driver}")
        old = f"the NVIDIA driver {machine.nvidia_driver} is older than {min_driver}: update it to use the card"
        return Choice("cpu", old)
    if machine.rocm and "rocm" in possible:
        return Choice("rocm", f"ROCm {machine.rocm}")
    if machine.amd_card:
        return Choice("cpu", "the AMD card has no ROCm installed: install it to use the card")
    return Choice("cpu", "no graphics card that torch can use was found")
