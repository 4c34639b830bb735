"""Starts a virtual screen and a Blender in it, lets a scenario play, and brings back its report and its pictures."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

ROOT = Path(__file__).parents[2]
SIZE = (1440, 1000)
"""Pixels of the virtual screen and of the window."""
MISSING = (
    "The window test needs a Blender with a window and a virtual screen: "
    "sudo apt-get install --no-install-recommends blender xvfb python3-numpy"
)


def blender_command() -> list[str]:
    """The Blender to drive: BLENDER_WINDOW, a command, or `blender`."""
    return shlex.split(os.environ.get("BLENDER_WINDOW") or "blender")


def missing() -> str:
    """One sentence that says what to install, or nothing."""
    there = shutil.which("Xvfb") and shutil.which(blender_command()[0])
    return "" if there else MISSING


@contextlib.contextmanager
def virtual_screen(folder: Path, size: tuple[int, int]) -> Iterator[str]:
    """A display of its own whose memory is `folder/Xvfb_screen0`; yields its name."""
    reader, writer = os.pipe()
    command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", f"{size[0]}x{size[1]}x24", "-fbdir", str(folder)]
    with open(folder / "xvfb.log", "wb") as log:
        server = subprocess.Popen([*command, "-nolisten", "tcp"], pass_fds=[writer], stdout=log, stderr=log)
    os.close(writer)
    try:
        with os.fdopen(reader) as stream:
            number = stream.readline().strip()
        if not number:
            raise RuntimeError(f"Xvfb does not start: {(folder / 'xvfb.log').read_text()}")
        yield f":{number}"
    finally:
        server.terminate()
        server.wait(10)


def read_screen(path: Path) -> Image.Image:
    """A picture of the X window dump format: a header of 32-bit words, a colour table, then BGRX rows."""
    raw = path.read_bytes()
    header = np.frombuffer(raw, ">u4", 25)
    start = int(header[0]) + 12 * int(header[19])
    width, height, stride = int(header[4]), int(header[5]), int(header[12])
    pixels = np.frombuffer(raw, np.uint8, stride * height, start).reshape(height, stride // 4, 4)
    return Image.fromarray(np.ascontiguousarray(pixels[:, :width, 2::-1]))


@dataclass(frozen=True)
class Report:
    """What a scenario found."""

    blender: str
    checks: list[dict[str, Any]]
    measured: dict[str, float]
    pictures: dict[str, Image.Image]
    log: str

    @property
    def failed(self) -> list[str]:
        """The checks that did not pass, with what they saw."""
        return [f"{c['name']}: {c['detail']}" for c in self.checks if not c["passed"]]


def cut(picture: dict[str, Any], folder: Path) -> Image.Image:
    """The wanted part of a picture; boxes count from the window's lower left corner."""
    image = read_screen(folder / f"{picture['name']}.xwd")
    width, height = picture["window"]
    x, y, w, h = picture["box"] or (0, 0, width, height)
    image = image.crop((x, height - y - h, x + w, height - y))
    return trim(image) if picture["trim"] else image


def trim(image: Image.Image) -> Image.Image:
    """A sidebar without the view that shows below its last panel: what lies under the panels' own colour stays."""
    rows = np.asarray(image).astype(int)[:, 12 : image.width - 60]
    colours, counts = np.unique(rows[:60].reshape(-1, 3), axis=0, return_counts=True)
    panel = (np.abs(rows - colours[counts.argmax()]).max(-1) == 0).mean(1) > 0.3
    last = int(np.flatnonzero(panel)[-1]) if panel.any() else image.height
    return image.crop((0, 0, image.width, min(last + 14, image.height)))


def save(image: Image.Image, folder: Path, name: str, photo: bool = False) -> Path:
    """A picture for the manual, small: a sidebar as .png of few colours, a window or a `photo` as .jpg."""
    wide = photo or image.width > 1200
    path = folder / f"{name}{'.jpg' if wide else '.png'}"
    if wide:
        image.save(path, quality=88)
    else:
        image.quantize(128).save(path, optimize=True)
    return path


def save_sheet(folder: Path, path: Path, words: Sequence[str], most: int = 5) -> Path:
    """Pictures named `sheet_ROW_COLUMN.png` as one: low over middle over high, `most` words abreast, each over its
    column."""
    rows = sorted({p.name.split("_")[1] for p in folder.glob("sheet_*.png")}, key=int)
    columns = ("low", "middle", "high")
    cells = [[Image.open(folder / f"sheet_{row}_{name}.png").convert("RGB") for name in columns] for row in rows]
    width, height = cells[0][0].size
    lines = -(-len(rows) // most)
    sheet = Image.new("RGB", (width * min(len(rows), most), height * len(columns) * lines), (70, 70, 70))
    for r, row in enumerate(cells):
        line, place = divmod(r, most)
        for c, cell in enumerate(row):
            sheet.paste(cell, (place * width, (line * len(columns) + c) * height))
        at = (place * width + 10, line * len(columns) * height + 6)
        ImageDraw.Draw(sheet).text(at, words[r], fill="white", font_size=26)
    sheet.save(path, quality=85)
    return path


def lay_out(folder: Path, archive: Path) -> dict[str, str]:
    """The zip where the scenario installs it from; the environment that gives Blender empty folders."""
    shutil.copy(archive, folder)
    # Blender before 4.2 looks only in folders that were there when it started.
    (folder / "scripts" / "addons").mkdir(parents=True)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "IMPROMPTU_", "BLENDER_", "VIRTUAL"))}
    return kept | {
        "BLENDER_USER_EXTENSIONS": str(folder / "extensions"),
        "BLENDER_USER_SCRIPTS": str(folder / "scripts"),
        "BLENDER_USER_CONFIG": str(folder / "config"),
        "IMPROMPTU_WINDOW_FOLDER": str(folder),
        "IMPROMPTU_WINDOW_PYTHON": str(ROOT / ".venv/bin/python"),
        "LIBGL_ALWAYS_SOFTWARE": "1",
    }


def play(scenario: str, folder: Path, archive: Path, seconds: float = 300, size: tuple[int, int] = SIZE) -> Report:
    """Run one scenario of `scenarios.py` in a fresh Blender with the add-on from `archive`.

    Args:
        folder: empty; must be visible under the same path to the Blender driven.
        seconds: after which Blender is ended.
        size: of the window.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    environment = lay_out(folder, archive) | {"IMPROMPTU_WINDOW_SCENARIO": scenario}
    # The scenario ends before Blender is ended, so that there is a report.
    environment["IMPROMPTU_WINDOW_SECONDS"] = str(seconds - 20)
    script = str(Path(__file__).with_name("scenarios.py"))
    options = ["--factory-startup", "--enable-event-simulate", "-p", "0", "0", *map(str, size)]
    log = folder / "blender.log"
    with virtual_screen(folder, size) as display, open(log, "wb") as stream:
        blender = subprocess.Popen(
            [*blender_command(), *options, "--python", script], stdout=stream, stderr=stream, start_new_session=True,
            env=environment | {"DISPLAY": display},
        )  # fmt: skip
        try:
            blender.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(blender.pid, signal.SIGKILL)
            blender.wait(10)
    text = log.read_text(errors="replace")
    if not (folder / "report.json").is_file():
        raise AssertionError(f"Blender left no report (exit {blender.returncode}):\n{text[-6000:]}")
    found = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    pictures = {p["name"]: cut(p, folder) for p in found["pictures"]}
    return Report(found["blender"], found["checks"], found["measured"], pictures, text)
