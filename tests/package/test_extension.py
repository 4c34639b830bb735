"""The extension as a person meets it, in each Blender at hand: install the zip, run a job, disable, uninstall."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from impromptu.backend.blender import find_blender
from impromptu.backend.protocol import RuntimeMissing

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("inside_blender.py")


def blenders() -> list[str]:
    """Pythons with bpy: those in IMPROMPTU_TEST_BLENDERS, relative to the root, or the one beside the package."""
    named = os.environ.get("IMPROMPTU_TEST_BLENDERS", "").split()
    if named:
        return [os.path.join(ROOT, name) for name in named]
    try:
        command = find_blender()
    except RuntimeMissing:
        return []
    return command if "python" in Path(command[0]).name else []


def clean_environment(**more: str) -> dict[str, str]:
    """Without what would let Blender find this checkout or this interpreter's packages."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "IMPROMPTU_", "BLENDER_", "VIRTUAL"))}
    return kept | more


@pytest.mark.parametrize("python", blenders() or [None])
def test_install_act_disable_uninstall(python, tmp_path):
    if python is None:
        pytest.skip("no Python with bpy: run `make setup`")
    build = subprocess.run(
        [python, "-m", "impromptu.backend.extension", str(tmp_path / "dist")],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert build.returncode == 0, build.stdout + build.stderr
    resources = tmp_path / "resources"
    resources.mkdir()
    visit = subprocess.run(
        [python, str(SCRIPT), build.stdout.splitlines()[-1], sys.executable],
        capture_output=True, text=True, check=False, cwd=tmp_path, timeout=600,
        env=clean_environment(BLENDER_USER_RESOURCES=str(resources), OMP_NUM_THREADS="2"),
    )  # fmt: skip
    lines = [line for line in visit.stdout.splitlines() if line.startswith("[{")]
    assert lines, visit.stdout[-4000:] + visit.stderr[-4000:]
    failed = [f"{c['name']}: {c['detail']}" for c in json.loads(lines[-1]) if not c["passed"]]
    assert not failed, "\n".join([*failed, visit.stdout[-3000:], visit.stderr[-3000:]])
