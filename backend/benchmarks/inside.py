"""Scripts of `rendering` that measure inside Blender and print what they found as a line of JSON."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..blender import ROOT, clean_environment, find_blender, job_command
from ..protocol import RuntimeMissing

PATIENCE_S = 1800


def script_command(script: str, *arguments: str | Path) -> list[str]:
    """The command line that runs `rendering/SCRIPT` in the Blender that is found."""
    return job_command(find_blender(), ROOT / "rendering" / script, *arguments)


def measured(command: Sequence[str], what: str, **environment: str) -> dict[str, Any]:
    """What a script printed last.

    Args:
        command: `script_command`, or another that ends the same way.
        what: it measures, for the message.
        environment: variables beside those that any Blender gets.

    Raises:
        RuntimeMissing: it did not come to its end.
    """
    whole = {**clean_environment(), **environment}
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, env=whole, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith('{"')]
    found = json.loads(lines[-1]) if lines else {"error": done.stderr.strip()[-500:]}
    if done.returncode or "error" in found:
        raise RuntimeMissing(f"Blender could not time {what}.", found.get("error") or done.stderr.strip()[-500:])
    return found
