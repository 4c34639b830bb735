"""The borders of the house: who imports whom, what an import costs, how large a room may grow."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("addon", "backend", "rendering")


def modules(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Absolute dotted names that a module imports, relative ones resolved against the package."""
    package = ["impromptu", *path.relative_to(ROOT).parent.parts]
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            prefix = ".".join([*base, *([node.module] if node.module else [])])
            found |= {f"{prefix}.{alias.name}" for alias in node.names}
    return found


def starts(name: str, *prefixes: str) -> bool:
    return any(name == p or name.startswith(p + ".") for p in prefixes)


@pytest.mark.parametrize("path", modules("backend"), ids=lambda p: str(p.relative_to(ROOT)))
def test_backend_imports_neither_blender_nor_the_add_on(path):
    wrong = {
        n for n in imports(path) if starts(n, "bpy", "bmesh", "mathutils", "impromptu.addon", "impromptu.rendering")
    }
    assert not wrong


@pytest.mark.parametrize("path", modules("addon") + modules("rendering"), ids=lambda p: str(p.relative_to(ROOT)))
def test_blender_side_needs_no_torch_and_only_the_protocol(path):
    found = imports(path)
    assert not {n for n in found if starts(n, "torch", "smplx", "scipy", "open_clip", "sentence_transformers")}
    # Triangles to pixels: numpy alone, and drawn on both sides.
    known = ["impromptu.backend.protocol"] + ["impromptu.backend.raster"] * (path.parent.name == "rendering")
    assert not {n for n in found if starts(n, "impromptu.backend") and not starts(n, *known)}


def test_the_rasteriser_of_both_sides_is_numpy_alone():
    assert {n.split(".")[0] for n in imports(ROOT / "backend" / "raster.py")} <= {"__future__", "numpy"}


@pytest.mark.parametrize(
    "module", ["impromptu", "impromptu.backend.protocol", "impromptu.backend.cli", "impromptu.addon"]
)
def test_import_is_light(module):
    code = f"import sys, {module}; print(*sorted({{m.split('.')[0] for m in sys.modules}}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "bpy", "numpy", "scipy", "transformers"} & set(loaded)


def test_command_line_help_is_light():
    code = (
        "import sys\nfrom impromptu.backend.cli import build_parser\n"
        "for c in ('act', 'retrieve', 'library', 'body', 'models', 'bench'): build_parser(c)\n"
        "print(*{m.split('.')[0] for m in sys.modules})"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "transformers", "smplx", "scipy"} & set(loaded)


def test_every_package_is_listed_for_installation():
    listed = set(
        tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    )
    there = {"impromptu"}
    for room in ROOMS:
        for init in (ROOT / room).rglob("__init__.py"):
            there.add(".".join(["impromptu", *init.parent.relative_to(ROOT).parts]))
    assert listed == there


def test_every_data_file_is_listed_for_installation():
    from impromptu.backend.extension import shipped

    tables = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"][
        "package-data"
    ]
    listed = set()
    for package, patterns in tables.items():
        folder = ROOT.joinpath(*package.split(".")[1:])
        listed |= {p.relative_to(ROOT) for pattern in patterns for p in folder.glob(pattern)}
    data = {p for p in shipped() if p.parts[0] in ROOMS and p.suffix != ".py"}
    assert data <= listed


@pytest.mark.parametrize("room", ROOMS)
def test_no_module_outgrows_its_room(room):
    assert {str(p.relative_to(ROOT)): n for p in modules(room) if (n := len(p.read_text().splitlines())) > 500} == {}


@pytest.mark.parametrize("room", ROOMS)
def test_no_error_is_swallowed(room):
    for path in modules(room):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler):
                assert node.type is not None, f"bare except in {path}:{node.lineno}"
                silent = len(node.body) == 1 and isinstance(node.body[0], ast.Pass)
                assert not silent, f"swallowed error in {path}:{node.lineno}"


def test_tracked_tree_stays_small():
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.split("\n")
    if names == [""]:
        pytest.skip("not a git checkout")
    assert sum((ROOT / n).stat().st_size for n in names if n and (ROOT / n).is_file()) < 50e6
