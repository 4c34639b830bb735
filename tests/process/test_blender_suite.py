"""The tests that need Blender, run by Blender's own Python."""

import subprocess
from pathlib import Path

import pytest
from impromptu.backend.blender import find_blender
from impromptu.backend.protocol import RuntimeMissing

ROOT = Path(__file__).parents[2]


def blender_python() -> str:
    """A Python with bpy and pytest, or skip."""
    try:
        command = find_blender()
    except RuntimeMissing as error:
        pytest.skip(str(error))
    probe = subprocess.run([*command, "-c", "import bpy, pytest"], capture_output=True, check=False, cwd="/")
    if probe.returncode:
        pytest.skip(f"{command[0]} is not a Python with bpy and pytest")
    return command[0]


@pytest.mark.parametrize("folder", ["addon", "rendering"])
def test_suite_passes_inside_blender(folder):
    run = subprocess.run(
        [blender_python(), "-m", "pytest", str(ROOT / "tests" / folder), "-q", "-p", "no:cacheprovider"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT / "tests",
        timeout=600,
    )
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
