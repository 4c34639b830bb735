"""`python tests/package/blenders.py PYTHON...`: the tests that need Blender, under each one named; prints a table.

Each argument is a Python that has bpy. Ends with 1 if anything failed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
SUITES = ("addon", "rendering", "package")


def version(python: str) -> str:
    """`Blender 4.5.15, Python 3.11.7`."""
    code = "import bpy, platform; print(f'{bpy.app.version_string.split()[0]:8} {platform.python_version()}')"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False, cwd="/")
    return done.stdout.splitlines()[-1] if done.returncode == 0 else f"{python} has no working bpy"


def run(python: str, suite: str) -> tuple[int, int, int, str]:
    """Passed, failed and skipped tests of a suite, and what pytest printed.

    `addon` and `rendering` run inside Blender's Python, `package` from here, installing into that Blender.
    """
    inside = suite != "package"
    target = TESTS / suite if inside else TESTS / "package" / "test_extension.py"
    command = [python if inside else sys.executable, "-m", "pytest", str(target), "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=TESTS,
        env=os.environ | {"IMPROMPTU_TEST_BLENDERS": os.path.abspath(python)},
    )
    counts = {word: int(n) for n, word in re.findall(r"(\d+) (passed|failed|error|skipped)", done.stdout[-400:])}
    failed = counts.get("failed", 0) + counts.get("error", 0)
    output = done.stdout + done.stderr
    if done.returncode and not failed:
        failed, output = 1, f"{output}\n{suite} ended with {done.returncode}: no test failed, but the process did."
    return counts.get("passed", 0), failed, counts.get("skipped", 0), output


def main(pythons: list[str]) -> int:
    """Run all and print the table."""
    rows, totals = [], [0, 0, 0]
    for python in map(os.path.abspath, pythons):
        name, cells, start = version(python), [], time.monotonic()
        for suite in SUITES:
            print(f"Blender {name}: tests of {suite} ...", flush=True)
            *counts, output = run(python, suite)
            totals = [a + b for a, b in zip(totals, counts, strict=True)]
            cells.append(f"{counts[0]} passed" + (f", {counts[1]} FAILED" if counts[1] else ""))
            if counts[1]:
                print(output[-6000:])
        rows.append((name, *cells, f"{time.monotonic() - start:.0f} s"))
    print(f"\n{'Blender  Python':18}" + "".join(f"{suite:24}" for suite in SUITES) + "time")
    for name, *cells in rows:
        print(f"{name:18}" + "".join(f"{cell:24}" for cell in cells))
    print(f"\n{totals[0]} passed, {totals[1]} failed, {totals[2]} skipped")
    return 1 if totals[1] or not totals[0] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
