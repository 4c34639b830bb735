"""Which wheels, from where, and getting them: decided once by pip's resolver, then fetched one by one and kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse
from urllib.request import url2pathname

from .folders import Folders
from .pip import pip_version, run_pip
from .report import Failure, Progress

SMALL = 4_000_000
"""Bytes; smaller wheels are fetched and installed several at a time, since starting pip takes half a second."""
TOGETHER = 12
RAW_SINCE, RETRIES_SINCE = (24, 1), (25, 1)

Wheel = dict[str, Any]
"""`name`, `version`, `url`, `sha256`, `file` (name), `size` (bytes, as the table says)."""


def canonical(name: str) -> str:
    """A package's name as registries compare it (PEP 503)."""
    return name.lower().replace("_", "-").replace(".", "-")


def sources(plan: dict[str, Any], index: str = "") -> list[str]:
    """pip's options for where wheels come from."""
    if plan["wheels"]:
        return ["--no-index", "--find-links", plan["wheels"]]
    return ["--index-url", index] if index else []


def resolve(
    plan: dict[str, Any],
    python: Path,
    folders: Folders,
    requirements: Sequence[str],
    index: str = "",
    options: Sequence[str] = (),
) -> list[Wheel]:
    """What pip would install for requirements; downloads descriptions only.

    Raises:
        Failure: it cannot be had.
    """
    report = folders.user / "tmp" / "report.json"
    report.parent.mkdir(parents=True, exist_ok=True)
    arguments = ["--dry-run", "--ignore-installed", "--only-binary", ":all:", "--report", str(report)]
    doing = "choosing the wheels"
    run_pip(python, ["install", *arguments, *options, *sources(plan, index), *requirements], folders.user, doing)
    found = json.loads(report.read_text(encoding="utf-8"))["install"]
    return [_wheel(entry, plan["sizes"]) for entry in found]


def _wheel(entry: dict[str, Any], sizes: dict[str, int]) -> Wheel:
    """One entry of pip's installation report."""
    name, url = canonical(entry["metadata"]["name"]), entry["download_info"]["url"]
    archive = entry["download_info"].get("archive_info", {})
    sha256 = archive.get("hashes", {}).get("sha256", "")
    local = local_path(url)
    return {
        "name": name,
        "version": entry["metadata"]["version"],
        "url": url,
        "sha256": sha256,
        "file": unquote(urlparse(url).path.rpartition("/")[2]),
        "size": local.stat().st_size if local else sizes.get(name, 1_000_000),
    }


def local_path(url: str) -> Path | None:
    """The file that a file: address names; None for any other."""
    parts = urlparse(url)
    return Path(url2pathname(parts.path)) if parts.scheme == "file" else None


def place(wheel: Wheel, folders: Folders) -> Path:
    """Where a wheel is, or will be once it is fetched."""
    return local_path(wheel["url"]) or folders.wheels / wheel["file"]


def is_here(wheel: Wheel, folders: Folders) -> bool:
    """Whether a wheel is on this machine and is the one that was chosen."""
    path = place(wheel, folders)
    if not path.is_file():
        return False
    if not wheel["sha256"]:
        return True
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == wheel["sha256"]


def batches(wheels: Sequence[Wheel]) -> Iterator[list[Wheel]]:
    """Large wheels alone, small ones together; in order."""
    group: list[Wheel] = []
    for wheel in wheels:
        if wheel["size"] >= SMALL or len(group) == TOGETHER:
            if group:
                yield group
            group = []
        if wheel["size"] >= SMALL:
            yield [wheel]
        else:
            group.append(wheel)
    if group:
        yield group


def title(group: Sequence[Wheel]) -> str:
    """Such as `torch 2.13.0`, or `jinja2 and 11 more`."""
    first = group[0]
    return f"{first['name']} {first['version']}" if len(group) == 1 else f"{first['name']} and {len(group) - 1} more"


def megabytes(count: float) -> str:
    """Whole megabytes, for a stage's text."""
    return f"{count / 1e6:.0f}"


def fetch(wheels: Sequence[Wheel], python: Path, folders: Folders, show: Callable[[str, int], None]) -> None:
    """Bring wheels into the wheels folder; those that are here already are left alone.

    Args:
        show: called with a stage's text and the bytes that are fetched so far.

    Raises:
        Failure: one cannot be had, or what came is not what was chosen.
    """
    gone = [w for w in wheels if local_path(w["url"]) and not place(w, folders).is_file()]
    if gone:
        raise Failure(
            "assets_missing", f"{place(gone[0], folders)} is no longer there.", "Install again from another folder."
        )
    folders.wheels.mkdir(parents=True, exist_ok=True)
    options = _download_options(pip_version(python))
    done = 0
    for group in batches([w for w in wheels if not is_here(w, folders)]):
        size, name = sum(w["size"] for w in group), title(group)
        show(f"Downloading {name}", done)

        def on_bytes(so_far: int, of: int, size: int = size, name: str = name, done: int = done) -> None:
            # A group's files are told one by one; only a lone file's bytes say how far the group is.
            text = f"Downloading {name}: {megabytes(so_far)} of {megabytes(of)} MB"
            show(text if size >= SMALL else f"Downloading {name}", done + (min(so_far, size) if size >= SMALL else 0))

        addresses = [f"{w['url']}#sha256={w['sha256']}" if w["sha256"] else w["url"] for w in group]
        arguments = ["download", "--no-deps", "--dest", str(folders.wheels), *options, *addresses]
        run_pip(python, arguments, folders.user, f"downloading {name}", on_bytes)
        done += size
    show("Downloaded", done)


def _download_options(version: tuple[int, ...]) -> list[str]:
    """What a version of pip offers for long downloads."""
    options = ["--progress-bar", "raw" if version >= RAW_SINCE else "off"]
    return [*options, "--resume-retries", "5"] if version >= RETRIES_SINCE else options


def choose_first(plan: dict[str, Any], python: Path, folders: Folders) -> list[Wheel]:
    """torch and what must match it, from their own index."""
    deps = [] if plan["first_with_dependencies"] else ["--no-deps"]
    return resolve(plan, python, folders, plan["first"], plan["index"], deps)


def choose_rest(plan: dict[str, Any], python: Path, folders: Folders, first: Sequence[Wheel]) -> list[Wheel]:
    """Everything else, with the first ones held to the files that were fetched."""
    constraints = folders.user / "tmp" / "constraints.txt"
    constraints.parent.mkdir(parents=True, exist_ok=True)
    # What came with the first ones from their index is held too: no other index has it.
    held = {w["name"] for w in first}
    lines = [pin for pin in plan["pins"] if canonical(pin.partition("==")[0]) not in held]
    constraints.write_text("\n".join(lines) + "\n", encoding="utf-8")
    requirements = [str(place(w, folders)) for w in first] + plan["packages"]
    chosen = resolve(plan, python, folders, requirements, options=["--constraint", str(constraints)])
    return [w for w in chosen if w["name"] not in held]


def advance(progress: Progress, part: str) -> Callable[[str, int], None]:
    """A `show` that moves one part of the bar; only its text is throttled."""
    last = [""]

    def show(stage: str, done: int) -> None:
        head = stage.partition(":")[0]
        progress.show(stage, part, done, force=head != last[0])
        last[0] = head

    return show
