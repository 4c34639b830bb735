"""pip in a process of its own: what it says, its progress, and its failures in one sentence."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from .report import Failure, disk_full, log

FLAGS = ("--disable-pip-version-check", "--no-input", "--no-color", "--no-cache-dir")
RAW = re.compile(r"Progress (\d+) of (\d+)")
KEPT = 200
"""Lines of output that are looked at for the reason of a failure."""
_NET = (
    "NewConnectionError|ConnectionError|Connection refused|ConnectTimeout|ReadTimeout|name resolution|"
    "Network is unreachable|No route to host|getaddrinfo|Remote end closed|IncompleteRead|Connection broken|"
    "ProtocolError|Connection reset|incomplete-download|timed out"
)
REASONS = (
    (r"No space left on device|Errno 28|WinError 112|Disk quota", "full"),
    (r"Long Path support", "Windows refuses paths as long as torch's."),
    (r"CERTIFICATE_VERIFY|SSLError", "The registry's certificate is not trusted here."),
    (r"do not match the hashes|BadZipFile|has an invalid wheel|is invalid", "A downloaded wheel is damaged."),
    (_NET, "The package registry cannot be reached."),
    (r"HTTP error 4\d\d|404 Client Error|403 Client Error", "The package registry refused a file."),
)
HINTS = {
    "Windows refuses paths as long as torch's.": "Switch on long paths in Windows, then press Resume.",
    "The registry's certificate is not trusted here.": "Ask who runs the network, or install from a wheels folder.",
    "A downloaded wheel is damaged.": "Press Resume to fetch it again.",
    "The package registry cannot be reached.": "Check the network and press Resume, or install from a wheels folder.",
    "The package registry refused a file.": "Try later, or install from a wheels folder.",
}


def pip_environment(folder: Path) -> dict[str, str]:
    """pip's temporary files belong under `folder`, where there is room and where they are cleaned up."""
    temporary = folder / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    # A user's own settings may send packages elsewhere than into the environment.
    places = {"PIP_USER": "0", "PIP_TARGET": "", "PIP_PREFIX": "", "PIP_ROOT": ""}
    return {**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary)), **places}


def failure_of(lines: Sequence[str], folder: Path, doing: str) -> Failure:
    """The sentence for a pip that failed, from what it said."""
    text = "\n".join(lines)
    missing = re.search(r"No matching distribution found for ([^\s;]+)", text)
    for pattern, message in REASONS:
        if re.search(pattern, text):
            if message == "full":
                return disk_full(folder)
            return Failure("assets_missing", message, HINTS[message])
    if missing:
        return Failure(
            "assets_missing",
            f"There is no wheel of {missing[1]} for this Python and platform where pip looked.",
            "Choose another device, base Python or wheels folder in the preferences.",
        )
    said = [line for line in lines if line.startswith("ERROR")] or [line for line in lines if line.strip()]
    tail = f": {said[-1].removeprefix('ERROR: ').rstrip('.')}" if said else ""
    return Failure("internal", f"pip failed while {doing}{tail}.", "Show the log.")


def run_pip(
    python: Path | str,
    arguments: Sequence[str],
    folder: Path,
    doing: str,
    on_bytes: Callable[[int, int], None] | None = None,
) -> list[str]:
    """Run pip to its end.

    Args:
        python: the interpreter whose pip it is.
        folder: where its temporary files go.
        doing: what this is, as in "pip failed while ...".
        on_bytes: called with what `--progress-bar raw` tells: bytes so far and in all of the present file.

    Returns:
        the last lines that it printed.

    Raises:
        Failure: it failed, with the reason in one sentence.
    """
    command = [str(python), "-m", "pip", arguments[0], *FLAGS, *arguments[1:]]
    log("$ " + " ".join(command))
    lines: list[str] = []
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        env=pip_environment(folder),
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as child:
        assert child.stdout is not None
        try:
            for line in child.stdout:
                told = RAW.match(line)
                if told and on_bytes:
                    on_bytes(int(told[1]), int(told[2]))
                elif not told:
                    log(line)
                    lines = [*lines[-KEPT:], line.rstrip()]
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            raise
    if child.returncode:
        raise failure_of(lines, folder, doing)
    return lines


def pip_version(python: Path | str) -> tuple[int, ...]:
    """Version of an interpreter's pip; empty where it has none."""
    # Asking pip itself would load all of it, which takes ten times as long.
    code = "import pip; print(pip.__version__)"
    done = subprocess.run(
        [str(python), "-c", code], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    found = re.match(r"(\d+(?:\.\d+)*)", done.stdout)
    return tuple(int(part) for part in found[1].split(".")) if found else ()
