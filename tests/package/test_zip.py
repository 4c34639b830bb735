"""What the extension's zip holds: all that it needs to run, and nothing else."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from impromptu import __version__
from impromptu.backend.blender import find_blender
from impromptu.backend.protocol import RuntimeMissing

ROOT = Path(__file__).parents[2]
STRAY = (
    "addon/__pycache__/x.cpython-311.pyc", "backend/motion/data/library/.cache/labels.npy", ".venv/bin/python",
    "my_motions/secret.npz", "tests/test_x.py", "docs/x.md", "docs/images/other.jpg", "build/x.npz",
)  # fmt: skip


def blender_python() -> str:
    """A Python whose bpy carries the extension tool, or skip."""
    try:
        command = find_blender()
    except RuntimeMissing as error:
        pytest.skip(str(error))
    if "python" not in Path(command[0]).name:
        pytest.skip(f"{command[0]} is not a Python with bpy")
    return command[0]


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Path:
    """The zip as `make extension` builds it."""
    folder = tmp_path_factory.mktemp("dist")
    command = [blender_python(), "-m", "impromptu.backend.extension", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return Path(done.stdout.splitlines()[-1])


def test_it_holds_exactly_what_should_ship(archive):
    git = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    rooms = {name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()}
    manual = {name for name in rooms if name.startswith("docs/manual/")}
    shown = "".join((ROOT / name).read_text(encoding="utf-8") for name in manual)
    pictures = {
        name for name in rooms if name.startswith("docs/images/") and f"(../images/{Path(name).name})" in shown
    }
    rooms = {name for name in rooms if name.startswith(("addon/", "backend/", "rendering/"))}
    expected = rooms | manual | pictures | {"__init__.py", "blender_manifest.toml", "LICENSE", "NOTICE.md"}
    assert set(zipfile.ZipFile(archive).namelist()) == expected


def test_it_holds_the_manual_and_every_picture_of_it(archive):
    zipped = zipfile.ZipFile(archive)
    pages = [name for name in zipped.namelist() if name.startswith("docs/manual/")]
    assert {"docs/manual/README.md", "docs/manual/prompt.md"} <= set(pages)
    shown = [n for page in pages for n in re.findall(r"!\[[^]]*\]\(([^)]+)\)", zipped.read(page).decode())]
    assert len(shown) > 5
    assert {f"docs/{name.removeprefix('../')}" for name in shown} <= set(zipped.namelist())


def test_it_holds_the_defaults_and_is_small(archive):
    names = zipfile.ZipFile(archive).namelist()
    assert {f"backend/body/data/impromptu_{model}.npz" for model in ("body", "head", "dog")} <= set(names)
    assert "backend/body/data/LICENSE-APACHE-2.0.txt" in names
    assert "backend/motion/data/library/library.json" in names
    assert sum(name.startswith("backend/motion/data/library/clips/") for name in names) > 200
    assert {"rendering/worker.py", "backend/__main__.py", "addon/scene/actions.py"} <= set(names)
    assert archive.stat().st_size < 60e6


def test_what_lies_about_never_ships(tmp_path):
    from impromptu.backend.extension import FILES, shipped

    keep = {*FILES, "addon/__init__.py", "addon/presets/mixamo.json", "docs/manual/jobs.md", "docs/images/jobs.png"}
    for name in {*keep, *STRAY}:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("![Jobs](../images/jobs.png)")
    assert {p.as_posix() for p in shipped(tmp_path)} == keep


def test_a_broken_manifest_is_refused_in_the_tools_own_words(tmp_path):
    (tmp_path / "__init__.py").write_text("")
    manifest = (ROOT / "blender_manifest.toml").read_text(encoding="utf-8")
    (tmp_path / "blender_manifest.toml").write_text(manifest.replace('"Animation"', '"Juggling"'), encoding="utf-8")
    code = (
        "import sys\nfrom impromptu.backend.extension import run_tool\n"
        "from impromptu.backend.protocol import InvalidInput\n"
        "try:\n    run_tool('validate', sys.argv[1])\nexcept InvalidInput as error:\n    print(error.message)"
    )
    done = subprocess.run([blender_python(), "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert "Juggling" in done.stdout


def test_one_version_everywhere(archive):
    manifest = tomllib.loads((ROOT / "blender_manifest.toml").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert manifest["version"] == project["version"] == __version__
    assert archive.name == f"impromptu-{__version__}.zip"
    told = re.search(r'"version": \((\d+), (\d+), (\d+)\)', (ROOT / "__init__.py").read_text(encoding="utf-8"))
    if told:  # bl_info, for Blender before 4.2
        assert ".".join(told.groups()) == __version__


def test_backend_without_bpy_says_so(tmp_path):
    if subprocess.run([sys.executable, "-c", "import bpy"], capture_output=True, check=False).returncode == 0:
        pytest.skip("this Python has bpy")
    command = [sys.executable, "-m", "impromptu.backend.extension", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "bpy" in done.stderr
    assert "Traceback" not in done.stderr
