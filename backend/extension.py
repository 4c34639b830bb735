"""`python -m impromptu.backend.extension [FOLDER]`: build the zip that Blender installs, with Blender's own tool.

Only what belongs in it is copied to a clean folder first, so that whatever else lies beside the package
(environments, caches, a person's own motions) can never end up in the zip. Prints the zip's path as its last
line. Run it with a Python that has bpy: its wheel carries the extension tool.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from .protocol import InvalidInput, RuntimeMissing

ROOT = Path(__file__).resolve().parents[1]
FILES = ("__init__.py", "blender_manifest.toml", "LICENSE", "NOTICE.md")
ROOMS = ("addon", "backend", "rendering")
MANUAL = "docs/manual"
PICTURE = re.compile(r"\]\(\.\./(images/[\w.-]+)\)")
"""A picture that a page of the manual shows or links to."""
SKIP = ("__pycache__", ".*", "*.pyc", "*.egg-info", "*.tmp")
"""Names that never ship: what Python, tools and the library's cache leave behind."""
MAX_BYTES = 60_000_000
TOOL = "scripts/addons_core/bl_pkg/cli/blender_ext.py"
TAGS = "scripts/modules/_bpy_internal/extensions/tags.py"


def shipped(root: Path = ROOT) -> list[Path]:
    """Every file that belongs in the zip, relative to the package's root, sorted."""
    found = [Path(name) for name in FILES]
    for room in ROOMS:
        for path in (root / room).rglob("*"):
            inside = path.relative_to(root)
            if path.is_file() and not any(Path(part).match(pattern) for part in inside.parts for pattern in SKIP):
                found.append(inside)
    return sorted(found + manual(root))


def manual(root: Path = ROOT) -> list[Path]:
    """The manual's pages, which Help opens, and their pictures; the other documents stay outside."""
    pages = sorted((root / MANUAL).glob("*.md"))
    names = {name for page in pages for name in PICTURE.findall(page.read_text(encoding="utf-8"))}
    return [page.relative_to(root) for page in pages] + [Path("docs", name) for name in sorted(names)]


def extension_tool() -> tuple[Path, Path]:
    """Blender's command-line tool for extensions and its list of valid tags, from the installed bpy.

    Raises:
        RuntimeMissing: this Python has no bpy, or one older than 4.2.
    """
    spec = importlib.util.find_spec("bpy")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for tool in Path(folder).glob(f"*/{TOOL}"):
            return tool, tool.parents[4] / TAGS
    raise RuntimeMissing("Blender's extension tool is not here.", "Run this with a Python that has bpy 4.2 or later.")


def run_tool(*arguments: str) -> str:
    """What the extension tool prints.

    Raises:
        InvalidInput: it refuses, with its own words.
    """
    tool, tags = extension_tool()
    command = [sys.executable, str(tool), arguments[0], f"--valid-tags={tags}", *arguments[1:]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InvalidInput(f"The extension is not valid: {(done.stdout + done.stderr).strip()}", "Correct it.")
    return done.stdout.strip()


def build(output: Path) -> Path:
    """Write `impromptu-VERSION.zip` into the folder `output`, checked by Blender's tool before and after.

    Raises:
        RuntimeMissing: no bpy.
        InvalidInput: the manifest is not valid, or the zip is too large to hand out.
    """
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="impromptu-extension-") as folder:
        for path in shipped():
            target = Path(folder, "source", path)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / path, target)
        run_tool("validate", str(Path(folder, "source")))
        run_tool("build", f"--source-dir={Path(folder, 'source')}", f"--output-dir={folder}")
        made = next(Path(folder).glob("*.zip"))
        run_tool("validate", str(made))
        if made.stat().st_size > MAX_BYTES:
            raise InvalidInput(
                f"The zip has {made.stat().st_size / 1e6:.0f} MB.", f"Keep it under {MAX_BYTES / 1e6:.0f} MB."
            )
        return Path(shutil.move(made, output / made.name))


def main(arguments: list[str]) -> int:
    """Build into the folder named, or `dist`."""
    try:
        made = build(Path(arguments[0] if arguments else "dist"))
    except (InvalidInput, RuntimeMissing) as error:
        print(error, file=sys.stderr)
        return 2
    with zipfile.ZipFile(made) as archive:
        names = archive.namelist()
    print(f"Valid for Blender 4.2 and later: {len(names)} files, {made.stat().st_size / 1e6:.1f} MB")
    print(made.resolve())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
